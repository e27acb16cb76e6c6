// What stands on the canvas stands over nothing else: what is written on links, and zones' names.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { find, pages, pasteAndOpen, state, until } from "./page.mjs";

const { onPage } = pages();

const library = new URL("../../crates/scenarios/library/", import.meta.url);

/** Opens the design of a lesson, or of a reference design ("sound/..."), in the editor. */
async function openDesign(page, name) {
  const { design } = JSON.parse(readFileSync(new URL(`${name}.json`, library), "utf8"));
  await pasteAndOpen(page, JSON.stringify(design));
  const count = `JSON.parse(s.design).nodes.length === ${design.nodes.length}`;
  await until(page, `(s) => ${count} && s.timeS > 1.5`);
}

/** Pairs that overlap on the screen, of what is shown. */
const overlaps = (page, selectors, others) => page.evaluate(([selectors, others]) => {
  const boxes = (selectors) => [...document.querySelectorAll(selectors)].map((element) => {
    const { left, right, top, bottom } = element.getBoundingClientRect();
    const says = element.textContent || element.closest("[data-id]")?.dataset.id;
    return { element, left, right, top, bottom, says };
  }).filter(({ left, right }) => right > left);
  const mine = boxes(selectors);
  const all = [...mine, ...boxes(others)];
  const found = [];
  for (const [at, a] of mine.entries()) {
    for (const b of all.slice(at + 1)) {
      const beside = a.right <= b.left || b.right <= a.left;
      const apart = beside || a.bottom <= b.top || b.bottom <= a.top;
      // The marks of one link are round, and stand side by side.
      const link = a.element.closest(".link");
      const together = link && link === b.element.closest(".link");
      if (!apart && !together) found.push([a.says, b.says]);
    }
  }
  return { count: mine.length, found };
}, [selectors, others]);

for (const name of ["microservice-maze", "sound/event-orders", "fan-out-tail"]) {
  onPage(`${name}: what is written on links is over nothing else`, {}, async (page) => {
    await openDesign(page, name);
    for (let step = 0; step < 2; step++) {
      const { count, found } = await overlaps(page, ".link .sample, .link .mark circle", ".node");
      assert.ok(count > 0, "there is something written");
      assert.deepEqual(found, []);
      await page.getByRole("button", { name: "Zoom out" }).click();
    }
  });
}

onPage("how many calls a dot is: once, where it is the same everywhere", {}, async (page) => {
  await openDesign(page, "sound/event-orders");
  const said = () => page.locator(".dot-key .scale").textContent();
  await page.waitForFunction(() => document.querySelector(".dot-key .scale").textContent);
  assert.match(await said(), /^1 dot = \d+$/);
  assert.equal((await page.locator(".link .sample").allTextContents()).join(""), "");
});

const poison = { path: "#scenario=poison-message" };
const aged = "a client's card has the charts' p99 latency, a queue's its oldest message's age";
onPage(aged, poison, async (page) => {
  await until(page, (s) => s.timeS > 5);
  await page.getByRole("button", { name: "Send one poison message" }).click();
  await page.waitForFunction(() => {
    const { textContent } = document.querySelector(".node[data-id=orders] .aside");
    return /^oldest/.test(textContent);
  });
  await page.getByRole("button", { name: "Pause" }).first().click();
  await until(page, (s) => s.state === "Paused");
  await page.waitForTimeout(500);
  const card = await page.locator(".node[data-id=shops] .aside").textContent();
  const chart = await page.locator(".legend", { hasText: "p99" }).first().textContent();
  const shown = Number.parseFloat(/p99\s*([\d.]+)/u.exec(chart)[1]);
  assert.match(card, /^p99 \d+\sms$/u);
  assert.ok(Math.abs(Number.parseFloat(card.slice(4)) - shown) <= 0.5, `${card} ${chart}`);
});

onPage("zones are named on every node, and by a click at every zoom", {}, async (page) => {
  await openDesign(page, "sound/multi-zone");
  for (let step = 0; step < 4; step++) await page.getByRole("button", { name: "Zoom out" }).click();
  assert.match(await page.locator(".zoom .level").textContent(), /^4[01]%$/);
  const names = page.locator(".zone-name");
  const { zones } = (await state(page)).design.nodes.find(({ id }) => id === "app");
  assert.ok((await names.count()) >= zones.length);
  const { found } = await overlaps(page, ".zone-name", ".node");
  assert.deepEqual(found, []);
  for (const zone of zones) {
    const name = page.locator(`.zone-name[data-zone="${zone}"]`).first();
    const { height } = await name.boundingBox();
    assert.ok(Math.abs(height - 24) < 0.5, `${height} px`);
    await name.click();
    await page.getByRole("dialog", { name: `Zone ${zone}` }).waitFor();
    await page.keyboard.press("Escape");
  }
});

onPage("tidying up shows the whole design", {}, async (page) => {
  await openDesign(page, "microservice-maze");
  for (let step = 0; step < 5; step++) await page.getByRole("button", { name: "Zoom in" }).click();
  await find(page, "tidy up");
  await until(page, (s) => s.undo === "Tidy up");
  await page.waitForTimeout(200);
  const stage = await page.locator(".surface").boundingBox();
  for (const card of await page.locator(".node").all()) {
    const box = await card.boundingBox();
    const inside = box.x >= stage.x && box.y >= stage.y
      && box.x + box.width <= stage.x + stage.width && box.y + box.height <= stage.y + stage.height;
    assert.ok(inside, JSON.stringify(box));
  }
});

onPage("a retry storm shows its amplification, each backend and the loop", {}, async (page) => {
  for (const key of [".", "."]) await page.keyboard.press(key);
  await until(page, (s) => s.timeS > 8);
  await page.getByRole("button", { name: "Slow the database for 10 s" }).click();
  // The loop is drawn only once the slowdown is over.
  await page.locator(".live-faults").waitFor();
  assert.equal(await page.locator(".feedback").count(), 0);
  await page.locator(".feedback text", { hasText: "retries → overload" }).waitFor();
  assert.equal(await page.locator(".live-faults").count(), 0);

  const texts = await page.locator(".link .times").allTextContents();
  const times = texts.map((text) => Number(text.slice(1)));
  assert.equal(times.length, 3);
  assert.ok(times[0] > 1.25 && times[1] > times[0] && times[2] > times[1], String(times));
  const { count, found } = await overlaps(page, ".link .times", ".node");
  assert.ok(count >= 3);
  assert.deepEqual(found, []);
  const edges = await page.locator('.node[data-kind="load_balancer"] .edge').getAttribute("d");
  assert.equal(edges.split("M").length - 1, 3, edges);
});
