// Starts the worker's wasm (crates/wasm) in a module worker, or posts why it cannot.
// The first message out is "ready" (from Rust) or { failed: "why" } (from here). Send nothing
// before "ready": the worker listens from then on.
try {
  const { default: init, start } = await import("./faultline-wasm.js");
  await init({ module_or_path: new URL("./faultline-wasm_bg.wasm", import.meta.url) });
  start();
} catch (error) {
  postMessage({ failed: String(error?.message ?? error) });
}
