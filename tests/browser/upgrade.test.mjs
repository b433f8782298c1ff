// A page left open while the daemon goes away and comes back, the same or another one.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { closeBrowser, inaccessible, LANGUAGES, overflowing, shoot, visit } from "./browser.mjs";
import { House } from "./house.mjs";

let house;

before(async () => { house = await House.open({ modems: 1 }); });
after(async () => {
  await closeBrowser();
  await house?.close();
});

/** Complaints but those about a daemon that is away. */
function others(page) {
  return page.complaints.filter((each) => !/ERR_|Failed to load resource/.test(each));
}

const upgraded = (page) => page.locator("#upgraded");

test("a stream that is cut is resumed, and the page shows what happened meanwhile", async () => {
  const page = await visit(house);
  await page.goto(`${house.url}/messages`);
  const state = page.locator("[data-live-state]");
  await page.locator("[data-live-state].on").waitFor();
  await house.stop();
  await page.locator("[data-live-state]:not(.on)").waitFor();
  assert.match(await state.textContent(), /\S/, "it says that it does not hear anything");
  await house.serve();
  await house.api("POST", "/v1/messages", { to: "+5511987654321", text: "enquanto isso" });
  await page.locator("[data-live-state].on").waitFor({ timeout: 20_000 });
  await page.getByText("enquanto isso").waitFor();
  assert.equal(await upgraded(page).isVisible(), false, "it is the same edition");
  assert.deepEqual(others(page), []);
});

test("a page left open over an upgrade says so, keeps what was typed, and is loaded anew by a click", async () => {
  const [list, form] = [await visit(house), await visit(house)];
  await list.goto(`${house.url}/messages`);
  await form.goto(`${house.url}/messages/new`);
  await form.getByLabel("Text").fill("um texto longo que ninguém quer escrever de novo");
  for (const page of [list, form]) await page.locator("[data-live-state].on").waitFor();
  const before = await list.locator("html").getAttribute("data-edition");
  await house.stop();
  await house.serve({ RECADO_EDITION: "the next one" });
  for (const page of [list, form]) await upgraded(page).waitFor({ timeout: 20_000 });
  assert.equal(await form.getByLabel("Text").inputValue(), "um texto longo que ninguém quer escrever de novo");
  assert.equal(await list.locator("html").getAttribute("data-edition"), before, "nothing of another edition is put into it");
  await shoot(form, "upgraded-en-1440");
  // It can still be sent: the API is the same.
  await form.getByLabel("Number").fill("+5511987654321");
  await form.getByRole("button", { name: "Send" }).click();
  await form.waitForURL(/\/messages\/[0-9a-f-]{36}$/);
  assert.equal(await upgraded(form).isVisible(), false, "what is loaded now is of the edition that serves");
  await upgraded(list).getByRole("button", { name: "Load again" }).click();
  await list.waitForFunction((before) => document.documentElement.dataset.edition !== before, before);
  assert.equal(await upgraded(list).isVisible(), false);
  assert.match(await list.locator("link[rel=stylesheet]").getAttribute("href"), new RegExp(await list.locator("html").getAttribute("data-edition")));
  for (const page of [list, form]) assert.deepEqual(others(page), []);
});

for (const language of Object.keys(LANGUAGES)) {
  test(`what is said of an upgrade fits a phone: ${language}`, async () => {
    const page = await visit(house, { width: 360, language, theme: "dark" });
    await page.goto(`${house.url}/messages/new`);
    await page.evaluate(() => { document.getElementById("upgraded").hidden = false; });
    await shoot(page, `upgraded-${language}-360`);
    assert.deepEqual(await overflowing(page), []);
    assert.deepEqual(await inaccessible(page), []);
  });
}
