// The JavaScript API, under node.
import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./engine.mjs";

const engine = await load();

const design = {
  faultline: 1,
  duration: "20s",
  nodes: [
    { id: "users", kind: "client", arrivals: { poisson: "50/s" } },
    { id: "api", kind: "service", service_time: "exp(5ms)" },
  ],
  links: [{ from: "users", to: "api", timeout: "1s" }],
};

test("the module tells its version", () => {
  assert.match(engine.version(), /^\d+\.\d+\.\d+$/);
});

test("a run gives the report, from an object or from text, with options", () => {
  const report = engine.run(design);
  assert.equal(report.run.status, "ended");
  assert.ok(report.requests.offered > 800 && report.requests.availability === 1);
  assert.ok(report.requests.latency_ms.p99 > report.requests.latency_ms.p50);
  assert.equal(engine.run(JSON.stringify(design)).run.hash, report.run.hash);
  assert.notEqual(engine.run(design, { seed: 2 }).run.hash, report.run.hash);
  assert.equal(engine.run(design, { duration: "5s" }).run.duration_s, 5);
  assert.equal(engine.run(design, { events_max: 10 }).run.status, "out_of_budget");
});

test("bad input is an error that names path and value", () => {
  assert.throws(() => engine.run({ ...design, sede: 1 }), /sede: unknown field, did you mean seed\?/);
  assert.throws(() => engine.run(design, { seed: 1.5 }), /options.seed: 1.5 is not a whole number/);
  assert.throws(() => engine.run(design, { sede: 1 }), /sede/);
  assert.throws(() => engine.run(design, { duration: "5" }), /needs a unit/);
  assert.throws(() => engine.run(undefined), /is not a design/);
  for (const bad of [null, 7, "", "{", [], { faultline: 2 }, () => 1]) {
    assert.ok(engine.validate(bad).length > 0, String(bad));
  }
});

test("validation lists every problem", () => {
  assert.deepEqual(engine.validate(design), []);
  const problems = engine.validate({ ...design, links: [{ from: "users", to: "apo" }, { from: "api", to: "users" }] });
  assert.deepEqual(problems.map((problem) => problem.path), ["links[0].to", "links[1]"]);
});

test("a link opens as the design it was made of", () => {
  const link = engine.link(design);
  assert.match(link, /^d1\.[A-Za-z0-9_-]+$/);
  const opened = engine.open(link);
  assert.equal(engine.run(opened).run.hash, engine.run(design).run.hash);
  assert.equal(engine.link(opened), link);
  assert.throws(() => engine.open("d9.AAAA"), /newer/);
  assert.throws(() => engine.open("d1.AAAA"));
});
