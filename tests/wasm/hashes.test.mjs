// Native = wasm: every scenario, a fixed set of random designs and fresh ones give the same hash
// and the same report, and experiments come to the same conclusions.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { load } from "./engine.mjs";

const file = new URL("../../target/native-hashes.json", import.meta.url);

test("every run counts the same in WebAssembly as natively", async () => {
  const text = await readFile(file, "utf8").catch(() => {
    throw new Error("target/native-hashes.json is missing: run `cargo test -p faultline-tests --test hashes` first");
  });
  const engine = await load();
  const runs = JSON.parse(text);
  assert.ok(runs.some(({ name }) => name.startsWith("random")), "there are random designs");
  assert.ok(runs.some(({ name }) => name.endsWith("fixed")), "there are scenarios");
  assert.ok(runs.some(({ experiments }) => experiments > 0), "causes are tried in some");
  for (const { name, design, events_max, experiments, hash, report } of runs) {
    const here = engine.run(design, { events_max, experiments });
    const differs = difference(here, JSON.parse(report), "");
    assert.equal(differs, undefined, `${name}: in WebAssembly and natively, ${differs}\n${design}`);
    assert.equal(here.run.hash, hash, name);
  }
});

/** Where two values differ first, and how: a whole report is too much to read. */
function difference(one, other, path) {
  if (Object.is(one, other)) return undefined;
  const isPlain = (value) => typeof value === "object" && value !== null;
  const said = `${path} is ${JSON.stringify(one)} and ${JSON.stringify(other)}`;
  if (!isPlain(one) || !isPlain(other)) return said;
  const keys = Object.keys(one);
  if (keys.join() !== Object.keys(other).join()) return said;
  for (const key of keys) {
    const below = difference(one[key], other[key], `${path}/${key}`);
    if (below) return below;
  }
}
