// The pages to read, of the documents, lessons and rules: every link leads somewhere, a strict
// Content-Security-Policy changes nothing, they need no script, and they fit a phone.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
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
  // The frame preloads a script that it then may not run.
  const path = "lessons/retry-storm/";
  const bare = await site.openPage({ context, path, expectErrors: true });
  const text = await bare.locator("main").textContent();
  for (const part of ["Goodput after the slowdown", "Monthly cost", "The Amazon Builders"]) {
    assert.ok(text.includes(part), part);
  }
  await context.close();

  const page = await site.openPage({ path });
  const frame = page.frameLocator("iframe");
  await page.locator("iframe").scrollIntoViewIfNeeded();
  await frame.locator(".node[data-id=database]").waitFor();
  await page.getByRole("link", { name: "Open in the playground" }).click();
  await page.waitForURL(/index\.html#scenario=retry-storm$/);
  await page.locator(".node[data-id=database]").waitFor();
  await page.context().close();
});

const PREVIEWS = fileURLToPath(new URL("../../docs/pictures/lessons/", import.meta.url));
/** What each preview was drawn from. Its pixels depend on the machine's fonts. */
const DRAWN = fileURLToPath(new URL("previews.json", import.meta.url));

/** Draws what link previews show of a lesson: its title and its design. */
async function draw(page, id, title) {
  await page.evaluate(async ([title, picture]) => {
    const element = (name, style, more = {}) => {
      const made = Object.assign(document.createElement(name), more);
      Object.assign(made.style, style);
      return made;
    };
    const image = element("img", {
      width: "100%", height: "400px", objectFit: "contain", objectPosition: "left",
    }, { src: picture });
    const card = element("div", {
      position: "fixed", inset: "0", boxSizing: "border-box", padding: "48px 64px 40px",
      display: "flex", flexDirection: "column", justifyContent: "space-between",
      background: "#ffffff", color: "#1b1f24",
    });
    const quiet = { fontSize: "26px", color: "#5b6570" };
    card.append(
      element("div", { fontSize: "48px", fontWeight: "600", lineHeight: "1.15" },
        { textContent: title }),
      image,
      element("div", quiet, { textContent: "Faultline: run it, break it, fix it" }),
    );
    document.body.replaceChildren(card);
    await Promise.all([image.decode(), document.fonts.ready]);
  }, [title, `../pictures/lessons/${id}.svg`]);
  await page.screenshot({ path: join(PREVIEWS, `${id}.png`) });
}

test("the preview of each lesson is of its title and its design", async () => {
  const drawn = JSON.parse(existsSync(DRAWN) ? readFileSync(DRAWN, "utf8") : "{}");
  const page = await plain.openPage({ path: "lessons/", width: 1200, height: 630 });
  const stale = [];
  const current = {};
  for (const path of pages().filter((path) => /^lessons\/./.test(path))) {
    const [, id] = path.split("/");
    const { title } = JSON.parse(readFileSync(join(dist(), "scenarios", `${id}.json`), "utf8"));
    const picture = readFileSync(join(PREVIEWS, `${id}.svg`), "utf8");
    current[id] = createHash("sha256").update(title + picture).digest("hex").slice(0, 16);
    if (current[id] === drawn[id] && existsSync(join(PREVIEWS, `${id}.png`))) continue;
    if (process.env.UPDATE_EXPECT) await draw(page, id, title);
    stale.push(id);
  }
  if (process.env.UPDATE_EXPECT) {
    writeFileSync(DRAWN, `${JSON.stringify(current, Object.keys(current).sort(), 2)}\n`);
  } else {
    const how = "UPDATE_EXPECT=1 node --test tests/browser/reading.test.mjs draws them again";
    assert.deepEqual(stale, [], how);
  }
  await page.context().close();
});
