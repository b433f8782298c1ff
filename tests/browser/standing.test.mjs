// What waits and why, what can be proven of a message, and the ways between a debtor, messages and conversations.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { closeBrowser, inaccessible, overflowing, shoot, visit } from "./browser.mjs";
import { LADDER, portfolio, template } from "./dunning.mjs";
import { House } from "./house.mjs";
import { settled } from "./portfolio.mjs";

/** Far enough away that nothing of it comes up in a test. */
const LATER = new Date(Math.ceil(Date.now() / 60_000) * 60_000 + 300 * 86_400_000).toISOString();

let house;
let other;

before(async () => {
  house = await House.open({ more: "[webhooks]\nallow_private = true" });
  other = (await house.api("POST", "/v1/tokens", { client: "bia", scopes: ["send", "read", "pii", "manage"] })).token;
  await portfolio(house);
  await template(house, "atraso", "{{ sender }}: {{ first_name }}, pague {{ amount }}");
});
after(async () => {
  await closeBrowser();
  await house?.close();
});

test("what waits is shown by its reason, and when it will have left", async () => {
  const page = await visit(house);
  const queue = page.locator("#queue");
  await queue.getByText("Nothing waits").waitFor();
  const later = await house.api("POST", "/v1/messages", { to: "+5511987650200", text: "depois", not_before: LATER, ttl: "24h" });
  await queue.locator("[data-why=not_due]").getByText("1", { exact: true }).waitFor();
  await page.getByRole("button", { name: "Pause everything" }).click();
  await house.api("POST", "/v1/messages", [1, 2].map((nth) => ({ to: `+551198765021${nth}`, text: `parado ${nth}` })));
  await queue.locator("[data-why=paused]").getByText("3", { exact: true }).waitFor();
  await queue.getByText("when somebody resumes it is not known").waitFor();
  await shoot(page, "queue-paused-en-1440");
  assert.deepEqual(await inaccessible(page), []);
  await page.getByRole("button", { name: "Resume" }).click();
  await queue.locator("[data-why=paused]").waitFor({ state: "detached" });
  await queue.locator("[data-why=not_due]").waitFor();
  await house.api("DELETE", `/v1/messages/${later.id}`);
  await queue.getByText("Nothing waits").waitFor();
  assert.deepEqual(page.complaints, []);
});

test("the evidence of a message shows what was sent and decided, is verified, and is taken along", async () => {
  const { id } = await house.api("POST", "/v1/messages", { to: "+5511987650100", text: "Loja Azul: <b>oi</b>", debtor: "d0", creditor: "loja" });
  await house.until(async () => (await house.api("GET", `/v1/messages/${id}`)).state === "delivered");
  const page = await visit(house);
  await page.goto(`${house.url}/messages/${id}`);
  await page.getByRole("link", { name: "Evidence" }).click();
  await page.getByText("What is stored is what was recorded").waitFor();
  await page.getByRole("heading", { name: "Decisions when it went" }).waitFor();
  await page.getByText("not on the list").waitFor();
  await page.getByRole("button", { name: "Verify the whole log" }).click();
  await page.locator("#chain").getByText(/^The log holds: \d+ records up to \d+, hash [0-9a-f]{64}\.$/).waitFor();
  await shoot(page, "evidence-en-1440");
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Download JSON" }).click()]);
  assert.equal(download.suggestedFilename(), `recado-${id}.json`);
  const taken = JSON.parse(readFileSync(await download.path(), "utf8"));
  assert.deepEqual([taken.id, taken.text, taken.matches.holds], [id, "Loja Azul: <b>oi</b>", true]);
  assert.ok(taken.events.every((event) => /^[0-9a-f]{64}$/.test(event.hash)) && taken.salt);
  assert.deepEqual(await inaccessible(page), []);
  await page.setViewportSize({ width: 360, height: 900 });
  await shoot(page, "evidence-en-360");
  assert.deepEqual(await overflowing(page), []);
  // Who may not see people has the same page without them.
  const { token } = await house.api("POST", "/v1/tokens", { client: "leitura", scopes: ["read"] });
  const reader = await visit(house, { token });
  await reader.goto(`${house.url}/messages/${id}/evidence`);
  assert.doesNotMatch(await reader.locator("main").innerText(), /987650100|oi</);
  assert.deepEqual(page.complaints, []);
});

test("one comes from a debtor to conversations and messages, and back", async () => {
  house.say("+5511987650100", "quero falar com alguém");
  await house.until(async () => (await house.api("GET", "/v1/conversations?debtor=d0")).items.length === 1);
  const page = await visit(house);
  await page.goto(`${house.url}/debtors/d0`);
  await page.locator("main").getByRole("link", { name: "Conversations" }).click();
  await page.waitForURL(/\/conversations\?show=all&debtor=d0$/);
  await page.getByRole("link", { name: /quero falar/ }).click();
  await page.locator("#about").getByRole("link", { name: "d0" }).click();
  await page.waitForURL(`${house.url}/debtors/d0`);
  await page.locator("main").getByRole("link", { name: "Messages" }).click();
  await page.locator("main tbody a").first().click();
  await page.getByRole("link", { name: "d0" }).click();
  await page.waitForURL(`${house.url}/debtors/d0`);
  assert.match(await house.recado("conversations", "--debtor", "d0", "--intent", "wants_contact"), /quero falar/);
  assert.match(await house.recado("inbox", "--debtor", "d0"), /quero falar/);
  assert.doesNotMatch(await house.recado("inbox", "--debtor", "d1"), /quero falar/);
});

test("findings of ladders and templates are said in the language of the page", async () => {
  await house.api("PUT", "/v1/ladders/leve", LADDER);
  await template(house, "sem-nome", "Pague {{ amount }}", false);
  for (const [language, ladder, text] of [
    ["pt-BR", "Passo d15: não há modelo «sem-modelo»", "Não diz quem escreve"],
    ["es", "Paso d15: no hay plantilla «sem-modelo»", "No dice quién escribe"],
    ["en", "Step d15: there is no template “sem-modelo”", "It does not say who writes"],
  ]) {
    const page = await visit(house, { language });
    await page.goto(`${house.url}/ladders/leve`);
    await page.locator("#steps .findings").getByText(ladder).waitFor();
    await page.goto(`${house.url}/templates/sem-nome`);
    await page.locator("#versions").getByText(text).waitFor();
    // The same while it is written.
    await page.locator(".faults").getByText(text).waitFor();
  }
});

test("steps of every kind are edited and stay what they are", async () => {
  const steps = [
    { id: "antes", on: "D-12h", roll: "stay", text: "atraso" },
    { id: "depois", on: "D+36h", roll: "next", text: "atraso" },
    { id: "quebra", on: "P+1 14:00", roll: "next", text: "atraso" },
    { id: "quebra-2", on: "P+60h", roll: "next", text: "atraso" },
    { id: "carta", on: "D+45", roll: "stay", exit: "letter" },
  ];
  await house.api("PUT", "/v1/ladders/todos", { steps });
  const page = await visit(house);
  await page.goto(`${house.url}/ladders/todos/edit`);
  await page.getByRole("button", { name: "Save the ladder" }).click();
  await page.waitForURL(`${house.url}/ladders/todos`);
  await page.locator(".steps").getByText("12 hours before the due day began").waitFor();
  await page.locator(".steps").getByText("60 hours after the promise ended").waitFor();
  assert.deepEqual((await house.api("GET", "/v1/ladders/todos")).definition.steps, steps);
  await page.getByRole("link", { name: "Edit" }).click();
  await page.locator("[data-row]").nth(3).getByLabel("How many").fill("72");
  await page.getByRole("button", { name: "Save the ladder" }).click();
  await page.waitForURL(`${house.url}/ladders/todos`);
  assert.equal((await house.api("GET", "/v1/ladders/todos")).definition.steps[3].on, "P+72h");
});

test("a draft of a campaign is edited; of two people the second is told and chooses", async () => {
  await house.api("POST", "/v1/batches", { name: "novembro", creditor: "loja", segment: { days_late: { min: 4 } }, template: "atraso", per_day: 300, start_at: LATER });
  const [ana, bia] = [await visit(house), await visit(house, { token: other })];
  for (const page of [ana, bia]) {
    await page.goto(`${house.url}/campaigns/novembro`);
    await page.getByRole("link", { name: "Edit" }).click();
    assert.equal(await page.getByLabel("Days late: from").inputValue(), "4");
  }
  await bia.getByLabel("at most a day").or(bia.locator("[name=per_day]")).first().fill("50");
  await bia.getByRole("button", { name: "Save" }).click();
  await bia.waitForURL(`${house.url}/campaigns/novembro`);
  await bia.locator("#facts").getByText("50", { exact: true }).waitFor();
  await ana.locator("[name=team]").fill("noite");
  await ana.getByRole("button", { name: "Save", exact: true }).click();
  const theirs = ana.locator("#theirs");
  await theirs.getByText("bia saved version 2 while you were editing").waitFor();
  await shoot(ana, "campaign-theirs");
  await theirs.getByRole("button", { name: "Save mine over it" }).click();
  await ana.waitForURL(`${house.url}/campaigns/novembro`);
  const { definition, revision } = await house.api("GET", "/v1/batches/novembro");
  assert.deepEqual([definition.per_day, definition.team, definition.start_at, revision], [300, "noite", LATER, 3]);
  assert.deepEqual(definition.segment, { days_late: { min: 4 } });
  // A list stays as it is.
  await house.api("POST", "/v1/batches", { name: "lista", creditor: "loja", rows: [{ to: "+5511987650250" }], text: "Loja Azul: oi", purpose: "operational" });
  await ana.goto(`${house.url}/campaigns/lista/edit`);
  await ana.getByText("The list of this campaign stays").waitFor();
  await shoot(ana, "campaign-edit");
  assert.deepEqual(await inaccessible(ana), []);
  await ana.locator("textarea#text").fill("Loja Azul: olá");
  await ana.getByRole("button", { name: "Save", exact: true }).click();
  await ana.waitForURL(`${house.url}/campaigns/lista`);
  const list = await house.api("GET", "/v1/batches/lista");
  assert.deepEqual([list.definition.text, list.rows], ["Loja Azul: olá", 1]);
  assert.deepEqual(ana.complaints.filter((each) => !each.includes("412")), []);
});

test("the page of an endpoint shows a delivery as it happens", async () => {
  const endpoint = createServer((request, response) => request.on("data", () => {}).on("end", () => response.end()));
  await new Promise((resolve) => endpoint.listen(0, "127.0.0.1", resolve));
  await settled(house);
  const { id } = await house.api("POST", "/v1/webhooks", { url: `http://127.0.0.1:${endpoint.address().port}/`, types: ["message.delivered"] });
  const page = await visit(house);
  await page.goto(`${house.url}/settings/webhooks/${id}`);
  await page.locator("[data-live-state].on").waitFor();
  await page.getByText("Nothing was posted yet").waitFor();
  const message = await house.api("POST", "/v1/messages", { to: "+5511987650260", text: "oi" });
  await house.until(async () => (await house.api("GET", `/v1/messages/${message.id}`)).state === "delivered");
  // Sooner than pages look by themselves: every fifteen seconds.
  await page.locator("#one td .state.delivered").waitFor({ timeout: 5_000 });
  endpoint.close();
  assert.deepEqual(page.complaints, []);
});
