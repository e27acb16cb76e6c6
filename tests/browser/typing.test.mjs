// Fields take what people type, and patterns are built by name.
import assert from "node:assert/strict";
import { find, links, node, pages, state } from "./page.mjs";

const { onPage } = pages();

const field = (page, path) => page.locator(`#inspect .field[data-field="${path}"]`);

onPage("a rate and a latency are taken as people write them", {}, async (page) => {
  await page.locator(".node[data-id=shoppers]").click();
  const arrivals = field(page, "arrivals");
  const rate = arrivals.locator("input[type=text]").first();
  await rate.fill("18k/min");
  await arrivals.getByText("= 300/s", { exact: true }).waitFor();
  await rate.press("Enter");
  const faster = await state(page);
  assert.deepEqual(node(faster, "shoppers").arrivals, { poisson: "300/s" });
  assert.equal(await rate.inputValue(), "300/s");
  assert.equal(await arrivals.locator(".understood").textContent(), "");

  await rate.fill("fast");
  await rate.press("Enter");
  await arrivals.locator(".error").filter({ hasText: "is not a rate such as 200/s" }).waitFor();
  await rate.press("Escape");

  // The inspector lies over what is at the edge: it closes first.
  await page.locator(".inspect .name").first().press("Escape");
  await page.keyboard.press("Escape");
  await page.locator(".inspect.empty").waitFor({ state: "attached" });
  await page.locator(".node[data-id=database]").click();
  const time = field(page, "read_time").locator("input[type=text]").first();
  await time.fill("p50=5ms p99=30");
  await time.press("Enter");
  assert.equal(node(await state(page), "database").read_time, "lognormal(p50=5ms,p99=30ms)");
});

onPage("a pattern is built by name, and operations are ticked", {}, async (page) => {
  const before = await state(page);
  await page.locator(".node[data-id=api]").click();
  await find(page, "look-aside");
  const cached = await state(page);
  assert.ok(links(cached).includes("api->cache"), `${links(cached)}`);
  const link = cached.design.links.find((link) => link.to === "database");
  assert.deepEqual(link.when, ["on_miss", "writes"]);

  // Choose the cache's link, and let it serve one operation alone.
  await find(page, "api → cache");
  const when = field(page, "when");
  await when.locator("select").selectOption("operations");
  const boxes = when.locator(".checks label");
  const names = before.design.nodes
    .flatMap((node) => node.operations ?? [])
    .map((operation) => operation.name);
  assert.deepEqual(await boxes.allTextContents(), [...new Set(names)]);
  await boxes.first().locator("input").check();
  const ticked = await state(page);
  const condition = ticked.design.links.find((link) => link.to === "cache").when;
  assert.deepEqual(condition, { operations: [names[0]] });
});
