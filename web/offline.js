// The service worker: the page opens a second time, and reloads, without a network.
//
// The build writes the files of one version into this one. They are kept together, once, when this
// worker is installed, and never written again, so a page without a network is of one version. With
// a network, files whose address carries their version come from there, since they never change;
// everything else, first of all the page itself, is requested again. So a new version shows at the
// next visit, and what turns this worker off (see boot.js) is noticed.
const VERSION = "";
const FILES = [];
/** The first of them. */
const PAGE = "./";

const PREFIX = `faultline ${registration.scope} `;
const NAME = PREFIX + VERSION;
/** How long the network may take for something that is kept. */
const NETWORK_TIMEOUT_MS = 4_000;

/** Whether the address names one content for good. Pages are also reached without a version. */
const isVersioned = (url) => url.searchParams.has("v") && !/\.html$/.test(url.pathname);

/** The network's answer, or an error if it takes too long. */
function fetchInTime(request) {
  const late = new Promise((_, fail) => {
    setTimeout(fail, NETWORK_TIMEOUT_MS, new Error("no answer"));
  });
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
    await Promise.all(FILES.slice(1).map((file) => keep(cache, file)));
    // Last: if it still names these files, no other version was published in between.
    await keep(cache, PAGE);
    const page = await (await cache.match(PAGE)).text();
    const named = page.match(/[\w./-]+[?]v=\w+/g) ?? [];
    const other = named.find((file) => !FILES.includes(file));
    if (other) throw new Error(`another version is being published: ${other}`);
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
  // Opening the cache would create it again after it was deleted.
  const how = { cacheName: NAME, ignoreSearch: !isVersioned(url), ignoreVary: true };
  const kept = await caches.match(request, how);
  if (kept && isVersioned(url)) return kept;
  if (!kept) return fetch(request);
  try {
    return await fetchInTime(request);
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
