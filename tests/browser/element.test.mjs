// <faultline-sim> in a page of another origin: when it loads, what it shows until then, and how the
// text around it drives it without a script of its own.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { brotliCompressSync } from "node:zlib";
import { dist, open } from "./harness.mjs";

const folder = mkdtempSync(join(tmpdir(), "faultline-host-"));
let ours;
let host;

before(async () => {
  [ours, host] = await Promise.all([
    open(dist(), { "access-control-allow-origin": "*" }),
    open(folder),
  ]);
});

after(async () => {
  await Promise.all([ours.close(), host.close()]);
  rmSync(folder, { recursive: true });
});

const SPACE = `<style>
  faultline-sim { display: block; max-width: 100%; min-height: 22rem; aspect-ratio: 12 / 7; }
</style>`;

/** A post of another origin. The page counts the modules that it and its frames load. */
async function post(html, { head = "", classic = false, ...options } = {}) {
  const script = classic
    ? `<script src="${ours.url}embed.classic.js"></script>`
    : `<script type="module" src="${ours.url}embed.js"></script>`;
  const meta = '<meta name="viewport" content="width=device-width">';
  writeFileSync(
    join(folder, "post.html"),
    `<!doctype html>${meta}${SPACE}${head}${script}<body>${html}`,
  );
  const page = await host.openPage({ path: "post.html", expectErrors: true, ...options });
  return page;
}

const loads = (page) => page.locator("faultline-sim").evaluateAll((all) =>
  all.map((one) => one.shadowRoot.querySelectorAll("iframe").length));
const running = (page, id = "a") => page.waitForFunction(
  (id) => document.getElementById(id).hasAttribute("running"), id, { timeout: 60_000 });
const sim = (page, act, ...args) => page.evaluate(
  async ([act, args]) => (await document.querySelector("faultline-sim").ready)[act](...args),
  [act, args],
);

test("the script is small, and its classic form has the same functions", async () => {
  const size = brotliCompressSync(readFileSync(join(dist(), "embed.js"))).length;
  assert.ok(size <= 5_000, `${size} bytes`);
  const page = await post('<div id="here"></div>', { classic: true });
  const names = await page.evaluate(() => Object.keys(Faultline).sort());
  assert.deepEqual(names, ["Sim", "SimError", "connect", "mount", "setBase", "version"]);
  await page.evaluate(async () => {
    window.mounted = await Faultline.mount("#here", { scenario: "cap", autoplay: "off" });
  });
  assert.equal(await page.evaluate(() => mounted.state.run), "paused");
  await page.evaluate(() => mounted.destroy());
  assert.equal(page.frames().length, 1);
  await page.context().close();
});

test("nothing is loaded before it is seen; a fallback has its place until then", async () => {
  const space = '<div style="height: 3000px">A long text.</div>';
  const page = await post(
    `<p id="before">Text.</p>${space}
     <faultline-sim id="a" scenario="cap"><a href="/x">A picture of it</a></faultline-sim>
     <p id="below">Text below.</p>`,
    {
      head: `<script>
        window.shift = 0;
        new PerformanceObserver((list) => {
          for (const one of list.getEntries()) shift += one.value;
        }).observe({ type: "layout-shift", buffered: true });
      </script>`,
    },
  );
  await page.waitForFunction(() => customElements.get("faultline-sim"));
  await page.waitForTimeout(800);
  assert.deepEqual(await loads(page), [0]);
  assert.equal(await page.getByRole("link", { name: "A picture of it" }).isVisible(), true);
  const at = () => page.locator("#below").evaluate((one) => one.offsetTop);
  const place = await at();
  await page.locator("#a").scrollIntoViewIfNeeded();
  await running(page);
  assert.deepEqual(await loads(page), [1]);
  assert.equal(await page.getByRole("link", { name: "A picture of it" }).isVisible(), false);
  assert.equal(await at(), place);
  assert.ok(await page.evaluate(() => shift) < 0.01);
  await page.context().close();
});

test("the reader starts it where the author or the reader's settings say so", async () => {
  for (const [attribute, reducedMotion] of [['loading="click"', "no-preference"], ["", "reduce"]]) {
    const page = await post(
      `<faultline-sim id="a" scenario="retry-storm" poster="auto" ${attribute}></faultline-sim>`,
      { reducedMotion },
    );
    const button = page.getByRole("button", { name: "Run the simulation" });
    await button.waitFor();
    await page.waitForTimeout(500);
    assert.deepEqual(await loads(page), [0]);
    // The lesson's own picture.
    await page.waitForFunction(() => {
      const img = document.querySelector("faultline-sim").shadowRoot.querySelector("img");
      return img.complete && img.naturalWidth > 100;
    });
    await button.click();
    await running(page);
    assert.equal(await button.isVisible(), false);
    await page.context().close();
  }
});

test("prose drives the figure, and shows what it is", async () => {
  const page = await post(`
    <faultline-sim id="a" scenario="retry-storm" autoplay="off" controls="none"></faultline-sim>
    <input id="attempts" type="range" min="0" max="4" data-sim="a"
      data-set="api->database.retry.max_attempts">
    <output id="shown" data-sim="a" data-get="api->database.retry.max_attempts">?</output>
    <input id="timeout" type="range" min="100" max="2000" step="100" data-sim="a" data-unit="ms"
      data-set="api->database.timeout">
    <select id="algorithm" data-sim="a" data-set="balancer.algorithm">
      <option>round_robin</option><option>random</option></select>
    <output id="goodput" data-sim="a" data-get="goodput_per_s">?</output>
    <output id="none" data-sim="a" data-get="godput_per_s">?</output>
    <button id="break" data-sim="a" data-do="trigger speed:20">Break</button>
    <button id="fix" data-sim="a" data-do="fix">Fix</button>
    <button id="undo" data-sim="a" data-do="undo">Undo</button>
    <button id="wrong" data-sim="a" data-do="explode">Explode</button>
    <script>
      window.problems = [];
      document.addEventListener("faultline-problem", ({ detail }) => problems.push(...detail));
    </script>`);
  await running(page);
  const value = (id) => page.locator(`#${id}`).inputValue();
  const text = (id, wanted) => page.waitForFunction(
    ([id, wanted]) => new RegExp(wanted).test(document.getElementById(id).textContent),
    [id, wanted]);
  // The controls begin with what the design has, whatever the author wrote.
  await text("shown", "^3$");
  assert.deepEqual([await value("attempts"), await value("timeout")], ["3", "300"]);

  await page.locator("#attempts").fill("2");
  await text("shown", "^2$");
  assert.equal(await sim(page, "get", "api->database.retry.max_attempts"), 2);
  // A second is written as "1s" in the design.
  await page.locator("#timeout").fill("1000");
  await page.waitForTimeout(600);
  assert.equal(await sim(page, "get", "api->database.timeout"), "1s");
  assert.equal(await value("timeout"), "1000");
  await page.locator("#algorithm").selectOption("random");
  await page.waitForTimeout(300);
  assert.equal(await sim(page, "get", "balancer.algorithm"), "random");

  // What the design cannot have is refused, and the control says why.
  await page.locator("#attempts").fill("0");
  await page.waitForFunction(() => document.getElementById("attempts").validationMessage);
  assert.match(
    await page.locator("#attempts").evaluate((one) => one.validationMessage),
    /0 is not valid here; expected 1 to/,
  );
  await page.locator("#attempts").fill("3");
  await page.waitForFunction(() => !document.getElementById("attempts").validationMessage);

  await page.locator("#break").click();
  await text("goodput", "^[0-9]$");
  await page.locator("#fix").click();
  await page.waitForFunction(() => document.getElementById("attempts").value === "2");
  await page.locator("#undo").click();
  await page.waitForFunction(() => document.getElementById("attempts").value === "3");
  await page.locator("#wrong").click();
  await page.waitForFunction(() => problems.some(({ path }) => path === "explode"));
  const problems = await page.evaluate(() => problems);
  const of = (path) => problems.find((one) => one.path === path)?.message;
  assert.match(of("explode"), /^unknown action; expected one of trigger, clear, fix/);
  assert.match(of("godput_per_s"), /did you mean goodput_per_s/);
  assert.equal(await page.locator("#none").textContent(), "?");
  await page.context().close();
});

test("attributes are properties, and a change of one is followed", async () => {
  const page = await post('<faultline-sim id="a" scenario="cap" autoplay="off"></faultline-sim>');
  await running(page);
  const names = await page.evaluate(async () => {
    const one = document.getElementById("a");
    const first = (await one.ready).state.name;
    one.ratio = "4/3";
    one.scenario = "retry-storm";
    const second = (await one.ready).state.name;
    one.theme = "dark";
    one.speed = 4;
    await new Promise((done) => setTimeout(done, 600));
    const { speed } = (await one.ready).state;
    return [first, second, one.getAttribute("scenario"), speed,
      Math.round(one.clientWidth / one.clientHeight * 100)];
  });
  assert.deepEqual(names.slice(1), ["Retry storm", "retry-storm", 4, 133]);
  assert.notEqual(names[0], names[1]);
  const frame = page.frames().at(-1);
  await frame.waitForFunction(() => document.documentElement.dataset.theme === "dark");
  await page.context().close();
});

test("the page around it fetches a design, seeds it, and opens a link", async () => {
  const design = {
    faultline: 1, name: "Mine", duration: "60s",
    nodes: [{ id: "users", kind: "client" }, { id: "api", kind: "service" }],
    links: [{ from: "users", to: "api" }],
  };
  writeFileSync(join(folder, "mine.json"), JSON.stringify(design));
  const page = await post(
    '<faultline-sim id="a" src="mine.json" seed="9" autoplay="off" mode="view"></faultline-sim>');
  await running(page);
  await page.waitForFunction(async () =>
    (await document.querySelector("faultline-sim").ready).state.name === "Mine");
  assert.equal(await sim(page, "get", "seed"), 9);
  const link = await sim(page, "link");
  await page.context().close();
  const other = await post(`<faultline-sim id="a" link="${ours.url}#${link}"></faultline-sim>`);
  await running(other);
  await other.waitForFunction(async () =>
    (await document.querySelector("faultline-sim").ready).state.name === "Mine");
  await other.context().close();
});

test("at most three play at a time, and those off the screen stand still", async () => {
  const one = (at) =>
    `<faultline-sim id="s${at}" scenario="retry-storm" panels="none" controls="none"
       style="min-height: 0; height: 200px; width: 340px; display: inline-block"></faultline-sim>`;
  const space = '<div style="height: 2500px"></div>';
  const page = await post(
    `${[0, 1, 2, 3, 4].map(one).join("")}${space}${one(5)}`, { width: 1100, height: 700 });
  for (const at of [0, 1, 2, 3, 4]) await running(page, `s${at}`);
  const runs = () => page.evaluate(async () => {
    const all = [...document.querySelectorAll("faultline-sim[running]")];
    const sims = await Promise.all(all.map((one) => one.ready));
    return sims.map((sim) => sim.state.run);
  });
  await page.waitForTimeout(1_500);
  const playing = (await runs()).filter((run) => run === "playing");
  assert.equal(playing.length, 3);
  assert.equal((await loads(page)).at(-1), 0);
  await page.locator("#s5").scrollIntoViewIfNeeded();
  await running(page, "s5");
  await page.waitForTimeout(1_000);
  const later = await runs();
  assert.deepEqual(later, ["paused", "paused", "paused", "paused", "paused", "playing"]);
  await page.context().close();
});

test("what cannot run shows why, not an empty frame", async () => {
  const page = await post('<faultline-sim id="a" scenario="retry-strom"></faultline-sim>');
  await running(page);
  const alert = page.frames().at(-1).getByRole("alert");
  assert.match(await alert.textContent(), /no scenario .*Did you mean/);
  await page.context().close();
});

test("a strict Content-Security-Policy of the host changes nothing", async () => {
  const site = new URL(ours.url).origin;
  const policy = `default-src 'none'; script-src ${site}; frame-src ${site}; img-src ${site}`;
  writeFileSync(join(folder, "strict.html"), `<!doctype html>
    <meta http-equiv="content-security-policy" content="${policy}">
    <script type="module" src="${ours.url}embed.js"></script>
    <faultline-sim id="a" scenario="retry-storm" poster="auto" ratio="16/9"></faultline-sim>
    <output data-sim="a" data-get="goodput_per_s">?</output>`);
  const page = await host.openPage({ path: "strict.html", expectErrors: true });
  const refused = [];
  page.on("console", (message) => {
    if (/Content.Security.Policy/i.test(message.text())) refused.push(message.text());
  });
  await running(page);
  await page.waitForFunction(() => Number(document.querySelector("output").textContent) > 100,
    undefined, { timeout: 30_000 });
  const box = await page.locator("#a").boundingBox();
  assert.ok(Math.abs(box.width / box.height - 16 / 9) < 0.02, JSON.stringify(box));
  assert.deepEqual(refused, []);
  await page.context().close();
});

/** A snippet of the page for authors, with the address of this site. */
function snippet(language, containing) {
  const text = readFileSync(new URL("../../docs/embedding.md", import.meta.url), "utf8");
  const all = [...text.matchAll(/```(\w+)\n(.*?)```/gs)];
  const [, , found] = all.find(([, of, code]) => of === language && code.includes(containing));
  return found.replaceAll("https://faultline.example/", ours.url);
}

test("the snippets of the page for authors work when they are pasted", async () => {
  const paste = async (html) => {
    writeFileSync(join(folder, "pasted.html"), `<!doctype html><body>${html}`);
    return host.openPage({ path: "pasted.html", expectErrors: true });
  };
  const page = await paste(snippet("html", "<faultline-sim"));
  await running(page, "storm");
  await page.waitForFunction(() => Number(document.querySelector("output").textContent) > 100,
    undefined, { timeout: 30_000 });
  await page.getByRole("button", { name: "Slow the database" }).click();
  await page.waitForFunction(() => Number(document.querySelector("output").textContent) < 20,
    undefined, { timeout: 30_000 });
  await page.context().close();

  const framed = await paste(snippet("html", "<iframe"));
  await framed.frames()[1].waitForFunction(
    () => window.__faultline && JSON.parse(window.__faultline.stateJson()).timeS > 0.5,
    undefined, { timeout: 60_000 });
  await framed.context().close();

  const script = `<div id="figure"></div><script type="module">${snippet("js", "mount(")}
    window.sim = sim;</script>`;
  const scripted = await paste(script);
  await scripted.waitForFunction(() => window.sim, undefined, { timeout: 60_000 });
  assert.equal(
    await scripted.evaluate(() => sim.get("api->database.retry.max_attempts")), 1);
  await scripted.context().close();
});
