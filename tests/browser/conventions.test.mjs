// What hands already know: each convention of moving around, selecting, editing, wiring and
// history, by mouse, keys and fingers; and a design built with the keyboard alone.
import assert from "node:assert/strict";
import { box, drag, find, inlet, links, middle, node, outlet, pages, state, until } from "./page.mjs";

const { onPage, playground } = pages();

/** Offset and zoom of the canvas. */
const view = (page) => page.evaluate(() => {
  const { a, e, f } = new DOMMatrix(document.querySelector(".world").style.transform);
  return { scale: a, x: e, y: f };
});

const at = async (page, id) => node(await state(page), id).at;
const empty = { x: 900, y: 560 };
const near = (a, b) => Math.abs(a - b) < 1.5;

onPage("the view: Space and middle drag, wheel, Ctrl and wheel, keys", {}, async (page) => {
  const first = await view(page);
  await page.mouse.move(empty.x, empty.y);
  await page.keyboard.down("Space");
  await drag(page, empty, { x: empty.x + 60, y: empty.y - 40 });
  await page.keyboard.up("Space");
  const panned = await view(page);
  assert.ok(near(panned.x - first.x, 60) && near(panned.y - first.y, -40), JSON.stringify(panned));
  assert.ok((await state(page)).playing, "Space and a drag is no pause");

  await page.mouse.down({ button: "middle" });
  await page.mouse.move(empty.x + 10, empty.y + 30, { steps: 4 });
  await page.mouse.up({ button: "middle" });
  const pushed = await view(page);
  assert.ok(!near(pushed.y, panned.y));

  await page.mouse.wheel(0, 100);
  await page.waitForFunction((y) => Math.abs(new DOMMatrix(document.querySelector(".world").style.transform).f - (y - 100)) < 2, pushed.y);

  const stage = await page.locator(".surface").boundingBox();
  const before = await view(page);
  const pointer = { x: empty.x + 10 - stage.x, y: empty.y + 30 - stage.y };
  await page.keyboard.down("Control");
  await page.mouse.wheel(0, -120);
  await page.keyboard.up("Control");
  await page.waitForFunction((scale) => new DOMMatrix(document.querySelector(".world").style.transform).a > scale, before.scale);
  const zoomed = await view(page);
  const under = (view) => (pointer.x - view.x) / view.scale;
  assert.ok(near(under(zoomed), under(before)), "zooms at the pointer");

  await page.keyboard.press("Control+0");
  assert.equal((await view(page)).scale, 1);
  for (let count = 0; count < 30; count++) await page.keyboard.press("Control+-");
  assert.ok(near((await view(page)).scale * 100, 10), "10 % is the least");
  for (let count = 0; count < 60; count++) await page.keyboard.press("Control+=");
  assert.ok(near((await view(page)).scale * 100, 400), "400 % is the most");
  await page.keyboard.press("Shift+Digit1");
  for (const id of ["shoppers", "database"]) {
    const place = await box(page, id);
    assert.ok(place.x >= stage.x && place.x + place.width <= stage.x + stage.width, id);
  }
  await page.locator(".node[data-id=api]").click();
  await page.keyboard.press("Shift+Digit2");
  const one = await box(page, "api");
  const now = await page.locator(".surface").boundingBox();
  assert.ok(Math.abs(one.x + one.width / 2 - now.x - now.width / 2) < 40, "in the middle");
});

onPage("selecting: click, Shift and click, mark, Ctrl A, Escape", {}, async (page) => {
  const selected = async () => (await state(page)).selected.join(" ");
  await page.locator(".node[data-id=api]").click();
  assert.equal(await selected(), "api");
  await box(page, "balancer");
  await page.locator(".node[data-id=balancer]").click({ modifiers: ["Shift"] });
  assert.equal(await selected(), "api balancer");
  await page.locator(".node[data-id=api]").click({ modifiers: ["Control"] });
  assert.equal(await selected(), "balancer");
  await page.keyboard.press("Escape");
  assert.equal(await selected(), "");
  const api = await box(page, "api");
  await drag(page, { x: api.x - 30, y: api.y - 40 }, { x: api.x + api.width + 30, y: api.y + api.height + 60 });
  assert.match(await selected(), /\bapi\b/);
  await page.keyboard.press("Control+a");
  assert.equal((await state(page)).selected.length, 7, "four nodes and three links");
});

onPage("editing: nudge, duplicate, Alt drag, rename, delete, each one step back", {}, async (page) => {
  const first = (await state(page)).design;
  await page.locator(".node[data-id=api]").click();
  const [x, y] = await at(page, "api");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Shift+ArrowDown");
  assert.deepEqual(await at(page, "api"), [x, y + 56]);
  await page.keyboard.press("Control+z");
  assert.deepEqual(await at(page, "api"), [x, y], "nudges in a row are one gesture");

  await page.keyboard.press("Control+d");
  await until(page, (s) => s.selected.join() === "api-2");
  await page.keyboard.press("Delete");
  assert.equal(node(await state(page), "api-2"), undefined);
  await page.keyboard.press("Control+z");
  assert.ok(node(await state(page), "api-2"));
  await page.keyboard.press("Control+z");

  const api = await box(page, "api");
  await page.keyboard.down("Alt");
  await drag(page, middle(api), { x: middle(api).x, y: middle(api).y + 150 });
  await page.keyboard.up("Alt");
  const copied = await state(page);
  assert.ok(node(copied, "api-2"), "the copy");
  assert.deepEqual(node(copied, "api").at, [x, y], "the original stays");
  await page.keyboard.press("Control+z");

  await page.locator(".node[data-id=balancer]").dblclick();
  await page.keyboard.type("Edge");
  await page.keyboard.press("Enter");
  assert.equal(node(await state(page), "balancer").label, "Edge");
  await box(page, "shoppers");
  await page.locator(".node[data-id=shoppers]").click();
  await page.keyboard.press("Backspace");
  assert.equal(links(await state(page)).length, 2, "its link goes along");
  await page.keyboard.press("Control+z");
  await page.keyboard.press("Control+z");
  assert.deepEqual((await state(page)).design, first);
  await page.keyboard.press("Control+Shift+z");
  assert.equal(node(await state(page), "balancer").label, "Edge");
});

onPage("a gesture is called off with Escape; 3 px are a click", {}, async (page) => {
  const first = (await state(page)).design;
  const api = middle(await box(page, "api"));
  await page.mouse.move(api.x, api.y);
  await page.mouse.down();
  await page.mouse.move(api.x + 80, api.y + 80, { steps: 4 });
  assert.notDeepEqual((await state(page)).design, first);
  await page.keyboard.press("Escape");
  await page.mouse.up();
  assert.deepEqual((await state(page)).design, first);
  await page.mouse.move(api.x, api.y);
  await page.mouse.down();
  await page.mouse.move(api.x + 3, api.y);
  await page.mouse.up();
  assert.deepEqual((await state(page)).design, first);
  assert.deepEqual((await state(page)).selected, ["api"]);
});

onPage("wires: click then click, dropped on nothing, taken off, a node put into a link", {}, async (page) => {
  await page.locator(".palette [data-kind=service]").click();
  const from = outlet(await box(page, "balancer"));
  await page.mouse.click(from.x, from.y);
  const to = inlet(await box(page, "service"));
  await page.mouse.click(to.x, to.y);
  assert.ok(links(await state(page)).includes("balancer->service"));
  await page.keyboard.press("Control+z");

  await drag(page, outlet(await box(page, "service")), { x: 1_100, y: 560 });
  const add = page.getByRole("dialog", { name: "Add a node" });
  await add.waitFor();
  assert.equal(await add.getByText("client", { exact: true }).count(), 0, "nobody calls a client");
  await page.keyboard.type("cache");
  await page.keyboard.press("Enter");
  await add.waitFor({ state: "hidden" });
  assert.ok(links(await state(page)).includes("service->cache"));
  await page.keyboard.press("Control+z");
  await page.keyboard.press("Control+z");

  const before = (await state(page)).design;
  const [one, other] = [await box(page, "api"), await box(page, "database")];
  const link = { x: (one.x + one.width + other.x) / 2, y: one.y + one.height / 2 };
  await page.mouse.click(link.x, link.y);
  await until(page, (s) => s.selected.join() === "api->database");
  const stage = await page.locator(".palette [data-kind=service]").boundingBox();
  const moved = [await box(page, "api"), await box(page, "database")];
  const onLink = { x: (moved[0].x + moved[0].width + moved[1].x) / 2, y: middle(moved[0]).y };
  await drag(page, middle(stage), onLink);
  const inserted = await state(page);
  assert.ok(links(inserted).includes("api->service") && links(inserted).includes("service->database"));
  await page.keyboard.press("Control+z");
  assert.deepEqual((await state(page)).design, before);
});

onPage("running: Space, step, a new run, an edit while it runs", {}, async (page) => {
  const { run } = await state(page);
  await page.keyboard.press("Space");
  await until(page, (s) => !s.playing && s.state === "Paused");
  await page.keyboard.press("Space");
  await until(page, (s) => s.playing);
  await page.locator(".node[data-id=api]").click();
  await page.keyboard.press("Control+d");
  assert.equal((await state(page)).run, run, "an edit does not begin another run");
  await page.keyboard.press("Control+z");
  assert.equal((await state(page)).run, run, "nor does taking it back");
});

/** Fingers on the canvas, as pointer events of a touch screen. */
async function fingers(page, type, points) {
  await page.evaluate(
    ([type, points]) => {
      for (const [id, x, y] of points) {
        const target = document.elementFromPoint(x, y)?.closest(".surface") ?? document.querySelector(".surface");
        target.dispatchEvent(new PointerEvent(type, {
          bubbles: true, cancelable: true, pointerId: id, pointerType: "touch", isPrimary: id === 1,
          clientX: x, clientY: y, button: 0, buttons: type === "pointerup" ? 0 : 1,
        }));
      }
    },
    [type, points],
  );
}

onPage("fingers: one pushes, two zoom, a tap selects", { width: 390, height: 844, hasTouch: true }, async (page) => {
  const stage = await page.locator(".surface").boundingBox();
  const [x, y] = [stage.x + 200, stage.y + stage.height - 40];
  const first = await view(page);
  await fingers(page, "pointerdown", [[1, x, y]]);
  await fingers(page, "pointermove", [[1, x - 30, y - 20]]);
  await fingers(page, "pointermove", [[1, x - 60, y - 40]]);
  await fingers(page, "pointerup", [[1, x - 60, y - 40]]);
  const pushed = await view(page);
  assert.ok(near(pushed.x - first.x, -60) && near(pushed.y - first.y, -40), JSON.stringify([first, pushed]));

  await fingers(page, "pointerdown", [[1, x - 50, y]]);
  await fingers(page, "pointerdown", [[2, x + 50, y]]);
  await fingers(page, "pointermove", [[1, x - 100, y], [2, x + 100, y]]);
  await fingers(page, "pointerup", [[1, x - 100, y], [2, x + 100, y]]);
  const zoomed = await view(page);
  assert.ok(Math.abs(zoomed.scale / pushed.scale - 2) < 0.05, `${zoomed.scale / pushed.scale}`);

  await find(page, "zoom to fit");
  const card = await box(page, "balancer");
  await fingers(page, "pointerdown", [[1, card.x + card.width / 2, card.y + card.height / 2]]);
  await fingers(page, "pointerup", [[1, card.x + card.width / 2, card.y + card.height / 2]]);
  assert.deepEqual((await state(page)).selected, ["balancer"]);
});

onPage("three tiers by keyboard alone, and they run", {}, async (page) => {
  await find(page, "new design");
  await until(page, (s) => (JSON.parse(s.design).nodes ?? []).length === 0);
  for (const kind of ["client", "service", "database"]) await find(page, `add ${kind}`);
  const goTo = async (id) => {
    await find(page, id);
    await until(page, `(s) => s.selected.join() === "${id}"`);
  };
  for (const [from, to] of [["client", "service"], ["service", "database"]]) {
    await goTo(from);
    await page.keyboard.press("c");
    for (let count = 0; count < 4; count++) {
      const over = await page.evaluate(() => document.querySelector(".node.port-in")?.dataset.id);
      if (over === to) break;
      await page.getByRole("log").filter({ hasText: "Enter connects" }).waitFor();
      await page.keyboard.press("ArrowRight");
    }
    await page.keyboard.press("Enter");
    await until(page, `(s) => (JSON.parse(s.design).links ?? []).some((link) => link.from === "${from}" && link.to === "${to}")`);
  }
  await find(page, "tidy up");
  await goTo("service");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.activeElement.classList.contains("name-field"));
  await page.keyboard.press("Control+a");
  await page.keyboard.type("Orders");
  await page.keyboard.press("Enter");
  // Its first name makes its id, and the focus stays on it.
  await page.waitForFunction(() => document.activeElement.dataset.id === "orders");
  await page.keyboard.press("r");
  const running = await until(page, (s) => s.timeS > 1 && s.ok > 20);
  assert.deepEqual(links(running), ["client->orders", "orders->database"]);
  assert.deepEqual([node(running, "orders").label, running.selected], ["Orders", ["orders"]]);
  await playground.screenshot(page, "three-tiers");
});

onPage("Enter selects, I leads into the inspector, Escape back; Tab never leaves a dialog", {}, async (page) => {
  const focus = () => page.evaluate(() => document.activeElement.dataset?.id ?? document.activeElement.tagName);
  await page.locator('.node[tabindex="0"]').focus();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Enter");
  await page.keyboard.press("i");
  await page.waitForFunction(() => document.activeElement.closest("#inspect"));
  await page.keyboard.press("Escape");
  assert.equal(await focus(), "balancer");
  await page.keyboard.press("Shift+O");
  await page.getByRole("dialog").waitFor();
  for (let count = 0; count < 30; count++) {
    await page.keyboard.press("Tab");
    const inside = await page.evaluate(() => document.activeElement === document.body || !!document.activeElement.closest("dialog"));
    assert.ok(inside);
  }
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "hidden" });
  assert.equal(await focus(), "balancer");
});
