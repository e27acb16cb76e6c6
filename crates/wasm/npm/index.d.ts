export { link, open, run, validate, version } from "./faultline-wasm.js";
export type { Design, Effect, Experiment, Finding, Options, Problem, Report, Score } from "./faultline-wasm.js";
