// The service worker: the page opens a second time, and reloads, without a network.
//
// The build writes the files of one version into this one. They are kept together, once, when this
// worker is installed, and never written again, so a page without a network is of one version. With
// a network, files whose address carries their version come from there, since they never change;
// everything else, the page itself first of all, is asked for anew. So a new version shows at the
// next visit, and what turns this worker off (see boot.js) is noticed.
const VERSION = "";
const FILES = [];

const PREFIX = `faultline ${registration.scope} `;
const NAME = PREFIX + VERSION;
/** How long the network may take over something that is kept. */
const PATIENCE_MS = 4_000;

/** Whether the address names one content for good. Pages are also reached without a version. */
const isVersioned = (url) => url.searchParams.has("v") && !/\.html$/.test(url.pathname);

/** The network's answer, or an error if it takes too long. */
function asked(request) {
  const late = new Promise((_, fail) => setTimeout(fail, PATIENCE_MS, new Error("no answer")));
  return Promise.race([fetch(request), late]);
}

async function keep(cache, file) {
  // What the browser still holds of an older version must not be kept as part of this one.
  const cached = isVersioned(new URL(file, location)) ? "default" : "no-cache";
  const answer = await fetch(file, { cache: cached });
  if (!answer.ok) throw new Error(`${answer.status} for ${file}`);
  // A page must not be answered with what was redirected.
  await cache.put(file, answer.redirected ? new Response(answer.body, answer) : answer);
}

async function install() {
  const cache = await caches.open(NAME);
  try {
    await Promise.all(FILES.map((file) => keep(cache, file)));
  } catch (error) {
    await caches.delete(NAME);
    throw error;
  }
}

async function activate() {
  const names = await caches.keys();
  const old = names.filter((name) => name.startsWith(PREFIX) && name !== NAME);
  await Promise.all(old.map((name) => caches.delete(name)));
  // The lessons of a first visit work without a network as well.
  await clients.claim();
}

async function answer(request) {
  const url = new URL(request.url);
  // Not by opening the cache, which would make it anew after it was deleted.
  const how = { cacheName: NAME, ignoreSearch: !isVersioned(url), ignoreVary: true };
  const kept = await caches.match(request, how);
  if (kept && isVersioned(url)) return kept;
  if (!kept) return fetch(request);
  try {
    return await asked(request);
  } catch {
    return kept;
  }
}

if (FILES.length > 0) {
  addEventListener("install", (event) => event.waitUntil(install()));
  addEventListener("activate", (event) => event.waitUntil(activate()));
  addEventListener("fetch", (event) => {
    const { method, url } = event.request;
    if (method === "GET" && url.startsWith(registration.scope)) {
      event.respondWith(answer(event.request));
    }
  });
}
