export { link, open, run, validate, version } from "./faultline-wasm.js";
export type { Design, Finding, Options, Problem, Report, Score } from "./faultline-wasm.js";
