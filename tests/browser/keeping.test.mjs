// Designs are kept, brought back, passed on; nothing is overwritten, nothing damaged stops the page.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { links, openRunning, pages, pasteText, state, until } from "./page.mjs";

const { onPage, playground } = pages();

const saved = (page) => page.locator(".saved").filter({ hasText: /^Saved$/ }).waitFor();
const addCache = (page) => page.locator(".palette [data-kind=cache]").click();

/** What is in the browser's database: a map from id to text. */
const shelf = (page) => page.evaluate(() => new Promise((done, fail) => {
  const request = indexedDB.open("faultline", 1);
  request.onerror = () => fail(request.error);
  request.onsuccess = () => {
    const database = request.result;
    const store = database.transaction("text").objectStore("text");
    const [keys, values] = [store.getAllKeys(), store.getAll()];
    values.onsuccess = () => {
      database.close();
      done(Object.fromEntries(keys.result.map((key, at) => [key, values.result[at]])));
    };
  };
}));

const putText = (page, id, text) => page.evaluate(([id, text]) => new Promise((done) => {
  const request = indexedDB.open("faultline", 1);
  request.onsuccess = () => {
    const stores = request.result.transaction(["about", "text"], "readwrite");
    stores.objectStore("about").put({ name: id, modified: 1, bytes: text.length, nodes: 3, stamp: "x" }, id);
    stores.objectStore("text").put(text, id);
    stores.oncomplete = () => { request.result.close(); done(); };
  };
}), [id, text]);

async function designs(page) {
  await page.keyboard.press("Control+o");
  const dialog = page.getByRole("dialog", { name: "Your designs" });
  await dialog.waitFor();
  return dialog;
}

const row = (dialog, name) =>
  dialog.getByRole("row").filter({ has: dialog.page().getByRole("button", { name, exact: true }) });

/** Drops a text as a file on the canvas. */
const dropFile = (page, name, text) => page.evaluate(([name, text]) => {
  const data = new DataTransfer();
  data.items.add(new File([text], name));
  const surface = document.querySelector(".surface");
  surface.dispatchEvent(new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: data }));
}, [name, text]);

async function download(page, press) {
  const waiting = page.waitForEvent("download");
  await press();
  const file = await waiting;
  return { name: file.suggestedFilename(), bytes: readFileSync(await file.path()) };
}

onPage("an edit is saved by itself, and a reload goes on with it", {}, async (page) => {
  assert.equal(await page.locator(".saved").textContent(), "");
  await addCache(page);
  await saved(page);
  const [text] = Object.values(await shelf(page));
  assert.equal(JSON.parse(text).nodes.length, 5);
  await page.reload();
  const after = await until(page, (s) => JSON.parse(s.design).nodes.length === 5);
  assert.ok(after.design.nodes.some((node) => node.kind === "cache"));
});

onPage("a lesson that is only played is nobody's design", {}, async (page) => {
  await page.getByRole("button", { name: "Slow the database for 10 s" }).click();
  await page.waitForTimeout(1_200);
  assert.equal(await page.locator(".saved").textContent(), "");
  await page.keyboard.press("Control+s");
  await saved(page);
});

onPage("opening a link overwrites nothing; an earlier design is offered", {}, async (page) => {
  await addCache(page);
  await saved(page);
  const before = await shelf(page);
  await page.getByRole("button", { name: "Share", exact: true }).click();
  const link = await page.getByLabel("Link", { exact: true }).inputValue();
  const context = page.context();
  const other = await openRunning(playground, { path: link.slice(playground.url.length), context });
  await other.waitForTimeout(800);
  assert.deepEqual(await shelf(other), before);
  await other.locator(".palette [data-kind=queue]").click();
  await saved(other);
  const both = await shelf(other);
  assert.equal(Object.keys(both).length, 2);
  for (const [id, text] of Object.entries(before)) assert.equal(both[id], text);
  await other.close();

  const third = await openRunning(playground, { context });
  await third.getByRole("button", { name: /Continue your design/ }).click();
  await until(third, (s) => JSON.parse(s.design).nodes.length === 6);
  await third.close();
});

onPage("two tabs with one design keep both", {}, async (page) => {
  await addCache(page);
  await saved(page);
  const context = page.context();
  const other = await openRunning(playground, { context });
  await other.getByRole("button", { name: /Continue your design/ }).click();
  await until(other, (s) => JSON.parse(s.design).nodes.length === 5);
  await other.locator(".palette [data-kind=queue]").click();
  await saved(other);
  await page.locator(".palette [data-kind=service]").click();
  await page.getByRole("alert").filter({ hasText: "changed in another tab" }).waitFor();
  await saved(page);
  const kept = Object.values(await shelf(page)).map((text) => JSON.parse(text));
  const kinds = kept.map((design) => [design.name, design.nodes.at(-1).kind]).sort();
  assert.equal(kept.length, 2);
  assert.deepEqual(kinds.map(([, kind]) => kind).sort(), ["queue", "service"]);
  assert.notEqual(kinds[0][0], kinds[1][0], "they have different names");
  await other.close();
});

onPage("the dialog opens, renames, copies, deletes, and takes a deletion back", {}, async (page) => {
  await page.getByLabel("Name of the design").fill("Orders");
  await page.keyboard.press("Enter");
  await saved(page);
  let dialog = await designs(page);
  await row(dialog, "Orders").waitFor();
  await dialog.getByRole("button", { name: "Copy: Orders" }).click();
  await row(dialog, "Orders 2").waitFor();
  await dialog.getByRole("button", { name: "Rename: Orders 2" }).click();
  await dialog.getByRole("textbox", { name: "Name" }).fill("Billing");
  await page.keyboard.press("Enter");
  await row(dialog, "Billing").waitFor();
  await playground.screenshot(page, "designs");

  await dialog.getByRole("button", { name: "Name", exact: true }).click();
  const names = await dialog.locator("tbody .to").allTextContents();
  assert.deepEqual(names, ["Billing", "Orders"]);

  await dialog.getByRole("button", { name: "Delete: Billing" }).click();
  await dialog.getByText("“Billing” is deleted").waitFor();
  assert.equal(await row(dialog, "Billing").count(), 0);
  await dialog.getByRole("button", { name: "Undo" }).click();
  await row(dialog, "Billing").waitFor();
  await dialog.getByRole("button", { name: "Billing", exact: true }).click();
  const opened = await until(page, (s) => JSON.parse(s.design).name === "Billing");
  assert.equal(opened.saved, "Saved");
});

onPage("a damaged design stops nothing and can be had as it is", {}, async (page) => {
  const broken = '{"faultline": 1, "nodes": [{"id": "a", "kind": "servce"';
  await addCache(page);
  await saved(page);
  const id = Object.keys(await shelf(page))[0];
  await putText(page, id, broken);
  await putText(page, "odd", "\u0000");
  await page.reload();
  await until(page, (s) => s.timeS > 0 && JSON.parse(s.design).nodes.length === 4);
  const dialog = await designs(page);
  await dialog.getByRole("button", { name: id, exact: true }).click();
  const problems = page.getByRole("dialog").filter({ hasText: "damaged" });
  await problems.waitFor();
  const file = await download(page, () => problems.getByRole("button", { name: "Download it as it is" }).click());
  assert.equal(file.bytes.toString(), broken);
});

test("where nothing can be kept, that is said and the page works", async () => {
  const context = await playground.browser.newContext();
  await context.addInitScript(() => {
    IDBFactory.prototype.open = () => {
      throw new DOMException("no", "SecurityError");
    };
  });
  const page = await openRunning(playground, { context });
  await addCache(page);
  for (const width of [360, 1440]) {
    await page.setViewportSize({ width, height: 900 });
    const said = page.getByRole("button", { name: "Not saved" });
    assert.ok(await said.evaluate((one) => one.scrollWidth <= one.clientWidth), "never cut");
    await said.click();
    const reason = "Not saved: this browser lets the page keep nothing";
    const why = page.getByRole("alert").filter({ hasText: reason });
    await why.getByRole("button", { name: "Dismiss" }).click();
  }
  const dialog = await designs(page);
  await dialog.getByText("Nothing can be kept").waitFor();
  assert.deepEqual(playground.problems, []);
  await context.close();
});

test("what earlier versions kept moves over, damaged or not", async () => {
  const context = await playground.browser.newContext();
  const first = await openRunning(playground, { context });
  const json = JSON.stringify({ ...(await state(first)).design, name: "Of old" });
  await first.evaluate((json) => localStorage.setItem("faultline.designs", JSON.stringify([
    { document: "1-a", design: json },
    { document: "1-b", design: "{" },
  ])), json);
  await first.close();
  const page = await openRunning(playground, { context });
  await page.getByRole("button", { name: "Continue your design “Of old”" }).waitFor();
  assert.equal(await page.evaluate(() => localStorage.getItem("faultline.designs")), null);
  const dialog = await designs(page);
  await row(dialog, "Of old").waitFor();
  await dialog.getByText("damaged").waitFor();
  await context.close();
});

onPage("files go out: JSON, Mermaid", {}, async (page) => {
  const act = async (name) => {
    await page.keyboard.press("Control+k");
    await page.getByRole("combobox", { name: "Find anything" }).fill(name);
    await page.keyboard.press("Enter");
  };
  const json = await download(page, () => act("export json"));
  assert.deepEqual(JSON.parse(json.bytes), (await state(page)).design);
  assert.match(json.name, /\w\.faultline\.json$/);
  const mermaid = await download(page, () => act("export mermaid"));
  assert.match(mermaid.bytes.toString(), /^flowchart LR\n/);
});

onPage("files come in: dropped, with everything said that is wrong", {}, async (page) => {
  const { design } = await state(page);
  await dropFile(page, "mine.json", JSON.stringify({ ...design, name: "Mine" }));
  await until(page, (s) => JSON.parse(s.design).name === "Mine" && s.saved === "Saved");

  await dropFile(page, "bad.json", '{"faultline": 1, "sede": 7, "nodes": [{"id": "a", "kind": "servce"}]}');
  const dialog = page.getByRole("dialog", { name: "bad.json did not open" });
  await dialog.getByText("sede").first().waitFor();
  await dialog.getByText("nodes[0].kind").waitFor();
  await dialog.getByText(/did you mean service/).waitFor();
  await playground.screenshot(page, "problems");
  await page.keyboard.press("Escape");
  assert.equal((await state(page)).design.name, "Mine");
});

onPage("text is pasted: a part, a flowchart, a link, nonsense", {}, async (page) => {
  const before = await state(page);
  await page.locator(".node[data-id=api]").click();
  const copied = await page.evaluate(() => {
    const data = new DataTransfer();
    const event = new ClipboardEvent("copy", { bubbles: true, cancelable: true, clipboardData: data });
    document.body.dispatchEvent(event);
    return data.getData("text/plain");
  });
  assert.deepEqual(JSON.parse(copied).nodes.map((node) => node.id), ["api"]);
  await pasteText(page, copied);
  await until(page, (s) => JSON.parse(s.design).nodes.some((node) => node.id === "api-2"));
  await page.keyboard.press("Control+z");
  assert.deepEqual((await state(page)).design, before.design);

  await pasteText(page, "buy milk");
  await page.getByText("What was pasted is no design").first().waitFor();
  assert.deepEqual((await state(page)).design, before.design);

  await pasteText(page, "flowchart LR\n  u((users)) --> a[api] --> d[(orders)]");
  const chart = await until(page, (s) => JSON.parse(s.design).nodes.length === 3);
  assert.deepEqual(links(chart), ["u->a", "a->d"]);
});
