// The run and time: back and forth on the time line, faults by hand and mended, why requests are
// slow, and what the operators see.
import assert from "node:assert/strict";
import { drag, dropAndOpen, pages, state, until } from "./page.mjs";

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

/** The diamonds above the charts, counted by the color that says how bad what was found is. */
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
  // What the design alone shows has no moment, and what has not happened yet is not told.
  assert.deepEqual(await diamonds(page), { failing: 0, degraded: 0, quiet: 0 });

  await page.getByRole("button", { name: "Slow the database for 10 s" }).click();
  await page.locator(".speed").first().selectOption("20×");
  await page.locator(".bar .found[aria-label*=error]").waitFor({ timeout: 90_000 });
  await page.getByRole("button", { name: "Pause" }).first().click();
  await until(page, (s) => s.state === "Paused");
  let worse;
  for (let wait = 0; wait < 100; wait++) {
    worse = await diamonds(page);
    // What was found is read and the charts are drawn in different frames.
    if (worse.failing > 0) break;
    await page.waitForTimeout(100);
  }
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
  await palette.getByRole("button", { name: "until ended" }).click();
  await palette.locator("[data-fault=slowdown]").click();
  const broken = await until(page, (s) => JSON.parse(s.design).faults?.length === 1);
  assert.equal(broken.design.faults[0].for, null);
  const mend = page.getByRole("list", { name: "Active faults" }).getByRole("button", { name: /^End/ });
  await mend.click();
  const mended = await state(page);
  assert.match(mended.design.faults[0].for, /s$/);
  assert.match(mended.undo, /^End: Slowdown/);
  await mend.waitFor({ state: "detached" });

  // From the menu, with a parameter chosen.
  await page.locator(".node[data-id=database]").click({ button: "right" });
  await page.getByRole("menuitem", { name: "Break it…" }).click();
  const dialog = page.getByRole("dialog", { name: /^Break / });
  await dialog.getByRole("button", { name: "Set parameters: slowdown" }).click();
  const times = dialog.getByRole("textbox", { name: "Factor" });
  await times.fill("3");
  await times.press("Enter");
  await playground.screenshot(page, "break-menu");
  await dialog.getByRole("button", { name: "Break it" }).last().click();
  const again = await until(page, (s) => JSON.parse(s.design).faults?.length === 2);
  assert.equal(again.design.faults[1].times, 3);

  // At a time of one's own.
  await page.locator(".node[data-id=database]").click({ button: "right" });
  await page.getByRole("menuitem", { name: "Break it…" }).click();
  await dialog.getByRole("button", { name: "Set parameters: slowdown" }).click();
  const at = dialog.getByRole("textbox", { name: "At", exact: true });
  await at.fill("100s");
  await at.press("Enter");
  await dialog.getByRole("button", { name: "Break it" }).last().click();
  const planned = await until(page, (s) => JSON.parse(s.design).faults?.length === 3);
  assert.equal(planned.design.faults[2].at, "100s");
});

onPage("why the slowest requests are slow", {}, async (page) => {
  await page.locator(".speed").first().selectOption("5×");
  await until(page, (s) => s.timeS > 5);
  await page.getByRole("button", { name: "Slowest and failed …" }).click();
  const panel = page.getByRole("region", { name: "Why requests take so long" });
  await panel.locator(".request").nth(9).waitFor();
  await panel.locator(".request").nth(1).click();
  assert.ok((await panel.locator(".waterfall li").count()) > 4);
  assert.ok((await panel.locator(".waterfall i.work").count()) > 0);
  await playground.screenshot(page, "why");
  await page.getByRole("button", { name: "Close" }).click();
  await panel.waitFor({ state: "detached" });
});

onPage("the red badge of a node opens a request that failed there", {}, async (page) => {
  await page.getByRole("button", { name: "Slow the database for 10 s" }).click();
  await page.locator(".speed").first().selectOption("5×");
  const badge = page.locator('.node[data-id=api] .badge[data-state="now"]');
  await badge.waitFor({ timeout: 60_000 });
  await page.keyboard.press("Space");
  await until(page, (s) => s.state === "Paused");
  await badge.click();
  const panel = page.getByRole("region", { name: "Why requests take so long" });
  await panel.getByRole("heading", { name: /^Slowest and failed of/ }).waitFor();
  const shown = panel.locator('.request[aria-pressed="true"]');
  assert.match(await shown.getAttribute("class"), /failed/);
  assert.ok((await panel.locator(".waterfall li.failed").count()) > 0);
  assert.deepEqual((await state(page)).selected, [], "the badge is not its card");
  await page.keyboard.press("Escape");
  await panel.waitFor({ state: "detached" });
  await page.getByText("Click a dot to trace its request").waitFor();
});

onPage("a fault is made by keys, and its node shows that it is broken", {}, async (page) => {
  await page.locator(".node[data-id=database]").click();
  await page.keyboard.press("b");
  const search = page.getByRole("dialog", { name: /^Break / }).getByRole("searchbox");
  const inSearch = () => document.activeElement.matches(".break-menu input[type=search]");
  await page.waitForFunction(inSearch);
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  const second = page.locator(".break-menu .fault").nth(1);
  assert.equal(await second.evaluate((fault) => fault === document.activeElement), true);
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.type("crash");
  await page.keyboard.press("Enter");
  const broken = await until(page, (s) => JSON.parse(s.design).faults?.length === 1);
  assert.equal(broken.design.faults[0].kind, "crash");
  await search.waitFor({ state: "detached" });
  const mark = page.locator(".node[data-id=database] .faulted");
  await mark.waitFor();
  assert.match(await mark.getAttribute("title"), /^Crash/);
  assert.equal(await page.locator(".node .faulted").count(), 1);
});

onPage("the list of faults stands still when one of them is made", {}, async (page) => {
  await page.locator(".node[data-id=database]").click();
  const fault = page.locator(".inspect .faults [data-fault=slowdown]");
  await fault.waitFor();
  const before = await fault.boundingBox();
  await fault.click();
  await page.locator(".inspect .scheduled li").waitFor();
  assert.deepEqual(await fault.boundingBox(), before);
});

onPage("the operators see no data of who lost its telemetry", {}, async (page) => {
  await page.locator(".node[data-id=database]").click();
  await page.locator(".inspect .faults").getByRole("button", { name: "until ended" }).click();
  await page.locator(".inspect .faults [data-fault=telemetry_loss]").click();
  await page.getByRole("list", { name: "Active faults" }).waitFor();
  const rate = page.locator(".node[data-id=database] .rate");
  assert.doesNotMatch(await rate.textContent(), /no data/);
  await page.getByRole("button", { name: "Operators" }).click();
  await page.locator(".node[data-id=database][data-health=unknown]").waitFor();
  assert.equal(await rate.textContent(), "no data");
  await playground.screenshot(page, "operators");
  await page.getByRole("button", { name: "Operators" }).click();
  await page.locator(".node[data-id=database]:not([data-health=unknown])").waitFor();
});

const focused = (page) => page.evaluate(() => {
  const field = document.activeElement.closest("#inspect [data-field]");
  return field?.dataset.field;
});

onPage("the time label, a key and the palette lead to the settings", {}, async (page) => {
  const inspector = page.getByRole("complementary", { name: "Inspector" });
  await page.locator(".bar .time").click();
  await page.waitForFunction(() => document.activeElement.closest("#inspect"));
  assert.equal(await focused(page), "duration");
  const field = inspector.getByRole("textbox", { name: "Duration", exact: true });
  await field.fill("90s");
  await field.press("Enter");
  assert.equal((await state(page)).design.duration, "90s");
  await page.locator(".bar .time", { hasText: "/ 1:30.0" }).waitFor();
  for (const name of ["Warm-up", "Drain", "Seed", "Zones", "Alerts", "Notes"]) {
    const label = inspector.locator(".field-label").getByText(name, { exact: true });
    assert.equal(await label.count(), 1, name);
  }
  // What is selected takes its place, and gives it back.
  await page.locator(".node[data-id=shoppers]").click();
  await field.waitFor({ state: "detached" });
  await page.keyboard.press("Escape");
  await field.waitFor();
  await inspector.getByRole("button", { name: "Edit requirements" }).click();
  await page.getByRole("region", { name: "Findings" }).waitFor();
  await field.focus();
  await page.keyboard.press("Escape");
  await inspector.waitFor({ state: "hidden" });

  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.press("i");
  await page.waitForFunction(() => document.activeElement.closest("#inspect"));
  assert.equal(await focused(page), "duration");
  await page.getByRole("button", { name: "Close the settings" }).click();
  await inspector.waitFor({ state: "hidden" });
  const queries = { duration: "duration", seed: "seed", warm: "warmup", "settings zones": "zones" };
  for (const [query, at] of Object.entries(queries)) {
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox", { name: "Find anything" }).fill(query);
    await page.getByRole("option").filter({ hasText: "Settings of the design" }).first().click();
    const isAt = (at) => document.activeElement.closest(`#inspect [data-field=${at}]`);
    await page.waitForFunction(isAt, at);
  }
});

onPage("past its duration a run says that it drains", {}, async (page) => {
  const { design } = await state(page);
  await dropAndOpen(page, JSON.stringify({
    ...design,
    name: "Short",
    duration: "5s",
    faults: [{ at: "2s", for: "30s", kind: "slowdown", target: "database", times: 500 }],
  }));
  await until(page, (s) => JSON.parse(s.design).name === "Short");
  const time = page.locator(".bar .time");
  assert.doesNotMatch(await time.textContent(), /drain/);
  await page.locator(".speed").first().selectOption("5×");
  await until(page, (s) => s.timeS > 5.2);
  await time.getByText("drain").waitFor();
  assert.match(await time.textContent(), /\/ 0:05\.0/);
});

onPage("a fault on the time line is moved, stretched, edited and deleted", {}, async (page) => {
  const { design } = await state(page);
  const faults = [{ at: "20s", for: "12s", kind: "slowdown", target: "database", times: 2 }];
  await dropAndOpen(page, JSON.stringify({ ...design, name: "Planned", duration: "60s", faults }));
  await until(page, (s) => JSON.parse(s.design).name === "Planned" && s.timeS > 0);
  await page.getByRole("button", { name: "Pause" }).first().click();
  await until(page, (s) => s.state === "Paused");
  const band = page.getByRole("button", { name: /^Edit the fault: Slowdown/ });
  const fault = async () => (await state(page)).design.faults[0];
  const second = (await line(page).boundingBox()).width / 60;

  const whole = await band.boundingBox();
  assert.ok(Math.abs(whole.width - 12 * second) < 2, `${whole.width} ${second}`);
  const y = whole.y + whole.height / 2;
  await drag(page, { x: whole.x + 20, y }, { x: whole.x + 20 + 5 * second, y });
  const moved = await fault();
  assert.ok(Math.abs(Number.parseFloat(moved.at) - 25) < 0.3, moved.at);
  assert.equal(moved.for, "12s");

  const right = (await band.boundingBox()).x + whole.width - 3;
  await drag(page, { x: right, y }, { x: right - 4 * second, y });
  const shorter = await fault();
  assert.ok(Math.abs(Number.parseFloat(shorter.for) - 8) < 0.3, shorter.for);
  assert.equal(shorter.at, moved.at);
  // A drag is one entry of the history.
  await page.keyboard.press("Control+z");
  assert.equal((await fault()).for, "12s");

  await band.click();
  const form = page.getByRole("dialog", { name: "Edit the fault" });
  const at = form.getByRole("textbox", { name: "At", exact: true });
  await at.fill("30s");
  await at.press("Enter");
  assert.equal((await fault()).at, "30s");
  await page.keyboard.press("Escape");
  await band.focus();
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("Shift+ArrowRight");
  const byKeys = await fault();
  assert.deepEqual([byKeys.at, byKeys.for], ["29s", "13s"]);
  await page.keyboard.press("Enter");
  await form.getByRole("button", { name: "Delete the fault" }).click();
  assert.equal((await state(page)).design.faults, undefined);
  await form.waitFor({ state: "detached" });
});
