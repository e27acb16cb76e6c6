import { open } from "./harness.mjs";
import { openRunning } from "./page.mjs";
const pg = await open();
const S = "/tmp/h/s8/";
const run = async (p) => p.waitForFunction(() => window.__faultline && JSON.parse(__faultline.stateJson()).timeS > 0, undefined, { timeout: 60000 });
const only = process.argv[2];
for (const [name, opts] of [["d", { width: 1440, height: 900, colorScheme: "light" }], ["p", { width: 390, height: 844, hasTouch: true, colorScheme: "dark" }]]) {
  if (only && only !== name) continue;
  const p = await pg.openPage(opts);
  await run(p);
  await p.waitForTimeout(3000);
  await p.screenshot({ path: S + name + "1first.png" });
  await p.getByRole("button", { name: /Slow the database/ }).first().click();
  await p.waitForTimeout(4000);
  await p.screenshot({ path: S + name + "2broken.png" });
  await p.waitForTimeout(14000);
  await p.screenshot({ path: S + name + "3stays.png" });
  if (name === "d") { await p.keyboard.press("m"); await p.keyboard.press("f"); await p.waitForTimeout(800); await p.screenshot({ path: S + name + "4findings.png" }); }
  else {
    await p.locator(".node[data-id=api]").click({ button: "right" }).catch(e => console.log(e.message.slice(0, 100)));
    await p.waitForTimeout(600); await p.screenshot({ path: S + name + "4menu.png" }); await p.keyboard.press("Escape");
  }
  await p.keyboard.press("?"); await p.waitForTimeout(400); await p.screenshot({ path: S + name + "5help.png" }); await p.keyboard.press("Escape");
  await p.keyboard.press("Control+k"); await p.waitForTimeout(300); await p.keyboard.type("gate"); await p.waitForTimeout(300); await p.screenshot({ path: S + name + "6find.png" }); await p.keyboard.press("Escape");
}
console.log(pg.problems);
await pg.browser.close(); process.exit(0);
