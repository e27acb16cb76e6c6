// What is opened has room: menus stand whole on the canvas beside the inspector, a phone's bar
// fits, flags stand at what they tell of, tables keep to their width.
import assert from "node:assert/strict";
import { box, dropAndOpen, find, middle, pages, state, until } from "./page.mjs";

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

/** The controls of the bar that are shown, and which of them do not stand free. */
const controls = (page) => page.evaluate(() => {
  const rows = ".bar, .page > .run, .tabs";
  const all = [...document.querySelectorAll(`:is(${rows}) :is(button, select, input)`)];
  const shown = all.filter((one) => one.checkVisibility() && !one.closest(".menu"));
  const name = (one) => one.getAttribute("aria-label") ?? one.textContent;
  const isFree = (one) => {
    const { left, right, top, bottom, width } = one.getBoundingClientRect();
    const under = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
    const inside = left >= 0 && right <= innerWidth && top >= 0 && bottom <= innerHeight;
    return inside && width >= 24 && (one.contains(under) || one.disabled);
  };
  const overlaps = shown.flatMap((one, at) => shown.slice(at + 1).filter((other) => {
    const [a, b] = [one.getBoundingClientRect(), other.getBoundingClientRect()];
    return a.left < b.right - 0.5 && b.left < a.right - 0.5 && a.top < b.bottom && b.top < a.bottom;
  }).map((other) => `${name(one)} / ${name(other)}`));
  const cut = [...document.querySelectorAll(".saved, .not-saved, .share, .time")]
    .filter((one) => one.checkVisibility() && one.scrollWidth > one.clientWidth + 1).map(name);
  const { scrollWidth } = document.documentElement;
  const wide = Math.max(0, scrollWidth - innerWidth);
  const off = shown.filter((one) => !isFree(one)).map(name);
  return { names: shown.map(name), off, overlaps, cut, wide };
});

/** Waits until the bar has fitted itself to the window. */
const fitted = async (page) => {
  await page.evaluate(() => new Promise((done) => {
    let left = 5;
    const next = () => (left-- ? requestAnimationFrame(next) : done());
    next();
  }));
};

/** All controls of the bar: in it, and in the menu of those that have left it. */
async function offered(page, where) {
  await fitted(page);
  const { names, ...rest } = await controls(page);
  assert.deepEqual(rest, { off: [], overlaps: [], cut: [], wide: 0 }, where);
  const more = page.getByRole("button", { name: "More controls" });
  if (!(await more.isVisible())) return names;
  await more.click();
  const menu = page.getByRole("dialog", { name: "More controls" });
  const inMenu = await menu.locator("button, select").evaluateAll((all) => all.map((one) => {
    const { left, right, top, bottom } = one.getBoundingClientRect();
    const inside = left >= 0 && right <= innerWidth && top >= 0 && bottom <= innerHeight;
    return inside ? one.getAttribute("aria-label") ?? one.textContent : `off: ${one.textContent}`;
  }));
  await page.keyboard.press("Escape");
  await menu.waitFor({ state: "detached" });
  return [...names, ...inMenu];
}

const EVERY = [
  "Faultline", "Lessons and designs", "Design name", "Undo", "Redo",
  "Restart with the same seed", "Step", "Speed", /^Settings of the run/, /^seed/,
  /^Findings/, "Operators", /^Theme/, "Share", /^(Play|Pause|Run again)$/,
];
// The last two: 1440 × 900 at 150 and at 200 %.
const SIZES = [
  [1440, 900], [1280, 800], [1100, 800], [1024, 768], [844, 390], [768, 1024], [390, 844],
  [360, 780], [320, 640], [960, 600], [720, 450],
];

onPage("every control of the bar is in it or in its menu, at every width", {}, async (page) => {
  for (const [width, height] of SIZES) {
    await page.setViewportSize({ width, height });
    const names = await offered(page, `${width} × ${height}`);
    const isIt = (wanted, name) => name === wanted || (wanted.test?.(name) ?? false);
    const isThere = (wanted) => names.some((name) => isIt(wanted, name));
    const missing = EVERY.filter((wanted) => !isThere(wanted)).map(String);
    assert.deepEqual(missing, [], `${width} × ${height}: ${names.join(", ")}`);
    const canvas = await page.locator(".stage").boundingBox();
    const is = `${width} × ${height}: ${JSON.stringify(canvas)}`;
    assert.ok(canvas.height >= 120 && canvas.width >= 300, is);
  }
  // A control that has left the bar works from its menu.
  await page.getByRole("button", { name: "More controls" }).click();
  await page.getByRole("button", { name: "Operators" }).click();
  await page.locator('.operator-view[aria-pressed="true"]').first().waitFor({ state: "attached" });
  await page.getByRole("button", { name: "Share", exact: true }).click();
  await page.getByRole("dialog", { name: "Share this design" }).waitFor();
});

onPage("text that is twice as large is, and the bar has room for it", {}, async (page) => {
  const sizes = () => page.evaluate(() => [".story h2", ".time", ".share"].map((one) =>
    Number.parseFloat(getComputedStyle(document.querySelector(one)).fontSize)));
  const before = await sizes();
  await page.addStyleTag({ content: "html { font-size: 200% }" });
  assert.deepEqual(await sizes(), before.map((size) => 2 * size));
  const name = page.locator(".node .name").first();
  const card = Number.parseFloat(await name.evaluate((name) => getComputedStyle(name).fontSize));
  assert.ok(card >= 14 && card <= 18, "the drawing has a zoom of its own");
  await offered(page, "twice the text");
});

onPage("more contrast changes words and lines", {}, async (page) => {
  const colors = () => page.evaluate(() => {
    const style = getComputedStyle(document.querySelector(".time .quiet"));
    return [style.color, getComputedStyle(document.querySelector(".bar")).borderBottomColor];
  });
  const before = await colors();
  await page.emulateMedia({ contrast: "more" });
  const after = await colors();
  const [text, line] = after.map((color, at) => color !== before[at]);
  assert.ok(text && line, `${before} ${after}`);
});

onPage("a menu shows all its rows, or that there are more", {}, async (page) => {
  const menu = page.getByRole("menu");
  const rows = () => menu.evaluate((menu) => {
    const { bottom } = menu.getBoundingClientRect();
    return [menu.scrollHeight - menu.clientHeight, bottom];
  });
  await page.getByRole("button", { name: "Faultline" }).click();
  await menu.waitFor();
  const [hidden, bottom] = await rows();
  assert.ok(hidden <= 0 && bottom <= 900, `${hidden} ${bottom}`);
  await page.setViewportSize({ width: 844, height: 390 });
  const [more, low] = await rows();
  assert.ok(more > 0 && low <= 390, `${more} ${low}`);
  assert.match(await menu.evaluate((menu) => getComputedStyle(menu).backgroundAttachment), /local/);
});

onPage("on a phone flags stand at the nodes and links they tell of", PHONE, async (page) => {
  await page.locator(".world.mid .flag").nth(2).waitFor();
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
  // A link's flag is beside its line, where no label is.
  const lost = flags.filter(({ node, link }) => node > 6 && link > 36);
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
    await dropAndOpen(page, JSON.stringify({ ...design, name: "Long", duration: "30s", faults }));
    await until(page, (s) => JSON.parse(s.design).name === "Long");
    await page.evaluate(() => document.activeElement?.blur());
    // On a phone the speed is in a menu.
    for (const key of [".", ".", ".", "f"]) await page.keyboard.press(key);
    await until(page, (s) => s.speed === 20);
    const scorecard = page.locator(".scorecard table");
    const words = scorecard.getByText("the last fault ended too late for a recovery");
    await words.waitFor({ timeout: 90_000 });
    assert.deepEqual(await sticksOut(scorecard), []);

    await find(page, "database");
    await until(page, (s) => s.selected.includes("database"));
    await page.keyboard.press("ArrowDown");
    await until(page, (s) => /move/i.test(s.undo));
    await page.keyboard.press("Shift+C");
    const table = page.locator("dialog[open] .compare-table");
    await table.getByText("the last fault ended too late for a recovery").first().waitFor({ timeout: 90_000 });
    assert.deepEqual(await sticksOut(table), []);
  });
}

onPage("every series of the charts has its mark, and its name in one line", {}, async (page) => {
  const wrong = await page.$$eval(".series", (all) => all.filter((series) => {
    const mark = getComputedStyle(series, "::before");
    const drawn = mark.borderTopWidth !== "0px" || mark.backgroundColor !== "rgba(0, 0, 0, 0)";
    return series.querySelector("dt").getBoundingClientRect().height > 20 || !drawn;
  }).map((series) => series.textContent));
  assert.deepEqual(wrong, []);
});

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

for (const lesson of ["retry-storm", "cap", "poison-message"]) {
  const options = { ...PHONE, path: `#scenario=${lesson}` };
  const name = `on a phone the cards of ${lesson} can be read, and nothing covers them`;
  onPage(name, options, async (page) => {
    await page.locator(".introduction").waitFor();
    await page.locator(".trigger").first().evaluate((button) => button.click());
    // A message that poisons a queue is no fault that lasts.
    if (lesson !== "poison-message") await page.locator(".live-faults").waitFor();
    await page.waitForFunction(() =>
      [...document.querySelectorAll(".node .rate")].every((rate) => /\d/.test(rate.textContent)));
    const seen = await page.evaluate(() => {
      const stage = document.querySelector(".stage").getBoundingClientRect();
      const world = document.querySelector(".world .node").closest(".world");
      const scale = Number.parseFloat(world.style.getPropertyValue("--scale"));
      const over = document.querySelectorAll(".introduction, .live-faults, .palette, .stage .zoom");
      const meets = (a, b) =>
        a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
      return [...document.querySelectorAll(".node")].map((node) => {
        const card = node.getBoundingClientRect();
        const inside = card.left >= 0 && card.right <= innerWidth
          && card.top >= stage.top && card.bottom <= stage.bottom;
        const sizes = [".name", ".rate"].map((part) => node.querySelector(part)).map((part) =>
          (part.getClientRects().length
            ? scale * Number.parseFloat(getComputedStyle(part).fontSize)
            : 0));
        const covered = [...over]
          .filter((one) => meets(one.getBoundingClientRect(), card))
          .map((one) => one.className);
        return { id: node.dataset.id, inside, covered, smallest: Math.min(...sizes) };
      });
    });
    const wrong = seen.filter(
      ({ inside, covered, smallest }) => !inside || covered.length || smallest < 10.9,
    );
    assert.deepEqual(wrong, []);
  });
}
