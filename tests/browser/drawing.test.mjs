// What a gesture costs: nothing shifts, a drag writes to what moves and to nothing else, and what
// the hand does is on the screen soon, though the simulation runs flat out.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { open } from "./harness.mjs";
import { box, find, middle, openRunning, pasteAndOpen, state, until } from "./page.mjs";

let playground;

before(async () => {
  playground = await open();
});

after(() => playground.close());

test("nothing shifts: from the first paint through a storm, an inspector and a dialog", async () => {
  const context = await playground.browser.newContext({ viewport: { width: 1440, height: 900 } });
  await context.addInitScript(() => {
    window.shifts = [];
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) {
        // Opening what was clicked is no shift; a shift that nobody asked for is. A lesson goes on
        // by itself: a step that is over makes room for the next one.
        const isLesson = ({ node }) => node?.nodeType === 1 && node.closest(".steps, .lesson > *");
        if (!entry.hadRecentInput && !entry.sources.some(isLesson)) {
          window.shifts.push([entry.value, ...entry.sources.map(({ node }) => node?.outerHTML?.slice(0, 80))]);
        }
      }
    }).observe({ type: "layout-shift", buffered: true });
  });
  const page = await openRunning(playground, { context });
  await page.getByRole("button", { name: "Slow the database for 10 s" }).click();
  await page.locator(".speed").first().selectOption("5×");
  await until(page, (s) => s.failed > 20);
  await page.locator(".node[data-id=api]").click();
  await page.waitForTimeout(600);
  await page.keyboard.press("Shift+O");
  await page.waitForTimeout(600);
  await page.keyboard.press("Escape");
  await page.waitForTimeout(600);
  const shifts = await page.evaluate(() => window.shifts);
  const sum = shifts.reduce((sum, [value]) => sum + value, 0);
  // Figures that grow by a digit count for some hundred-thousandths.
  assert.ok(sum < 0.001, `${sum}: ${JSON.stringify(shifts, undefined, 1)}`);
  await context.close();
});

test("a drag writes to the node that moves and its links alone", async () => {
  const page = await openRunning(playground);
  await page.keyboard.press("Space");
  await until(page, (s) => s.state === "Paused");
  const from = middle(await box(page, "api"));
  await page.mouse.move(from.x, from.y);
  await page.mouse.down();
  // Past the threshold: what the gesture shows at its beginning is not counted.
  await page.mouse.move(from.x + 20, from.y + 20, { steps: 4 });
  await page.evaluate(() => {
    window.touched = new Map();
    window.writes = 0;
    const name = (target) => {
      const element = target.nodeType === 1 ? target : target.parentElement;
      const owner = element.closest(".node, .link, .overlay") ?? element.closest("[class]");
      return owner.dataset.id ?? owner.getAttribute("class") ?? owner.tagName;
    };
    new MutationObserver((records) => {
      for (const { target } of records) {
        window.writes += 1;
        window.touched.set(name(target), (window.touched.get(name(target)) ?? 0) + 1);
      }
    }).observe(document.body, { attributes: true, childList: true, characterData: true, subtree: true });
  });
  const moves = 20;
  for (let step = 1; step <= moves; step++) {
    await page.mouse.move(from.x + 20, from.y + 20 + 8 * step);
    await page.evaluate(() => new Promise(requestAnimationFrame));
  }
  const { touched, writes } = await page.evaluate(() => ({
    touched: Object.fromEntries(window.touched),
    writes: window.writes,
  }));
  await page.mouse.up();
  const allowed = new Set(["api", "balancer->api", "api->database"]);
  const others = Object.keys(touched).filter((name) => !allowed.has(name) && !/overlay|guide|surface/.test(name));
  assert.deepEqual(others, [], JSON.stringify(touched));
  assert.ok(writes / moves <= 16, `${writes / moves} writes a move: ${JSON.stringify(touched)}`);
  assert.ok(touched.api > 0, "it does move");
  await page.context().close();
});

/** So many nodes in rows of ten, each but the first of a row called by the one before it. */
function rows(count) {
  const nodes = [{ id: "users", kind: "client", at: [-300, 0] }];
  const links = [];
  for (let n = 0; n < count - 1; n++) {
    nodes.push({ id: `n${n}`, kind: "service", at: [(n % 10) * 300, Math.floor(n / 10) * 152] });
    links.push({ id: `l${n}`, from: n % 10 === 0 ? "users" : `n${n - 1}`, to: `n${n}` });
  }
  return JSON.stringify({ faultline: 1, name: "Rows", nodes, links });
}

test("a move of one node among 60 is looked up by its card and its links alone", async () => {
  const page = await openRunning(playground);
  await pasteAndOpen(page, rows(60));
  await until(page, `(s) => JSON.parse(s.design).nodes.length === 60`);
  await find(page, "n1");
  await until(page, (s) => s.selected.join() === "n1");
  await page.keyboard.press("Control+0");
  await find(page, "n1");
  const from = middle(await box(page, "n1"));
  await page.mouse.move(from.x, from.y);
  await page.mouse.down();
  await page.mouse.move(from.x + 20, from.y + 20, { steps: 4 });
  const before = await until(page, (s) => s.undo === "Move n1");
  const moves = 10;
  for (let step = 1; step <= moves; step++) {
    await page.mouse.move(from.x + 20, from.y + 20 + 8 * step);
    await page.evaluate(() => new Promise(requestAnimationFrame));
  }
  const after = await state(page);
  await page.mouse.up();
  const shapes = after.shapes - before.shapes;
  // Its card, the link that arrives and the link that leaves; now and then the label of a link
  // beside it makes room.
  assert.ok(shapes >= moves && shapes <= 4 * moves, `${shapes} shapes in ${moves} moves`);
  // What was moved is what is drawn, kept and undone.
  const [x, y] = after.design.nodes.find(({ id }) => id === "n1").at;
  const style = await page.locator(".node[data-id=n1]").getAttribute("style");
  assert.match(style, new RegExp(`translate\\(${x}px, ?${y}px\\)`));
  await page.keyboard.press("Control+z");
  assert.deepEqual((await state(page)).design.nodes.find(({ id }) => id === "n1").at, [300, 0]);
  const back = await page.locator(".node[data-id=n1]").getAttribute("style");
  assert.match(back, /translate\(300px, ?0px\)/);
  await page.context().close();
});

test("what the hand does is on the screen soon while the run goes flat out", async () => {
  const page = await openRunning(playground);
  await page.locator(".speed").first().selectOption("max");
  await find(page, "run again with the same seed");
  await page.evaluate(() => {
    window.waits = [];
    document.querySelector(".surface").addEventListener("pointermove", (event) => {
      // The second frame's callback runs after the first one with the change was painted.
      requestAnimationFrame(() => requestAnimationFrame((now) => window.waits.push(now - event.timeStamp)));
    });
  });
  const from = middle(await box(page, "api"));
  await page.mouse.move(from.x, from.y);
  await page.mouse.down();
  for (let step = 1; step <= 30; step++) {
    await page.mouse.move(from.x + 2 * step, from.y + 6 * step);
    await page.waitForTimeout(16);
  }
  await page.mouse.up();
  const waits = (await page.evaluate(() => window.waits)).sort((a, b) => a - b);
  const median = waits[Math.floor(waits.length / 2)];
  console.log(`input to paint: median ${median.toFixed(0)} ms, worst ${waits.at(-1).toFixed(0)} ms`);
  assert.ok(median <= 100, `${median} ms`);
  await page.context().close();
});

test("a pan restyles no card", async () => {
  const page = await openRunning(playground);
  await page.keyboard.press("Space");
  await pasteAndOpen(page, rows(100));
  const opened = await until(page, `(s) => JSON.parse(s.design).nodes.length === 100`);
  if (opened.playing) await page.keyboard.press("Space");
  await page.waitForTimeout(1_000);
  const FRAMES = 20;

  /** How many elements get their style computed again in half of the frames of a gesture. */
  const restyled = async (gesture) => {
    await playground.browser.startTracing(page, { categories: ["devtools.timeline"] });
    await gesture();
    const trace = JSON.parse((await playground.browser.stopTracing()).toString());
    const updates = trace.traceEvents.filter(({ name }) => name === "UpdateLayoutTree");
    const elements = updates.map(({ args }) => args.elementCount ?? 0);
    assert.ok(elements.length >= FRAMES / 2, `${elements.length} updates`);
    // The first frame of a gesture may restyle everything, once.
    return elements.sort((a, b) => a - b)[Math.floor(elements.length / 2)];
  };
  const frame = () => page.evaluate(() => new Promise((done) => requestAnimationFrame(done)));
  const panned = await restyled(async () => {
    await page.mouse.move(760, 400);
    for (let n = 0; n < FRAMES; n++) {
      await page.mouse.wheel(4, 3);
      await frame();
    }
  });
  const zoomed = await restyled(async () => {
    await page.keyboard.down("Control");
    for (let n = 0; n < FRAMES; n++) {
      await page.mouse.wheel(0, n % 2 ? 40 : -40);
      await frame();
    }
    await page.keyboard.up("Control");
  });
  // The count itself is seen to work: a zoom does restyle the cards.
  assert.ok(zoomed > 100, `${zoomed} elements a frame of a zoom`);
  assert.ok(panned < 60, `${panned} elements a frame of a pan`);
  await page.context().close();
});
