// The JavaScript API, under node.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
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

test("the rules look at a minute's report in under 50 ms", () => {
  const lessons = ["retry-storm", "cache-stampede", "stale-cache", "microservice-maze"];
  for (const id of lessons) {
    const { design } = JSON.parse(readFileSync(`crates/scenarios/library/${id}.json`, "utf8"));
    const options = { duration: "60s" };
    // Processor time, since a busy machine takes longer by the clock.
    const took = (options) => {
      const before = process.cpuUsage();
      const report = engine.run(design, options);
      const { user, system } = process.cpuUsage(before);
      return [(user + system) / 1000, report];
    };
    const middle = (times) => times.sort((a, b) => a - b)[Math.floor(times.length / 2)];
    // Once before, for the compiler.
    took(options);
    const rounds = [1, 2, 3, 4, 5].map(() => [took(options), took({ ...options, findings: false })]);
    const [[, report], [, bare]] = rounds[0];
    assert.ok(report.findings.length > 0 && bare.findings === undefined);
    assert.equal(report.run.hash, bare.run.hash);
    const [whole, without] = [0, 1].map((at) => middle(rounds.map((round) => round[at][0])));
    console.log(`${id}: ${whole.toFixed(1)} ms, of which the rules ${(whole - without).toFixed(1)} ms`);
    assert.ok(whole - without < 50, `${id}: ${whole - without} ms`);
  }
});

test("causes and remedies are tried where it is asked for", () => {
  const lesson = readFileSync("crates/scenarios/library/pool-exhaustion.json", "utf8");
  const { design, trigger } = JSON.parse(lesson);
  design.faults = trigger.faults;
  assert.equal(engine.run(design).tried, undefined);
  const report = engine.run(design, { experiments: 40 });
  assert.ok(report.tried.length > 0);
  const [top] = report.findings;
  assert.equal(top.standing, "confirmed");
  assert.ok(top.experiments[0].share >= 0.5, JSON.stringify(top.experiments[0]));
  assert.ok(top.remedies[0].effect.requirement.metric);
  assert.throws(() => engine.run(design, { experiments: -1 }), /options\.experiments: -1 is not/);
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
