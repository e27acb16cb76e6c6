// Starts the page's wasm (the binary crate in web/), or says why it cannot.
// Both index.html and embed.html load this file; <body data-page> tells Rust which one it is.
// first.js, which both load before, says what a person has to know.

// The page's own code panicked: nothing more can be trusted, and the first message says why.
globalThis.faultlineFailed = (why) => {
  console.error(why);
  if (document.querySelector(".boot-failure")) return;
  faultlineSays(
    "Faultline has failed, and this is its own mistake. Reload the page: your design is kept.",
    (message) => document.body.prepend(message),
  );
};

try {
  const { default: init } = await import("./faultline-web.js");
  await init({ module_or_path: new URL("./faultline-web_bg.wasm", import.meta.url) });
} catch (error) {
  console.error(error);
  faultlineSays(
    `Faultline could not start: ${error?.message ?? error}. ` +
      "Reload the page; a browser from 2022 or later is needed.",
    (message) => document.body.replaceChildren(message),
  );
}
