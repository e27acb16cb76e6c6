// The engine in browsers and bundlers, which fetch the module from beside this file.
import init from "./faultline-wasm.js";

await init();

export { link, open, run, validate, version } from "./faultline-wasm.js";
