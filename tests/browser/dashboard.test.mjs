import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { closeBrowser, english, inaccessible, LANGUAGES, overflowing, shoot, visit } from "./browser.mjs";
import * as dunning from "./dunning.mjs";
import { House } from "./house.mjs";
import * as portfolio from "./portfolio.mjs";

let house;

before(async () => { house = await House.open({ sim: "price = 0.05", more: "[webhooks]\nallow_private = true" }); });
after(async () => {
  await closeBrowser();
  await house?.close();
});

test("a wrong token is refused at its field, and a right one leads where one wanted to go", async () => {
  const page = await visit(house);
  await page.getByRole("button", { name: "Log out" }).click();
  await page.waitForURL(/\/login$/);
  await page.goto(`${house.url}/messages`);
  await page.waitForURL(/\/login\?next=/);
  await page.getByLabel("Token").fill("rcd_wrong");
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByRole("alert").getByText("not known").waitFor();
  await page.getByLabel("Token").fill(house.token);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.waitForURL(`${house.url}/messages`);
});

test("a message is written, counted, sent and watched until it is delivered", async () => {
  const page = await visit(house);
  await page.getByRole("link", { name: "Messages" }).click();
  await page.getByRole("link", { name: "New message" }).click();
  await page.getByLabel("Number").fill("+5511987654321");
  await page.getByLabel("Text").fill("Loja Azul: olá, João");
  const preview = page.locator("#preview");
  await preview.getByText("1 SMS").waitFor();
  await preview.getByText("It can go now.").waitFor();
  await page.getByRole("button", { name: "Send" }).click();
  await page.waitForURL(/\/messages\/[0-9a-f-]{36}$/);
  await page.locator("#one .state.delivered").waitFor({ timeout: 15_000 });
  assert.deepEqual(page.complaints, []);
});

test("a number that cannot be texted is refused in words", async () => {
  const page = await visit(house);
  await page.goto(`${house.url}/messages/new`);
  await page.getByLabel("Number").fill("123");
  await page.getByLabel("Text").fill("x");
  await page.getByRole("button", { name: "Send" }).click();
  await page.getByRole("alert").waitFor();
  assert.equal(await page.getByLabel("Number").getAttribute("aria-invalid"), "true");
});

test("a modem that is unplugged shows within five seconds, and again when it is back", async () => {
  const page = await visit(house);
  const modem = page.locator("#modems .modem").nth(1);
  await modem.locator("> header .state.ready").waitFor();
  house.order("unplug 1");
  await modem.locator("> header .state.absent, > header .state.recovering").waitFor({ timeout: 5_000 });
  house.order("plug 1");
  await modem.locator("> header .state.ready").waitFor({ timeout: 30_000 });
});

test("everything is paused and resumed", async () => {
  const page = await visit(house);
  await page.getByRole("button", { name: "Pause everything" }).click();
  await page.getByText("Everything is paused").waitFor();
  await page.reload();
  await page.getByRole("button", { name: "Resume" }).click();
  await page.getByText("Everything is paused").waitFor({ state: "detached" });
});

test("a token is made, shown once, and revoked while it is in use", async () => {
  const page = await visit(house);
  await page.getByRole("link", { name: "Settings" }).click();
  const form = page.locator("#token-form");
  await form.getByLabel("Name").fill("crm");
  await form.getByLabel("send", { exact: true }).check();
  await form.getByRole("button", { name: "Make" }).click();
  await form.locator("[data-shown]").waitFor();
  const token = await form.locator("code").innerText();
  assert.match(token, /^rcd_/);
  const other = await visit(house, { token });
  await other.getByRole("link", { name: "Settings" }).click();
  assert.equal(await other.locator("#token-form").count(), 0, "who may not administer sees no tokens");
  await page.locator("#tokens tr", { hasText: "crm" }).getByRole("button", { name: "Revoke" }).click();
  await page.locator("#tokens tr", { hasText: "crm" }).getByText("revoked").waitFor();
  await other.reload();
  await other.waitForURL(/\/login/);
});

test("a person has a role, and the token is replaced while both go on", async () => {
  const page = await visit(house);
  await page.goto(`${house.url}/settings`);
  const form = page.locator("#token-form");
  await form.getByLabel("Name").fill("ana");
  await form.getByLabel("Role").selectOption("operator");
  assert.equal(await form.getByLabel("send", { exact: true }).isDisabled(), true);
  await form.getByRole("button", { name: "Make" }).click();
  await form.locator("[data-shown]").waitFor();
  assert.equal(await form.getByLabel("send", { exact: true }).isDisabled(), false, "the next one is ticked again");
  const first = await form.locator("code").innerText();
  await page.locator("#tokens tr", { hasText: "ana" }).getByText("operator").waitFor();
  const other = page.locator("#replace-form");
  await other.getByLabel("Name").selectOption({ label: "ana" });
  await other.getByRole("button", { name: "Replace" }).click();
  await other.locator("[data-shown]").waitFor();
  const second = await other.locator("code").innerText();
  assert.notEqual(second, first);
  for (const token of [first, second]) {
    const seen = await fetch(`${house.url}/v1/messages`, { headers: { authorization: `Bearer ${token}` } });
    assert.equal(seen.status, 200);
  }
  assert.deepEqual(await inaccessible(page), []);
  await shoot(page, "tokens-en-1440");
  assert.deepEqual(page.complaints, []);
});

test("an endpoint hears of what happens, signed, and its deliveries are seen", async () => {
  const heard = [];
  const endpoint = createServer((request, response) => {
    request.on("data", () => {}).on("end", () => {
      heard.push(request.headers["webhook-signature"]);
      response.end();
    });
  });
  await new Promise((resolve) => endpoint.listen(0, "127.0.0.1", resolve));
  const page = await visit(house);
  await page.goto(`${house.url}/settings/webhooks`);
  await page.getByLabel("Address").fill(`http://127.0.0.1:${endpoint.address().port}/recado`);
  await page.getByRole("button", { name: "Make" }).click();
  await page.locator("[data-shown]").getByText("whsec_").waitFor();
  await page.locator("#webhooks a").click();
  await house.api("POST", "/v1/messages", { to: "+5511987654322", text: "oi" });
  const [{ id }] = (await house.api("GET", "/v1/webhooks")).items;
  const delivered = (each) => each.state === "delivered";
  await house.until(async () => (await house.api("GET", `/v1/webhooks/${id}/deliveries`)).items.some(delivered));
  await page.reload();
  await page.locator("#one .state.delivered").first().waitFor();
  assert.match(heard[0], /^v1,/);
  await page.getByRole("button", { name: "Disable" }).click();
  await page.locator("#one .state.disabled").waitFor();
  endpoint.close();
});

test("a time that is typed is one of the gateway's clock, as every time that is shown", async () => {
  const page = await visit(house, { zone: "Asia/Tokyo" });
  const { zone } = await (await page.request.get(`${house.url}/v1/session`)).json();
  assert.equal(zone, "America/Sao_Paulo");
  await page.goto(`${house.url}/messages/new`);
  await page.getByLabel("Number").fill("+5511987654399");
  await page.getByLabel("Text").fill("Loja Azul: até logo");
  const tomorrow = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10);
  await page.getByLabel("Not before").fill(`${tomorrow}T10:30`);
  await page.getByRole("button", { name: "Send" }).click();
  await page.waitForURL(/\/messages\/[0-9a-f-]{36}$/);
  const sent = await house.api("GET", `/v1/messages/${page.url().split("/").at(-1)}`);
  assert.equal(sent.not_before, `${tomorrow}T13:30:00.000Z`);
  await house.api("DELETE", `/v1/messages/${sent.id}`);
  await page.context().close();
});

test("what has the focus has it again after a live part was drawn anew", async () => {
  const page = await visit(house);
  await page.goto(`${house.url}/messages`);
  const link = page.locator("#list tbody a").first();
  await link.focus();
  const before = await link.getAttribute("href");
  const { id } = await house.api("POST", "/v1/messages", { to: "+5511987654398", text: "Loja Azul: mais uma" });
  await page.locator(`#list a[href="/messages/${id}"]`).waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.getAttribute("href")), before);
  // A button that is no longer there leaves the focus in its part.
  const held = await house.api("POST", "/v1/messages", { to: "+5511987654397", text: "Loja Azul: espera", not_before: new Date(Date.now() + 3_600_000).toISOString() });
  await page.goto(`${house.url}/messages/${held.id}`);
  await page.getByRole("button", { name: "Cancel" }).focus();
  await house.api("DELETE", `/v1/messages/${held.id}`);
  await page.locator("#one .state.cancelled").first().waitFor();
  await page.getByRole("button", { name: "Cancel" }).waitFor({ state: "detached" });
  assert.equal(await page.evaluate(() => document.activeElement.id), "actions");
  assert.deepEqual(page.complaints, []);
});

test("a draft is counted before it has a number, and late answers change nothing", async () => {
  const page = await visit(house);
  await page.goto(`${house.url}/messages/new`);
  const preview = page.locator("#preview");
  await page.getByLabel("Text").fill("Loja Azul: bom dia");
  await preview.getByText("1 SMS").waitFor();
  assert.match(await preview.innerText(), /costs 0\.05/);
  assert.equal(await preview.getByText("It can go now.").count(), 0, "nobody knows to whom");
  await page.getByLabel("Number").fill("+55119");
  await preview.locator(".problem").waitFor();
  await preview.getByText("1 SMS").waitFor();
  // The answer to the first question comes after that to the second.
  await page.getByLabel("Number").fill("+5511987654321");
  await preview.getByText("It can go now.").waitFor();
  let first = true;
  await page.route("**/v1/preview", async (route) => {
    const late = first;
    first = false;
    if (late) await new Promise((resolve) => setTimeout(resolve, 1500));
    await route.continue();
  });
  const slow = page.waitForResponse("**/v1/preview");
  await page.getByLabel("Text").fill("a".repeat(200));
  await page.waitForRequest("**/v1/preview");
  await page.getByLabel("Text").fill("b".repeat(400));
  await preview.getByText("3 SMS").waitFor();
  await slow;
  await page.waitForResponse("**/v1/preview");
  await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
  assert.match(await preview.innerText(), /3 SMS/);
});

const PAGES = {
  login: () => "/login",
  now: () => "/",
  messages: () => "/messages",
  message: async () => `/messages/${(await house.api("GET", "/v1/messages?limit=1")).items[0].id}`,
  evidence: async () => `/messages/${(await house.api("GET", "/v1/messages?limit=1")).items[0].id}/evidence`,
  new_message: () => "/messages/new",
  ...portfolio.PAGES,
  personal: () => "/debtors/cpf%201%2F2/personal",
  erasure: async () => `/erasures/${(await house.api("GET", "/v1/erasures")).items[0].id}`,
  stats: () => "/stats?by=mode&then=creditor&every=day",
  settings: () => "/settings",
  webhooks: () => "/settings/webhooks",
  webhook: async () => `/settings/webhooks/${(await house.api("GET", "/v1/webhooks")).items.at(-1).id}`,
  audit: () => "/settings/audit",
  nowhere: () => "/nowhere",
  ...dunning.PAGES,
};

test("there is a portfolio to show", async () => {
  await portfolio.furnish(house);
  await dunning.furnish(house);
  await house.api("POST", "/v1/erasures", { number: "+5511987650108", reason: "pedido da <b>titular</b>" });
});

test("there is trouble to show", async () => {
  // Nobody listens there.
  const { id } = await house.api("POST", "/v1/webhooks", { url: "http://127.0.0.1:9/" });
  const [{ iccid }] = (await house.api("GET", "/v1/sims")).items;
  await house.api("POST", "/v1/pause", { scope: "sim", id: iccid, reason: "troca" });
  await house.api("POST", "/v1/messages", { to: "+5511987650107", text: "Loja Azul: espera", sim: iccid });
  house.order("unplug 1");
  await house.until(async () => (await house.api("GET", "/v1/modems")).items.some((modem) => modem.state !== "ready" && modem.last_fault));
  await house.until(async () => (await house.api("GET", `/v1/webhooks/${id}/deliveries`)).items.some((each) => each.error));
});

for (const language of Object.keys(LANGUAGES)) {
  for (const [width, theme] of [[360, "dark"], [1440, "light"]]) {
    test(`every page fits, is sound and can be used by everybody: ${language}, ${width} pixels`, async (t) => {
      const page = await visit(house, { width, language, theme });
      for (const [name, path] of Object.entries(PAGES)) {
        await t.test(name, async () => {
          page.complaints.length = 0;
          await page.goto(house.url + (await path()));
          await page.evaluate(() => document.fonts.ready);
          await shoot(page, `${name}-${language}-${width}`);
          assert.deepEqual(await overflowing(page), []);
          assert.deepEqual(await inaccessible(page), []);
          assert.equal(await page.locator("html").getAttribute("lang"), language);
          if (language !== "en") assert.deepEqual(await english(page), []);
          // The page of what is not there is answered with that status, which the console repeats.
          assert.deepEqual(page.complaints.filter((each) => name !== "nowhere" || !each.includes("404")), []);
        });
      }
    });
  }
}
