// The design as a picture: what the dialog offers, what the files hold, what the clipboard gets.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { find, openRunning, pages, until } from "./page.mjs";

const { onPage, playground } = pages();

async function dialogOf(page) {
  await page.keyboard.press("Shift+E");
  const dialog = page.getByRole("dialog", { name: "Export as a picture" });
  await dialog.waitFor();
  return dialog;
}

async function download(page, button) {
  const waiting = page.waitForEvent("download");
  await button.click();
  const file = await waiting;
  return { name: file.suggestedFilename(), bytes: readFileSync(await file.path()) };
}

const preview = (dialog) => dialog.locator(".picture-preview svg");
const texts = (dialog) => preview(dialog).locator("text").allTextContents();

/** The width of a PNG, the color of its first pixel, and how many colors it has. */
async function pixels(page, bytes) {
  return page.evaluate(async (data) => {
    const image = await createImageBitmap(new Blob([new Uint8Array(data)], { type: "image/png" }));
    const canvas = new OffscreenCanvas(image.width, image.height);
    const context = canvas.getContext("2d");
    context.drawImage(image, 0, 0);
    const all = context.getImageData(0, 0, image.width, image.height).data;
    const colors = new Set();
    for (let at = 0; at < all.length; at += 4) colors.add(all.slice(at, at + 3).join(" "));
    return { width: image.width, ground: all.slice(0, 3).join(" "), colors: colors.size };
  }, [...bytes]);
}

onPage("one gesture opens the dialog; ground and numbers are chosen there", {}, async (page) => {
  await until(page, (s) => s.timeS > 3);
  await page.getByRole("button", { name: "Pause" }).first().click();
  await page.waitForTimeout(400);
  const onCanvas = await page.locator(".node[data-id=database]").evaluate((card) => ({
    rate: card.querySelector(".rate").textContent,
    health: card.dataset.health,
  }));
  const dialog = await dialogOf(page);
  assert.ok(!(await texts(dialog)).includes(onCanvas.rate), "no numbers unless they are asked for");
  const plain = await download(page, dialog.getByRole("button", { name: "Download SVG" }));
  assert.match(plain.name, /\.svg$/);
  assert.match(plain.bytes.toString(), /^<svg [\s\S]*database[\s\S]*<\/svg>\n$/);

  await dialog.getByRole("checkbox", { name: /Numbers/ }).check();
  const shown = await texts(dialog);
  assert.ok(shown.includes(onCanvas.rate), `${onCanvas.rate} of ${shown}`);
  assert.ok(shown.some((text) => /^At 0:\d\d\.\d of the run$/.test(text)), `${shown}`);
  const titles = await preview(dialog).locator("g > title").allTextContents();
  const title = titles.find((title) => title.startsWith("database,"));
  assert.ok(title.includes(onCanvas.health), title);

  await playground.screenshot(page, "picture-numbers");
  await dialog.getByRole("button", { name: "Dark" }).click();
  const dark = await download(page, dialog.getByRole("button", { name: "Download PNG" }));
  const png = await pixels(page, dark.bytes);
  assert.equal(png.ground, "18 21 26");
  assert.ok(png.colors > 20, "more than one color");
  const width = Number(await preview(dialog).getAttribute("width"));
  assert.equal(png.width, Math.ceil(width * 2), "two pixels for one");
  await playground.screenshot(page, "picture-dark");
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "hidden" });
});

const DARK = { colorScheme: "dark" };
onPage("the page's theme is the first choice, and the palette finds it", DARK, async (page) => {
  await find(page, "copy png");
  const dialog = page.getByRole("dialog", { name: "Export as a picture" });
  const pressed = await dialog.getByRole("button", { name: "Dark" }).getAttribute("aria-pressed");
  assert.equal(pressed, "true");
  const focused = await page.evaluate(() => document.activeElement.textContent.trim());
  assert.equal(focused, "Copy as PNG");
});

test("a picture is copied as PNG and as SVG", async () => {
  const permissions = ["clipboard-read", "clipboard-write"];
  const context = await playground.browser.newContext({ permissions });
  const page = await openRunning(playground, { context });
  const dialog = await dialogOf(page);
  const copied = async (kind) => {
    await dialog.getByRole("button", { name: `Copy as ${kind}` }).click();
    await dialog.getByRole("status").filter({ hasText: `Copied as ${kind}.` }).waitFor();
    return page.evaluate(async () => {
      const [item] = await navigator.clipboard.read();
      const read = async (type) => {
        const blob = await item.getType(type);
        return [type, [...new Uint8Array(await blob.arrayBuffer())]];
      };
      return Object.fromEntries(await Promise.all(item.types.map(read)));
    });
  };
  const png = await copied("PNG");
  assert.ok((await pixels(page, png["image/png"])).width > 800);
  const svg = await copied("SVG");
  assert.match(Buffer.from(svg["text/plain"]).toString(), /^<svg [\s\S]*<\/svg>\n$/);
  assert.ok("image/svg+xml" in svg, Object.keys(svg).join());

  const silent = async () => {
    const empty = dialog.getByRole("status").filter({ hasText: /^$/ });
    await empty.waitFor({ state: "attached" });
  };
  await dialog.getByRole("button", { name: "Dark" }).click();
  await silent();
  await copied("SVG");
  await dialog.getByRole("checkbox", { name: /Numbers/ }).check();
  await silent();
  await copied("SVG");
  // What the first press did is not taken for what the second did.
  await page.evaluate(() => {
    Clipboard.prototype.write = () => new Promise(() => {});
  });
  await dialog.getByRole("button", { name: "Copy as SVG" }).click();
  await silent();
  assert.deepEqual(playground.problems, []);
  await context.close();
});

for (const [name, refuse] of [
  ["without a clipboard", () => {
    Object.defineProperty(Navigator.prototype, "clipboard", { value: undefined });
  }],
  ["where the browser refuses", () => {
    Clipboard.prototype.write = () => Promise.reject(new DOMException("no", "NotAllowedError"));
  }],
  ["without items of pictures", () => {
    delete window.ClipboardItem;
  }],
]) {
  test(`copying a picture ${name} says so, and downloads it`, async () => {
    const context = await playground.browser.newContext();
    await context.addInitScript(refuse);
    const page = await openRunning(playground, { context });
    const dialog = await dialogOf(page);
    for (const [kind, ending] of [["PNG", /\.png$/], ["SVG", /\.svg$/]]) {
      const file = await download(page, dialog.getByRole("button", { name: `Copy as ${kind}` }));
      assert.match(file.name, ending);
      await dialog.getByRole("status").getByText("does not let this page copy pictures").waitFor();
    }
    assert.deepEqual(playground.problems, []);
    await context.close();
  });
}
