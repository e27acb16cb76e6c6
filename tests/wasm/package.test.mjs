// The npm package as people use it: packed, installed into a project, run by Node.js, and checked
// by the TypeScript compiler. `cargo xtask build` writes it beside the page.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { load } from "./engine.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));
const source = join(resolve(root, process.env.CARGO_TARGET_DIR ?? "target"), "npm/engine");
const project = mkdtempSync(join(tmpdir(), "faultline-package-"));
const npm = process.platform === "win32" ? "npm.cmd" : "npm";

const design = `{
  faultline: 1,
  duration: "5s",
  nodes: [{ id: "users", kind: "client" }, { id: "api", kind: "service" }],
  links: [{ from: "users", to: "api" }],
  requirements: [{ metric: "availability", at_least: "99%" }],
}`;

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

test("the package has its module, its types, its licenses, and nothing else", () => {
  assert.equal(packed.name, "@faultline/engine");
  assert.deepEqual(packed.files.map((file) => file.path).sort(), [
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "README.md",
    "browser.js",
    "faultline-wasm.d.ts",
    "faultline-wasm.js",
    "faultline-wasm_bg.wasm",
    "index.d.ts",
    "node.js",
    "package.json",
  ]);
});

test("Node.js imports it and gets the runs that the engine gives", async () => {
  write("main.js", `
    import { link, open, run, validate, version } from "@faultline/engine";
    const design = ${design};
    const report = run(open(link(design)), { seed: 7 });
    const problems = validate({ faultline: 2 });
    console.log(JSON.stringify({ version: version(), problems, report }));
  `);
  const said = JSON.parse(inProject(process.execPath, "main.js"));
  const engine = await load();
  assert.equal(said.version, engine.version());
  assert.equal(said.version, packed.version);
  assert.equal(said.problems.length, 1);
  const report = engine.run(new Function(`return ${design}`)(), { seed: 7 });
  assert.deepEqual(said.report, report);
  assert.equal(report.requirements[0].verdict, "met");
});

test("the example of the README runs", () => {
  const readme = readFileSync(join(source, "README.md"), "utf8");
  const [, example] = readme.match(/```js\n(.*?)```/s);
  write("readme.js", example);
  assert.match(inProject(process.execPath, "readme.js"), /^\[\]\n1 [0-9a-f]{16}\n$/);
});

test("TypeScript accepts its right use and refuses wrong ones", () => {
  write("main.ts", `
    import { link, open, run, validate, version } from "@faultline/engine";
    import type { Design, Finding, Options, Problem, Report, Score } from "@faultline/engine";
    const design: Design = ${design};
    const options: Options = { seed: 7, duration: "5s", events_max: 1000, findings: true };
    const report: Report = run(JSON.stringify(design), options);
    const score: Score = report.requirements[0]!;
    const isBelow: boolean = (score.actual ?? 0) < (score.at_least ?? 1);
    const missed: boolean = score.verdict === "missed" && isBelow;
    const findings: Finding[] = report.findings ?? [];
    const problems: Problem[] = validate(open(link(design)));
    const paths: string[] = problems.map((problem) => problem.path);
    const texts: string[] = [version(), report.run.hash, ...paths];
    export default [missed, findings, texts];
    // @ts-expect-error: there is no such option.
    run(design, { sede: 7 });
    // @ts-expect-error: a design has a version.
    run({ nodes: [] });
    // @ts-expect-error: a seed is a number.
    run(design, { seed: "7" });
    // @ts-expect-error: there is no such verdict.
    score.verdict === "held";
  `);
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  const options = { strict: true, noEmit: true, target: "es2022", module: "node16", types: [] };
  write("tsconfig.json", JSON.stringify({ compilerOptions: options, files: ["main.ts"] }));
  assert.equal(inProject(process.execPath, tsc, "-p", "."), "");
});
