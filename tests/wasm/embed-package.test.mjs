// The npm package for pages that embed simulations, as people use it: packed, installed into a
// project, imported where there is no browser, and checked by the TypeScript compiler.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const source = join(resolve(root, process.env.CARGO_TARGET_DIR ?? "target"), "npm/embed");
const project = mkdtempSync(join(tmpdir(), "faultline-embed-package-"));
const npm = process.platform === "win32" ? "npm.cmd" : "npm";

/** Runs a program in the project; what it prints. A failure shows what it printed. */
function inProject(program, ...args) {
  try {
    return execFileSync(program, args, { cwd: project, encoding: "utf8", stdio: "pipe" });
  } catch (error) {
    throw new Error(`${error.message}\n${error.stdout}`);
  }
}

const write = (name, text) => writeFileSync(join(project, name), text);

let packed;

before(() => {
  assert.ok(existsSync(source), `${source} is missing: run \`cargo xtask build\` first`);
  write("package.json", '{"name": "project", "private": true, "type": "module"}');
  [packed] = JSON.parse(inProject(npm, "pack", "--json", "--pack-destination", project, source));
  inProject(npm, "install", "--offline", "--no-audit", "--no-fund", join(project, packed.filename));
});

after(() => rmSync(project, { recursive: true, force: true }));

test("the package has its scripts, its types, its licenses, and nothing else", () => {
  assert.equal(packed.name, "@faultline/embed");
  assert.deepEqual(packed.files.map((file) => file.path).sort(), [
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "embed.classic.js",
    "embed.d.ts",
    "embed.js",
    "package.json",
  ]);
});

test("a server that renders pages imports it, with what its types declare", () => {
  write("main.js", `
    import * as embed from "@faultline/embed";
    console.log(JSON.stringify([embed.version, Object.keys(embed).sort()]));
  `);
  const [version, names] = JSON.parse(inProject(process.execPath, "main.js"));
  assert.equal(version, packed.version);
  const types = readFileSync(join(source, "embed.d.ts"), "utf8");
  const declared = types.matchAll(/^export (?:class|const|function) (\w+)/gm);
  assert.deepEqual(names, [...declared].map(([, name]) => name).sort());
});

test("TypeScript accepts its right use and refuses wrong ones", () => {
  write("main.ts", `
    import { SimError, connect, mount, setBase, version } from "@faultline/embed";
    import type { Design, Finding, Options, Problem, Sim, State } from "@faultline/embed";
    setBase("https://faultline.example/");
    const options: Options = { scenario: "retry-storm", controls: "none", speed: 2 };
    const sim: Sim = await mount("#figure", options);
    const frame = document.querySelector("iframe")!;
    const other: Sim = await connect(frame);
    await sim.set("api->database.retry.max_attempts", 1);
    await sim.runTo(60);
    const stop: () => void = sim.watch(["goodput_per_s", "nodes.api.waiting"], (values) => {
      const goodput: number | null = values.goodput_per_s;
      console.log(goodput, values["nodes.api.waiting"]);
    }, 2);
    stop();
    const design: Design = await other.design();
    await other.load(design);
    const findings: Finding[] = await sim.findings();
    const state: State | undefined = sim.state;
    const element = document.querySelector("faultline-sim")!;
    element.scenario = "cap";
    element.addEventListener("faultline-state", ({ detail }) => console.log(detail.time_s));
    try {
      await sim.get("x");
    } catch (error) {
      const problems: Problem[] = error instanceof SimError ? error.problems : [];
      console.log(problems, version, findings, state);
    }
    // @ts-expect-error: there is no such metric.
    sim.metric("goodput");
    // @ts-expect-error: there is no such attribute.
    mount("#figure", { scenari: "cap" });
    // @ts-expect-error: the theme has three values.
    sim.theme("blue");
    // @ts-expect-error: a moment is a number of seconds.
    sim.seek("30s");
  `);
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  const options = { strict: true, noEmit: true, target: "es2022", module: "node16", types: [] };
  write("tsconfig.json", JSON.stringify({ compilerOptions: options, files: ["main.ts"] }));
  assert.equal(inProject(process.execPath, tsc, "-p", "."), "");
});
