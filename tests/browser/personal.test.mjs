// A person is exported, erased and blocked from the page of a debtor, and the audit says who did it, and who looked.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { closeBrowser, inaccessible, overflowing, shoot, visit } from "./browser.mjs";
import { House } from "./house.mjs";
import { furnish } from "./portfolio.mjs";

const DEBTOR = "/debtors/cpf%201%2F2";

let house;

before(async () => {
  house = await House.open();
  await furnish(house);
});
after(async () => {
  await closeBrowser();
  await house?.close();
});

test("what is held of a person is taken along", async () => {
  const page = await visit(house);
  await page.goto(house.url + DEBTOR);
  await page.getByRole("link", { name: "Personal data" }).click();
  await page.getByRole("heading", { name: "What will be gone" }).waitFor();
  await page.getByRole("heading", { name: "What stays" }).waitFor();
  assert.deepEqual(await inaccessible(page), []);
  await shoot(page, "personal-en-1440");
  await page.setViewportSize({ width: 360, height: 900 });
  assert.deepEqual(await overflowing(page), []);
  await shoot(page, "personal-en-360");
  const [download] = await Promise.all([page.waitForEvent("download"), page.locator("#export").click()]);
  const taken = JSON.parse(readFileSync(await download.path(), "utf8"));
  assert.match(JSON.stringify(taken), /12345678909/);
  assert.deepEqual(page.complaints, []);
});

test("who may not administer is led nowhere and can do nothing", async () => {
  const { token } = await house.api("POST", "/v1/tokens", { client: "leitura", scopes: ["send", "read", "pii"] });
  const page = await visit(house, { token });
  await page.goto(house.url + DEBTOR);
  assert.equal(await page.getByRole("link", { name: "Personal data" }).count(), 0);
  await page.goto(`${house.url}${DEBTOR}/personal`);
  assert.equal(await page.locator("form#erase, #export").count(), 0);
});

test("a person is erased after it was said in words what goes, and the page tells how far it is", async () => {
  const page = await visit(house);
  await page.goto(`${house.url}${DEBTOR}/personal`);
  let asked = "";
  page.on("dialog", (dialog) => {
    asked = dialog.message();
  });
  await page.getByLabel("Why", { exact: true }).fill("pedido do titular");
  await page.getByRole("button", { name: "Erase the person" }).click();
  // Without the tick nothing is asked.
  assert.equal(asked, "");
  await page.getByLabel("I have read what will be gone.").check();
  await page.getByRole("button", { name: "Erase the person" }).click();
  await page.waitForURL(/\/erasures\/\d+$/);
  assert.match(asked, /cpf 1\/2/);
  await page.locator("#erasure").getByText(/pedido do titular/).waitFor();
  // What is on its way keeps its row until its report came.
  await page.locator("#erasure .figure").getByText(/^(erased|waits for a text)$/).waitFor();
  assert.deepEqual(await inaccessible(page), []);
  await shoot(page, "erasure-en-1440");
  const gone = await fetch(`${house.url}/v1/debtors/cpf%201%2F2`, { headers: { authorization: `Bearer ${house.token}` } });
  assert.equal(gone.status, 404);
  assert.deepEqual(page.complaints, []);
});

test("the audit says who did it and who looked, without naming the person", async () => {
  await house.until(async () => (await house.api("GET", "/v1/audit?kind=view")).items.length > 0);
  const page = await visit(house);
  await page.goto(`${house.url}/settings`);
  await page.getByRole("link", { name: "Audit" }).click();
  const list = page.locator("#list");
  await list.getByText("POST /v1/erasures").waitFor();
  assert.doesNotMatch(await list.innerText(), /cpf 1\/2|987650101/);
  await page.getByLabel("Debtor", { exact: true }).fill("cpf 1/2");
  await page.getByRole("button", { name: "Search" }).click();
  await list.getByText("GET /v1/debtors/{debtor}/export").waitFor();
  assert.deepEqual(await inaccessible(page), []);
  await shoot(page, "audit-en-1440");
  await page.setViewportSize({ width: 360, height: 900 });
  assert.deepEqual(await overflowing(page), []);
  await page.goto(`${house.url}/settings/audit?kind=view`);
  assert.doesNotMatch(await list.innerText(), /POST \/v1\/erasures/);
  assert.deepEqual(page.complaints, []);
});
