// Starts the page's own module in a module worker, or posts why it cannot. The page's first message
// is its compiled module (or null, and then it is fetched); the next only after "ready" (from Rust)
// or { failed: "why" } (from here) came back.
onmessage = async ({ data: module }) => {
  onmessage = null;
  try {
    const { default: init } = await import("./faultline-web.js");
    await init({ module_or_path: module ?? new URL("./faultline-web_bg.wasm", import.meta.url) });
  } catch (error) {
    postMessage({ failed: String(error?.message ?? error) });
  }
};
