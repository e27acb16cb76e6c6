// What the tests of the page share: its debug surface, and gestures as a person makes them.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { open } from "./harness.mjs";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/**
 * For the top of a test file: the playground of the whole file, there once its tests run, and tests
 * of one running page each (`onPage(name, options, body)`) that fail on its errors.
 */
export function pages() {
  let opened;
  before(async () => {
    opened = await open();
  });
  after(() => opened.close());
  const playground = new Proxy({}, {
    get: (_, name) => (typeof opened[name] === "function" ? opened[name].bind(opened) : opened[name]),
  });
  const onPage = (name, options, body) =>
    test(name, async () => {
      const page = await openRunning(playground, options);
      await body(page);
      assert.deepEqual(playground.problems, []);
      await page.context().close();
    });
  return { onPage, playground };
}

/** A page that runs. Options as for `openPage`. */
export async function openRunning(playground, options) {
  const page = await playground.openPage(options);
  await page.waitForFunction(() => window.__faultline && JSON.parse(window.__faultline.stateJson()).timeS > 0);
  return page;
}

/** The page's state, with its design parsed. */
export async function state(page) {
  const state = JSON.parse(await page.evaluate(() => window.__faultline.stateJson()));
  return { ...state, design: JSON.parse(state.design) };
}

/** axe-core finds nothing; what it finds is told one line each. */
export async function clean(page, where) {
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(AXE);
  const { violations } = await page.evaluate(() => window.axe.run(document, {
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    resultTypes: ["violations"],
  }));
  const found = violations.flatMap(({ id, nodes }) =>
    nodes.map((node) => `${id}: ${node.target.join(" ")}: ${node.any[0]?.message ?? node.html}`),
  );
  assert.deepEqual(found, [], where);
}

/** Waits until the state satisfies `holds`, a function of the state that is sent to the page. */
export async function until(page, holds, timeout = 30_000) {
  await page.waitForFunction(
    `window.__faultline && (${holds})(JSON.parse(window.__faultline.stateJson()))`,
    undefined,
    { timeout, polling: 100 },
  );
  return state(page);
}

/** Where a node is, once the view stands still. */
export async function box(page, id) {
  await page.waitForTimeout(200);
  return page.locator(`.node[data-id="${id}"]`).boundingBox();
}

/** Drags from one place to another, as a hand does: in steps. */
export async function drag(page, from, to) {
  await page.mouse.move(from.x, from.y);
  await page.mouse.down();
  await page.mouse.move((from.x + to.x) / 2, (from.y + to.y) / 2, { steps: 5 });
  await page.mouse.move(to.x, to.y, { steps: 5 });
  await page.mouse.up();
}

/** Pastes a text, as Ctrl V does. */
export const pasteText = (page, text) => page.evaluate((text) => {
  const data = new DataTransfer();
  data.setData("text/plain", text);
  document.body.dispatchEvent(new ClipboardEvent("paste", { bubbles: true, cancelable: true, clipboardData: data }));
}, text);

/** Pastes a whole design and opens it in place of the open one. */
export async function pasteAndOpen(page, text) {
  await pasteText(page, text);
  await chooseOpen(page);
}

/** Drops a text on the canvas as a file, and opens the design in it. */
export async function dropAndOpen(page, text) {
  await page.evaluate((text) => {
    const data = new DataTransfer();
    data.items.add(new File([text], "design.json"));
    const drop = new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: data });
    document.querySelector(".surface").dispatchEvent(drop);
  }, text);
  await chooseOpen(page);
}

async function chooseOpen(page) {
  const dialog = page.getByRole("dialog", { name: /^Insert or open/ });
  await dialog.getByRole("button", { name: "Open" }).click();
}

/** Opens the palette, types, and takes the first find. */
export async function find(page, query) {
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox", { name: "Find anything" }).fill(query);
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => {
    const field = document.querySelector(".find-field");
    return field === null || !field.isConnected;
  });
}

export const outlet = (box) => ({ x: box.x + box.width, y: box.y + box.height / 2 });
export const inlet = (box) => ({ x: box.x, y: box.y + box.height / 2 });
export const middle = (box) => ({ x: box.x + box.width / 2, y: box.y + box.height / 3 });

export const node = (state, id) => state.design.nodes.find((node) => node.id === id);
export const links = (state) => state.design.links.map((link) => `${link.from}->${link.to}`);
