// The npm package in a browser, which fetches its module.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { open } from "./harness.mjs";

const target = process.env.CARGO_TARGET_DIR ?? "target";
const source = fileURLToPath(new URL(`../../${target}/npm/engine`, import.meta.url));

let site;

before(async () => {
  site = await open(source);
});

after(() => site.close());

test("a page imports the package and runs a design", async () => {
  // The browser asks for an icon of this page, and there is none.
  const page = await site.openPage({ path: "package.json", expectErrors: true });
  const result = await page.evaluate(async (url) => {
    const { run, validate, version } = await import(url);
    const report = run({ faultline: 1, duration: "1s", nodes: [{ id: "u", kind: "client" }] });
    return [version(), report.run.status, validate({ faultline: 2 }).length];
  }, `${site.url}browser.js`);
  const { version } = JSON.parse(await page.evaluate(() => document.body.innerText));
  assert.deepEqual(result, [version, "ended", 1]);
  await page.context().close();
});
