// Without a network: what the service worker keeps, how it is renewed, and how it is turned off.
import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { dist, open } from "./harness.mjs";

const STRICT = {
  "content-security-policy": "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'",
};

let site;
let playground;

before(async () => {
  // A copy, which the tests change as a host would.
  site = mkdtempSync(join(tmpdir(), "faultline-site-"));
  cpSync(dist(), site, { recursive: true });
  playground = await open(site, STRICT);
});

after(async () => {
  await playground.close();
  rmSync(site, { recursive: true });
});

function edit(name, change) {
  const path = join(site, name);
  const text = readFileSync(path, "utf8");
  assert.notEqual(change(text), text);
  writeFileSync(path, change(text));
}

/** What the browser keeps of the page: its workers, its caches, and the files in them. */
const kept = (page) => page.evaluate(async () => {
  const workers = await navigator.serviceWorker.getRegistrations();
  const names = await caches.keys();
  const length = async (name) => (await (await caches.open(name)).keys()).length;
  const files = await Promise.all(names.map(length));
  return { workers: workers.length, caches: names, files };
});

/** Whether the scripts and the module came out of the worker. */
const fromWorker = (page) => page.evaluate(() => {
  const files = performance.getEntriesByType("resource").filter(({ name }) => /[?]v=/.test(name));
  return files.length > 3 && files.every(({ workerStart }) => workerStart > 0);
});

async function visited(context) {
  const page = await playground.openPage({ context, expectErrors: true });
  // The policy forbids waitForFunction to evaluate in a loop of its own.
  await eventually(page, () => navigator.serviceWorker.controller !== null);
  return page;
}

async function eventually(page, holds) {
  for (let tries = 0; tries < 300; tries++) {
    if (await page.evaluate(holds).catch(() => false)) return;
    await page.waitForTimeout(100);
  }
  assert.fail(`never: ${holds}`);
}

const runs = () => window.__faultline && JSON.parse(window.__faultline.stateJson()).timeS > 0.5;
const design = (page) => page.evaluate(() => JSON.parse(window.__faultline.stateJson()).design);

test("a second visit, a lesson, a document and an embed need no network", async () => {
  const context = await playground.browser.newContext();
  const page = await visited(context);
  const reconnect = await playground.disconnect();
  await page.reload();
  await eventually(page, runs);
  assert.ok(await fromWorker(page));

  // A lesson that no visit has opened yet, from the gallery and by its address.
  const first = await design(page);
  await page.keyboard.press("l");
  await page.locator('dialog[open] .card[data-id="cache-stampede"]').click();
  await eventually(page, () => location.hash === "#scenario=cache-stampede");
  await eventually(page, () => document.querySelector("dialog[open]") === null);
  assert.notEqual(await design(page), first);
  for (const path of ["#scenario=saga", "index.html#scenario=cap", "embed.html#scenario=cap"]) {
    const other = await playground.openPage({ context, path, expectErrors: true });
    await eventually(other, () => window.__faultline && document.querySelector(".node"));
    await other.close();
  }
  const document = await playground.openPage({ context, path: "model.html", expectErrors: true });
  assert.match(await document.title(), /Faultline|model/i);
  await reconnect();
  await context.close();
});

/** A page of a visit after the worker of a version took over, which it does between two visits. */
async function replaced(context, version) {
  for (let visits = 0; visits < 20; visits++) {
    const page = await playground.openPage({ context, expectErrors: true });
    const names = await page.evaluate(() => caches.keys());
    if (names.every((name) => name.endsWith(version))) return page;
    await page.close();
    await new Promise((done) => setTimeout(done, 500));
  }
  assert.fail(`${version} never took over`);
}

test("a new version shows at the next visit, and replaces what was kept", async () => {
  const context = await playground.browser.newContext();
  const page = await visited(context);
  const before = await kept(page);
  edit("index.html", (text) => text.replace("<title>", "<title>New "));
  edit("offline.js", (text) => text.replace(/VERSION = ".*"/, 'VERSION = "next"'));
  await page.goto(`${playground.url}?again`);
  const served = await page.evaluate(async () => (await fetch("./")).text());
  assert.match(served, /<title>New /);

  // The kept one is replaced once no tab is left of the old version.
  const other = await playground.openPage({ context, path: "cli.html", expectErrors: true });
  await eventually(other, async () => (await navigator.serviceWorker.getRegistration())?.waiting);
  await page.close();
  await other.close();
  const again = await replaced(context, "next");
  const after = await kept(again);
  assert.deepEqual(after.files, before.files);
  const reconnect = await playground.disconnect();
  await again.reload();
  await eventually(again, runs);
  assert.match(await again.evaluate(async () => (await fetch("./")).text()), /<title>New /);
  await reconnect();
  await context.close();
});

/** Whether an update of the worker is refused. */
const isRefused = (page) => page.evaluate(async () => {
  const registration = await navigator.serviceWorker.getRegistration();
  const installing = await new Promise((found) => {
    registration.addEventListener("updatefound", () => found(registration.installing));
    registration.update().catch(() => {});
  });
  const state = await new Promise((done) => {
    installing.addEventListener("statechange", () => done(installing.state));
  });
  return state === "redundant";
});

for (const [what, name, from, to] of [
  ["a file is missing", "offline.js", '"./",', '"./", "missing.js",'],
  ["the page is of another version by then", "index.html", /boot.js[?]v=\w+/, "boot.js?v=0"],
]) {
  test(`where ${what}, the worker of before stays`, async () => {
    const context = await playground.browser.newContext();
    const page = await visited(context);
    const before = await kept(page);
    const content = (file) => [file, readFileSync(join(site, file))];
    const files = ["offline.js", "index.html"].map(content);
    edit("offline.js", (text) => text.replace(/VERSION = ".*"/, `VERSION = "${what}"`));
    edit(name, (text) => text.replace(from, to));
    assert.ok(await isRefused(page));
    for (const [file, text] of files) writeFileSync(join(site, file), text);
    const reconnect = await playground.disconnect();
    await page.reload();
    await eventually(page, runs);
    assert.deepEqual(await kept(page), before);
    await reconnect();
    await context.close();
  });
}

test("a host turns it off by one line of index.html", async () => {
  const context = await playground.browser.newContext();
  const page = await visited(context);
  assert.equal((await kept(page)).workers, 1);
  edit("index.html", (text) => text.replace(/.*faultline-offline.*\n/, ""));
  await page.reload();
  await eventually(page, async () => (await caches.keys()).length === 0);
  assert.deepEqual(await kept(page), { workers: 0, caches: [], files: [] });
  await eventually(page, runs);
  await context.close();
});
