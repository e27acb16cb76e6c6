// Several things at once: edited together, carried from tab to tab as text; the menu of a finger.
import assert from "node:assert/strict";
import { box, links, middle, node, openRunning, pages, pasteText, state, until } from "./page.mjs";

const { onPage, playground } = pages();

/** What the browser would put into the clipboard. */
const copied = (page, type = "copy") => page.evaluate((type) => {
  const data = new DataTransfer();
  const event = new ClipboardEvent(type, { bubbles: true, cancelable: true, clipboardData: data });
  document.body.dispatchEvent(event);
  return data.getData("text/plain");
}, type);

const field = (page, path) => page.locator(`#inspect .field[data-field="${path}"]`);

/** Two services, api and service, selected together. */
async function two(page) {
  await page.locator(".palette [data-kind=service]").click();
  await page.keyboard.press("Control+a");
  await page.keyboard.press("Escape");
  await page.locator(".node[data-id=service]").click();
  await box(page, "api");
  await page.locator(".node[data-id=api]").click({ modifiers: ["Shift"] });
  await page.locator("#inspect").getByText("Changes apply to all of them.").waitFor();
}

onPage("mixed values are shown as mixed, and set at once as one step of the history", {}, async (page) => {
  await two(page);
  const before = await state(page);
  const slots = (s) => ["api", "service"].map((id) => node(s, id).concurrency);
  assert.notEqual(slots(before)[0], slots(before)[1]);
  const row = field(page, "concurrency");
  await row.getByText("mixed", { exact: true }).waitFor();
  const input = row.locator("input[type=text]");
  assert.equal(await input.inputValue(), "");
  assert.equal(await input.getAttribute("placeholder"), "mixed");
  await playground.screenshot(page, "mixed");
  await input.fill("24");
  await input.press("Enter");
  const set = await state(page);
  assert.deepEqual(slots(set), [24, 24]);
  assert.equal(await row.getByText("mixed", { exact: true }).count(), 0);
  await input.blur();
  await page.locator(".surface").focus().catch(() => {});
  await page.keyboard.press("Escape");
  await page.keyboard.press("Control+z");
  assert.deepEqual((await state(page)).design, before.design, "one step back");
});

onPage("what one of several cannot take, none takes", {}, async (page) => {
  await two(page);
  const before = (await state(page)).design;
  const input = field(page, "concurrency").locator("input[type=text]");
  await input.fill("-3");
  await input.press("Enter");
  await field(page, "concurrency").locator(".error").filter({ hasText: /./ }).waitFor();
  assert.deepEqual((await state(page)).design, before);
});

onPage("nodes of several kinds share what all nodes have; links their ready-made policies", {}, async (page) => {
  await page.keyboard.press("Control+a");
  await page.locator("#inspect").getByText("4 nodes").waitFor();
  assert.equal(await field(page, "concurrency").count(), 0);
  const zone = field(page, "zone");
  await zone.getByRole("switch").click();
  const input = zone.locator("input[type=text]");
  await input.fill("eu-a");
  await input.press("Enter");
  const zoned = await until(page, (s) => JSON.parse(s.design).nodes.every((node) => node.zone === "eu-a"));
  assert.equal(zoned.design.nodes.length, 4);
  await page.locator('.region[data-zone="eu-a"]').waitFor();

  await page.keyboard.press("Escape");
  await page.evaluate(() => document.activeElement.blur());
  await page.keyboard.press("Escape");
});

onPage("copied in one tab, pasted in another at the pointer; cut is copied and gone", {}, async (page) => {
  await page.locator(".node[data-id=api]").click();
  await box(page, "balancer");
  await page.locator(".node[data-id=balancer]").click({ modifiers: ["Shift"] });
  const text = await copied(page);
  const part = JSON.parse(text);
  assert.deepEqual(part.nodes.map((node) => node.id).sort(), ["api", "balancer"]);

  const other = await openRunning(playground, { context: page.context() });
  const first = (await state(other)).design;
  const at = { x: 800, y: 520 };
  await other.mouse.move(at.x, at.y);
  await pasteText(other, text);
  const pasted = await until(other, (s) => s.selected.includes("api-2") && s.selected.includes("balancer-2"));
  assert.ok(links(pasted).includes("balancer-2->api-2"), "with the link between them");
  const boxes = [await box(other, "api-2"), await box(other, "balancer-2")];
  const centre = {
    x: (Math.min(...boxes.map((b) => b.x)) + Math.max(...boxes.map((b) => b.x + b.width))) / 2,
    y: (Math.min(...boxes.map((b) => b.y)) + Math.max(...boxes.map((b) => b.y + b.height))) / 2,
  };
  assert.ok(Math.abs(centre.y - at.y) < 30, JSON.stringify([centre, at]));
  await other.keyboard.press("Control+z");
  assert.deepEqual((await state(other)).design, first, "pasting is one step");

  const cut = await copied(page, "cut");
  assert.deepEqual(JSON.parse(cut), part);
  assert.equal(node(await state(page), "api"), undefined);
  await pasteText(page, cut);
  const back = await until(page, (s) => JSON.parse(s.design).nodes.some((node) => node.id === "api"));
  assert.ok(links(back).includes("balancer->api"));
});

onPage("a finger that rests opens the menu; one that moves does not", { width: 390, height: 844, hasTouch: true }, async (page) => {
  const card = middle(await box(page, "api"));
  const finger = (type, { x, y }) => page.evaluate(([type, x, y]) => {
    const target = document.elementFromPoint(x, y).closest(".surface") ?? document.querySelector(".surface");
    target.dispatchEvent(new PointerEvent(type, {
      bubbles: true, cancelable: true, pointerId: 1, pointerType: "touch", isPrimary: true,
      clientX: x, clientY: y, button: 0, buttons: type === "pointerup" ? 0 : 1,
    }));
  }, [type, x, y]);
  await finger("pointerdown", card);
  await finger("pointermove", { x: card.x + 30, y: card.y });
  await page.waitForTimeout(700);
  await finger("pointerup", { x: card.x + 30, y: card.y });
  assert.equal(await page.getByRole("menu").count(), 0);

  const still = middle(await box(page, "api"));
  await finger("pointerdown", still);
  await page.getByRole("menu").waitFor();
  await finger("pointerup", still);
  await page.getByRole("menu").waitFor();
  await playground.screenshot(page, "long-press");
  await page.getByRole("menuitem", { name: /break/i }).click();
  const palette = page.getByRole("dialog", { name: "Break api" });
  await palette.waitFor();
  await palette.locator("[data-fault=crash]").click();
  await until(page, (s) => JSON.parse(s.design).faults.length === 1);
});
