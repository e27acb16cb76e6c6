// Loads the module that the page's worker runs, as it is published, into node.
import { readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const dist = resolve(process.env.FAULTLINE_DIST ?? join(root, "dist"));

/** The exports of crates/wasm. */
export async function load() {
  const engine = await import(pathToFileURL(join(dist, "faultline-wasm.js")).href);
  await engine.default({ module_or_path: await readFile(join(dist, "faultline-wasm_bg.wasm")) });
  return engine;
}
