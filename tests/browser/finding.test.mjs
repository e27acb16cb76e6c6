// Finding and the table of actions: the palette, the sheet of shortcuts, menus; all by keys.
import assert from "node:assert/strict";
import { box, find, middle, node, pages, state, until } from "./page.mjs";

const { onPage, playground } = pages();

const focused = (page) => page.evaluate(() => document.activeElement?.dataset.id ?? document.activeElement?.className);

onPage("Ctrl K finds actions, nodes and links, and goes there", {}, async (page) => {
  await find(page, "database");
  await page.locator(".node[data-id=database].selected").waitFor();
  assert.equal(await focused(page), "database");

  await page.keyboard.press("Control+k");
  const field = page.getByRole("combobox", { name: "Find anything" });
  await field.fill("api datab");
  const first = page.locator("#find-list [role=option]").first();
  assert.match(await first.textContent(), /→/);
  assert.equal(await field.getAttribute("aria-activedescendant"), await first.getAttribute("id"));
  await page.keyboard.press("Enter");
  await until(page, (s) => s.selected.join() === "api->database");

  await find(page, "add cache");
  await until(page, (s) => JSON.parse(s.design).nodes.length === 5);
  await find(page, "undo");
  await until(page, (s) => JSON.parse(s.design).nodes.length === 4);
});

onPage("the list is walked with arrows, goes round, and says when nothing fits", {}, async (page) => {
  await page.keyboard.press("Control+k");
  const field = page.getByRole("combobox", { name: "Find anything" });
  await field.fill("zoom");
  const names = await page.locator("#find-list [role=option]").locator(".find-label").allTextContents();
  assert.ok(names.length >= 4 && names.every((name) => /zoom/i.test(name)), names.join());
  const selected = () => page.locator("#find-list [aria-selected=true] .find-label").textContent();
  await page.keyboard.press("ArrowDown");
  assert.equal(await selected(), names[1]);
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("ArrowUp");
  assert.equal(await selected(), names.at(-1));
  await field.fill("qqqq");
  await page.getByText("No match.").waitFor();
  assert.equal(await page.locator("#find-list [role=option]").count(), 0);
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "hidden" });
});

onPage("? shows all shortcuts; the focus returns to where it was", {}, async (page) => {
  await page.locator('.node[tabindex="0"]').focus();
  const before = await focused(page);
  await page.keyboard.press("Shift+?");
  const sheet = page.getByRole("dialog", { name: "Keyboard shortcuts" });
  await sheet.getByText("Run again with a new seed").waitFor();
  for (const group of ["Run", "Find", "Save and share", "Select", "View", "Edit"]) {
    await sheet.getByRole("heading", { name: group, exact: true }).waitFor();
  }
  await playground.screenshot(page, "shortcuts");
  await page.keyboard.press("Escape");
  await sheet.waitFor({ state: "hidden" });
  assert.equal(await focused(page), before);
});

onPage("the menu of a node: right click, keys, and what it leads to", {}, async (page) => {
  const at = middle(await box(page, "api"));
  await page.mouse.click(at.x, at.y, { button: "right" });
  const menu = page.getByRole("menu");
  await menu.waitFor();
  const rows = await menu.getByRole("menuitem").locator("span:first-child").allTextContents();
  assert.deepEqual(rows.slice(0, 3), ["Break it…", "Connect to…", "Rename"]);
  await page.keyboard.press("ArrowUp");
  assert.match(await page.evaluate(() => document.activeElement.textContent), /^Delete/);
  const before = await state(page);
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("Escape");
  await menu.waitFor({ state: "hidden" });
  assert.deepEqual((await state(page)).design, before.design, "arrows walked, nothing moved");

  await page.locator(".node[data-id=database]").focus();
  await page.keyboard.press("Shift+F10");
  await menu.waitFor();
  assert.deepEqual((await state(page)).selected, ["database"]);
  await page.keyboard.press("End");
  await page.keyboard.press("Enter");
  await until(page, (s) => JSON.parse(s.design).nodes.length === 3);
  await page.keyboard.press("Control+z");
  assert.ok(node(await state(page), "database"));
});

onPage("a long press opens the menu", { hasTouch: true }, async (page) => {
  const at = middle(await box(page, "api"));
  const touch = (type, points) => page.evaluate(
    ([type, points]) => {
      const surface = document.querySelector(".surface");
      for (const { x, y } of points) {
        const target = document.elementFromPoint(x, y) ?? surface;
        target.dispatchEvent(new PointerEvent(type, {
          bubbles: true, cancelable: true, pointerId: 7, pointerType: "touch",
          clientX: x, clientY: y, button: 0, buttons: type === "pointerup" ? 0 : 1,
        }));
      }
    },
    [type, points],
  );
  await touch("pointerdown", [at]);
  await page.getByRole("menu").waitFor();
  await touch("pointerup", [at]);
  assert.deepEqual((await state(page)).selected, ["api"]);
  await page.getByRole("menuitem", { name: "Delete" }).waitFor();
});

onPage("the bar's menu holds what the page can do", {}, async (page) => {
  await page.getByRole("button", { name: "Faultline" }).click();
  const menu = page.getByRole("menu", { name: "Menu" });
  for (const name of ["New design", "Your designs…", "Export or copy", "Keyboard shortcuts"]) {
    await menu.getByRole("menuitem", { name }).waitFor();
  }
  await playground.screenshot(page, "menu");
  await page.locator(".graphs").click();
  await menu.waitFor({ state: "hidden" });
  await page.getByRole("button", { name: "Faultline" }).click();
  await menu.getByRole("menuitem", { name: "Outline" }).click();
  const outline = page.getByRole("dialog", { name: "Outline" });
  await outline.getByRole("row", { name: /^database/ }).waitFor();
  await playground.screenshot(page, "outline");
  await outline.getByRole("button", { name: "database" }).first().click();
  await until(page, (s) => s.selected.join() === "database");
});

onPage("restart, speed and theme by key", {}, async (page) => {
  await page.keyboard.press(".");
  await until(page, (s) => s.speed === 2);
  await page.keyboard.press(",");
  await page.keyboard.press(",");
  await until(page, (s) => s.speed === 0.5);
  const { run } = await state(page);
  await page.keyboard.press("r");
  await until(page, `(s) => s.run > ${run}`);
  const seed = (await state(page)).design.seed;
  await page.keyboard.press("Shift+R");
  await until(page, `(s) => JSON.parse(s.design).seed !== ${JSON.stringify(seed)}`);
  await page.keyboard.press("Alt+Shift+D");
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), "dark");
});
