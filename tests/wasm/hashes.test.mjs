// Native = wasm: every scenario and a hundred random designs give the same hash and the same
// report.
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
  assert.ok(runs.length > 100);
  for (const { name, design, events_max, hash, report } of runs) {
    const here = engine.run(design, { events_max });
    assert.equal(here.run.hash, hash, name);
    assert.deepEqual(here, JSON.parse(report), name);
  }
});
