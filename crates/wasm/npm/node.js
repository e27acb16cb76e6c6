// The engine in Node.js, Deno and Bun, which read the module from disk.
import { readFileSync } from "node:fs";
import { initSync } from "./faultline-wasm.js";

initSync({ module: readFileSync(new URL("./faultline-wasm_bg.wasm", import.meta.url)) });

export { link, open, run, validate, version } from "./faultline-wasm.js";
