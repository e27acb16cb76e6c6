// The pages to read, of the documents, lessons and rules: every link leads somewhere, a strict
// Content-Security-Policy changes nothing, they need no script, and they fit a phone.
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { dist, open } from "./harness.mjs";
import { clean } from "./page.mjs";

const STRICT = {
  "content-security-policy": "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'",
};

let site;
let plain;

before(async () => {
  [site, plain] = await Promise.all([open(dist(), STRICT), open()]);
});

after(async () => {
  await plain.close();
  await site.close();
});

/** The addresses of the pages to read, below the site. */
function pages() {
  const below = (name) => readdirSync(join(dist(), name), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => `${name}/${entry.name}/`);
  const documents = readdirSync(dist())
    .filter((name) => name.endsWith(".html") && !/^(index|embed)\./.test(name));
  return [...documents, "lessons/", ...below("lessons"), "rules/", ...below("rules")];
}

test("every link, picture and frame of a page leads to what the site has", async () => {
  const known = new Map();
  const has = async (url) => {
    const address = url.href.split("#")[0];
    if (!known.has(address)) {
      const answer = await fetch(address);
      known.set(address, answer.ok ? await answer.text() : undefined);
    }
    const text = known.get(address);
    // What follows the # of the playground is a scenario.
    const hash = url.pathname.endsWith("/index.html") ? "" : url.hash.slice(1);
    return text !== undefined && (hash === "" || text.includes(` id="${hash}"`));
  };
  const dead = [];
  let links = 0;
  for (const path of pages()) {
    const page = new URL(path, site.url);
    const text = await (await fetch(page)).text();
    for (const [, link] of text.matchAll(/ (?:href|src)="([^"]*)"/g)) {
      const url = new URL(link.replaceAll("&amp;", "&"), page);
      if (url.origin !== page.origin) continue;
      links += 1;
      if (!await has(url)) dead.push(`${path}: ${link}`);
    }
  }
  assert.deepEqual(dead, []);
  assert.ok(links > 1_000, `${links} links`);
});

for (const [path, colorScheme] of [
  ["lessons/", "light"],
  ["lessons/retry-storm/", "dark"],
  ["lessons/fan-out-tail/", "light"],
  ["rules/", "dark"],
  ["rules/retry-storm/", "light"],
]) {
  test(`${path} fits a phone, under a strict policy`, async () => {
    const context = await site.browser.newContext({
      viewport: { width: 390, height: 844 }, colorScheme, serviceWorkers: "block",
    });
    await context.addInitScript(() => {
      window.violations = [];
      document.addEventListener("securitypolicyviolation", (event) => {
        window.violations.push(`${event.violatedDirective} ${event.blockedURI}`);
      });
    });
    const page = await site.openPage({ context, path });
    await page.waitForLoadState("load");
    const found = await page.evaluate(() => ({
      violations: window.violations,
      room: document.documentElement.scrollWidth - innerWidth,
      images: [...document.images].map((image) => image.naturalWidth > 0),
      description: document.querySelector("meta[name=description]").content.length > 20,
    }));
    assert.deepEqual(found.violations, []);
    assert.ok(found.room <= 0, `${found.room} px too wide`);
    assert.ok(found.images.every(Boolean), "its pictures load");
    assert.ok(found.description);
    await context.close();
  });
}

test("axe-core finds nothing, light and dark", async () => {
  for (const [path, colorScheme] of [
    ["lessons/", "dark"], ["lessons/retry-storm/", "light"], ["rules/retry-storm/", "dark"],
  ]) {
    const page = await plain.openPage({ path, colorScheme });
    await clean(page, path);
    await page.context().close();
  }
});

test("a page of a lesson needs no script, and runs the lesson where there are some", async () => {
  const context = await site.browser.newContext({ javaScriptEnabled: false });
  const bare = await site.openPage({ context, path: "lessons/retry-storm/" });
  const text = await bare.locator("main").textContent();
  for (const part of ["Goodput after the slowdown", "Monthly cost", "The Amazon Builders"]) {
    assert.ok(text.includes(part), part);
  }
  await context.close();

  const page = await site.openPage({ path: "lessons/retry-storm/" });
  const frame = page.frameLocator("iframe");
  await page.locator("iframe").scrollIntoViewIfNeeded();
  await frame.locator(".node[data-id=database]").waitFor();
  await page.getByRole("link", { name: "Open in the playground" }).click();
  await page.waitForURL(/index\.html#scenario=retry-storm$/);
  await page.locator(".node[data-id=database]").waitFor();
  await page.context().close();
});
