// More of what hands already know: snapping and its bypass, wires taken off and refused, the
// buttons of the history, wheels that count in lines, fingers that tremble, a dot that is clicked.
import assert from "node:assert/strict";
import { test } from "node:test";
import { box, drag, find, inlet, links, middle, node, openRunning, outlet, pages, state, until } from "./page.mjs";

const { onPage, playground } = pages();

const middleOf = ({ x, y, width, height }) => ({ x: x + width / 2, y: y + height / 2 });

const at = async (page, id) => node(await state(page), id).at;

const pause = async (page) => {
  await page.keyboard.press("Space");
  await until(page, (s) => s.state === "Paused");
};

/** Where a node is once nothing moves any more, however slow the machine. */
async function settled(page, id) {
  let last = await box(page, id);
  for (let tries = 0; tries < 20; tries++) {
    await page.waitForTimeout(500);
    const now = await box(page, id);
    if (now.x === last.x && now.y === last.y) return now;
    last = now;
  }
  return last;
}

onPage("a drag snaps to the grid, with guides; Ctrl lets it stand anywhere", {}, async (page) => {
  const from = middle(await box(page, "api"));
  await page.mouse.move(from.x, from.y);
  await page.mouse.down();
  await page.mouse.move(from.x + 51, from.y + 3, { steps: 5 });
  await page.locator(".overlay .guide").first().waitFor({ state: "attached" });
  await page.mouse.move(from.x + 51, from.y + 77, { steps: 5 });
  await page.mouse.up();
  const snapped = await at(page, "api");
  assert.deepEqual(snapped.map((n) => n % 8), [0, 0], String(snapped));

  await page.keyboard.down("Control");
  const again = middle(await box(page, "api"));
  await drag(page, again, { x: again.x + 13, y: again.y + 29 });
  await page.keyboard.up("Control");
  const free = await at(page, "api");
  assert.ok(free.some((n) => n % 8 !== 0), String(free));
});

onPage("the end of a wire is taken off and put elsewhere; what cannot be says why at once", {}, async (page) => {
  await page.locator(".palette [data-kind=service]").click();
  const before = (await state(page)).design;
  await page.keyboard.press("Escape");
  await page.keyboard.press("Shift+1");
  // The ends of a selected link can be taken.
  await find(page, "balancer → api");
  await until(page, (s) => s.selected.join() === "balancer->api");
  await page.locator(".inspect:not(.empty)").waitFor();
  await settled(page, "api");
  const grip = middleOf(await page.locator(".overlay .grip").nth(1).boundingBox());
  const service = await box(page, "service");
  await drag(page, grip, inlet(service));
  const moved = await state(page);
  const led = links(moved);
  assert.ok(led.includes("balancer->service") && !led.includes("balancer->api"), String(led));
  assert.doesNotMatch(await page.locator(".inspector-head h2").textContent(), /api/i);
  await page.keyboard.press("Control+z");
  assert.deepEqual((await state(page)).design, before);

  // Into a client nobody may call.
  await page.keyboard.press("Escape");
  const [api, users] = [await box(page, "api"), await box(page, "shoppers")];
  await page.mouse.move(outlet(api).x, outlet(api).y);
  await page.mouse.down();
  await page.mouse.move(users.x + 40, users.y + 30, { steps: 8 });
  await page.locator(".overlay .wire.refused").waitFor({ state: "attached" });
  await page.mouse.up();
  assert.deepEqual((await state(page)).design.links, before.links);
});

onPage("each drag from a port adds a link, but no second one to a node", {}, async (page) => {
  for (const kind of ["service", "cache"]) {
    await page.locator(`.palette [data-kind=${kind}]`).click();
  }
  await page.keyboard.press("Shift+1");
  await settled(page, "cache");
  const draw = async (from, to) => {
    await drag(page, outlet(await box(page, from)), middle(await box(page, to)));
  };
  const first = links(await state(page));
  await draw("service", "database");
  await until(page, (s) => s.selected.join() === "service->database");
  const grips = await page.locator(".overlay .grip").count();
  assert.equal(grips, 0, "just drawn, it is not in the way of the next");
  await draw("service", "cache");
  const both = await state(page);
  assert.deepEqual(links(both), [...first, "service->database", "service->cache"]);
  assert.equal(both.undo, "Link service to cache");

  await draw("service", "database");
  const again = await state(page);
  assert.deepEqual(links(again), links(both));
  assert.deepEqual(again.selected, ["service->database"]);
  assert.match(await page.locator(".toast").first().textContent(), /already linked/);
  await page.keyboard.press("Control+d");
  assert.deepEqual(links(await state(page)), [...links(both), "service->database"]);
});

onPage("undo and redo have buttons, bring the selection back, and leave the run alone", {}, async (page) => {
  await page.locator(".node[data-id=api]").click();
  await page.keyboard.press("Delete");
  assert.equal(node(await state(page), "api"), undefined);
  const { run } = await state(page);
  await page.getByRole("button", { name: /^Undo/ }).click();
  const undone = await state(page);
  assert.ok(node(undone, "api"));
  assert.deepEqual(undone.selected, ["api"]);
  assert.equal(undone.run, run);
  await page.getByRole("button", { name: /^Redo/ }).click();
  assert.equal(node(await state(page), "api"), undefined);
});

onPage("a wheel that counts in lines pushes as far as one that counts in pixels", {}, async (page) => {
  const offset = () => page.evaluate(() => new DOMMatrix(document.querySelector(".world").style.transform).f);
  const roll = (deltaY, deltaMode) => page.evaluate(([deltaY, deltaMode]) => {
    const surface = document.querySelector(".surface");
    const { x, y, width, height } = surface.getBoundingClientRect();
    surface.dispatchEvent(new WheelEvent("wheel", {
      bubbles: true, cancelable: true, deltaY, deltaMode, clientX: x + width / 2, clientY: y + height - 30,
    }));
  }, [deltaY, deltaMode]);
  const first = await offset();
  await roll(48, 0);
  const pixels = (await offset()) - first;
  await roll(3, 1);
  const lines = (await offset()) - first - pixels;
  assert.ok(Math.abs(pixels + 48) < 1 && Math.abs(lines - pixels) < 1, `${pixels} ${lines}`);
});

onPage("whoever has a mouse lets the wheel zoom, and it stays so; Shift still pushes", {}, async (page) => {
  const choose = async () => {
    await find(page, "Wheel: zoom");
    await page.locator(".surface").waitFor();
  };
  await choose();
  assert.match(await page.locator(".toast").first().textContent(), /wheel now zooms/);
  await page.reload();
  await page.locator(".node[data-id=api]").waitFor();
  const scale = () => page.evaluate(() => new DOMMatrix(document.querySelector(".world").style.transform).a);
  const first = await scale();
  const stage = await page.locator(".surface").boundingBox();
  await page.mouse.move(stage.x + stage.width / 2, stage.y + stage.height - 30);
  await page.mouse.wheel(0, -120);
  await page.waitForFunction((first) => new DOMMatrix(document.querySelector(".world").style.transform).a > first, first);
  const zoomed = await scale();
  await page.keyboard.down("Shift");
  await page.mouse.wheel(0, 60);
  await page.keyboard.up("Shift");
  assert.equal(await scale(), zoomed);
  await choose();
  await page.mouse.move(stage.x + stage.width / 2, stage.y + stage.height - 30);
  await page.mouse.wheel(0, 60);
  assert.equal(await scale(), zoomed);
});

onPage("the minimap shows all nodes and what is seen; a press brings a place to the middle", {}, async (page) => {
  assert.equal(await page.locator(".minimap").count(), 0);
  await page.keyboard.press("m");
  const map = await page.locator(".minimap").boundingBox();
  const nodes = await page.locator(".minimap .nodes").getAttribute("d");
  assert.equal(nodes.split("M").length - 1, (await state(page)).design.nodes.length);
  for (let count = 0; count < 6; count++) await page.keyboard.press("Control+=");
  const seen = () => page.locator(".minimap .seen").boundingBox();
  const before = await box(page, "shoppers");
  await page.mouse.move(map.x + 12, map.y + map.height / 2);
  await page.mouse.down();
  await page.mouse.move(map.x + 10, map.y + map.height / 2, { steps: 3 });
  await page.mouse.up();
  assert.ok((await box(page, "shoppers")).x > before.x + 40, "the left of the design came nearer");
  const { x, width } = await seen();
  assert.ok(x >= map.x - 1 && x + width < map.x + map.width * 0.8, `${x} ${width}`);
  await page.keyboard.press("m");
  assert.equal(await page.locator(".minimap").count(), 0);
});

onPage("S steps; speeds from a hundredth to all it can", {}, async (page) => {
  await pause(page);
  const { timeS } = await state(page);
  await page.keyboard.press("s");
  const stepped = await until(page, `(s) => s.timeS > ${timeS}`);
  assert.ok(stepped.timeS - timeS < 0.05 && !stepped.playing, `${stepped.timeS - timeS}`);
  const speeds = await page.locator(".speed").first().locator("option").allTextContents();
  assert.ok(speeds.some((name) => /1\/100|0\.01/.test(name)) && speeds.includes("max"), String(speeds));
});

onPage("a finger may tremble: 8 px are a tap, 14 px are not", { width: 390, height: 844, hasTouch: true }, async (page) => {
  await pause(page);
  const finger = (type, { x, y }) => page.evaluate(([type, x, y]) => {
    document.querySelector(".surface").dispatchEvent(new PointerEvent(type, {
      bubbles: true, cancelable: true, pointerId: 1, pointerType: "touch", isPrimary: true,
      clientX: x, clientY: y, button: 0, buttons: type === "pointerup" ? 0 : 1,
    }));
  }, [type, x, y]);
  const first = (await state(page)).design;
  for (const [by, taps] of [[8, true], [14, false]]) {
    const card = middle(await box(page, "api"));
    await finger("pointerdown", card);
    await finger("pointermove", { x: card.x + by, y: card.y });
    await finger("pointerup", { x: card.x + by, y: card.y });
    const seen = await state(page);
    if (taps) assert.deepEqual(seen.selected, ["api"]);
    assert.equal(JSON.stringify(seen.design) === JSON.stringify(first), taps, `${by} px`);
  }
});

test("a click on any dot tells what became of its request", async () => {
  // By Canvas2D: what stands still can be read.
  const context = await playground.browser.newContext({ viewport: { width: 1440, height: 900 } });
  await context.addInitScript(() => {
    const real = HTMLCanvasElement.prototype.getContext;
    HTMLCanvasElement.prototype.getContext = function (kind, options) {
      return kind === "webgl2" ? null : real.call(this, kind, options);
    };
  });
  const page = await openRunning(playground, { context });
  await until(page, (s) => s.timeS > 2);
  await pause(page);
  await page.getByRole("slider", { name: "Time line" }).focus();
  await page.keyboard.press("Home");
  await until(page, (s) => s.timeS === 0);
  await page.keyboard.press("ArrowRight");
  await until(page, (s) => s.timeS === 1 && s.dots > 10);
  await page.waitForTimeout(700);
  // A dot is found where the canvas is dark between two cards.
  const dots = await page.evaluate(() => {
    const canvas = document.querySelector("canvas.dots");
    const copy = document.createElement("canvas");
    [copy.width, copy.height] = [canvas.width, canvas.height];
    copy.getContext("2d").drawImage(canvas, 0, 0);
    const { data } = copy.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    const stage = canvas.getBoundingClientRect();
    const cards = [...document.querySelectorAll(".node")].map((node) => node.getBoundingClientRect());
    const found = [];
    for (let at = 0; at < data.length; at += 4) {
      if (data[at + 3] < 200 || data[at] > 60) continue;
      const x = stage.x + ((at / 4) % canvas.width);
      const y = stage.y + Math.floor(at / 4 / canvas.width);
      // At a port a wire begins.
      const isNear = (box) => x > box.left - 16 && x < box.right + 16 && y > box.top - 8 && y < box.bottom + 8;
      if (cards.some(isNear)) continue;
      if (found.every((other) => Math.hypot(other.x - x, other.y - y) > 12)) found.push({ x, y });
    }
    return found;
  });
  assert.ok(dots.length > 1, `${dots.length}`);
  const panel = page.getByRole("region", { name: /^Why/ });
  let opened = 0;
  for (const dot of dots.slice(0, 5)) {
    // Found at its upper edge.
    await page.mouse.click(dot.x, dot.y + 2);
    await panel.waitFor();
    await panel.locator(".waterfall li").first().waitFor();
    opened += 1;
    await panel.getByRole("button", { name: "Close" }).click();
    await panel.waitFor({ state: "detached" });
  }
  assert.equal(opened, Math.min(5, dots.length));
  await context.close();
});

onPage("a double click on a node at the edge renames it, though its inspector opens", {}, async (page) => {
  const place = await box(page, "database");
  await page.mouse.dblclick(place.x + place.width - 40, place.y + 40, { delay: 20 });
  await page.locator(".node[data-id=database] .name-field").waitFor();
  await page.waitForTimeout(600);
  await page.keyboard.press("Control+a");
  await page.keyboard.type("Orders");
  await page.keyboard.press("Enter");
  assert.equal(node(await state(page), "database").label, "Orders");
  const card = await box(page, "database");
  const inspector = await page.locator("#inspect").boundingBox();
  assert.ok(card.x + card.width <= inspector.x, "and nothing lies over it");
});

onPage("the inspector begins at the top; a new design is at 100 %", {}, async (page) => {
  const inspector = page.locator("#inspect");
  await page.locator(".node[data-id=database]").click();
  await inspector.locator(".fields").first().waitFor();
  await inspector.evaluate((element) => element.scrollTo(0, 400));
  assert.ok((await inspector.evaluate((element) => element.scrollTop)) > 0);
  await page.locator(".node[data-id=api]").click();
  await page.waitForFunction(() => document.querySelector("#inspect").scrollTop === 0);

  await page.keyboard.press("n");
  await page.locator(".note-card textarea").waitFor();
  await page.keyboard.type("Why");
  await page.keyboard.press("Escape");
  await page.waitForFunction(() => document.querySelector("#inspect").classList.contains("empty"));

  await page.keyboard.press("Control+-");
  await find(page, "New design");
  await until(page, (s) => JSON.parse(s.design).nodes.length === 0);
  const scale = () => new DOMMatrix(document.querySelector(".world").style.transform).a;
  assert.equal(await page.evaluate(scale), 1);
});

onPage("a zone is broken as a whole, and mended from where it was broken", {}, async (page) => {
  await page.locator(".node[data-id=database]").click();
  await page.keyboard.press("g");
  // It asks for its name.
  const menu = page.getByRole("dialog", { name: /^Zone/ });
  await menu.getByRole("textbox", { name: "Zone name" }).fill("eu");
  await page.keyboard.press("Enter");
  await page.locator('.region[data-zone="eu"]').waitFor();
  assert.equal(await page.locator(".toast").count(), 0, "nothing went wrong");
  await page.locator(".zone-name").first().click();
  await menu.getByRole("button", { name: "until ended" }).click();
  await menu.locator("[data-fault=partition]").click();
  await page.locator(".zone-name").first().click();
  await menu.getByRole("button", { name: /^End Partition/ }).click();
  const mended = await until(page, (s) => JSON.parse(s.design).faults.every((fault) => fault.for !== null));
  assert.equal(mended.design.faults.length, 1);
});

onPage("after a click on a button Space plays, after Tab it presses it", {}, async (page) => {
  const zoom = () => page.evaluate(() => {
    const { transform } = document.querySelector(".world").style;
    return new DOMMatrix(transform).a;
  });
  await page.getByRole("button", { name: "Zoom in" }).click();
  await page.waitForTimeout(300);
  const before = await zoom();
  await page.keyboard.press("Space");
  await until(page, (s) => !s.playing);
  assert.equal(await zoom(), before);
  await page.keyboard.press("Tab");
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("Space");
  await page.waitForTimeout(300);
  assert.ok((await zoom()) > before, "pressed");
  assert.equal((await state(page)).playing, false);
});

onPage("Escape closes what opened last, one after the other", {}, async (page) => {
  await until(page, (s) => s.offered > 10);
  await page.locator(".node[data-id=database]").click();
  await page.getByRole("button", { name: "Slowest and failed …" }).click();
  const why = page.getByRole("region", { name: "Why requests take so long" });
  await why.waitFor();
  await page.getByRole("button", { name: "Faultline" }).click();
  await page.getByRole("menu").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("menu").waitFor({ state: "detached" });
  assert.equal(await why.count(), 1);
  await page.keyboard.press("Escape");
  await why.waitFor({ state: "detached" });
  assert.deepEqual((await state(page)).selected, ["database"]);
  await page.keyboard.press("Escape");
  await until(page, (s) => s.selected.length === 0);
});

test("nothing is said to be found, or not, before that is known", async () => {
  const page = await playground.openPage();
  // What the button says at every moment until the first run is known.
  const says = await page.evaluate(() => new Promise((done) => {
    const seen = new Set();
    const look = () => {
      const says = document.querySelector(".found")?.getAttribute("aria-label");
      if (says) seen.add(says);
      if (/\d/.test(says ?? "")) return done([...seen]);
      requestAnimationFrame(look);
    };
    look();
  }));
  assert.ok(says.includes("Findings: not known yet"), says.join());
  assert.ok(!says.includes("Findings: none"), says.join());
  await page.context().close();
});

onPage("a tile builds its pattern where it is dropped or selected", {}, async (page) => {
  const tile = (key) => page.locator(`.patterns [data-pattern=${key}]`);
  await page.locator("[data-add=patterns]").click();
  const before = await state(page);
  await tile("outbox").click();
  assert.match(await page.locator(".toast").first().textContent(), /select a database, or drag/);
  assert.deepEqual((await state(page)).design, before.design);

  // One gesture, on the link.
  const [api, database] = [await box(page, "api"), await box(page, "database")];
  const between = { x: (outlet(api).x + inlet(database).x) / 2, y: outlet(api).y };
  await drag(page, middleOf(await tile("look-aside-cache").boundingBox()), between);
  const cached = await until(page, (s) => s.selected.join() === "cache");
  assert.ok(links(cached).includes("api->cache"), String(links(cached)));
  await page.keyboard.press("Control+z");
  assert.deepEqual((await state(page)).design, before.design);

  // What fits on the selection is marked, and is one click away.
  await page.locator(".node[data-id=api]").click();
  await tile("worker-pool").and(page.locator(".fits")).waitFor();
  assert.equal(await page.locator(".patterns [data-pattern=outbox].fits").count(), 0);
  await tile("worker-pool").click();
  await until(page, (s) => s.selected.join() === "jobs,worker");

  await page.reload();
  await tile("fan-out").waitFor();
  await page.locator("[data-add=patterns]").click();
  assert.equal(await page.locator(".patterns").count(), 0);
});
