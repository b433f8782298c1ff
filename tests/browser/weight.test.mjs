// What pages weigh on the wire and how soon they are there, and whether a page can be used while a thousand things change a second.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { closeBrowser, visit } from "./browser.mjs";
import * as dunning from "./dunning.mjs";
import { House } from "./house.mjs";

/** Octets of a page with all that it loads, and milliseconds until something is seen of it. */
const HEAVIEST = 200_000;
const SLOWEST = 1_000;

/** A task that is longer than this is felt. */
const FELT = 200;

let house;

before(async () => {
  house = await House.open({ more: "[webhooks]\nallow_private = true" });
  await dunning.furnish(house);
  await house.api("POST", "/v1/webhooks", { url: "http://127.0.0.1:9/", enabled: false });
  await house.api("POST", "/v1/erasures", { number: "+5511987650108", reason: "pedido" });
  await house.api("POST", "/v1/suppressions", { number: "+5511987650109", kind: "register", source: "cadastro" });
  house.say("+5511987650100", "quero falar com um atendente");
  await house.until(async () => (await house.api("GET", "/v1/conversations")).items.length > 0);
  const texts = Array.from({ length: 200 }, (_, nth) => ({ to: `+55119876${String(70000 + nth)}`, text: `Loja Azul: parcela ${nth} em aberto.`, debtor: `d${nth % 4}`, creditor: "loja" }));
  await house.api("POST", "/v1/pause", { scope: "all" });
  await house.api("POST", "/v1/messages", texts);
});
after(async () => {
  await closeBrowser();
  await house?.close();
});

const PAGES = {
  login: () => "/login",
  now: () => "/",
  messages: () => "/messages",
  message: async () => `/messages/${(await house.api("GET", "/v1/messages?limit=1")).items[0].id}`,
  evidence: async () => `/messages/${(await house.api("GET", "/v1/messages?limit=1")).items[0].id}/evidence`,
  new_message: () => "/messages/new",
  conversations: () => "/conversations",
  conversation: async () => `/conversations/${(await house.api("GET", "/v1/conversations")).items[0].id}`,
  debtors: () => "/debtors",
  debtor: () => "/debtors/d0",
  personal: () => "/debtors/d0/personal",
  erasure: async () => `/erasures/${(await house.api("GET", "/v1/erasures")).items[0].id}`,
  suppressions: () => "/suppressions",
  suppress: () => "/suppressions/new",
  lift: () => "/suppressions/lift?number=%2B5511987650109&kind=register",
  import: () => "/import",
  stats: () => "/stats",
  settings: () => "/settings",
  webhooks: () => "/settings/webhooks",
  webhook: async () => `/settings/webhooks/${(await house.api("GET", "/v1/webhooks")).items[0].id}`,
  audit: () => "/settings/audit",
  ...dunning.PAGES,
};

test("every page is light and soon there", async (t) => {
  const page = await visit(house);
  for (const [name, path] of Object.entries(PAGES)) {
    await t.test(name, async (t) => {
      const fresh = await page.context().newPage();
      const wire = await fresh.context().newCDPSession(fresh);
      await wire.send("Network.enable");
      // Nothing is there from before, as for somebody who comes for the first time.
      await wire.send("Network.setCacheDisabled", { cacheDisabled: true });
      let octets = 0;
      wire.on("Network.loadingFinished", ({ encodedDataLength }) => { octets += encodedDataLength; });
      await fresh.goto(house.url + (await path()), { waitUntil: "load" });
      await fresh.waitForFunction(() => performance.getEntriesByName("first-contentful-paint").length > 0);
      const painted = await fresh.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0].startTime);
      await fresh.close();
      t.diagnostic(`${name}: ${(octets / 1000).toFixed(1)} kB on the wire, first paint after ${painted.toFixed(0)} ms`);
      assert.ok(octets < HEAVIEST, `${octets} octets`);
      assert.ok(painted < SLOWEST, `${painted} ms`);
    });
  }
});

test("a page of messages can be used while a thousand things change a second", async (t) => {
  const page = await visit(house);
  await page.goto(`${house.url}/messages`);
  await page.locator("[data-live-state].on").waitFor();
  await page.evaluate(() => {
    window.tasks = [];
    new PerformanceObserver((list) => window.tasks.push(...list.getEntries().map((entry) => entry.duration))).observe({ entryTypes: ["longtask"] });
  });
  const first = (await house.api("GET", "/v1/events?limit=1")).items[0].seq;
  const began = Date.now();
  const seconds = 5;
  let answered = 0;
  for (let second = 0; second < seconds; second += 1) {
    // Each is taken in and held: two events.
    const texts = Array.from({ length: 500 }, (_, nth) => ({ to: `+55119877${String(second * 500 + nth).padStart(5, "0")}`, text: `onda ${second} ${nth}` }));
    await house.api("POST", "/v1/messages", texts);
    const clicked = Date.now();
    await page.locator("input[name=to], input#to").first().fill(String(second));
    answered = Math.max(answered, Date.now() - clicked);
    const rest = began + (second + 1) * 1000 - Date.now();
    if (rest > 0) await new Promise((resolve) => setTimeout(resolve, rest));
  }
  const took = (Date.now() - began) / 1000;
  const last = (await house.api("GET", "/v1/events?limit=1")).items[0].seq;
  await page.getByText(`onda ${seconds - 1} 499`).waitFor();
  const longest = await page.evaluate(() => Math.max(0, ...window.tasks));
  t.diagnostic(`${((last - first) / took).toFixed(0)} changes/s for ${took.toFixed(1)} s: ${longest ? `longest task ${longest.toFixed(0)} ms` : "no task over 50 ms"}, a field answered within ${answered} ms`);
  assert.ok((last - first) / took >= 900, `only ${(last - first) / took} changes a second`);
  assert.ok(longest < FELT, `${longest} ms`);
});
