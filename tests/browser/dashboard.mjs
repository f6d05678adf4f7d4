// What a person with only a browser does, in a real one: sees what is wrong, reads why a task waits, previews and runs an
// update, drains a node with its impact shown, follows logs; on a phone, in the dark, by keyboard, without JavaScript.
// Each page goes through axe: no serious fault. Needs URL, OUT (screenshots) and CHROMIUM; `scripts/browser-test` runs it.
import { readFileSync, mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const { URL: base, OUT = "screenshots", CHROMIUM = "/usr/bin/chromium", NODE = "node-2" } = process.env;
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
mkdirSync(OUT, { recursive: true });
const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"], timeout: 180000 });
let failures = 0, told = 0;

const check = (what, good, more = "") => {
  told += 1;
  if (!good) failures += 1;
  console.log(`${good ? "ok  " : "FAIL"} ${what}${good ? "" : ` ${more}`}`);
};

/** Serious faults of a page, and whether anything sticks out to the right. */
const judge = async (page, name) => {
  // axe comes in by the debugger, which the page's own policy doesn't bind.
  const found = await page.evaluate(`${axe}; axe.run(document, { resultTypes: ["violations"] })`);
  const serious = found.violations.filter((one) => ["serious", "critical"].includes(one.impact));
  check(`${name}: axe finds nothing serious`, serious.length === 0, JSON.stringify(serious.map((one) => [one.id, one.nodes.map((n) => n.html).slice(0, 3)])));
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  check(`${name}: it is not wider than the window`, wide <= 0, `${wide} px`);
  await page.screenshot({ path: `${OUT}/${name}.png`, fullPage: true });
};

const open = async (options = {}) => {
  const context = await browser.newContext({ viewport: { width: 1200, height: 900 }, ...options });
  context.setDefaultTimeout(120000);
  const page = await context.newPage();
  page.on("console", (message) => message.type() === "error" && check(`no complaint in the console`, /503|404/.test(message.text()), message.text()));
  page.on("pageerror", (error) => check("no script fails", false, error.message));
  return page;
};

// Playwright's own wait would have the page evaluate a string, which its policy forbids.
const until = async (page, look, arg, limit = 60000) => {
  for (const end = Date.now() + limit; Date.now() < end; await new Promise((go) => setTimeout(go, 100))) {
    if (await page.evaluate(look, arg).catch(() => false)) return;
  }
  check(`in ${limit} ms: ${look}`, false);
};
const ended = (page) => until(page, () => document.querySelector("#run") && !document.querySelector("[data-poll]"), null, 240000);

const go = (page, path) => page.goto(base + path, { waitUntil: "domcontentloaded" });
const text = (page, selector = "main") => page.locator(selector).innerText();

const page = await open();
await go(page, "/");
const front = await text(page);
check("the front page names the service that is ill", front.includes("lost"), front);
check("and says why", front.includes("node.labels.gpu"), front);
await until(page, () => document.getElementById("services").innerText.includes("newer available"), null, 90000);
check("and that there is a newer image, without being asked twice", (await text(page, "#services")).includes("newer available"));
await judge(page, "front");

await go(page, "/services/lost");
check("the service's page says why its task waits", (await text(page, "#tasks")).includes("node.labels.gpu"));
await judge(page, "service-pending");

await go(page, "/services/web");
await judge(page, "service");
await page.getByRole("link", { name: "Update the image…" }).click();
check("an update is shown before it is done", (await text(page)).includes("What would be done"));
await judge(page, "update-preview");
const doIt = page.getByRole("button", { name: /^Do it/ });
if (await doIt.count()) {
  await doIt.click();
  await page.waitForURL(/\/runs\//);
  await ended(page);
  check("the update is done, and told", /changed/.test(await text(page, "#run")), await text(page));
  await judge(page, "update-done");
} else {
  check("there is an update to do", false, await text(page));
}

await go(page, "/services/web");
await page.getByLabel("Replicas").fill("3");
await page.getByRole("button", { name: "Scale…" }).click();
await page.getByRole("button", { name: /^Do it/ }).click();
await ended(page);
check("a service is scaled", /changed/.test(await text(page, "#run")), await text(page));

// Another page renews itself.
await go(page, "/services/web");
await until(page, () => document.getElementById("live").textContent === "live", null);
const before = await text(page, "#facts");
const other = await open();
await go(other, "/services/web/do/restart");
await other.getByRole("button", { name: /^Do it/ }).click();
await until(page, (before) => document.getElementById("facts").innerText !== before, before);
check("a page renews itself when the swarm changes", true);

await go(page, `/nodes/${NODE}`);
await judge(page, "node");
await page.getByRole("link", { name: "Drain…" }).click();
check("a drain shows what becomes of the tasks", (await text(page)).includes("What becomes of its tasks"), await text(page));
await judge(page, "drain-preview");
await page.getByRole("button", { name: /^Do it/ }).click();
await ended(page);
await go(page, `/nodes/${NODE}`);
check("the node is drained", (await text(page, "#facts")).includes("drain"));

await go(page, "/services/talker/logs");
await until(page, () => /live|ended/.test(document.getElementById("live").textContent), null);
await until(page, () => document.getElementById("log").innerText.includes("talker"), null);
const log = await text(page, "#log");
check("logs are followed", log.includes("talker"), log);
check("and nothing in them is markup", (await page.locator("#log *").count()) === 0 && log.includes("<script>"), log);
await judge(page, "logs");

await go(page, "/plans");
const plans = await text(page);
check("plans say what each pass would do", plans.includes("What a rebalance would do") && plans.includes("What the next reconcile would do"), plans);
for (const path of ["/services", "/nodes", "/stacks", "/catalog", "/projects", "/history", "/registry", "/plans"]) {
  await go(page, path);
  await judge(page, path.slice(1));
}

await go(page, "/");
await page.keyboard.press("Tab");
check("the first key leads past the menu", (await page.evaluate(() => document.activeElement.textContent)) === "Skip to the content");

const phone = await open({ viewport: { width: 360, height: 740 }, colorScheme: "dark", isMobile: true, hasTouch: true });
for (const [path, name] of [["/", "front"], ["/services/web", "service"], [`/nodes/${NODE}`, "node"], ["/services/lost", "pending"]]) {
  await go(phone, path);
  await judge(phone, `phone-dark-${name}`);
}
const dark = await phone.evaluate(() => getComputedStyle(document.body).backgroundColor);
check("the dark is dark", /rgb\((\d|[1-4]\d), /.test(dark), dark);

const plain = await open({ javaScriptEnabled: false });
await go(plain, "/services/lost");
check("reading needs no script", (await text(plain, "#tasks")).includes("node.labels.gpu"));
await plain.screenshot({ path: `${OUT}/no-script.png`, fullPage: true });

await browser.close();
console.log(`${told - failures} of ${told} well; screenshots in ${OUT}`);
process.exit(failures ? 1 : 0);
