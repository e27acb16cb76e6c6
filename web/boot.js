// Starts the page's wasm (the binary crate in web/), or says why it cannot.
// Both index.html and embed.html load this file; <body data-page> tells Rust which one it is.
// Where no worker can start, the page asks for the worker's module itself.
globalThis.faultlineSession = async () => {
  const { default: init, PageSession } = await import("./faultline-wasm.js");
  await init({ module_or_path: new URL("./faultline-wasm_bg.wasm", import.meta.url) });
  return new PageSession();
};
try {
  const { default: init } = await import("./faultline-web.js");
  await init({ module_or_path: new URL("./faultline-web_bg.wasm", import.meta.url) });
} catch (error) {
  console.error(error);
  const message = document.createElement("p");
  message.className = "boot-failure";
  message.setAttribute("role", "alert");
  message.textContent = `Faultline could not start: ${error?.message ?? error}. Reload the page; a browser from 2022 or later is needed.`;
  document.body.replaceChildren(message);
}
