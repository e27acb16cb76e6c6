// Requests as dots: by WebGL2, by Canvas2D where that is missing, and when it is lost on the way.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { open } from "./harness.mjs";
import { openRunning, state, until } from "./page.mjs";

let playground;

before(async () => {
  playground = await open();
});

after(() => playground.close());

/** A page whose browser has a WebGL2 (drawn without a GPU here, and kept to be read), or none. */
async function pageWith(webgl, options = {}) {
  const context = await playground.browser.newContext({ viewport: { width: 1440, height: 900 } });
  await context.addInitScript((webgl) => {
    // Here the processor does the GPU's work, which the page would rather not have.
    const parameter = WebGL2RenderingContext.prototype.getParameter;
    WebGL2RenderingContext.prototype.getParameter = function (name) {
      return name === 0x9246 ? "a GPU" : parameter.call(this, name);
    };
    const real = HTMLCanvasElement.prototype.getContext;
    HTMLCanvasElement.prototype.getContext = function (kind, attributes) {
      if (kind !== "webgl2") return real.call(this, kind, attributes);
      return webgl ? real.call(this, kind, { ...attributes, failIfMajorPerformanceCaveat: false, preserveDrawingBuffer: true }) : null;
    };
  }, webgl);
  return openRunning(playground, { context, ...options });
}

/** Pixels of the dots' canvas that are drawn on, by color: dark, and reddish. */
const pixels = (page) => page.evaluate(() => new Promise((done) => {
  requestAnimationFrame(() => {
    const dots = document.querySelector("canvas.dots");
    const copy = document.createElement("canvas");
    [copy.width, copy.height] = [dots.width, dots.height];
    const context = copy.getContext("2d");
    context.drawImage(dots, 0, 0);
    const { data } = context.getImageData(0, 0, copy.width, copy.height);
    const seen = { way: dots.dataset.way, all: 0, dark: 0, red: 0, links: 0 };
    const boxes = [...document.querySelectorAll(".node")].map((node) => node.getBoundingClientRect());
    const stage = dots.getBoundingClientRect();
    for (let at = 0; at < data.length; at += 4) {
      if (data[at + 3] < 128) continue;
      seen.all += 1;
      const [r, g, b] = data.slice(at, at + 3);
      if (r < 60 && g < 60 && b < 60) seen.dark += 1;
      if (r > 150 && g < 90 && b < 90) seen.red += 1;
      const [x, y] = [(at / 4) % copy.width + stage.x, Math.floor(at / 4 / copy.width) + stage.y];
      const between = boxes.some((box) => y > box.top && y < box.bottom && x > box.left - 200 && x < box.right + 200);
      if (between) seen.links += 1;
    }
    done(seen);
  });
}));

/** Waits until dots are drawn. */
async function drawn(page) {
  for (let tries = 0; tries < 50; tries++) {
    const seen = await pixels(page);
    if (seen.dark > 100) return seen;
    await page.waitForTimeout(100);
  }
  return assert.fail("nothing is drawn");
}

const way = (page, name) => page.locator(`canvas.dots[data-way="${name}"]`).waitFor();

for (const [webgl, name] of [[true, "webgl2"], [false, "2d"]]) {
  test(`dots are drawn by ${name}: requests, and crosses where they fail`, async () => {
    const page = await pageWith(webgl);
    await way(page, name);
    await until(page, (s) => s.dots > 20);
    const seen = await pixels(page);
    assert.equal(seen.way, name);
    assert.ok(seen.dark > 200 && seen.red === 0, JSON.stringify(seen));
    assert.ok(seen.links > seen.all * 0.95, "on their links and nowhere else");
    await page.getByRole("button", { name: "Slow the database for 10 s" }).click();
    await until(page, (s) => s.failed > 20);
    const storm = await pixels(page);
    assert.ok(storm.red > 50, JSON.stringify(storm));
    await playground.screenshot(page, `dots-${name}`);
    assert.deepEqual(playground.problems, []);
    await page.context().close();
  });
}

test("dots are drawn over links and below cards", async () => {
  for (const webgl of [true, false]) {
    const page = await pageWith(webgl);
    await until(page, (s) => s.dots > 10);
    const layers = await page.evaluate(() => {
      const parts = [".link", "canvas.dots", ".node"].map((name) => document.querySelector(name));
      const follows = (a, b) =>
        Boolean(a.compareDocumentPosition(b) & Node.DOCUMENT_POSITION_FOLLOWING);
      const layer = (part) => [part, part.closest(".world"), part.closest(".links")];
      return {
        order: follows(parts[0], parts[1]) && follows(parts[1], parts[2]),
        lifted: parts
          .flatMap(layer)
          .filter((part) => part && getComputedStyle(part).zIndex !== "auto")
          .map((part) => part.className),
        opaque: getComputedStyle(parts[2]).backgroundColor,
      };
    });
    assert.ok(layers.order, "links, dots, cards");
    assert.deepEqual(layers.lifted, [], "nothing changes that order");
    assert.match(layers.opaque, /^rgb\(/, "a card hides what goes into it");
    await page.context().close();
  }
});

test("both ways draw the same", async () => {
  const shots = [];
  for (const webgl of [true, false]) {
    const page = await pageWith(webgl);
    await until(page, (s) => s.timeS > 1);
    await page.getByRole("button", { name: "Pause" }).first().click();
    await until(page, (s) => s.state === "Paused");
    await page.getByRole("slider", { name: "Time line" }).focus();
    await page.keyboard.press("Home");
    await until(page, (s) => s.timeS === 0);
    await page.keyboard.press("ArrowRight");
    await until(page, (s) => s.timeS === 1 && s.dots > 10);
    await page.waitForTimeout(600);
    shots.push(await pixels(page));
    await page.context().close();
  }
  const [gl, flat] = shots;
  assert.ok(Math.abs(gl.all - flat.all) < 0.15 * flat.all, JSON.stringify(shots));
  assert.ok(Math.abs(gl.dark - flat.dark) < 0.25 * flat.dark, JSON.stringify(shots));
});

test("a context that is lost gives way to Canvas2D; one nobody sees is given back", async () => {
  const page = await pageWith(true);
  await way(page, "webgl2");
  await until(page, (s) => s.dots > 10);
  await page.evaluate(() => {
    window.first = document.querySelector("canvas.dots").getContext("webgl2");
    Object.defineProperty(document, "hidden", { value: true, configurable: true });
    document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
  });
  await page.locator("canvas.dots").waitFor({ state: "detached" });
  assert.ok(await page.evaluate(() => window.first.isContextLost()), "given back");
  await page.evaluate(() => {
    Object.defineProperty(document, "hidden", { value: false, configurable: true });
    document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
  });
  await way(page, "webgl2");
  await drawn(page);

  await page.evaluate(() => {
    const context = document.querySelector("canvas.dots").getContext("webgl2");
    context.getExtension("WEBGL_lose_context").loseContext();
  });
  await way(page, "2d");
  await drawn(page);
  assert.deepEqual(playground.problems, []);
  assert.equal((await state(page)).engine, "worker");
  await page.context().close();
});
