// Lessons from the gallery to the comparison; findings, their chain and their remedies.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { open } from "./harness.mjs";
import { clean, openRunning, pasteAndOpen, state, until } from "./page.mjs";

const WAIT = { timeout: 90_000 };

let playground;

before(async () => {
  playground = await open();
});

after(() => playground.close());

function onPage(name, options, body) {
  test(name, async () => {
    const page = await openRunning(playground, options);
    await body(page);
    assert.deepEqual(playground.problems, []);
    await page.context().close();
  });
}

const dialog = (page) => page.locator("dialog[open]");

/** Opens a lesson from the gallery. */
async function openLesson(page, id) {
  await page.keyboard.press("l");
  await dialog(page).locator(`.card[data-id="${id}"]`).click();
  const named = await page.waitForFunction(() => document.querySelector("dialog[open]") === null);
  await named.dispose();
}

/** What the comparison says: rows by name, each with its cells. */
async function compared(page) {
  await dialog(page).locator(".compare-table").waitFor(WAIT);
  const rows = await dialog(page).locator(".compare-table tbody tr").evaluateAll((rows) =>
    rows.filter((row) => row.cells.length === 4).map((row) => [...row.cells].map((cell) => cell.textContent.trim())),
  );
  return Object.fromEntries(rows.map(([name, ...cells]) => [name, cells]));
}

for (const id of ["retry-storm", "cap", "cache-stampede"]) {
  onPage(`sentence, legend and card of ${id} have one rate`, {}, async (page) => {
    await openLesson(page, id);
    const { design } = await state(page);
    const clients = design.nodes.filter((node) => node.kind === "client");
    await until(page, (s) => s.timeS > 2);
    for (let moment = 0; moment < 5; moment += 1) {
      // They are written in one turn, so they agree in a playing run as well.
      const [said, offered, goodput, rates] = await page.evaluate((ids) => {
        const text = (selector) => document.querySelector(selector).textContent;
        const legend = (name) => text(`[data-series="${name}"] .num`);
        const cards = ids.map((id) => text(`.node[data-id="${id}"] .rate`));
        return [text(".lesson .now"), legend("Offered load"), legend("Goodput"), cards];
      }, clients.map((node) => node.id));
      const now = said.match(/Goodput is ([\d.,]+) requests\/s/)?.[1];
      assert.equal(now, goodput, said);
      const load = said.match(/offered load is ([\d.,]+) requests\/s/);
      if (load) assert.equal(load[1], offered, said);
      if (clients.length === 1) assert.equal(rates[0], `${offered}/s`);
      const trigger = page.locator(".lesson .trigger");
      if (moment === 1 && (await trigger.count())) await trigger.first().click();
      await page.waitForTimeout(1_300);
    }
  });
}

for (const id of ["retry-storm", "cache-stampede", "idempotency"]) {
  onPage(`the lesson ${id} is played from the gallery to the comparison`, {}, async (page) => {
    await openLesson(page, id);
    const story = page.locator(".lesson");
    const card = JSON.parse(readFileSync(`crates/scenarios/library/${id}.json`, "utf8"));
    await story.getByRole("heading", { name: card.title }).waitFor();
    await until(page, (s) => s.timeS > 0);
    assert.equal((await state(page)).design.name, card.design.name);

    // A prediction is made before the fault.
    await story.locator(".ask").getByRole("radio").first().check();
    for (const [nth, step] of card.steps.entries()) {
      const row = story.locator(".step").nth(nth);
      const is = (state) => story.locator(`.step[data-state=${state}]`).and(row);
      await is("now").or(is("done")).waitFor(WAIT);
      // A step that waits for an event may be over before the pointer is there.
      if (step.point && !step.until && (await is("now").count())) {
        await row.getByRole("button", { name: "Show" }).hover();
        // A straight line has no height, and counts as hidden.
        await page.locator(".traced .pointed").waitFor({ state: "attached" });
      }
      if (step.does === "trigger") await row.locator(".trigger").click();
      else if (step.does === "remedy") {
        await row.getByRole("switch").click();
        assert.equal((await state(page)).undo, `Apply: ${card.remedies[0].label}`);
      } else if (step.does === "compare") await row.getByRole("button", { name: "Compare" }).click();
      else if (step.until) await page.locator(".speed").first().selectOption("20×");
      // The event that the step waits for may complete it before the press does.
      else await row.getByRole("button", { name: "Next" }).click();
      if (step.until) await is("done").waitFor(WAIT);
    }
    const rows = await compared(page);
    for (const shown of card.shows) assert.ok(shown.label in rows, `${shown.label} in ${Object.keys(rows)}`);
    assert.ok("Monthly cost" in rows);
    assert.equal(await dialog(page).locator(".compare-chart path.after").count(), 2);
    await page.keyboard.press("Escape");
    assert.equal(await dialog(page).count(), 0);

    // The prediction stands beside what was measured, which fits one of the choices.
    const reveal = story.locator(".reveal dl dd");
    await reveal.first().waitFor(WAIT);
    const choices = card.ask.choices.map((choice) => choice.text);
    assert.equal(await reveal.nth(0).textContent(), choices[0]);
    const measured = await reveal.nth(1).textContent();
    assert.ok(choices.some((choice) => measured.startsWith(choice)), measured);
    assert.match(measured, /\(.*\d.*\), (not )?as predicted/);

    // What happened is told with the figures of these two runs.
    const told = story.locator(".told");
    await told.getByText(/./).first().waitFor();
    const text = await told.textContent();
    assert.ok(!text.includes("\u2026") && !text.includes("{"), text);
    const label = card.shows[0].label;
    assert.ok(rows[label][0] !== "\u2013", label);
  });
}

onPage("a fix applied first completes its own step, and late it offers a run", {}, async (page) => {
  const story = page.locator(".lesson");
  await story.locator(".remedy").first().getByRole("switch").click();
  const rows = story.locator(".step");
  const states = await rows.evaluateAll((all) => all.map((one) => one.dataset.state));
  const file = readFileSync("crates/scenarios/library/retry-storm.json", "utf8");
  const { steps } = JSON.parse(file);
  const fix = steps.findIndex((step) => step.does === "remedy");
  const wanted = steps.map((_, nth) => (nth === fix ? "done" : nth === 0 ? "now" : "later"));
  assert.deepEqual(states, wanted);
  assert.equal(await story.getByRole("button", { name: "Run again with the fix" }).count(), 0);
  await page.locator(".speed").first().selectOption("max");
  await until(page, (s) => s.state === "Ended", 120_000);
  await story.getByRole("button", { name: "Run again with the fix" }).click();
  await until(page, (s) => s.state === "Playing" || s.timeS < 60);
});

onPage("the question can be skipped, and another lesson begins at its top", {}, async (page) => {
  const story = page.locator(".lesson");
  await story.locator(".ask").getByRole("button", { name: "Skip" }).press("Enter");
  await story.locator(".ask").waitFor({ state: "hidden" });
  await page.locator("#story").evaluate((margin) => margin.scrollTo(0, margin.scrollHeight));
  assert.ok((await page.locator("#story").evaluate((margin) => margin.scrollTop)) > 0);
  await story.getByRole("button", { name: /^Next: / }).click();
  await story.getByRole("heading", { name: "Missing timeouts" }).waitFor();
  await story.locator(".ask").waitFor();
  assert.equal(await page.locator("#story").evaluate((margin) => margin.scrollTop), 0);
});

onPage("the gallery is searched by name, and ticks what was predicted", {}, async (page) => {
  await page.locator(".lesson .ask").getByRole("radio").first().check();
  await page.keyboard.press("Escape");
  await page.evaluate(() => document.activeElement?.blur());
  await page.keyboard.press("l");
  const cards = () => dialog(page).locator(".card:visible");
  assert.ok((await cards().count()) >= 32);
  await dialog(page).locator('.card[data-id="retry-storm"]').getByText("open").waitFor();
  const search = dialog(page).getByRole("searchbox");
  await search.fill("stampede");
  await dialog(page).locator('.card[data-id="retry-storm"]').waitFor({ state: "hidden" });
  assert.equal(await cards().first().getAttribute("data-id"), "cache-stampede");
  await search.fill("no such thing");
  await dialog(page).getByText("Nothing matches.").waitFor();
  await search.fill("hot key");
  await cards().first().click();
  await page.locator(".lesson").getByRole("heading", { name: "Hot key" }).waitFor();
  await page.keyboard.press("l");
  await dialog(page).locator('.card[data-id="retry-storm"]').getByText("predicted").waitFor();
});

onPage("the operators' view shows no fault and no diagnosis", {}, async (page) => {
  await page.locator(".trigger").first().click();
  await page.locator(".live-faults").waitFor();
  const hidden = [".live-faults", ".fault-band", ".flag", ".bar .found"];
  await page.locator(".bar [data-part=operators]").click();
  for (const what of hidden) assert.equal(await page.locator(`${what}:visible`).count(), 0, what);
  await page.locator(".bar [data-part=operators]").click();
  await page.locator(".live-faults").waitFor();
});

onPage("the lesson on observability switches to the operators' view", {}, async (page) => {
  const isOn = () => page.locator(".bar [data-part=operators]").getAttribute("aria-pressed");
  await openLesson(page, "flying-blind");
  await page.locator(".trigger").click();
  await page.getByRole("button", { name: "Switch to the operators' view" }).click();
  assert.equal(await isOn(), "true");
  await page.locator(".node .rate", { hasText: "no data" }).first().waitFor();
  await openLesson(page, "hot-key");
  assert.equal(await isOn(), "false");
});

onPage("what was drawn is kept when a lesson is opened", {}, async (page) => {
  await page.keyboard.press("n");
  await page.keyboard.type("Mine");
  await page.keyboard.press("Escape");
  await page.locator(".saved", { hasText: "Saved" }).waitFor();
  await openLesson(page, "hot-key");
  await page.locator(".crumb", { hasText: "Data" }).waitFor();
  await page.keyboard.press("Control+o");
  await dialog(page).getByText("Retry storm").first().waitFor();
});

onPage("Back goes from lesson to lesson, with what was drawn", {}, async (page) => {
  const name = async () => (await state(page)).design.name;
  const first = await name();
  const title = (name) =>
    page.waitForFunction((name) => document.title === `${name} \u00b7 Faultline`, name);
  await title(first);
  await openLesson(page, "hot-key");
  await page.locator(".crumb", { hasText: "Data" }).waitFor();
  const second = await name();
  assert.notEqual(second, first);
  await title(second);
  // An edit makes it one's own; nobody waits until it is kept.
  await page.evaluate(() => document.activeElement?.blur());
  await page.locator(".palette [data-kind=cache]").click();
  const drawn = (await state(page)).design.nodes.length;
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox", { name: "Find anything" }).fill("new design");
  await page.keyboard.press("Enter");
  await until(page, (s) => (JSON.parse(s.design).nodes ?? []).length === 0);
  await page.goBack();
  await until(page, `(s) => (JSON.parse(s.design).nodes ?? []).length === ${drawn}`);
  await title(second);
  await page.goBack();
  await title(first);
  assert.equal(await name(), first);
  await until(page, (s) => s.timeS > 0);
  await page.locator(".lesson").waitFor();
  await page.goForward();
  await until(page, `(s) => (JSON.parse(s.design).nodes ?? []).length === ${drawn}`);
  assert.match(page.url(), /#scenario=hot-key$/);
});

onPage("an address opens any lesson, and says what it does not know", {}, async (page) => {
  await page.goto(`${playground.url}?x#scenario=shard-key`);
  await page.locator(".crumb", { hasText: "Data" }).waitFor();
  await until(page, (s) => s.timeS > 0);
  const wanted = JSON.parse(readFileSync("crates/scenarios/library/shard-key.json", "utf8"));
  assert.equal((await state(page)).design.name, wanted.design.name);
  await page.goto(`${playground.url}?y#scenario=shard-kay`);
  await page.getByText("Did you mean \u201cshard-key\u201d").waitFor();
  await until(page, (s) => s.timeS > 0);
});

onPage("the gallery opens again at once when it was closed with Escape", {}, async (page) => {
  await page.evaluate(() => document.activeElement?.blur());
  await page.keyboard.press("l");
  await dialog(page).locator(".gallery").waitFor();
  // Both keys are on their way before the dialog's own "close" is.
  await Promise.all([page.keyboard.press("Escape"), page.keyboard.press("l")]);
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  assert.ok(await dialog(page).locator(".gallery").isVisible());
  await page.keyboard.press("Escape");
  await dialog(page).waitFor({ state: "hidden" });
});

onPage("a sound design is a design of one's own", {}, async (page) => {
  await page.keyboard.press("l");
  const card = dialog(page).locator(".card[data-id=three-tier]");
  await card.focus();
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.querySelector("dialog[open]") === null);
  const wanted = JSON.parse(readFileSync("crates/scenarios/library/sound/three-tier.json", "utf8"));
  await page.waitForFunction(
    (name) => JSON.parse(JSON.parse(window.__faultline.stateJson()).design).name === name,
    wanted.design.name,
  );
});

onPage("a requirement is added and scored", {}, async (page) => {
  await page.keyboard.press("f");
  const panel = page.getByRole("region", { name: "Findings" });
  const rows = panel.locator(".scorecard tbody tr");
  const before = await rows.count();
  await panel.getByRole("button", { name: "Add a requirement" }).click();
  await panel.getByRole("combobox", { name: "Metric" }).selectOption("goodput");
  await panel.getByRole("textbox").fill("10");
  await page.keyboard.press("Enter");
  await panel.locator(".scorecard tr", { hasText: "Goodput" }).locator("svg[aria-label=met]").waitFor(WAIT);
  assert.equal(await rows.count(), before + 1);
  await page.locator("body").press("Control+z");
  assert.equal(await rows.count(), before);
});

onPage("a share is typed as a number or a percentage", {}, async (page) => {
  await page.keyboard.press("f");
  const panel = page.getByRole("region", { name: "Findings" });
  await panel.getByRole("button", { name: "Add a requirement" }).click();
  await panel.getByRole("textbox").fill("99.9");
  await page.keyboard.press("Enter");
  await panel.getByText("did you mean 0.999 or 99.9%?").waitFor(WAIT);
  const before = (await state(page)).design.requirements.length;
  await panel.getByRole("textbox").fill("99.9%");
  await page.keyboard.press("Enter");
  const added = await until(page, `(s) => JSON.parse(s.design).requirements.length > ${before}`);
  assert.deepEqual(added.design.requirements.at(-1), { metric: "availability", at_least: 0.999 });

  await page.locator(".node[data-id=database]").click();
  const rate = page.getByRole("textbox", { name: "Error rate" });
  for (const [typed, share] of [["0.1 %", 0.001], ["0.25", 0.25]]) {
    await rate.fill(typed);
    await rate.press("Enter");
    const design = "JSON.parse(s.design).nodes.find((node) => node.id === 'database')";
    await until(page, `(s) => ${design}.error_rate === ${share}`);
  }
});

onPage("a requirement that was not measured is neither met nor missed", {}, async (page) => {
  const design = {
    faultline: 1,
    nodes: [{ id: "u", kind: "client", arrivals: { poisson: "0/s" } }],
    requirements: [{ metric: "latency_p99", at_most: "1s" }],
  };
  await pasteAndOpen(page, JSON.stringify(design));
  await until(page, (s) => JSON.parse(s.design).nodes.length === 1);
  await page.keyboard.press("f");
  const row = page.locator(".scorecard tbody tr");
  await row.locator('svg[aria-label="not measured"]').waitFor(WAIT);
  assert.match(await row.innerText(), /no request was sent/);
});

onPage("F leads to the findings and takes nothing away, also where there are none", {}, async (page) => {
  await page.goto(`${playground.url}?z#scenario=three-tier`);
  await until(page, (s) => s.timeS > 0 && !s.design.includes("shoppers->balancer"));
  const { design: { requirements } } = await state(page);
  assert.ok(requirements.length > 0);
  await page.keyboard.press("f");
  await page.getByText("No findings in the design or its run so far.").waitFor(WAIT);
  await page.waitForFunction(() => document.activeElement.closest("#findings"));
  await page.keyboard.press("Space");
  await page.keyboard.press("Enter");
  assert.deepEqual((await state(page)).design.requirements, requirements);
});

onPage("an edit is compared with before it, and undone from there", {}, async (page) => {
  await openLesson(page, "cache-stampede");
  await page.getByRole("switch").first().click();
  await page.keyboard.press("Shift+C");
  const rows = await compared(page);
  assert.ok(Object.keys(rows).some((name) => name.startsWith("Latency p99")), Object.keys(rows).join());
  await clean(page, "comparison");
  await dialog(page).getByRole("button", { name: "Undo the change" }).click();
  await until(page, (s) => s.undo === null);
});

/** What nobody reads in a table of figures: rows by name, each with its cells. */
function illegible(rows) {
  const hasUnit = /^(Availability|Answered|Latency|Median|99th|Goodput|Recovery|Cost)/;
  const withUnit = /^([≥≤] )?(\d[\d,]*(\.\d+)?( ?%| (ms|s|min|per s)|\/s)|\$\d[\d,]*)$/;
  const digits = (figure) => figure.replace(".", "").replace(/^0+/, "").length;
  return rows.flatMap(([name, ...cells]) => cells.flatMap((cell) => {
    const text = cell.replace(/\s+/g, " ").trim();
    const isBare = /^[≥≤]? ?\$?\d/.test(text) && hasUnit.test(name) && !withUnit.test(text);
    // Of what is nearly always so the nines count; what was counted is told whole.
    const areNines = text.endsWith("%") && Number.parseFloat(text) >= 99;
    const isLong = !areNines && (text.match(/\d+\.\d+/g) ?? []).some((figure) => digits(figure) > 4);
    return isBare || isLong ? [`${name}: ${text}`] : [];
  }));
}

onPage("shares are told in per cent and quantities with their units, none to the sixth digit", {}, async (page) => {
  await openLesson(page, "async-silver-bullet");
  await page.locator(".speed").first().selectOption("max");
  await until(page, (s) => s.state === "Ended");
  await page.keyboard.press("f");
  const scorecard = page.locator(".scorecard tbody tr");
  await scorecard.locator("svg[aria-label=missed]").first().waitFor(WAIT);
  const rows = await scorecard.evaluateAll((rows) =>
    rows.map((row) => [...row.cells].slice(0, 3).map((cell) => cell.textContent.trim())),
  );
  const availability = rows.find(([name]) => name === "Availability");
  assert.match(availability[1], /^≥\s99\.9%$/u);
  assert.match(availability[2], /^\d\d(\.\d+)?%$/u);
  assert.deepEqual(illegible(rows), []);

  await page.locator(".sides").getByRole("button", { name: "Story" }).click();
  await page.locator(".lesson").getByRole("switch").first().click();
  await page.keyboard.press("Shift+C");
  const figures = Object.entries(await compared(page)).map(([name, cells]) => [name, ...cells]);
  assert.ok(figures.some(([name]) => /^Availability ≥\s99\.9%$/u.test(name)), JSON.stringify(figures));
  assert.deepEqual(illegible(figures), []);
});

/** The storm of the first lesson, run to its end and tried. */
async function toItsEnd(page) {
  // There is a usual state to come back to.
  await page.locator(".speed").first().selectOption("20×");
  await until(page, (s) => s.timeS > 15);
  await page.getByRole("button", { name: "Slow the database for 10 s" }).click();
  await page.locator(".speed").first().selectOption("max");
  await until(page, (s) => s.state === "Ended");
  await page.locator(".found[aria-label*=error]").click();
  await page.locator(".trying-done").waitFor(WAIT);
}

/** Unfolds a finding. The list may unfold its first one by itself, so a press is not the end. */
async function unfold(finding) {
  const head = finding.locator(".finding-head").first();
  while ((await head.getAttribute("aria-expanded")) !== "true") {
    await head.click();
    await finding.page().waitForTimeout(200);
  }
}

onPage("a finding is told with its chain, mended, compared and undone", {}, async (page) => {
  await toItsEnd(page);
  const top = page.locator("#findings > .finding-list > .finding").first();
  await unfold(top);
  await page.locator(".flag").first().waitFor();
  await clean(page, "findings");

  const moment = top.locator(".moment").first();
  const at = Number.parseFloat(await moment.locator(".num").textContent());
  await moment.click();
  await until(page, (s) => s.selected.length === 1);
  await page.waitForFunction((at) => Math.abs(JSON.parse(window.__faultline.stateJson()).timeS - at) < 0.2, at, WAIT);

  const before = (await state(page)).design;
  await top.locator(".finding-fix .button").first().hover();
  await page.locator(".traced > *").first().waitFor({ state: "attached" });
  await top.locator(".finding-fix .button").first().click();
  await compared(page);
  assert.notDeepEqual((await state(page)).design, before);
  await dialog(page).getByRole("button", { name: "Undo the change" }).click();
  assert.deepEqual((await state(page)).design, before, "one undo");
});

onPage("names, moments and figures in a finding lead somewhere, by mouse and by keyboard", {}, async (page) => {
  await toItsEnd(page);
  const top = page.locator("#findings > .finding-list > .finding").first();
  await unfold(top);
  const why = top.locator(".finding-body > p").first();
  // Titles, not ids, and what they name is outlined while it is aimed at.
  const name = why.getByRole("button").first();
  assert.match(await name.textContent(), / → /);
  await name.hover();
  await page.locator(".traced .pointed").waitFor({ state: "attached" });
  await name.click();
  const { selected: [link] } = await until(page, (s) => s.selected.length === 1);
  const second = why.getByRole("button").nth(1);
  await second.focus();
  await second.press("Enter");
  await page.waitForFunction((link) => JSON.parse(window.__faultline.stateJson()).selected[0] !== link, link, WAIT);

  const moment = top.locator(".finding-body > p .said").filter({ hasText: /^\d+\.\d\ss$/u }).first();
  const at = Number.parseFloat(await moment.textContent());
  await moment.click();
  await page.waitForFunction((at) => Math.abs(JSON.parse(window.__faultline.stateJson()).timeS - at) < 0.2, at, WAIT);
  // A figure says where the report has it.
  const places = await why.locator("span[title]").evaluateAll((spans) => spans.map((span) => span.title));
  assert.ok(places.some((place) => place.includes("windows.")), places.join());
});

for (const [width, height] of [[1440, 900], [390, 844]]) {
  for (const colorScheme of ["light", "dark"]) {
    onPage(`gallery and lesson at ${width}, ${colorScheme}`, { width, height, colorScheme }, async (page) => {
      await page.evaluate(() => document.activeElement?.blur());
      await page.keyboard.press("l");
      await dialog(page).locator(".picture svg").first().waitFor();
      await clean(page, "gallery");
      await playground.screenshot(page, `gallery-${width}-${colorScheme}`);
      const wide = await page.evaluate(() => document.querySelector("dialog[open]").scrollWidth <= innerWidth);
      assert.ok(wide, "nothing is cut off at the side");
      await page.keyboard.press("Escape");
      await openLesson(page, "cache-stampede");
      await page.locator(".lesson").waitFor();
      await clean(page, "lesson");
    });
  }
}
