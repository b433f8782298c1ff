import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { closeBrowser, shoot, visit } from "./browser.mjs";
import { LADDER, portfolio } from "./dunning.mjs";
import { House } from "./house.mjs";

let house;
let other;

before(async () => {
  house = await House.open({ airtime: "250ms", more: "[templates]\nfour_eyes = true\n" });
  other = (await house.api("POST", "/v1/tokens", { client: "bia", scopes: ["send", "read", "pii", "manage"] })).token;
  await portfolio(house);
});
after(async () => {
  await closeBrowser();
  await house?.close();
});

test("a template with a mistake is seen while it is written, mended, saved and approved by another person", async () => {
  const page = await visit(house);
  await page.getByRole("link", { name: "Templates" }).click();
  await page.getByText("There are no templates yet").waitFor();
  await page.getByRole("link", { name: "New template" }).click();
  await page.getByLabel("Name", { exact: true }).fill("atraso");
  const text = page.getByLabel("Text", { exact: true });
  await text.fill("{{ sender }}:\n{{ first_name }}, pague {{ amout }}");
  const fault = page.locator(".faults li.error");
  await fault.waitFor();
  assert.match(await fault.textContent(), /2:28.*amount/s);
  await fault.getByRole("button").click();
  assert.equal(await text.evaluate((area) => area.value.slice(area.selectionStart, area.selectionStart + 5)), "amout");
  await page.getByRole("button", { name: "Save as a new version" }).click();
  await page.getByRole("alert").filter({ hasText: "amount" }).waitFor();
  await text.fill("{{ sender }}: {{ first_name }}, pague ");
  await page.getByText("What can be filled in").click();
  await page.locator("[data-insert='{{ amount }}']").click();
  const preview = page.locator("#preview");
  await preview.getByText("Loja Azul: Maria, pague R$ 1.234,56").first().waitFor();
  await preview.getByLabel("Debtor (your id)").fill("d2");
  await preview.getByText("Loja Azul: João, pague R$ 112,00").waitFor();
  await page.getByRole("button", { name: "Save as a new version" }).click();
  await page.waitForURL(`${house.url}/templates/atraso`);
  await page.getByText("another person must").waitFor();
  assert.equal(await page.getByRole("button", { name: "Approve" }).count(), 0);
  const second = await visit(house, { token: other });
  await second.goto(`${house.url}/templates/atraso`);
  await second.getByRole("button", { name: "Approve" }).click();
  await page.locator("#versions .state.approved").waitFor();
  assert.deepEqual(page.complaints.filter((each) => !each.includes("400")), []);
});

test("of two people who edit one ladder the second is told, sees the other's, and chooses", async () => {
  const written = { ...LADDER, steps: LADDER.steps.map((step) => (step.text ? { ...step, text: "atraso" } : step)) };
  await house.api("PUT", "/v1/ladders/leve", written);
  const [ana, bia] = [await visit(house), await visit(house, { token: other })];
  for (const page of [ana, bia]) {
    await page.goto(`${house.url}/ladders/leve`);
    await page.locator(".steps").getByText("5 days before it is due").waitFor();
    await page.getByRole("link", { name: "Edit" }).click();
  }
  // Bia adds a step and moves another.
  await bia.getByRole("button", { name: "Add a step" }).click();
  const added = bia.locator("[data-row]").last();
  await added.getByLabel("How many").fill("30");
  await added.getByRole("combobox", { name: "When", exact: true }).selectOption("after");
  await added.getByLabel("From what time").fill("14:00");
  await added.getByLabel("What happens").selectOption({ label: "call" });
  await bia.locator("[data-row]").nth(2).getByRole("button", { name: "Remove the step" }).click();
  await bia.locator("[data-row]").nth(1).getByLabel("How many").fill("1");
  await bia.getByRole("button", { name: "Save the ladder" }).click();
  await bia.waitForURL(`${house.url}/ladders/leve`);
  await bia.locator(".steps").getByText("30 days after it was due, from 14:00").waitFor();
  // Ana did not see that.
  await ana.locator("[data-row]").first().getByLabel("How many").fill("4");
  await ana.getByRole("button", { name: "Save the ladder" }).click();
  const theirs = ana.locator("#theirs");
  await theirs.getByText("bia saved version 2 while you were editing").waitFor();
  await theirs.locator(".steps").getByText("30 days after it was due, from 14:00").waitFor();
  await shoot(ana, "ladder-theirs");
  assert.equal(await ana.locator("[data-row]").first().getByLabel("How many").inputValue(), "4", "hers is still there");
  await theirs.getByRole("button", { name: "Save mine over it" }).click();
  await ana.waitForURL(`${house.url}/ladders/leve`);
  const { version, definition } = await house.api("GET", "/v1/ladders/leve");
  const expected = written.steps.map((step) => (step.id === "antes" ? { ...step, on: "D-4" } : step));
  assert.equal(version, 3);
  assert.deepEqual(definition.steps, expected.map((step) => ({ roll: "stay", ...step })));
});

test("the line of a ladder follows its form while it is written", async () => {
  const page = await visit(house);
  await page.goto(`${house.url}/ladders/leve/edit`);
  const line = page.locator("#line");
  const before = await line.locator("g").count();
  await page.getByRole("button", { name: "Add a step" }).click();
  const row = page.locator("[data-rows=steps] > [data-row]").last();
  await row.locator("[data-count]").fill("77");
  await line.getByText("D+77").waitFor();
  assert.equal(await line.locator("g").count(), before + 1);
  await row.locator("[data-way]").selectOption("promise");
  await line.getByText("P+77").waitFor();
  await row.locator("[data-remove]").click();
  await line.getByText("P+77").waitFor({ state: "detached" });
  assert.equal(await line.locator("g").count(), before);
  assert.deepEqual(page.complaints, []);
});

test("a day of a ladder is tried without sending anything", async () => {
  const page = await visit(house);
  await page.goto(`${house.url}/ladders/leve`);
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await page.waitForURL(/date=/);
  const plan = page.locator("#plan");
  await plan.locator(".state.text, .state.skipped, .state.problem").first().waitFor();
  await shoot(page, "ladder-plan-day");
});

test("a campaign for a segment is counted before it is made", async () => {
  const page = await visit(house);
  await page.goto(`${house.url}/campaigns/new`);
  await page.getByLabel("Name", { exact: true }).fill("segmento");
  await page.getByText("4 debtors, 4 debts, 4 asked for").waitFor();
  await page.getByText("For whom:").click();
  await page.getByLabel("Days late: from").fill("5");
  await page.getByText("2 debtors, 2 debts, 2 asked for").waitFor();
  const look = page.locator("#look");
  await look.getByText("Recipients").waitFor();
  await look.getByText(/Loja Azul: .*, pague R\$ 11\d,00/).first().waitFor();
  await page.getByRole("button", { name: "Make the draft" }).click();
  await page.waitForURL(`${house.url}/campaigns/segmento`);
  await page.getByText("Days late ≥ 5").waitFor();
  await page.getByRole("button", { name: "Delete the draft" }).click();
  await page.waitForURL(`${house.url}/campaigns`);
  await page.getByText("There are no campaigns yet").waitFor();
});

test("a campaign for a list is made, test sent, started, paused, resumed, watched and cancelled", async () => {
  const page = await visit(house);
  await page.goto(`${house.url}/campaigns/new`);
  await page.getByLabel("Name", { exact: true }).fill("aviso de mudança");
  await page.getByRole("radio", { name: "List of numbers" }).check();
  const numbers = Array.from({ length: 120 }, (_, nth) => `+5511987660${String(nth).padStart(3, "0")}`);
  const file = { name: "numeros.csv", mimeType: "text/csv", buffer: Buffer.from("to\r\n" + numbers.join("\r\n")) };
  await page.getByLabel("Or a CSV file").setInputFiles(file);
  await page.getByText("Rows read: 120").waitFor();
  await page.getByRole("radio", { name: "Text" }).check();
  await page.locator("textarea#text").fill("Loja Azul: nossa loja mudou de endereço.");
  await page.getByLabel("Purpose").selectOption("operational");
  const look = page.locator("#look");
  await look.getByText("120").first().waitFor();
  await look.getByText(/^Ends /).waitFor();
  await page.getByRole("button", { name: "Make the draft" }).click();
  await page.waitForURL(/\/campaigns\/aviso%20de/);
  await page.locator("#look").getByText("120").first().waitFor();
  await shoot(page, "campaign-draft");
  await page.getByLabel("Your own numbers").fill("+5511987650999");
  await page.getByRole("button", { name: "Send the test" }).click();
  await page.locator("#answer").getByText("Test sent: 1 message(s) of 1 SMS.").waitFor();
  await page.locator("#standing").getByText("A test was sent").waitFor();
  await page.getByRole("button", { name: "Start" }).click();
  await page.locator("#standing .state.running").waitFor();
  // It moves without anybody loading the page.
  const percent = async () => parseInt(await page.locator("#standing svg.bar").getAttribute("aria-label"), 10);
  await house.until(async () => (await percent()) >= 3);
  await page.getByRole("button", { name: "Pause" }).click();
  await page.locator("#standing .state.paused").waitFor();
  await shoot(page, "campaign-paused");
  await page.getByRole("button", { name: "Resume" }).click();
  await page.locator("#standing .state.running").waitFor();
  const before = await percent();
  await house.until(async () => (await percent()) > before);
  await shoot(page, "campaign-running");
  await page.getByRole("button", { name: "Cancel the campaign" }).click();
  await page.locator("#answer").getByText(/^Cancelled\. Messages stopped: \d+\. On the wire, may still arrive: \d+\.$/).waitFor();
  await page.locator("#standing .state.cancelled").waitFor();
  await page.goto(`${house.url}/campaigns`);
  await page.getByRole("link", { name: "aviso de mudança" }).waitFor();
  assert.deepEqual(page.complaints, []);
});

test("who may not change sees no form for it", async () => {
  const reader = (await house.api("POST", "/v1/tokens", { client: "lia", scopes: ["read"] })).token;
  const page = await visit(house, { token: reader });
  for (const path of ["/templates/atraso", "/ladders/leve", "/campaigns", "/ladders/leve/edit", "/campaigns/new"]) {
    await page.goto(house.url + path);
    await page.getByRole("heading", { level: 1 }).waitFor();
    assert.equal(await page.locator("form[data-api], form[data-campaign], main [data-api]").count(), 0, path);
  }
});
