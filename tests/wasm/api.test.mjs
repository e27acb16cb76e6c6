// The JavaScript API, under node.
import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./engine.mjs";

test("the module loads and tells its version", async () => {
  const engine = await load();
  assert.match(engine.version(), /^\d+\.\d+\.\d+$/);
});

test("a worker starts in a worker only", async () => {
  const engine = await load();
  assert.throws(() => engine.start(), /dedicated web worker/);
});
