// What a person does with the page: watches it fail, mends it, draws, shares, embeds, follows a
// broken link.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { open } from "./harness.mjs";
import { box, drag, inlet, links, middle, node, openRunning, outlet, state, until } from "./page.mjs";

let playground;

before(async () => {
  playground = await open();
});

after(() => playground.close());

/** `4600ms` or `5s` in seconds. */
const seconds = (text) => Number.parseFloat(text) / (text.endsWith("ms") ? 1_000 : 1);

/** Runs a test in a page of its own. */
function onPage(name, options, body) {
  test(name, async () => {
    const page = await openRunning(playground, options);
    await body(page);
    assert.deepEqual(playground.problems, []);
    await page.context().close();
  });
}

onPage("it opens running, fails, stays down, and recovers once mended", {}, async (page) => {
  await until(page, (s) => s.engine === "worker" && s.goodputPerS > 100 && s.dots > 0);
  await page.locator(".speed").first().selectOption("5×");
  await page.getByRole("button", { name: "Slow the database for 10 s" }).click();
  const hurt = await until(page, (s) => s.goodputPerS < 30 && s.failed > 0);
  assert.equal(hurt.design.faults.length, 1, "the fault is part of the design");
  const end = seconds(hurt.design.faults[0].at) + 10;
  await page.waitForFunction(
    (end) => JSON.parse(window.__faultline.stateJson()).timeS > end + 10,
    end,
    { timeout: 60_000 },
  );
  const down = await state(page);
  assert.ok(down.goodputPerS < 0.5 * down.offeredPerS, `still down: ${down.goodputPerS}`);
  assert.match(await page.locator(".story .now").textContent(), /The fault ended/);
  assert.match(await page.locator(".node[data-id=database] .badge").textContent(), /\d/);

  const mend = page.getByRole("switch", { name: "Retry budget, backoff and jitter" });
  await mend.click();
  assert.equal((await state(page)).undo, "Apply: Retry budget, backoff and jitter");
  await page.getByRole("button", { name: "Run again with the same seed" }).click();
  await page.waitForFunction(
    (end) => JSON.parse(window.__faultline.stateJson()).timeS > end + 30,
    end,
    { timeout: 90_000, polling: 200 },
  );
  const mended = await state(page);
  assert.ok(mended.goodputPerS > 0.8 * mended.offeredPerS, `recovered: ${mended.goodputPerS}`);
  await mend.click();
  await page.keyboard.press("Control+z");
  assert.equal(await mend.getAttribute("aria-checked"), "true", "undone");
});

onPage("nodes are dragged, wires drawn, refusals explained, all of it undone", {}, async (page) => {
  const first = await state(page);
  await drag(page, middle(await box(page, "api")), { x: 800, y: 520 });
  assert.notDeepEqual(node(await state(page), "api").at, node(first, "api").at);

  await page.locator(".palette [data-kind=service]").click();
  // The view went to the new node, and the inspector is over a part of it.
  await page.keyboard.press("Escape");
  await page.keyboard.press("Shift+1");
  await drag(page, outlet(await box(page, "api")), inlet(await box(page, "service")));
  assert.ok(links(await state(page)).includes("api->service"));

  await drag(page, outlet(await box(page, "service")), middle(await box(page, "shoppers")));
  await page.getByText("A client makes calls and cannot be called").first().waitFor();
  assert.equal(links(await state(page)).length, 4);

  await page.keyboard.press("Escape");
  for (let count = 0; count < 3; count++) await page.keyboard.press("Control+z");
  assert.deepEqual((await state(page)).design, first.design);
});

onPage("a parameter is edited in the inspector, in the run as it goes on", {}, async (page) => {
  await page.locator(".node[data-id=database]").click();
  const before = await state(page);
  const field = page.getByRole("textbox", { name: /concurrency/i }).first();
  await field.fill("2");
  await field.press("Enter");
  const edited = await until(page, (s) => JSON.parse(s.design).nodes[3].concurrency === 2);
  assert.equal(edited.run, before.run, "the same run");
  assert.ok(edited.timeS >= before.timeS);
});

onPage("by keyboard: to a node, into it, and play", {}, async (page) => {
  await page.locator('.node[tabindex="0"]').focus();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Enter");
  await page.getByRole("complementary", { name: "Inspector" }).getByText("balancer").first().waitFor();
  await page.keyboard.press("Space");
  const paused = await until(page, (s) => !s.playing && s.state === "Paused");
  await page.keyboard.press("s");
  const stepped = await until(page, `(s) => s.timeS > ${paused.timeS}`);
  assert.ok(Math.abs(stepped.timeS - paused.timeS - 0.01) < 1e-6);
});

onPage("a link opens elsewhere with the same design and the same run", {}, async (page) => {
  await page.getByRole("button", { name: "Slow the database for 10 s" }).click();
  const toItsEnd = (page) => page.locator(".speed").first().selectOption("max");
  await toItsEnd(page);
  // The run is the same one from its end on: only then has it a fingerprint.
  const sent = await until(page, (s) => JSON.parse(s.design).faults?.length === 1 && s.hash);
  assert.equal(sent.state, "Ended");
  await page.getByRole("button", { name: "Share", exact: true }).click();
  const link = await page.getByLabel("Link", { exact: true }).inputValue();
  assert.ok(link.startsWith(playground.url), link);

  const other = await openRunning(playground, { path: link.slice(playground.url.length) });
  await toItsEnd(other);
  const received = await until(other, (s) => s.hash);
  assert.deepEqual(received.design, sent.design);
  assert.equal(received.hash, sent.hash);
  await other.context().close();

  const path = `embed.html${link.slice(link.indexOf("#"))}&mode=play&theme=dark`;
  const embed = await openRunning(playground, { path, width: 720, height: 420 });
  await toItsEnd(embed);
  const framed = await until(embed, (s) => s.hash);
  assert.equal(framed.hash, sent.hash);
  assert.equal(await embed.evaluate(() => document.documentElement.dataset.theme), "dark");
  assert.equal(await embed.evaluate(() => localStorage.length), 0);
  await embed.context().close();
});

for (const [name, path, words] of [
  ["damaged", "#d1.AQID", /damaged/],
  ["newer", "#d9.AAAA", /newer Faultline/],
  ["huge", `#d1.${"A".repeat(70_000)}`, /longer than/],
  ["foreign", "#hello", /no design in this link/],
]) {
  onPage(`a ${name} link is explained, and the lesson runs`, { path }, async (page) => {
    await page.getByRole("alert").filter({ hasText: words }).waitFor();
    assert.equal((await state(page)).design.nodes.length, 4);
  });
}

test("the worker fails: it is said, and a new one runs the same design", async () => {
  const page = await openRunning(playground, { expectErrors: true });
  const before = await state(page);
  await page.evaluate(() => window.__faultline.crashWorker());
  await page.getByRole("alert").filter({ hasText: "started again" }).waitFor();
  const after = await until(page, `(s) => s.run > ${before.run} && s.timeS > 0`);
  assert.deepEqual(after.design, before.design);
  await page.context().close();
});

test("without workers the simulation runs in the page", async () => {
  const context = await playground.browser.newContext();
  await context.addInitScript(() => {
    delete window.Worker;
    window.Worker = class {
      constructor() {
        throw new Error("no workers here");
      }
    };
  });
  const page = await openRunning(playground, { context });
  assert.equal((await state(page)).engine, "page");
  await until(page, (s) => s.offered > 10);
  await context.close();
});

test("less motion: nothing plays by itself, nothing flies", async () => {
  const page = await playground.openPage({ reducedMotion: "reduce" });
  await page.waitForTimeout(1_500);
  assert.deepEqual(await state(page).then((s) => [s.playing, s.timeS]), [false, 0]);
  await page.keyboard.press("Space");
  const running = await until(page, (s) => s.timeS > 0.5);
  assert.equal(running.dots, 0);
  await page.context().close();
});
