// The run and time: back and forth on the time line, faults by hand and mended, why requests are
// slow, and what the operators see.
import assert from "node:assert/strict";
import { pages, state, until } from "./page.mjs";

const { onPage, playground } = pages();

const line = (page) => page.getByRole("slider", { name: "Time line" });

/** Runs fast until the run has been at a moment, then stands still. */
async function standAt(page, seconds) {
  await page.locator(".speed").first().selectOption("20×");
  await until(page, `(s) => s.timeS > ${seconds}`);
  await page.getByRole("button", { name: "Pause" }).first().click();
  return until(page, (s) => s.state === "Paused");
}

const counts = ({ offered, ok, failed }) => ({ offered, ok, failed });

onPage("by keys: back a second and on again, and it is as it was", {}, async (page) => {
  const stood = await standAt(page, 8);
  await line(page).focus();
  for (let count = 0; count < 3; count++) await page.keyboard.press("ArrowLeft");
  const back = await until(page, `(s) => Math.abs(s.timeS - ${stood.timeS - 3}) < 1e-6`);
  assert.ok(back.offered < stood.offered);
  assert.ok(Math.abs(back.knownS - stood.knownS) < 1e-6, "what happened stays known");
  for (let count = 0; count < 3; count++) await page.keyboard.press("ArrowRight");
  const again = await until(page, `(s) => Math.abs(s.timeS - ${stood.timeS}) < 1e-6`);
  assert.deepEqual(counts(again), counts(stood));
  await page.keyboard.press("Home");
  await until(page, (s) => s.timeS === 0);
  await page.locator('[role=slider][aria-valuenow="0.0"]').waitFor();
  assert.match(await line(page).getAttribute("aria-valuetext"), /of .* so far/);
  await page.keyboard.press("PageUp");
  await page.keyboard.press("End");
  const end = await until(page, `(s) => Math.abs(s.timeS - ${stood.knownS}) < 1e-6`);
  assert.deepEqual(counts(end), counts(stood));
});

onPage("dragged back while it plays, it plays on from there", {}, async (page) => {
  await page.locator(".speed").first().selectOption("20×");
  await until(page, (s) => s.timeS > 15);
  const box = await line(page).boundingBox();
  const at = (share) => [box.x + box.width * share, box.y + box.height / 2];
  const duration = Number.parseFloat(
    (await state(page)).design.duration,
  );
  await page.mouse.move(...at(14 / duration));
  await page.mouse.down();
  await page.mouse.move(...at(5 / duration), { steps: 6 });
  const held = await until(page, (s) => s.timeS < 8 && s.knownS > 14);
  assert.equal(held.playing, false);
  await playground.screenshot(page, "time-dragged");
  await page.mouse.up();
  await until(page, `(s) => s.playing && s.timeS > ${held.knownS}`);
});

onPage("resting on the charts shows the canvas as it was then", {}, async (page) => {
  const stood = await standAt(page, 10);
  const box = await page.locator(".charts .plot[data-plot=rates]").boundingBox();
  await page.mouse.move(box.x + box.width * 0.02, box.y + box.height / 2);
  await until(page, `(s) => s.timeS < ${stood.timeS} - 2`);
  await page.mouse.move(720, 300);
  const back = await until(page, `(s) => Math.abs(s.timeS - ${stood.timeS}) < 1e-6`);
  assert.deepEqual(counts(back), counts(stood));
});

/** The diamonds above the charts, counted by the colour that says how bad what was found is. */
const diamonds = (page) => page.evaluate(() => {
  const canvas = document.querySelector(".charts-canvas");
  const strip = document.querySelector("[data-plot=marks]").getBoundingClientRect();
  const { left, top, width } = canvas.getBoundingClientRect();
  const scale = canvas.width / width;
  // They stand across the foot of the strip.
  const [x, y, wide, high] = [strip.x - left, strip.y - top, strip.width, strip.height + 6].map((n) => Math.round(n * scale));
  const { data } = canvas.getContext("2d").getImageData(x, y, wide, high);
  const probe = document.body.appendChild(document.createElement("i"));
  const seen = {};
  for (const name of ["failing", "degraded", "quiet"]) {
    probe.style.color = `var(--${name})`;
    const wanted = getComputedStyle(probe).color.match(/[\d.]+/g).map(Number);
    const isIt = (at) => data[at + 3] > 250 && wanted.every((value, ix) => Math.abs(data[at + ix] - value) < 12);
    // High enough for a diamond, too high for the line above a fault.
    const isHigh = (column) => {
      let run = 0;
      for (let row = 0; row < high && run < 6 * scale; row++) run = isIt(4 * (row * wide + column)) ? run + 1 : 0;
      return run >= 6 * scale;
    };
    const columns = [...Array(wide).keys()].filter(isHigh);
    seen[name] = columns.filter((column) => !columns.includes(column - 1)).length;
  }
  probe.remove();
  return seen;
});

onPage("diamonds on the time line say how bad what was found there is", {}, async (page) => {
  const found = page.locator(".bar .found");
  await page.locator(".bar .found[aria-label*=warning]").waitFor();
  await page.getByRole("button", { name: "Pause" }).first().click();
  await until(page, (s) => s.state === "Paused");
  assert.deepEqual(await diamonds(page), { failing: 0, degraded: 1, quiet: 0 });

  await page.getByRole("button", { name: "Slow the database for 10 s" }).click();
  await page.locator(".bar .found[aria-label*=error]").waitFor({ timeout: 90_000 });
  await page.getByRole("button", { name: "Pause" }).first().click();
  await until(page, (s) => s.state === "Paused");
  const worse = await diamonds(page);
  assert.ok(worse.failing > 0, `${JSON.stringify(worse)}: ${await found.getAttribute("aria-label")}`);
});

onPage("an edit in the past takes another way from there; a name does not", {}, async (page) => {
  const stood = await standAt(page, 9);
  await page.locator(".node[data-id=database]").click();
  await line(page).focus();
  for (let count = 0; count < 4; count++) await page.keyboard.press("ArrowLeft");
  const back = await until(page, `(s) => s.timeS < ${stood.timeS} - 3.9`);
  await page.locator(".node[data-id=database]").dblclick();
  await page.keyboard.type("Orders");
  await page.keyboard.press("Enter");
  await until(page, (s) => s.undo === "Rename database");
  // The worker has the edit by now, and would have said that the run ends here.
  await page.waitForTimeout(500);
  const named = await state(page);
  assert.deepEqual([named.knownS, named.timeS], [back.knownS, back.timeS]);
  const field = page.getByRole("textbox", { name: /concurrency/i }).first();
  await field.fill("2");
  await field.press("Enter");
  await until(page, (s) => Math.abs(s.knownS - s.timeS) < 1e-6);
});

onPage("a fault by hand is of the design, and is mended", {}, async (page) => {
  await page.locator(".node[data-id=database]").click();
  const palette = page.locator(".inspect .faults");
  await palette.getByRole("searchbox", { name: "Search faults" }).fill("takes times as long");
  await palette.getByRole("button", { name: "until mended" }).click();
  await palette.locator("[data-fault=slowdown]").click();
  const broken = await until(page, (s) => JSON.parse(s.design).faults?.length === 1);
  assert.equal(broken.design.faults[0].for, null);
  const mend = page.getByRole("list", { name: "Broken now" }).getByRole("button", { name: /^Mend/ });
  await mend.click();
  const mended = await state(page);
  assert.match(mended.design.faults[0].for, /s$/);
  assert.match(mended.undo, /^Mend: Slowdown/);
  await mend.waitFor({ state: "detached" });

  // From the menu, with a parameter chosen.
  await page.locator(".node[data-id=database]").click({ button: "right" });
  await page.getByRole("menuitem", { name: "Break it…" }).click();
  const dialog = page.getByRole("dialog", { name: /^Break / });
  await dialog.getByRole("button", { name: "Choose how: slowdown" }).click();
  const times = dialog.getByRole("textbox", { name: "Times" });
  await times.fill("3");
  await times.press("Enter");
  await playground.screenshot(page, "break-menu");
  await dialog.getByRole("button", { name: "Break it" }).last().click();
  const again = await until(page, (s) => JSON.parse(s.design).faults?.length === 2);
  assert.equal(again.design.faults[1].times, 3);
});

onPage("why the slowest requests are slow", {}, async (page) => {
  await page.locator(".speed").first().selectOption("5×");
  await until(page, (s) => s.timeS > 5);
  await page.getByRole("button", { name: "Slowest …" }).click();
  const panel = page.getByRole("region", { name: "Why requests take so long" });
  await panel.locator(".request").nth(9).waitFor();
  await panel.locator(".request").nth(1).click();
  assert.ok((await panel.locator(".waterfall li").count()) > 4);
  assert.ok((await panel.locator(".waterfall i.work").count()) > 0);
  await playground.screenshot(page, "why");
  await page.getByRole("button", { name: "Close" }).click();
  await panel.waitFor({ state: "detached" });
});

onPage("the operators see no data of who lost its telemetry", {}, async (page) => {
  await page.locator(".node[data-id=database]").click();
  await page.locator(".inspect .faults").getByRole("button", { name: "until mended" }).click();
  await page.locator(".inspect .faults [data-fault=telemetry_loss]").click();
  await page.getByRole("list", { name: "Broken now" }).waitFor();
  const rate = page.locator(".node[data-id=database] .rate");
  assert.doesNotMatch(await rate.textContent(), /no data/);
  await page.getByRole("button", { name: "Operators" }).click();
  await page.locator(".node[data-id=database][data-health=unknown]").waitFor();
  assert.equal(await rate.textContent(), "no data");
  await playground.screenshot(page, "operators");
  await page.getByRole("button", { name: "Operators" }).click();
  await page.locator(".node[data-id=database]:not([data-health=unknown])").waitFor();
});
