// Runs before the first paint of both pages. It is no module, so that it also runs where modules do
// not load, and no inline script, so that a strict Content-Security-Policy allows it.

// A dark page must not flash white. The address decides in a frame, which reads no storage.
try {
  const isFrame = document.currentScript.dataset.theme === "address";
  const theme = isFrame
    ? /[?#&]theme=(light|dark)\b/.exec(location.href)?.[1]
    : localStorage.getItem("faultline.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Storage is blocked: the system's theme applies.
}

// The picture in index.html is of one lesson. It is hidden where the page will open something else:
// what the address names, or what this tab showed before it was reloaded.
try {
  const { first } = document.currentScript.dataset;
  const named = location.hash.slice(1) || new URLSearchParams(location.search).get("scenario");
  const opensFirst = !named || named === first || named === `scenario=${first}`;
  const root = document.documentElement;
  if (localStorage.getItem("faultline.known") !== null) root.dataset.known = "";
  const goesOn = sessionStorage.getItem("faultline.tab") !== null;
  root.dataset.loading = first && opensFirst && !goesOn ? "first" : "other";
} catch {
  // Storage is blocked: nothing is kept that a tab could go on with.
  document.documentElement.dataset.loading = "other";
}

// A WordPress page appends a secret to the address of a frame, and waits for its height.
const secret = /#\?secret=(\w+)/.exec(location.hash)?.[1];
if (secret && parent !== window) {
  const value = Math.min(600, Math.max(360, Math.round((innerWidth * 7) / 12)));
  parent.postMessage({ message: "height", value, secret }, "*");
}

/** Shows a message in place of the page, or above it. In a frame, with a link to the playground. */
globalThis.faultlineSays = (text, place) => {
  const message = document.createElement("p");
  message.className = "boot-failure";
  message.setAttribute("role", "alert");
  message.textContent = text;
  if (location.pathname.endsWith("/embed.html")) {
    const link = document.createElement("a");
    link.href = `./${location.search}${location.hash}`;
    link.target = "_blank";
    link.textContent = "Open it in a page of its own";
    message.append(" ", link, ".");
  }
  place(message);
};

// A module that does not load runs no code that could say so.
addEventListener("error", ({ target }) => {
  if (target?.tagName !== "SCRIPT" || document.querySelector(".boot-failure")) return;
  const why = origin === "null"
    ? "Faultline cannot run in this frame. The frame's sandbox gives the page no origin, and " +
      "the server sends no Access-Control-Allow-Origin header for its files. Add " +
      "allow-same-origin to the sandbox attribute, or send that header."
    : "Faultline could not start: the browser did not load boot.js. Reload the page. The server " +
      "must send files that end in .js as text/javascript.";
  const show = () => faultlineSays(why, (message) => document.body.replaceChildren(message));
  if (document.body) show();
  else addEventListener("DOMContentLoaded", show);
}, true);
