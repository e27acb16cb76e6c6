// Designs are kept, brought back, passed on; nothing is overwritten, nothing damaged stops the page.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { links, openRunning, pages, pasteAndOpen, pasteText, state, until } from "./page.mjs";

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
  await page.getByLabel("Design name").fill("Orders");
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
  const file = await download(page, () => problems.getByRole("button", { name: "Download as is" }).click());
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
    const reason = "Not saved: this browser blocks storage";
    const why = page.getByRole("alert").filter({ hasText: reason });
    await why.getByRole("button", { name: "Dismiss" }).click();
  }
  const dialog = await designs(page);
  await dialog.getByText("Designs cannot be saved").waitFor();
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
  await choice(page).getByRole("button", { name: "Open" }).click();
  await until(page, (s) => JSON.parse(s.design).name === "Mine" && s.saved === "Saved");

  await dropFile(page, "bad.json", '{"faultline": 1, "sede": 7, "nodes": [{"id": "a", "kind": "servce"}]}');
  const dialog = page.getByRole("dialog", { name: "bad.json could not be opened" });
  await dialog.getByText("sede").first().waitFor();
  await dialog.getByText("nodes[0].kind").waitFor();
  await dialog.getByText(/did you mean service/).waitFor();
  await playground.screenshot(page, "problems");
  await page.keyboard.press("Escape");
  assert.equal((await state(page)).design.name, "Mine");
});

const choice = (page) => page.getByRole("dialog", { name: /^Insert or open “.+”\?$/ });
const CHART = "flowchart LR\n  u((users)) --> api[api] -->|on_miss| d[(orders)]";

onPage("a design pasted over another is inserted beside it, as one edit", {}, async (page) => {
  const before = await page.evaluate(() => JSON.parse(window.__faultline.stateJson()).design);
  await pasteText(page, CHART);
  const dialog = choice(page);
  await dialog.waitFor();
  await playground.screenshot(page, "insert-or-open");
  assert.equal(await page.evaluate(() => document.activeElement.textContent.trim()), "Insert");
  const same = await page.evaluate(() => JSON.parse(window.__faultline.stateJson()).design);
  assert.equal(same, before, "nothing happens before a choice");
  await page.keyboard.press("Enter");
  const after = await until(page, (s) => s.selected.length === 3);
  await dialog.waitFor({ state: "hidden" });
  const old = JSON.parse(before);
  assert.equal(after.design.nodes.length, old.nodes.length + 3);
  assert.deepEqual(links(after).slice(-2), ["u->api-2", "api-2->d"]);
  await page.keyboard.press("Control+z");
  const undone = await page.evaluate(() => JSON.parse(window.__faultline.stateJson()).design);
  assert.equal(undone, before, "one undo takes it back, to the byte");
});

onPage("a design pasted over another opens, and Undo leads back to the other", {}, async (page) => {
  await page.locator(".palette [data-kind=cache]").click();
  const before = await until(page, (s) => s.saved === "Saved");
  await pasteText(page, CHART);
  await page.keyboard.press("Escape");
  await choice(page).waitFor({ state: "hidden" });
  assert.deepEqual((await state(page)).design, before.design, "Escape leaves all as it was");

  await pasteText(page, CHART);
  await page.waitForFunction(() => document.activeElement.textContent.trim() === "Insert");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  const opened = await until(page, (s) => JSON.parse(s.design).nodes.length === 3);
  assert.equal(await page.locator("dialog[open]").count(), 0, "no dialog is in the way");
  assert.match(opened.undo, /^Back to “/);
  await page.keyboard.press("Control+z");
  await until(page, (s) => JSON.parse(s.design).nodes.length !== 3);
  assert.deepEqual((await state(page)).design, before.design);
  await page.goForward();
  await until(page, (s) => JSON.parse(s.design).nodes.length === 3);
});

onPage("a lesson that was played with comes back by Undo as it was left", {}, async (page) => {
  await page.evaluate(() => document.activeElement.blur());
  await page.locator(".node[data-id=database]").click();
  await page.keyboard.press("b");
  await page.locator(".break-menu .fault").first().click();
  const before = await until(page, (s) => JSON.parse(s.design).faults.length > 0);
  await pasteAndOpen(page, CHART);
  await until(page, (s) => JSON.parse(s.design).nodes.length === 3);
  await page.getByRole("button", { name: "Undo" }).first().click();
  await until(page, (s) => JSON.parse(s.design).nodes.length !== 3);
  assert.deepEqual((await state(page)).design, before.design);
});

const PLAYED = { path: "#scenario=hot-key" };
onPage("after an Undo, Back starts a lesson again as ever", PLAYED, async (page) => {
  await page.evaluate(() => document.activeElement.blur());
  const lesson = (await state(page)).design;
  const faults = (lesson.faults ?? []).length;
  await page.locator(".node").last().click();
  await page.keyboard.press("b");
  await page.locator(".break-menu .fault").first().click();
  await until(page, `(s) => (JSON.parse(s.design).faults ?? []).length > ${faults}`);
  await pasteAndOpen(page, CHART);
  await until(page, (s) => JSON.parse(s.design).nodes.length === 3 && s.saved === "Saved");
  await pasteAndOpen(page, "flowchart LR\n  u((users)) --> api[api]");
  await until(page, (s) => JSON.parse(s.design).nodes.length === 2);
  await page.keyboard.press("Control+z");
  await until(page, (s) => JSON.parse(s.design).nodes.length === 3);
  await page.goBack();
  const again = await until(page, `(s) => JSON.parse(s.design).name === "${lesson.name}"`);
  assert.equal((again.design.faults ?? []).length, faults);
});

onPage("Undo leads back only where the design before is the one it names", {}, async (page) => {
  await addCache(page);
  await saved(page);
  await pasteAndOpen(page, CHART);
  const opened = await until(page, (s) => s.undo?.startsWith("Back to “") && s.saved === "Saved");
  await page.goBack();
  const back = await until(page, (s) => JSON.parse(s.design).nodes.length === 5);
  assert.ok(!back.undo, `nothing is below it: ${back.undo}`);
  await page.keyboard.press("l");
  await page.locator("dialog[open] .card[data-id=hot-key]").click();
  await page.locator(".crumb", { hasText: "Data" }).waitFor();
  const dialog = await designs(page);
  await dialog.getByRole("button", { name: opened.design.name, exact: true }).click();
  const listed = await until(page, `(s) => JSON.parse(s.design).name === "${opened.design.name}"`);
  assert.ok(!listed.undo, `a lesson is below it: ${listed.undo}`);
});

onPage("a design that does not fit is not said to be inserted", {}, async (page) => {
  const { design } = await state(page);
  const note = (_, at) => ({ at: [0, 40 * at], text: `Note ${at}` });
  const notes = Array.from({ length: 120 }, note);
  const faults = [{ kind: "slowdown", target: "database", at: "40s", for: "10s", times: 10 }];
  const noted = JSON.stringify({ ...design, name: "Noted", notes, faults });
  await pasteAndOpen(page, noted);
  const before = await until(page, (s) => JSON.parse(s.design).name === "Noted");
  await pasteText(page, noted);
  await choice(page).getByRole("button", { name: "Insert" }).click();
  const toast = page.locator(".toast");
  await toast.filter({ hasText: "A design has at most 200 notes" }).waitFor();
  await playground.screenshot(page, "insert-refused");
  assert.deepEqual((await state(page)).design, before.design);
  await choice(page).getByRole("button", { name: "Open" }).click();
  await choice(page).waitFor({ state: "hidden" });
});

onPage("the choice gives the focus back to what had it, or to the canvas", {}, async (page) => {
  const focused = () => page.evaluate(() => document.activeElement.dataset);
  const ask = async () => {
    await pasteText(page, CHART);
    await page.waitForFunction(() => document.activeElement.textContent.trim() === "Insert");
  };
  const gone = async () => {
    await choice(page).waitFor({ state: "hidden" });
    await page.waitForFunction(() => document.activeElement !== document.body);
  };
  await page.locator(".palette [data-kind=queue]").focus();
  await ask();
  await page.keyboard.press("Escape");
  await gone();
  assert.equal((await focused()).kind, "queue");
  await page.locator(".node[data-id=database]").focus();
  await ask();
  await choice(page).getByRole("button", { name: "Cancel" }).click();
  await gone();
  assert.equal((await focused()).id, "database");
  await page.evaluate(() => document.activeElement.blur());
  await ask();
  await page.keyboard.press("Escape");
  await gone();
  assert.ok(await page.evaluate(() => document.activeElement.matches(".surface *")));
});

onPage("an empty design has nothing to ask about", {}, async (page) => {
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox", { name: "Find anything" }).fill("new design");
  await page.keyboard.press("Enter");
  await until(page, (s) => JSON.parse(s.design).nodes.length === 0);
  await pasteText(page, CHART);
  await until(page, (s) => JSON.parse(s.design).nodes.length === 3);
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
  await page.getByText("The pasted text is not a design").first().waitFor();
  assert.deepEqual((await state(page)).design, before.design);

  await pasteAndOpen(page, "flowchart LR\n  u((users)) --> a[api] --> d[(orders)]");
  const chart = await until(page, (s) => JSON.parse(s.design).nodes.length === 3);
  assert.deepEqual(links(chart), ["u->a", "a->d"]);
});
