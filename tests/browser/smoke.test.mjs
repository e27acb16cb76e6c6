// The page and the embed start below a sub-path, their worker answers, nothing logs an error.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { open } from "./harness.mjs";
import { until } from "./page.mjs";

let playground;

before(async () => {
  playground = await open();
});

after(() => playground.close());

for (const [name, options] of [
  ["the page", {}],
  ["the page on a dark phone", { width: 390, height: 844, colorScheme: "dark", hasTouch: true }],
  ["the embed", { path: "embed.html", width: 640, height: 360 }],
]) {
  test(`${name} starts and its worker is ready`, async () => {
    const page = await playground.openPage(options);
    const { engine } = await until(page, (s) => s.engine === "worker" && s.offered > 0);
    assert.equal(engine, "worker");
    await playground.screenshot(page, name.replaceAll(" ", "-"));
    assert.deepEqual(playground.problems, []);
    await page.context().close();
  });
}

test("the theme is set before the first paint", async () => {
  const page = await playground.openPage();
  await page.evaluate(() => localStorage.setItem("faultline.theme", "dark"));
  await page.reload({ waitUntil: "commit" });
  await page.waitForFunction(() => document.body);
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), "dark");
  await page.context().close();
});

test("what the figures rest on is one click away, and reads on a phone", async () => {
  const page = await playground.openPage({ width: 390, height: 844, hasTouch: true });
  await until(page, (s) => s.engine === "worker");
  const href = await page.locator(".fidelity a").getAttribute("href");
  await page.goto(new URL(href, page.url()).href);
  assert.match(await page.title(), /^What is modeled, and what is not/);
  assert.ok((await page.locator("main.reading h2").count()) > 5);
  const wide = () => document.documentElement.scrollWidth - innerWidth;
  assert.ok((await page.evaluate(wide)) <= 0, "nothing scrolls sideways");
  await page.locator('nav a[href="accuracy.html"]').click();
  assert.ok((await page.locator("table").count()) > 0);
  await playground.screenshot(page, "reading");
  assert.deepEqual(playground.problems, []);
  await page.context().close();
});
