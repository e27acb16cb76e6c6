// What the page costs at its largest, while the worker runs flat out: script time per frame, the
// longest task, memory. Prints; judges nothing, since the figures are the machine's.
//
//   FAULTLINE_DIST=... CHROME=... node tests/browser/flat-out.mjs [seconds of it]
import { readFileSync } from "node:fs";
import { open } from "./harness.mjs";
import { dropAndOpen, openRunning, state } from "./page.mjs";

const SECONDS = Number(process.argv[2] ?? 20);

/** Ten columns of ten: users, then services that call two of the next column. */
function design() {
  const nodes = [];
  const links = [];
  for (let column = 0; column < 10; column++) {
    for (let row = 0; row < 10; row++) {
      const id = `n${column}-${row}`;
      const at = [column * 260, row * 120];
      const kind =
        column === 0
          ? { client: { arrivals: { poisson: "150/s" } } }
          : { service: { concurrency: 64, service_time: "exp(1ms)" } };
      const [name] = Object.keys(kind);
      nodes.push({ id, kind: name, at, ...kind[name] });
      if (column < 9) links.push({ from: id, to: `n${column + 1}-${row}` });
      if (column > 0 && column < 7) {
        links.push({ from: id, to: `n${column + 1}-${(row + 1) % 10}` });
      }
    }
  }
  return { faultline: 1, name: "Flat out", duration: "36000s", nodes, links };
}

const playground = await open();
const page = await openRunning(playground, {});
const cdp = await page.context().newCDPSession(page);
await cdp.send("Performance.enable");
await page.evaluate(() => {
  window.longest = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) window.longest = Math.max(window.longest, entry.duration);
  }).observe({ type: "longtask" });
});
await dropAndOpen(page, JSON.stringify(design()));
await page.waitForTimeout(2_000);
const opened = await state(page);
console.log(`${opened.design.nodes.length} nodes, ${opened.design.links.length} links, engine in the ${opened.engine}`);

for (const speed of ["1×", "max"]) {
  await page.locator(".speed").first().selectOption(speed);
  await page.waitForTimeout(2_000);
  await page.evaluate(() => {
    window.longest = 0;
    window.frames = 0;
    const count = () => {
      window.frames += 1;
      window.counting = requestAnimationFrame(count);
    };
    count();
  });
  const before = await metrics();
  let dots = 0;
  for (let at = 0; at < SECONDS; at += 2) {
    await page.waitForTimeout(2_000);
    dots = Math.max(dots, (await state(page)).dots);
  }
  const after = await metrics();
  const seen = await page.evaluate(() => {
    cancelAnimationFrame(window.counting);
    return { frames: window.frames, longest: window.longest };
  });
  const per = (name) => (((after[name] - before[name]) * 1_000) / seen.frames).toFixed(2);
  console.log(
    `${speed}: ${seen.frames} frames in ${SECONDS} s, script ${per("ScriptDuration")} ms, style and layout ` +
      `${(Number(per("RecalcStyleDuration")) + Number(per("LayoutDuration"))).toFixed(2)} ms, all tasks ${per("TaskDuration")} ms per frame; ` +
      `longest task ${seen.longest.toFixed(0)} ms (0: none over 50); up to ${dots} dots; ` +
      `simulated ${(await state(page)).timeS.toFixed(0)} s; JS heap ${(after.JSHeapUsedSize / 2 ** 20).toFixed(1)} MiB; ` +
      `renderer ${await resident()} MiB`,
  );
}
await playground.close();

async function metrics() {
  const { metrics } = await cdp.send("Performance.getMetrics");
  return Object.fromEntries(metrics.map(({ name, value }) => [name, value]));
}

/** Memory of the renderers, worker and its module included. */
async function resident() {
  const session = await playground.browser.newBrowserCDPSession();
  const { processInfo } = await session.send("SystemInfo.getProcessInfo");
  const kib = processInfo
    .filter(({ type }) => type === "renderer")
    .map(({ id }) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${id}/status`, "utf8"))?.[1] ?? 0));
  return (kib.reduce((sum, n) => sum + n, 0) / 1024).toFixed(0);
}
