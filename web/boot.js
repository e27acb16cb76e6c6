// Starts the page's wasm (the binary crate in web/), or says why it cannot.
// Both index.html and embed.html load this file; <body data-page> tells Rust which one it is.
// first.js, which both load before, says what a person has to know.

// The page's own code panicked: nothing more can be trusted, and the first message says why.
globalThis.faultlineFailed = (why) => {
  console.error(why);
  if (document.querySelector(".boot-failure")) return;
  faultlineSays(
    "Faultline crashed because of a bug. Reload the page: your design is saved.",
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
      "Reload the page; Faultline needs a browser from 2022 or later.",
    (message) => document.body.replaceChildren(message),
  );
}

// The playground registers the worker that index.html names, once the page has had the network to
// itself. Without that line, a worker of an earlier visit goes, with what it kept.
async function offline() {
  if (!navigator.serviceWorker) return;
  const file = document.querySelector('meta[name="faultline-offline"]')?.content;
  if (file) {
    await navigator.serviceWorker.register(file, { updateViaCache: "none" });
    return;
  }
  const scope = new URL("./", location.href).href;
  const registrations = await navigator.serviceWorker.getRegistrations();
  const ours = registrations.filter((one) => one.scope === scope);
  await Promise.all(ours.map((one) => one.unregister()));
  const names = await caches.keys();
  const kept = names.filter((name) => name.startsWith(`faultline ${scope} `));
  await Promise.all(kept.map((name) => caches.delete(name)));
}

if (document.body.dataset.page === "playground") {
  // Refused where the browser keeps nothing: the page works all the same, with a network.
  const begin = () => offline().catch((error) => console.info("Not available offline.", error));
  if (document.readyState === "complete") begin();
  else addEventListener("load", begin, { once: true });
}
