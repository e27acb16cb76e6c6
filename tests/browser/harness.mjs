// What the browser tests share: a static server, a headless Chromium, pages that fail on errors.
//
//   const playground = await open();                      // once per test file
//   const page = await playground.openPage({ width: 390, height: 844, colorScheme: "dark" });
//   await playground.screenshot(page, "phone-dark");      // to tests/browser/shots/
//   await playground.close();                             // fails on console and page errors
//
// `cargo xtask test` sets FAULTLINE_DIST and CHROME; without them dist/ and the system's browser
// are used, so that `node --test tests/browser/smoke.test.mjs` works by itself after a build.
import { existsSync, mkdirSync, readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
import { delimiter, dirname, extname, join, normalize, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, "../..");

// Deep on purpose: every URL of the page has to be relative.
export const BASE = "/sub/path/";

const BROWSER_FLAGS = [
  "--no-sandbox",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--enable-unsafe-swiftshader",
];

const MIME = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".wasm": "application/wasm",
  ".json": "application/json",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".woff2": "font/woff2",
};

/** The directory of the built page. */
export function dist() {
  const dir = resolve(process.env.FAULTLINE_DIST ?? join(root, "dist"));
  if (!existsSync(join(dir, "index.html"))) {
    throw new Error(`${dir} has no page: run \`cargo xtask build\` first`);
  }
  return dir;
}

/**
 * A server of the built page, or of another directory, and a browser for one test file. headers:
 * what the server sends with every file. Pages in contexts of their own have no service worker, so
 * that none fetches the whole page again beside a test.
 */
export async function open(directory = dist(), headers = {}) {
  const server = await serve(directory, headers);
  const browser = await chromium.launch({ executablePath: browserPath(), args: BROWSER_FLAGS });
  return new Playground(server, browser);
}

class Playground {
  #server;
  #problems = [];

  constructor(server, browser) {
    this.#server = server;
    this.browser = browser;
    this.url = `http://127.0.0.1:${server.address().port}${BASE}`;
  }

  /**
   * Opens a page in a browser context of its own, so that storage is empty.
   *
   * path: below the page's directory, "embed.html#..." for instance. context: an existing context
   * to share storage with. expectErrors: errors of this page do not fail the test.
   */
  async openPage({
    path = "",
    width = 1440,
    height = 900,
    colorScheme = "light",
    reducedMotion = "no-preference",
    hasTouch = false,
    context,
    expectErrors = false,
  } = {}) {
    const own = context ?? (await this.browser.newContext({
      viewport: { width, height },
      colorScheme,
      reducedMotion,
      hasTouch,
      serviceWorkers: "block",
    }));
    const page = await own.newPage();
    if (!expectErrors) this.#watch(page);
    await page.goto(this.url + path);
    return page;
  }

  /** Errors seen so far, oldest first. */
  get problems() {
    return [...this.#problems];
  }

  async screenshot(page, name) {
    const shots = join(here, "shots");
    mkdirSync(shots, { recursive: true });
    const path = join(shots, `${name}.png`);
    await page.screenshot({ path });
    return path;
  }

  /** Takes the server away, and gives it back at the same address. */
  async disconnect() {
    const { port } = this.#server.address();
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
    return () => new Promise((done) => this.#server.listen(port, "127.0.0.1", done));
  }

  /** Ends browser and server; throws if any page logged an error. */
  async close() {
    await this.browser.close();
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
    if (this.#problems.length > 0) {
      throw new Error(`errors in the browser:\n${this.#problems.join("\n")}`);
    }
  }

  #watch(page) {
    const note = (problem) => this.#problems.push(`${page.url()}: ${problem}`);
    page.on("console", (message) => {
      if (message.type() === "error") note(`console: ${message.text()}`);
    });
    page.on("pageerror", (error) => note(`uncaught: ${error.stack ?? error}`));
    page.on("crash", () => note("the page crashed"));
    page.on("requestfailed", (request) => {
      // A page that closes cancels what it was loading.
      const why = request.failure()?.errorText;
      if (why !== "net::ERR_ABORTED") note(`request failed: ${request.url()}: ${why}`);
    });
    page.on("response", (response) => {
      if (response.status() >= 400) note(`${response.status()} for ${response.url()}`);
    });
    // Nothing may leave the machine: the page works offline and tracks nobody.
    page.on("request", (request) => {
      const url = new URL(request.url());
      if (url.protocol.startsWith("http") && url.hostname !== "127.0.0.1") note(`request to ${url}`);
    });
  }
}

/** Serves a directory below BASE on a free loopback port. */
export function serve(dir, headers = {}) {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    const file = pathname.startsWith(BASE) ? fileIn(dir, pathname.slice(BASE.length)) : undefined;
    if (file === undefined) {
      response.writeHead(404).end();
      return;
    }
    const type = MIME[extname(file)] ?? "application/octet-stream";
    response.writeHead(200, { "content-type": type, "cache-control": "no-store", ...headers });
    response.end(readFileSync(file));
  });
  return new Promise((done) => server.listen(0, "127.0.0.1", () => done(server)));
}

function fileIn(dir, path) {
  const name = path === "" || path.endsWith("/") ? `${path}index.html` : path;
  const file = normalize(join(dir, decodeURIComponent(name)));
  const inside = file.startsWith(dir + sep);
  return inside && existsSync(file) && statSync(file).isFile() ? file : undefined;
}

function browserPath() {
  if (process.env.CHROME) return process.env.CHROME;
  const names = ["chromium", "google-chrome-stable", "google-chrome", "chromium-browser"];
  for (const name of names) {
    for (const dir of process.env.PATH.split(delimiter)) {
      if (existsSync(join(dir, name))) return join(dir, name);
    }
  }
  const places = [
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
  ];
  // Else Playwright's own, which it finds when given no path.
  return places.find((place) => existsSync(place));
}
