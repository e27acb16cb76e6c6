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
