// One workload as WebAssembly under node, warm: what `cargo xtask bench` runs beside the native
// one. Usage: node run.mjs DESIGN.json SECONDS, with FAULTLINE_DIST naming the directory of the
// module.
import { readFile } from "node:fs/promises";
import { load } from "../wasm/engine.mjs";

const [file, seconds] = process.argv.slice(2);
const design = await readFile(file, "utf8");
const engine = await load();
const run = (duration) => engine.run(design, { duration, findings: false });
// Twice in short, so that the engine's functions are compiled for speed, and time for that.
for (const _ of [1, 2]) {
  run(`${Math.max(Number(seconds) / 20, 1)}s`);
  await new Promise((done) => setTimeout(done, 300));
}
const before = process.cpuUsage();
const report = run(`${seconds}s`);
const { user, system } = process.cpuUsage(before);
const took = (user + system) / 1e6;
const { events, hash } = report.run;
console.log(JSON.stringify({ s: took, ns_per_event: (took * 1e9) / events, events, hash }).replaceAll(":", ": "));
