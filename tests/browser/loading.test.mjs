// Before the module is there: the page shows its frame and the lesson that it will open with.
import assert from "node:assert/strict";
import { test } from "node:test";
import { pages } from "./page.mjs";

const { playground } = pages();

/** A page whose module arrives when `go` is called. */
async function held(options, path = "") {
  const context = await playground.browser.newContext({ serviceWorkers: "block", ...options });
  let go;
  let gate;
  const hold = () => (gate = new Promise((done) => (go = done)));
  hold();
  await context.route(/faultline-web_bg\.wasm/, async (route) => {
    await gate;
    await route.continue();
  });
  const page = await context.newPage();
  await page.goto(playground.url + path, { waitUntil: "commit" });
  await page.locator(".loading").waitFor();
  return { page, go: () => go(), hold, context };
}

/** Where cards are: from the left, from the top, how wide. */
const places = (page, cards) => page.locator(cards).evaluateAll((cards) =>
  Object.fromEntries(cards.map((card) => {
    const { x, y, width } = card.getBoundingClientRect();
    return [card.closest("[data-id]").dataset.id, [x, y, width]];
  })));

test("on a phone, which folds the lesson, the first picture is frame and words", async () => {
  const { page, go, context } = await held({ viewport: { width: 390, height: 844 } });
  assert.equal(await page.locator(".first svg").isVisible(), false);
  const words = await page.locator(".first h2").boundingBox();
  assert.ok(await page.locator(".first .loading").isVisible());
  go();
  await page.waitForFunction(() => document.querySelector(".node") !== null);
  const heading = await page.locator("#story-title").boundingBox();
  assert.ok(Math.abs(words.y - heading.y) < 4, `${words.y} became ${heading.y}`);
  assert.deepEqual(playground.problems, []);
  await context.close();
});

for (const [width, height] of [[1440, 900], [1024, 768], [844, 390]]) {
  test(`the first picture is what the page shows then, at ${width} × ${height}`, async () => {
    const { page, go, context } = await held({ viewport: { width, height } });
    const before = await places(page, ".first rect");
    const words = await page.locator(".first h2").boundingBox();
    assert.match(await page.locator(".first .loading").textContent(), /Loading/);
    go();
    await page.waitForFunction(() => document.querySelector(".node") !== null);
    await page.waitForTimeout(500);
    const after = await places(page, ".node");
    assert.deepEqual(Object.keys(before), Object.keys(after));
    assert.ok(Object.keys(before).length > 2);
    for (const [id, place] of Object.entries(before)) {
      const off = place.map((value, at) => Math.abs(value - after[id][at]));
      assert.ok(Math.max(...off) < 2, `${id}: ${place} became ${after[id]}`);
    }
    const heading = await page.locator("#story-title").boundingBox();
    assert.ok(Math.abs(words.y - heading.y) < 4, `${words.y} became ${heading.y}`);
    assert.equal(await page.locator(".first").count(), 0);
    assert.deepEqual(playground.problems, []);
    await context.close();
  });
}

test("what opens something else shows its frame without that picture", async () => {
  for (const path of ["#scenario=cap", "?scenario=cap", "#d1.AAAA"]) {
    const { page, go, context } = await held({}, path);
    assert.ok(await page.locator(".first .bar").isVisible(), path);
    assert.ok(await page.locator(".first h2").isHidden(), path);
    assert.ok(await page.locator(".first svg").isHidden(), path);
    go();
    await context.close();
  }
  const { page, go, hold, context } = await held({}, "#scenario=retry-storm");
  assert.ok(await page.locator(".first svg").isVisible());
  go();
  // What was open before a reload is not that lesson as it was.
  await page.locator("[data-kind=cache]").click();
  await page.waitForFunction(() => sessionStorage["faultline.tab"]);
  hold();
  await page.reload({ waitUntil: "commit" });
  await page.locator(".first .bar").waitFor();
  assert.ok(await page.locator(".first svg").isHidden());
  go();
  await context.close();
});

test("an embed says that it is loading", async () => {
  const { page, go, context } = await held({}, "embed.html#scenario=retry-storm");
  assert.match(await page.locator("#first").textContent(), /Loading/);
  go();
  await page.waitForFunction(() => document.querySelector(".node") !== null);
  assert.equal(await page.locator("#first").count(), 0);
  await context.close();
});
