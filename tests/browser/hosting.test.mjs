// On other people's servers and in other people's browsers: with a strict Content-Security-Policy
// the page looks and works the same; in a sandbox without an origin, and where nothing may be
// copied, it says so.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { dist, open } from "./harness.mjs";

const STRICT = {
  "content-security-policy": "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'",
};

let strict;
let plain;

before(async () => {
  [strict, plain] = await Promise.all([open(dist(), STRICT), open()]);
});

after(async () => {
  await plain.close();
  await strict.close();
});

/** Waits for something of the page. A policy without 'unsafe-eval' stops waitForFunction. */
async function eventually(page, holds, what) {
  for (let tries = 0; tries < 300; tries++) {
    if (await page.evaluate(holds)) return;
    await page.waitForTimeout(100);
  }
  assert.fail(what);
}

const runs = () => window.__faultline && JSON.parse(window.__faultline.stateJson()).timeS > 1;

/** Where the cards are, and how many colors the charts have. */
const picture = () => {
  const cards = [...document.querySelectorAll(".node")].map((card) => {
    const { x, y } = card.getBoundingClientRect();
    return [card.dataset.id, Math.round(x), Math.round(y)];
  });
  const probes = [...document.querySelectorAll(".probes i")];
  const color = (one) => [one.dataset.probe, getComputedStyle(one).color];
  const colors = Object.fromEntries(probes.map(color));
  return { cards, colors };
};

test("a strict policy changes nothing of the page, and reports nothing", async () => {
  const context = await strict.browser.newContext({ viewport: { width: 1440, height: 900 } });
  await context.addInitScript(() => {
    window.violations = [];
    document.addEventListener("securitypolicyviolation", (event) => {
      window.violations.push(`${event.violatedDirective} ${event.sourceFile} ${event.sample}`);
    });
  });
  const page = await strict.openPage({ context });
  await eventually(page, runs, "it runs");
  const free = await plain.openPage();
  await eventually(free, runs, "it runs");
  const shown = await page.evaluate(picture);
  assert.deepEqual(shown, await free.evaluate(picture));
  const places = new Set(shown.cards.map(([, x, y]) => `${x} ${y}`));
  assert.ok(places.size > 2 && places.size === shown.cards.length, JSON.stringify(shown.cards));
  assert.equal(new Set(Object.values(shown.colors)).size, 8, JSON.stringify(shown.colors));

  // What takes its place from the pointer or from a value.
  await page.locator(".node[data-id=database]").click({ button: "right" });
  const menu = await page.locator(".menu").boundingBox();
  assert.ok(menu.x > 500 && menu.y > 100, JSON.stringify(menu));
  await page.keyboard.press("Escape");
  await page.locator(".inspect input[type=range]").first().waitFor();

  // A picture is painted without an image of the SVG, which such a policy would not load.
  await page.keyboard.press("Escape");
  await page.keyboard.press("Shift+E");
  const dialog = page.getByRole("dialog", { name: "Export as a picture" });
  await dialog.locator(".picture-preview svg text").first().waitFor();
  await dialog.getByRole("checkbox").check();
  for (const [name, begins] of [["Download PNG", "\x89PNG"], ["Download SVG", "<svg"]]) {
    const waiting = page.waitForEvent("download");
    await dialog.getByRole("button", { name }).click();
    const bytes = readFileSync(await (await waiting).path());
    assert.equal(bytes.subarray(0, 4).toString("latin1"), begins);
    assert.ok(bytes.length > 5_000, `${name}: ${bytes.length} bytes`);
  }
  assert.deepEqual(await page.evaluate(() => window.violations), []);
  await playgroundsAreClean();
  await context.close();
  await free.context().close();
});

test("a dark page is dark before anything else, under a strict policy as well", async () => {
  for (const path of ["embed.html?theme=dark", "index.html"]) {
    const context = await strict.browser.newContext();
    await context.addInitScript(() => localStorage.setItem("faultline.theme", "dark"));
    const page = await strict.openPage({ context, path });
    assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), "dark", path);
    await context.close();
  }
});

/** A page with the embed in a frame that may run scripts and nothing else. */
async function framed(playground) {
  const page = await playground.openPage({ path: "cli.html", expectErrors: true });
  await page.evaluate(() => {
    const frame = document.createElement("iframe");
    frame.setAttribute("sandbox", "allow-scripts");
    Object.assign(frame, { src: "embed.html", width: 720, height: 420 });
    document.body.prepend(frame);
  });
  return page;
}

test("in a sandbox without an origin it says what is missing", async () => {
  const page = await framed(plain);
  const said = page.frameLocator("iframe").getByRole("alert");
  await said.waitFor();
  const text = await said.textContent();
  assert.match(text, /sandbox/);
  assert.match(text, /allow-same-origin/);
  assert.match(text, /Access-Control-Allow-Origin/);
  await page.context().close();
});

test("in a sandbox without an origin it runs where the server allows it", async () => {
  const allowing = await open(dist(), { "access-control-allow-origin": "*" });
  const page = await framed(allowing);
  const [, frame] = page.frames();
  await eventually(frame, runs, "the frame runs");
  await allowing.close();
});

for (const [name, refuse] of [
  ["without a clipboard", () => {
    Object.defineProperty(Navigator.prototype, "clipboard", { value: undefined });
  }],
  ["where the browser refuses", () => {
    const refuse = () => Promise.reject(new DOMException("no", "NotAllowedError"));
    Clipboard.prototype.writeText = refuse;
  }],
]) {
  test(`copying ${name} says so, and selects the text`, async () => {
    const context = await plain.browser.newContext();
    await context.addInitScript(refuse);
    const page = await plain.openPage({ context });
    await eventually(page, runs, "it runs");
    await page.getByRole("button", { name: "Share", exact: true }).click();
    await page.getByRole("button", { name: "Copy: Link" }).click();
    await page.getByRole("alert").getByText("The text is selected").waitFor();
    const [marked, all] = await page.evaluate(() => {
      const { value, selectionStart, selectionEnd } = document.activeElement;
      const all = document.querySelector(".copied input").value;
      return [value.slice(selectionStart, selectionEnd), all];
    });
    assert.equal(marked, all);
    assert.ok(all.startsWith("http"));
    await playgroundsAreClean();
    await context.close();
  });
}

const playgroundsAreClean = () => {
  assert.deepEqual([...strict.problems, ...plain.problems], []);
};
