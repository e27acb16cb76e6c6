// axe-core finds nothing: on the page, its menus and dialogs, the inspector, the embed, in both
// themes and on a phone.
import { after, before, test } from "node:test";
import { open } from "./harness.mjs";
import { clean, openRunning, until } from "./page.mjs";

let playground;

before(async () => {
  playground = await open();
});

after(() => playground.close());

const dialog = async (page, query) => {
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox", { name: "Find anything" }).fill(query);
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.querySelector("dialog[open]:not(.find)"));
};

for (const colorScheme of ["light", "dark"]) {
  test(`page, inspector, menus and dialogs, ${colorScheme}`, async () => {
    const page = await openRunning(playground, { colorScheme });
    await clean(page, "first visit");
    await page.getByRole("button", { name: "Slow the database for 10 s" }).click();
    await until(page, (s) => s.failed > 0);
    await clean(page, "a storm");
    await page.keyboard.press("Space");
    await page.locator(".node[data-id=api]").click();
    await page.getByRole("complementary", { name: "Inspector" }).getByRole("textbox").first().waitFor();
    await clean(page, "inspector of a node");
    await page.keyboard.press("Control+k");
    await clean(page, "finding");
    await page.getByRole("combobox", { name: "Find anything" }).fill("api → database");
    await page.keyboard.press("Enter");
    await until(page, (s) => s.selected.join() === "api->database");
    await clean(page, "inspector of a link");
    await page.keyboard.press("Shift+F10");
    await page.getByRole("menu").waitFor();
    await clean(page, "context menu");
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Faultline" }).click();
    await page.getByRole("menu").waitFor();
    await clean(page, "main menu");
    await page.keyboard.press("Escape");
    for (const query of ["outline", "shortcuts", "share", "your designs"]) {
      await dialog(page, query);
      await page.waitForTimeout(150);
      await clean(page, query);
      await page.keyboard.press("Escape");
      await page.getByRole("dialog").waitFor({ state: "hidden" });
    }
    await page.context().close();
  });
}

test("an empty design", async () => {
  const page = await openRunning(playground);
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox", { name: "Find anything" }).fill("new design");
  await page.keyboard.press("Enter");
  await until(page, (s) => JSON.parse(s.design).nodes === undefined || JSON.parse(s.design).nodes.length === 0);
  await page.getByText("Nothing is here yet").first().waitFor();
  await clean(page, "empty");
  await playground.screenshot(page, "empty");
  await page.context().close();
});

test("a phone, each of its sheets", async () => {
  const page = await openRunning(playground, { width: 390, height: 844, hasTouch: true });
  for (const name of ["Story", "Charts", "Inspect"]) {
    await page.getByRole("tab", { name }).click();
    await clean(page, name);
  }
  await page.context().close();
});

for (const mode of ["view", "play", "edit"]) {
  test(`the embed to ${mode}`, async () => {
    const path = `embed.html?mode=${mode}`;
    const page = await openRunning(playground, { path, width: 720, height: 420 });
    await clean(page, mode);
    await page.context().close();
  });
}
