// The protocol between an embed and a page of another origin, spoken by hand: a client of its own,
// written from the description alone.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
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

/** A smallest client: the port, what came over it, and requests with their answers. */
const CLIENT = `
  window.got = [];
  const frame = document.querySelector("iframe");
  let last = 0;
  const waiting = new Map();
  addEventListener("message", ({ source, data }) => {
    if (source !== frame.contentWindow) return;
    got.push(data);
    if (data.type === "listening") greet({ faultline: 1, type: "hello" });
  });
  window.greet = (hello) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = ({ data }) => {
      got.push(data);
      waiting.get(data.id)?.(data);
    };
    window.port = port1;
    frame.contentWindow.postMessage(hello, "*", [port2]);
  };
  window.ask = (type, fields) => new Promise((done) => {
    const id = (last += 1);
    waiting.set(id, done);
    port.postMessage({ faultline: 1, id, type, ...fields });
  });`;

/** A page of another origin with a frame; once the frame has reported its state. */
async function connected(address, more = "") {
  writeFileSync(
    join(folder, "post.html"),
    `<!doctype html><iframe src="${ours.url}embed.html#${address}" width="720" height="480" ${more}>
     </iframe><script>${CLIENT}</script>`,
  );
  const page = await host.openPage({ path: "post.html", expectErrors: true });
  await page.waitForFunction(() => got.some(({ type }) => type === "state"), undefined, {
    timeout: 60_000,
  });
  return page;
}

const ask = (page, type, fields) =>
  page.evaluate(([type, fields]) => ask(type, fields), [type, fields]);
/** The value of an answer. */
const ok = async (page, type, fields) => {
  const answer = await ask(page, type, fields);
  assert.equal(answer.problems, undefined, JSON.stringify(answer));
  return answer.ok;
};
const problems = async (page, type, fields) => (await ask(page, type, fields)).problems;
const state = (page) => page.evaluate(() => got.filter(({ type }) => type === "state").at(-1));
const until = (page, wanted) =>
  page.waitForFunction((wanted) => {
    const last = got.filter(({ type }) => type === "state").at(-1);
    return Object.entries(wanted).every(([name, value]) => last[name] === value);
  }, wanted);

test("a page of another origin steers the run, also from a sandbox without an origin", async () => {
  for (const sandbox of ["", 'sandbox="allow-scripts"']) {
    const page = await connected("scenario=retry-storm&autoplay=0", sandbox);
    const first = await state(page);
    assert.equal(first.faultline, 1);
    assert.equal(first.run, "paused");
    assert.equal(first.name, "Retry storm");
    assert.deepEqual(first.nodes, ["shoppers", "balancer", "api", "database"]);
    assert.deepEqual([first.duration_s, first.steps, first.fixes], [180, 8, 1]);

    await ok(page, "speed", { speed: 20 });
    await ok(page, "play");
    await until(page, { run: "playing", speed: 20 });
    await page.waitForFunction(() => got.at(-1).time_s > 20);
    const before = await ok(page, "metric", { name: "goodput_per_s" });
    assert.ok(before > 120, `${before}`);
    await ok(page, "trigger");
    await ok(page, "run_to", { time_s: 80 });
    await page.waitForFunction(() => got.at(-1).time_s >= 80);
    // Rates are written as often as the page shows them, about twice a second.
    const goodput = () => ok(page, "metric", { name: "goodput_per_s" });
    for (let tries = 0; tries < 40 && (await goodput()) >= 30; tries += 1) {
      await page.waitForTimeout(100);
    }
    assert.ok(await goodput() < 30);
    assert.ok(await ok(page, "metric", { name: "nodes.database.in_use" }) > 0);

    // One step back undoes the whole fix.
    const changes = (await state(page)).changes;
    await ok(page, "fix");
    await until(page, { fixed: true });
    assert.ok((await state(page)).changes > changes);
    assert.equal(await ok(page, "get", { path: "balancer->api.retry" }), null);
    await ok(page, "undo");
    await until(page, { fixed: false });
    assert.equal((await ok(page, "get", { path: "balancer->api.retry" })).max_attempts, 3);

    await ok(page, "pause");
    await until(page, { run: "paused" });
    await ok(page, "seek", { time_s: 10 });
    await page.waitForFunction(() => Math.abs(got.at(-1).time_s - 10) < 0.1);
    await ok(page, "step");
    await ok(page, "restart", { seed: 11 });
    await until(page, { run: "playing" });
    assert.equal(await ok(page, "get", { path: "seed" }), 11);
    await page.context().close();
  }
});

test("fields are changed as by the command line, and refused with the same problems", async () => {
  const page = await connected("scenario=retry-storm&autoplay=0");
  const path = "api->database.retry.max_attempts";
  assert.equal(await ok(page, "get", { path }), 3);
  assert.equal(await ok(page, "set", { path, value: 1 }), 1);
  const link = await ok(page, "link");
  assert.match(link, /^d\d\./);
  const design = await ok(page, "design");
  assert.equal(design.links.find(({ from }) => from === "api").retry.max_attempts, 1);

  for (const [type, fields, expected] of [
    ["set", { path, value: 0 }, { path, message: /^0 is not valid here; expected 1 to / }],
    ["set", { path: "api.replcas", value: 2 },
      { path: "api.replcas", message: /did you mean replicas/ }],
    ["get", { path: "databse.connections" }, { path: "databse", message: /did you mean database/ }],
    ["metric", { name: "goodput" }, { path: "goodput", message: /did you mean goodput_per_s/ }],
    ["fly", {}, { path: "type", message: /^unknown type; expected one of play, pause, / }],
    ["seek", { time_s: "soon" },
      { path: "time_s", message: /is not valid here; expected a number/ }],
    ["fix", { fix: 4 }, { path: "fix", message: /^4 is not valid here; expected 0 to 0$/ }],
    ["story", { step: 9 }, { path: "step", message: /^9 is not valid here; expected 1 to 8$/ }],
    ["load", { design: "d1.AAAA" }, { path: "design", message: /damaged/ }],
    ["load", { design: { faultline: 1, nodes: [{ id: "a", kind: "x" }] } },
      { path: "design.nodes[0].kind", message: /unknown/ }],
  ]) {
    const [first] = await problems(page, type, fields);
    assert.equal(first.path, expected.path, JSON.stringify(first));
    assert.match(first.message, expected.message);
  }
  assert.equal(await ok(page, "get", { path }), 1);
  const [large] = await page.evaluate(() => new Promise((done) => {
    port.onmessage = ({ data }) => { if (data.type === "error") done(data.problems); };
    port.postMessage({ faultline: 1, type: "set", path: "x", value: "y".repeat(70_000) });
  }));
  assert.match(large.message, /^is too large: \d+ bytes; at most 65536$/);
  await page.context().close();
});

test("many changes of a field are one, and take effect before what follows them", async () => {
  const page = await connected("scenario=retry-storm&autoplay=0");
  const { before, answers, after } = await page.evaluate(async () => {
    const states = () => got.filter(({ type }) => type === "state");
    const before = states().at(-1).changes;
    const path = "api.replicas";
    const sets = Array.from({ length: 200 }, (_, at) => ask("set", { path, value: at % 50 + 1 }));
    const answers = (await Promise.all(sets)).map(({ ok }) => ok);
    await new Promise((done) => setTimeout(done, 600));
    return { before, answers, after: states().at(-1).changes };
  });
  assert.deepEqual([...new Set(answers)], [50]);
  assert.equal(after - before, 1);
  const [, value] = await page.evaluate(() => Promise.all([
    ask("set", { path: "api.replicas", value: 7 }),
    ask("get", { path: "api.replicas" }),
  ]));
  assert.equal(value.ok, 7);
  // One step back undoes both drags: they are of one field.
  await ok(page, "undo");
  assert.equal(await ok(page, "get", { path: "api.replicas" }), 3);
  await page.context().close();
});

test("metrics are reported as often as was requested, and no longer", async () => {
  const page = await connected("scenario=retry-storm");
  const watch = await ok(page, "watch", { names: ["goodput_per_s", "time_s"], hz: 2 });
  const counted = await page.evaluate(async (watch) => {
    const of = () => got.filter((one) => one.type === "values" && one.watch === watch);
    const wait = (ms) => new Promise((done) => setTimeout(done, ms));
    await wait(3_000);
    const during = of();
    await ask("unwatch", { watch });
    const ended = of().length;
    await wait(1_000);
    return { during, more: of().length - ended };
  }, watch);
  const { length } = counted.during;
  assert.ok(length >= 4 && length <= 7, `${length} in 3 s`);
  assert.ok(counted.during.at(-1).values.time_s > counted.during[0].values.time_s);
  assert.equal(counted.more, 0);
  await page.context().close();
});

test("faults are injected and removed, and a series tells what they did", async () => {
  const page = await connected("scenario=retry-storm&autoplay=0");
  await ok(page, "run_to", { time_s: 30 });
  await page.waitForFunction(() => got.at(-1).time_s >= 30);
  const [wrong] = await problems(page, "inject", { fault: { kind: "crash", target: "datbase" } });
  assert.match(`${wrong.path}: ${wrong.message}`, /^faults\[0\]\.target: .*database/);
  await ok(page, "inject", { fault: { kind: "crash", target: "api", for: "10s" } });
  await ok(page, "run_to", { time_s: 60 });
  await page.waitForFunction(() => got.at(-1).time_s >= 60);
  const series = await ok(page, "series", { name: "goodput_per_s" });
  const at = (second) => series.find(([time]) => Math.abs(time - second) < 0.5)[1];
  assert.ok(series.length >= 58 && series.length <= 61, `${series.length}`);
  assert.ok(at(20) > 100 && at(37) < 5, `${at(20)} and ${at(37)}`);
  const { faults } = await ok(page, "design");
  assert.deepEqual(faults.map(({ kind, target }) => [kind, target]), [["crash", "api"]]);
  await ok(page, "clear");
  assert.equal((await ok(page, "design")).faults, undefined);
  await page.context().close();
});

test("steps, findings, themes and other designs", async () => {
  const page = await connected("scenario=retry-storm");
  assert.match(await ok(page, "story", { step: 2 }), /^Slow the database/);
  await ok(page, "run_to", { time_s: 90 });
  await page.waitForFunction(() => got.at(-1).time_s >= 90);
  await page.waitForFunction(async () => {
    const { ok } = await ask("findings");
    return ok.some(({ rule, what }) => rule === "retry-storm" && what.length > 20);
  });
  await ok(page, "story", { step: 7 });
  await until(page, { fixed: true });
  await ok(page, "theme", { theme: "dark" });
  const frame = page.frames()[1];
  await frame.waitForFunction(() => document.documentElement.dataset.theme === "dark");

  const design = { faultline: 1, name: "Mine", nodes: [{ id: "users", kind: "client" }] };
  await ok(page, "load", { design });
  await until(page, { name: "Mine", steps: 0 });
  const [none] = await problems(page, "trigger");
  assert.match(none.message, /only for lessons/);
  await page.context().close();
});

test("only the page around the frame is heard, in the version that the embed speaks", async () => {
  const page = await connected("scenario=cap&autoplay=0");
  const refused = await page.evaluate(() => new Promise((done) => {
    greet({ faultline: 2, type: "hello" });
    port.onmessage = ({ data }) => done(data.problems);
  }));
  assert.deepEqual(refused, [
    { path: "faultline", message: "this embed has version 1 of the protocol" },
  ]);
  // Another frame of the page asks the embed for a connection: nothing comes back.
  const heard = await page.evaluate(() => new Promise((done) => {
    const other = document.createElement("iframe");
    other.srcdoc = `<script>
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => parent.postMessage("heard", "*");
      parent.frames[0].postMessage({ faultline: 1, type: "hello" }, "*", [port2]);
    </scr` + `ipt>`;
    addEventListener("message", ({ data }) => { if (data === "heard") done(true); });
    setTimeout(() => done(false), 1_500);
    document.body.append(other);
  }));
  assert.equal(heard, false);
  await page.context().close();
});

test("an embed that is steered stores nothing", async () => {
  const page = await connected("scenario=retry-storm");
  await ok(page, "set", { path: "api.replicas", value: 5 });
  await ok(page, "theme", { theme: "dark" });
  await ok(page, "trigger");
  const stored = await page.frames()[1].evaluate(async () => ({
    local: localStorage.length,
    session: sessionStorage.length,
    databases: (await indexedDB.databases()).length,
    cookies: document.cookie,
  }));
  assert.deepEqual(stored, { local: 0, session: 0, databases: 0, cookies: "" });
  await page.context().close();
});

test("WordPress is told how high the frame is", async () => {
  const page = await connected("scenario=cap#?secret=abc123");
  const told = await page.evaluate(() => got.find(({ message }) => message === "height"));
  assert.deepEqual(told, { message: "height", value: 420, secret: "abc123" });
  await page.context().close();
});
