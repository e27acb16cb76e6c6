// What is opened has room: menus stand whole on the canvas beside the inspector, a phone's bar
// fits, flags stand at what they tell of, tables keep to their width.
import assert from "node:assert/strict";
import { box, find, middle, pages, state, until } from "./page.mjs";

const { onPage } = pages();

const PHONE = { width: 390, height: 844, hasTouch: true };

/** Whether all of it stands on the canvas, and nothing else over its corners. */
async function standsWhole(page, shown, where) {
  const [own, canvas] = [await shown.boundingBox(), await page.locator(".stage").boundingBox()];
  const is = `${where}: ${JSON.stringify({ own, canvas })}`;
  assert.ok(own.x >= canvas.x && own.x + own.width <= canvas.x + canvas.width, is);
  assert.ok(own.y >= canvas.y && own.y + own.height <= canvas.y + canvas.height, is);
  const free = await shown.evaluate((element) => {
    const { left, top, right, bottom } = element.getBoundingClientRect();
    const corners = [left + 8, right - 8].flatMap((x) => [top + 8, bottom - 8].map((y) => [x, y]));
    return corners.every(([x, y]) => element.contains(document.elementFromPoint(x, y)));
  });
  assert.ok(free, `${is}, covered`);
}

/** Opens a node's menu with a right click near the node's right end. */
async function menuOf(page, id) {
  const card = await box(page, id);
  await page.mouse.click(card.x + card.width - 12, middle(card).y, { button: "right" });
  await page.getByRole("complementary", { name: "Inspector" }).getByRole("textbox").first().waitFor();
  // The first row has the focus once the menu has found its place.
  await page.waitForFunction(() => document.activeElement.closest("[role=menu]"));
  return page.getByRole("menu");
}

onPage("a menu, and what can be broken, stand whole beside the inspector", {}, async (page) => {
  const whole = await page.locator(".stage").boundingBox();
  await standsWhole(page, await menuOf(page, "database"), "at the right");
  const beside = await page.locator(".stage").boundingBox();
  assert.ok(beside.width < whole.width - 200, "the inspector took its room");

  await page.getByRole("menuitem", { name: "Break it…" }).click();
  const faults = page.getByRole("dialog", { name: "Break database" });
  await faults.waitFor();
  await standsWhole(page, faults, "what can be broken");
  await page.keyboard.press("Escape");
  await faults.waitFor({ state: "detached" });
  await page.keyboard.press("Escape");
  await until(page, (s) => s.selected.length === 0);

  const card = await box(page, "database");
  await page.mouse.move(900, 600);
  await page.mouse.wheel(0, card.y + card.height + 8 - whole.y - whole.height);
  await page.waitForFunction(
    (y) => document.querySelector(".node[data-id=database]").getBoundingClientRect().y > y,
    card.y + 50,
  );
  const low = await box(page, "database");
  assert.ok(low.y + low.height > whole.y + whole.height - 20, JSON.stringify(low));
  await standsWhole(page, await menuOf(page, "database"), "at the bottom");
});

onPage("on a phone the bar fits, and nothing scrolls sideways", PHONE, async (page) => {
  const { off, wide } = await page.evaluate(() => {
    const buttons = [...document.querySelectorAll(".bar button")].filter((one) => one.checkVisibility());
    const name = (one) => one.getAttribute("aria-label") ?? one.textContent;
    const isOff = (one) => {
      const { left, right } = one.getBoundingClientRect();
      const [x, y] = [(left + right) / 2, one.getBoundingClientRect().y + 10];
      return left < 0 || right > innerWidth || !one.contains(document.elementFromPoint(x, y));
    };
    const { scrollWidth } = document.documentElement;
    return { off: buttons.filter(isOff).map(name), wide: scrollWidth - innerWidth };
  });
  assert.deepEqual(off, []);
  assert.ok(wide <= 0, `${wide} px too wide`);
  await page.getByRole("button", { name: "Share", exact: true }).click();
  await page.getByRole("dialog", { name: "Share this design" }).waitFor();
});

onPage("on a phone flags stand at the nodes and links they tell of", PHONE, async (page) => {
  await page.locator(".world.small .flag").nth(2).waitFor();
  // Every flag's middle: how far from the nearest node's corner, or from the nearest link's middle.
  const flags = await page.evaluate(() => {
    const box = (one) => one.getBoundingClientRect();
    const middle = ({ left, right, top, bottom }) => [(left + right) / 2, (top + bottom) / 2];
    const near = ([x, y], places) => Math.min(...places.map(([a, b]) => Math.hypot(a - x, b - y)));
    const corners = [...document.querySelectorAll(".node")].map((one) => [box(one).left, box(one).top]);
    const middles = [...document.querySelectorAll(".link .line")].map((one) => middle(box(one)));
    return [...document.querySelectorAll(".flag")].map((one) => {
      const at = middle(box(one));
      return { what: one.title, node: near(at, corners), link: near(at, middles) };
    });
  });
  // A link's flag stands below it.
  const lost = flags.filter(({ node, link }) => node > 6 && link > 16);
  assert.deepEqual(lost, []);
  assert.ok(flags.some(({ node }) => node <= 6) && flags.some(({ node }) => node > 6), JSON.stringify(flags));
});

/** What sticks out of a table, and what the table sticks out of. */
const sticksOut = (table) => table.evaluate((table) => {
  const { left, right } = table.getBoundingClientRect();
  const cells = [...table.querySelectorAll("th, td")].filter((cell) => {
    const own = cell.getBoundingClientRect();
    return own.left < left - 1 || own.right > right + 1 || cell.scrollWidth > cell.clientWidth + 1;
  });
  const out = cells.map((cell) => cell.textContent);
  const last = table.closest("dialog, .side");
  for (let around = table; around !== last; ) {
    around = around.parentElement;
    if (around.scrollWidth > around.clientWidth) out.push(around.className);
  }
  return out;
});

// On a wide page there is room for all of it in one line.
for (const options of [{ width: 840 }, PHONE]) {
  const name = `words wrap in the scorecard and the comparison at ${options.width}`;
  onPage(name, options, async (page) => {
    // A fault nearly to the end: the requirement is answered in words.
    const { design } = await state(page);
    const faults = [{ at: "20s", for: "9500ms", kind: "slowdown", target: "database", times: 10 }];
    await page.evaluate((text) => {
      const data = new DataTransfer();
      data.items.add(new File([text], "long.json"));
      const drop = new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: data });
      document.querySelector(".surface").dispatchEvent(drop);
    }, JSON.stringify({ ...design, name: "Long", duration: "30s", faults }));
    await until(page, (s) => JSON.parse(s.design).name === "Long");
    await page.evaluate(() => document.activeElement?.blur());
    await page.keyboard.press("f");
    const scorecard = page.locator(".scorecard table");
    const words = scorecard.getByText("the last fault left no time to recover in");
    await words.waitFor({ timeout: 90_000 });
    assert.deepEqual(await sticksOut(scorecard), []);

    await find(page, "database");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Shift+C");
    const table = page.locator("dialog[open] .compare-table");
    await table.getByText("the last fault left no time to recover in").first().waitFor({ timeout: 90_000 });
    assert.deepEqual(await sticksOut(table), []);
  });
}

onPage("a card leaves out what has no room, never half of a figure", {}, async (page) => {
  await until(page, (s) => s.timeS > 2);
  const cut = await page.$$eval(".node .what", (all) => all.filter((what) => {
    const line = what.getBoundingClientRect();
    const text = document.createRange();
    text.selectNodeContents(what);
    // What is shown stands in the first line, and within it.
    const shown = [...text.getClientRects()].filter((part) => part.top < line.bottom - 2);
    return shown.some((part) => part.right > line.right + 1) || line.height > 22;
  }).map((what) => what.textContent));
  assert.deepEqual(cut, []);
});

onPage("on a phone the menu of a node comes from below, with all its rows", PHONE, async (page) => {
  await page.locator(".node[data-id=database]").click({ button: "right" });
  await page.waitForFunction(() => document.activeElement.closest("[role=menu]"));
  const menu = page.getByRole("menu");
  const last = await menu.getByRole("menuitem").last().boundingBox();
  assert.ok(last.y + last.height <= PHONE.height, JSON.stringify(last));
  await menu.getByRole("menuitem", { name: "Parameters of the selection" }).click();
  await menu.waitFor({ state: "detached" });
});
