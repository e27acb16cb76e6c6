// The diagnosis of the run on the canvas up to now, and the experiments on it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { clean, openRunning, pages, state, until } from "./page.mjs";

const { onPage, playground } = pages();
const WAIT = { timeout: 90_000 };

/** The retry storm of the first lesson, paused after the trigger. */
async function storm(page, untilS) {
  await page.locator(".speed").first().selectOption("20×");
  await until(page, (s) => s.timeS > 15);
  await page.getByRole("button", { name: "Slow the database for 10 s" }).click();
  await until(page, `(s) => s.timeS > ${untilS}`);
  await page.getByRole("button", { name: "Pause" }).first().click();
  const stood = await until(page, (s) => s.state === "Paused");
  await page.locator(".bar .found").click();
  return stood;
}

const standing = (finding) => finding.locator(".standing").first().getAttribute("data-standing");
const top = (page) => page.locator("#findings > .finding-list > .finding").first();

onPage("what is suspected is tried where the run stands", {}, async (page) => {
  const stood = await storm(page, 70);
  await page.locator(".trying-done").waitFor(WAIT);
  assert.equal(await standing(top(page)), "confirmed");
  assert.equal(await top(page).getAttribute("data-rule"), "retry-storm");
  // The canvas marks what is confirmed, and nothing else, as the cause.
  assert.equal(await page.locator(".flag.cause").count(), 1);
  // Two curves from the same requests, and the figure of each.
  assert.equal(await top(page).locator(".pair .small-curve").count(), 2);
  const [before, after] = await top(page).locator(".pair figure > p").allTextContents();
  assert.equal(before, "not recovered");
  assert.match(after, /^\d+(\.\d+)?\ss$/u);
  // A remedy says what it does, and what it costs.
  const effect = top(page).locator(".finding-fix .effect").first();
  const changes = (await effect.textContent()).replace(/\s+/g, " ");
  assert.match(changes, /recovery time ?not recovered → \d/);
  // What was tried is listed, and what has no part in it apart.
  await page.locator(".all-tried summary").click();
  assert.ok((await page.locator(".all-tried li").count()) >= 5);
  await page.locator(".ruled-out summary").click();
  // At the top, no button lies half below the tabs.
  await page.locator(".sides").evaluate((tabs) => {
    for (let at = tabs; at; at = at.parentElement) at.scrollTop = 0;
  });
  await clean(page, "experiments");

  const onsets = await page.locator("#findings .finding-when .num").allTextContents();
  for (const onset of onsets) assert.ok(Number.parseFloat(onset) <= stood.timeS, onset);

  // A moment is gone to, and nothing of the run is lost for it.
  await top(page).locator(".moment").first().click();
  const back = await until(page, `(s) => s.timeS < ${stood.timeS} - 20`);
  assert.equal(back.run, stood.run);
  assert.equal(back.knownS, stood.knownS);
  assert.equal(await standing(top(page)), "confirmed");
});

test("other cores make a part of the experiments", async () => {
  const context = await playground.browser.newContext({ serviceWorkers: "block" });
  await context.addInitScript(() => {
    Object.defineProperty(navigator, "hardwareConcurrency", { get: () => 4 });
  });
  const page = await openRunning(playground, { context });
  await storm(page, 60);
  await page.locator(".trying-done").waitFor(WAIT);
  // The one that plays, the one in charge of the experiments, and its helpers.
  assert.equal(page.workers().length, 5);
  assert.equal(await standing(top(page)), "confirmed");
  assert.equal(await top(page).getAttribute("data-rule"), "retry-storm");
  assert.deepEqual(playground.problems, []);
  await context.close();
});

onPage("experiments can be stopped and continued", {}, async (page) => {
  await storm(page, 60);
  const stop = page.locator(".trying").getByRole("button", { name: "Stop" });
  const done = page.locator(".trying-done");
  await stop.or(done).first().waitFor(WAIT);
  // A quick machine has tried it all by now.
  if (await stop.isVisible().catch(() => false)) {
    await stop.click();
    const again = page.locator(".trying").getByRole("button", { name: "Continue" });
    await again.waitFor(WAIT);
    await page.waitForTimeout(1_000);
    assert.equal(await page.locator(".trying progress").count(), 0);
    await again.click();
  }
  await done.waitFor(WAIT);
});

onPage("what was found before an edit is kept as that, until a restart", {}, async (page) => {
  await storm(page, 60);
  await page.locator(".trying-done").waitFor(WAIT);
  const said = await top(page).locator(".finding-what").first().textContent();
  await top(page).locator(".finding-fix .button").first().click();
  await page.getByRole("dialog").getByRole("button", { name: "Close" }).last().click();
  const earlier = page.locator("#findings .earlier .finding");
  await earlier.filter({ hasText: said }).waitFor(WAIT);
  assert.equal(await standing(earlier.first()), "confirmed");
  await page.getByRole("button", { name: "Restart" }).first().click();
  await earlier.first().waitFor({ ...WAIT, state: "detached" });
  await until(page, (s) => s.timeS > 10);
  const { timeS } = await state(page);
  const onsets = await page.locator("#findings .finding-when .num").allTextContents();
  for (const onset of onsets) assert.ok(Number.parseFloat(onset) <= timeS, onset);
});
