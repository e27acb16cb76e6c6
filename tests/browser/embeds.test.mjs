// Embeds in somebody else's page, which has another origin: what the reader can do there, and what
// is shown where the host forbids something.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { dist, open } from "./harness.mjs";

const folder = mkdtempSync(join(tmpdir(), "faultline-host-"));
let ours;
let allowing;
let host;

before(async () => {
  [ours, allowing, host] = await Promise.all([
    open(),
    open(dist(), { "access-control-allow-origin": "*" }),
    open(folder),
  ]);
});

after(async () => {
  await Promise.all([ours.close(), allowing.close(), host.close()]);
  rmSync(folder, { recursive: true });
});

/** A post with a frame in it, and text below. Returns the page and the frame. */
async function post(html, options = {}) {
  const text = "<p>A line of the post.</p>".repeat(options.lines ?? 40);
  const meta = '<meta name="viewport" content="width=device-width">';
  writeFileSync(join(folder, "post.html"), `<!doctype html>${meta}<body>${html}${text}`);
  const page = await host.openPage({ path: "post.html", expectErrors: true, ...options });
  const frame = page.frames()[1];
  return { page, frame };
}

const frameOf = (source, more = 'width="720"') =>
  `<iframe src="${source}" height="480" ${more}></iframe>`;

const runs = () => window.__faultline && JSON.parse(window.__faultline.stateJson()).timeS > 0.5;
const nodes = () =>
  JSON.parse(JSON.parse(window.__faultline.stateJson()).design).nodes.map(({ id }) => id);
const running = (frame) => frame.waitForFunction(runs, undefined, { timeout: 60_000 });

for (const mode of ["view", "play"]) {
  test(`a finger on the frame scrolls the page around it, mode=${mode}`, async () => {
    const { page, frame } = await post(
      frameOf(`${ours.url}embed.html#scenario=retry-storm&mode=${mode}`, 'width="360"'),
      { width: 390, height: 844, hasTouch: true },
    );
    await running(frame);
    const client = await page.context().newCDPSession(page);
    const touch = (type, y) =>
      client.send("Input.dispatchTouchEvent", {
        type,
        touchPoints: type === "touchEnd" ? [] : [{ x: 180, y }],
      });
    // On the canvas, and on the time line below it.
    for (const start of [150, 300]) {
      await page.evaluate(() => scrollTo(0, 0));
      await touch("touchStart", start);
      for (let y = start; y > start - 140; y -= 10) await touch("touchMove", y);
      await touch("touchEnd");
      await page.waitForTimeout(400);
      const scrolled = await page.evaluate(() => scrollY);
      assert.ok(scrolled > 80, `${scrolled} px`);
    }
    await page.context().close();
  });
}

test("what a host appends to the address changes nothing", async () => {
  const source = `${ours.url}embed.html#scenario=cap&mode=view#?secret=abc123`;
  const { page, frame } = await post(frameOf(`${source}`));
  await running(frame);
  const shown = await frame.evaluate(nodes);
  const { page: plain, frame: expected } = await post(
    frameOf(`${ours.url}embed.html#scenario=cap`),
  );
  await running(expected);
  assert.deepEqual(shown, await expected.evaluate(nodes));
  assert.equal(await frame.locator("main").getAttribute("data-mode"), "view");
  assert.equal(await frame.getByRole("alert").count(), 0);
  await page.context().close();
  await plain.context().close();
});

test("a design can be in the query, for hosts that use the fragment", async () => {
  const page = await ours.openPage({ path: "embed.html#scenario=cap" });
  await page.waitForFunction(runs);
  const link = page.locator(".open-playground");
  await link.hover();
  const code = new URL(await link.getAttribute("href")).hash.slice(1);
  assert.match(code, /^d\d\./);
  await page.context().close();
  const { page: other, frame } = await post(
    frameOf(`${ours.url}embed.html?d=${code}#section-2=x`),
  );
  await running(frame);
  assert.ok((await frame.evaluate(nodes)).length > 2);
  assert.equal(await frame.getByRole("alert").count(), 0);
  await other.context().close();
});

test("what cannot be opened is not replaced by another system", async () => {
  for (const [address, said] of [
    ["#scenario=retry-strom", /no scenario .*Did you mean/],
    ["#d1.AAAA", /damaged/],
    ["#d9.AAAA", /newer/],
  ]) {
    const { page, frame } = await post(
      frameOf(`${ours.url}embed.html${address}`),
    );
    const alert = frame.getByRole("alert");
    await alert.waitFor({ timeout: 60_000 });
    assert.match(await alert.textContent(), said);
    assert.doesNotMatch(await alert.textContent(), /first lesson/);
    assert.deepEqual(await frame.evaluate(nodes), []);
    await page.context().close();
  }
});

test("a sandbox without an origin gets a sentence with a link, or runs where it may", async () => {
  const sandboxed = (url) =>
    post(frameOf(`${url}embed.html#scenario=cap`, 'sandbox="allow-scripts"'));
  const { page, frame } = await sandboxed(ours.url);
  const alert = frame.getByRole("alert");
  await alert.waitFor();
  assert.match(await alert.textContent(), /sandbox/);
  const href = await alert.getByRole("link").evaluate((link) => link.href);
  assert.equal(href, `${ours.url}#scenario=cap`);
  await page.context().close();

  // No window opens from here, so the address is shown.
  const { page: other, frame: free } = await sandboxed(allowing.url);
  await running(free);
  await free.locator(".open-playground").click();
  const address = free.locator(".embed-address input");
  await address.waitFor();
  assert.match(await address.inputValue(), /#d\d\./);
  assert.equal(other.context().pages().length, 1);
  await other.context().close();
});

test("the playground opens in a window of its own", async () => {
  const { page, frame } = await post(
    frameOf(`${ours.url}embed.html#scenario=cap`),
  );
  await running(frame);
  const opening = page.context().waitForEvent("page");
  await frame.locator(".open-playground").click();
  const opened = await opening;
  await opened.waitForFunction(runs, undefined, { timeout: 60_000 });
  assert.equal(await opened.evaluate(() => window.opener), null);
  assert.equal(await frame.locator(".embed-address").count(), 0);
  await page.context().close();
});

test("the snippet fits a phone, and the frame has a chart", async () => {
  const page = await ours.openPage({ path: "#scenario=retry-storm" });
  await page.waitForFunction(runs);
  await page.locator(".bar").getByRole("button", { name: "Share" }).click();
  const snippet = await page.getByLabel("Frame for a page", { exact: true }).inputValue();
  await page.context().close();
  for (const [width, height] of [[390, 844], [1440, 900]]) {
    const { page: phone, frame } = await post(snippet, { width, height });
    await running(frame);
    const box = await phone.locator("iframe").boundingBox();
    assert.ok(box.x >= 0 && box.x + box.width <= width, JSON.stringify(box));
    assert.ok(box.width <= 725, JSON.stringify(box));
    const overflows = () => document.documentElement.scrollWidth > innerWidth;
    assert.equal(await phone.evaluate(overflows), false);
    const chart = await frame.locator(".embed-charts .chart-row[data-row=rates]").boundingBox();
    assert.ok(chart.height > 40, JSON.stringify(chart));
    assert.equal(await frame.locator(".chart-row[data-row=latency]").isVisible(), false);
    const goodput = frame.locator('.series[data-series="Goodput"] .num');
    const number = await goodput.elementHandle();
    await frame.waitForFunction((one) => Number(one.textContent) > 50, number);
    await phone.context().close();
  }
});

test("the author chooses the rows of the chart", async () => {
  for (const [panels, rows] of [
    ["latency,waiting", ["latency", "waiting"]],
    ["none", []],
  ]) {
    const { page, frame } = await post(
      frameOf(`${ours.url}embed.html#scenario=cap&panels=${panels}`),
    );
    await running(frame);
    const all = frame.locator(".chart-row:not(.chart-marks, .chart-axis)");
    const shown = await all.evaluateAll((rows) =>
      rows.filter((row) => row.offsetParent).map((row) => row.dataset.row));
    assert.deepEqual(shown, rows);
    await page.context().close();
  }
});

test("every row of the chart in a low frame", async () => {
  const { page, frame } = await post(
    frameOf(
      `${ours.url}embed.html#scenario=cap&panels=rates,latency,amplification,waiting`,
      'width="340" style="height: 320px"',
    ),
  );
  await running(frame);
  await page.waitForTimeout(1_500);
  assert.equal(await frame.getByRole("alert").count(), 0);
  assert.equal(await frame.locator(".chart-row[data-row=waiting]").isVisible(), true);
  await page.context().close();
});

test("without JavaScript there is a sentence with a link", async () => {
  const context = await ours.browser.newContext({ javaScriptEnabled: false });
  const page = await ours.openPage({
    path: "embed.html#scenario=cap",
    context,
    expectErrors: true,
  });
  const link = page.locator("noscript a, body a").first();
  assert.equal(await link.textContent(), "Open it in a page of its own");
  await context.close();
});
