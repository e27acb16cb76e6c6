// The essays: their prose drives the figure by attributes alone. Read as a person would, on a phone
// and on a wide screen, without JavaScript, and under a strict Content-Security-Policy.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { dist, open } from "./harness.mjs";
import { clean } from "./page.mjs";

let site;

before(async () => {
  site = await open(dist(), {
    "content-security-policy": "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'",
  });
});

after(() => site.close());

const shown = (page, nth, wanted) => page.waitForFunction(
  ([nth, wanted]) => {
    const all = [...document.querySelectorAll('[data-get="goodput_per_s"]')];
    const number = Number(all[nth].textContent);
    return wanted === "high" ? number > 130 : number < 20;
  },
  [nth, wanted],
  { timeout: 60_000 },
);

for (const [width, height, colorScheme] of [[390, 844, "dark"], [1440, 900, "light"]]) {
  test(`the essay on retries is read with its figure, ${width} px wide`, async () => {
    const page = await site.openPage({
      path: "essays/retries.html", width, height, colorScheme, hasTouch: width < 500,
    });
    const figure = page.locator("#storm");
    await figure.scrollIntoViewIfNeeded();
    const runs = () => document.getElementById("storm").hasAttribute("running");
    await page.waitForFunction(runs, undefined, { timeout: 60_000 });
    await shown(page, 0, "high");
    const overflows = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
    assert.equal(overflows, false);
    const box = await figure.boundingBox();
    assert.ok(box.width <= width && box.height >= 350, JSON.stringify(box));
    await site.screenshot(page, `essay-${width}`);

    await page.getByRole("button", { name: "Slow the database for 10 s" }).click();
    await page.getByRole("button", { name: "Go to 100 s" }).click();
    await shown(page, 1, "low");
    await page.locator("#storm").scrollIntoViewIfNeeded();
    await page.waitForTimeout(600);
    await site.screenshot(page, `essay-${width}-down`);

    // Without retries, the same slowdown passes.
    for (const name of ["Users", "Balancer", "API"]) {
      await page.getByLabel(name).fill("1");
    }
    await page.getByRole("button", { name: "Run again" }).nth(1).click();
    await page.getByRole("button", { name: "Go to 100 s" }).click();
    await shown(page, 1, "high");

    // With them, the lesson's fix does it; undone, the sliders are back.
    for (const name of ["Users", "Balancer", "API"]) {
      await page.getByLabel(name).fill("3");
    }
    await page.getByRole("button", { name: "Apply the fix and run again" }).click();
    await page.waitForFunction(() => document.querySelector('[data-set^="api->"]').value === "2");
    await page.getByRole("button", { name: "Go to 100 s" }).click();
    await shown(page, 2, "high");
    await page.getByRole("button", { name: "Undo" }).click();
    await page.waitForFunction(() => document.querySelector('[data-set^="api->"]').value === "3");
    await clean(page, `${width} px`);
    await site.screenshot(page, `essay-${width}-controls`);
    await page.context().close();
  });
}

test("the essay is readable without JavaScript", async () => {
  const context = await site.browser.newContext({ javaScriptEnabled: false });
  const page = await site.openPage({ path: "essays/retries.html", context });
  const text = await page.locator("main").innerText();
  assert.match(text, /The text below has its results/);
  assert.match(text, /Goodput 0 requests\/s,\s+database calls per request 27/);
  for (const role of ["button", "slider"]) {
    const visible = await page.getByRole(role).count();
    assert.equal(visible, 0, `${visible} of ${role}`);
  }
  await context.close();
});
