import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { House } from "./house.mjs";
import { closeBrowser, inaccessible, overflowing, shoot, visit } from "./browser.mjs";
import { template } from "./dunning.mjs";
import { furnish } from "./portfolio.mjs";

let house;

before(async () => {
  house = await House.open({ sim: "price = 0.05" });
  await furnish(house);
});
after(async () => {
  await closeBrowser();
  await house?.close();
});

function file(name, text) {
  const path = join(house.folder, name);
  writeFileSync(path, text);
  return path;
}

test("a reply is answered, counted while it is written, and delivered", async () => {
  const page = await visit(house);
  await page.getByRole("link", { name: "Conversations" }).click();
  await page.getByRole("link", { name: /quero falar/ }).click();
  await page.getByText("wants to talk").first().waitFor();
  await page.getByLabel("Answer", { exact: true }).fill("Olá! Em que posso ajudar?");
  await page.locator("#preview").getByText("1 SMS").waitFor();
  await page.getByRole("button", { name: "I take it" }).click();
  await page.locator("#about").getByText("admin").waitFor();
  await page.getByRole("button", { name: "Send" }).click();
  await page.locator("#thread .bubble.out .state.delivered").nth(1).waitFor({ timeout: 15_000 });
  assert.equal(await page.getByLabel("Answer", { exact: true }).inputValue(), "");
  // What comes meanwhile appears by itself.
  house.say("+5511987650101", "obrigada, vou ver");
  await page.locator("#thread").getByText("obrigada, vou ver").waitFor({ timeout: 10_000 });
  await page.getByRole("button", { name: "Disputes the debt" }).click();
  await page.locator("#about .state.disputed").waitFor();
  await page.getByRole("button", { name: "Collect again" }).click();
  await page.locator("#about .state.open").waitFor();
  await page.getByRole("button", { name: "Close" }).click();
  await page.locator("#actions").getByText("closed").waitFor();
  assert.deepEqual(page.complaints, []);
});

test("who asks to be left alone is on the list by itself, and comes off it with a reason", async () => {
  const page = await visit(house);
  await page.goto(`${house.url}/suppressions`);
  house.say("+5511987650103", "SAIR");
  const entry = page.getByRole("row").filter({ hasText: "+5511987650103" });
  await entry.getByText("asked to be left alone").waitFor({ timeout: 10_000 });
  await entry.getByRole("link", { name: "Lift" }).click();
  await page.getByLabel("Why they may be texted again").fill("Ligou e pediu");
  await page.getByRole("button", { name: "Lift" }).click();
  await page.waitForURL(`${house.url}/suppressions`);
  await page.getByRole("row").filter({ hasText: "Ligou e pediu" }).waitFor();
});

test("numbers are put on the list, and those that are none stay to be mended", async () => {
  const page = await visit(house);
  await page.goto(`${house.url}/suppressions/new`);
  await page.getByLabel("Numbers, one on each line").fill("11 98765-0110\n123");
  await page.getByRole("button", { name: "Add" }).click();
  await page.locator("#outcome").getByText("1 added").waitFor();
  await page.locator("#outcome").getByText(/^123:/).waitFor();
  assert.equal(await page.getByLabel("Numbers, one on each line").inputValue(), "123");
});

test("a portfolio with a bad row is mapped, checked, imported and seen as a journey", async () => {
  const path = file("carteira.csv", [
    "cpf;nome;celular;titulo;valor;valor atualizado;vencto",
    "22255588846;Ana <i>Souza</i>;11 98765-0201;t-1;100,00;110,00;30/11/2026",
    "33344455567;Rui;11 98765-0202;t-2;100,00;abc;30/11/2026",
    "44455566678;Eva;11 98765-0203;t-3;1.100,00;1.234,56;30/11/2026",
  ].join("\r\n"));
  const page = await visit(house);
  await page.getByRole("link", { name: "Import" }).click();
  await page.getByLabel("CSV file").setInputFiles(path);
  await page.getByRole("alert").getByText("may both be amount").waitFor();
  assert.equal(await page.getByRole("button", { name: "Check" }).isDisabled(), true);
  await page.getByLabel("titulo").selectOption("debt");
  await page.getByLabel("valor", { exact: true }).selectOption("original_amount");
  await page.getByLabel("valor atualizado").selectOption("amount");
  await page.getByLabel("vencto").selectOption("due");
  await page.getByRole("button", { name: "Check" }).click();
  await page.getByRole("heading", { name: "Checked: nothing was stored" }).waitFor();
  assert.equal(await page.locator("#count-fit").textContent(), "2");
  await page.locator("#found tr").filter({ hasText: "abc" }).waitFor();
  await shoot(page, "import-checked-en-1440");
  assert.deepEqual(await inaccessible(page), []);
  await page.getByRole("button", { name: "Import", exact: true }).click();
  await page.getByRole("heading", { name: "Imported" }).waitFor();
  assert.equal(await page.locator("#count-created").textContent(), "2");
  await page.setViewportSize({ width: 360, height: 900 });
  assert.deepEqual(await overflowing(page), []);
  await shoot(page, "import-done-en-360");
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.locator("#debtors").click();
  await page.getByLabel("Name, number, document or id").fill("ana");
  await page.getByRole("button", { name: "Search" }).click();
  await page.getByRole("cell", { name: "Ana <i>Souza</i>" }).waitFor();
  await page.getByRole("link", { name: "22255588846" }).click();
  await page.locator("#journey").getByText("Debt taken in").waitFor();
  await page.getByText("Note what happened").click();
  await page.getByLabel("Amount paid").fill("60.00");
  await page.getByRole("button", { name: "Note it" }).click();
  await page.locator("#journey").getByText("Payment received").waitFor();
  await page.getByText("BRL 50.00").waitFor();
  assert.deepEqual(page.complaints, []);
});

test("a name is text, whatever it is made of", async () => {
  const page = await visit(house);
  const name = "<b>Maria</b> \u202eمريم 🙂 da Silva Albuquerque de Mendonça";
  await page.goto(`${house.url}/debtors/cpf%201%2F2`);
  const heading = page.getByRole("heading", { level: 1 });
  assert.equal(await heading.textContent(), name);
  assert.deepEqual([await heading.getAttribute("dir"), await page.locator("main b").count()], ["auto", 0]);
  await page.goto(`${house.url}/debtors`);
  await page.getByText(name).waitFor();
  assert.equal(await page.locator("main b").count(), 0);
  assert.deepEqual(page.complaints, []);
});

test("cells that are formulas are text in the page and in the table of errors", async () => {
  const path = file("formulas.csv", [
    "cpf;nome;celular;contrato;parcela;valor;vencimento",
    "=1+1;\"=HYPERLINK(\"\"http://x\"\")\";11 98765-0301;c1;1/1;10,00;30/11/2026",
    "55566677789;x;11 98765-0302;=cmd|' /C calc'!A0;1/1;+1-1;30/11/2026",
  ].join("\n"));
  const page = await visit(house);
  await page.goto(`${house.url}/import`);
  await page.getByLabel("CSV file").setInputFiles(path);
  await page.getByRole("button", { name: "Check" }).click();
  await page.getByRole("heading", { name: "Checked: nothing was stored" }).waitFor();
  const [download] = await Promise.all([page.waitForEvent("download"), page.locator("#errors").click()]);
  const table = readFileSync(await download.path(), "utf8");
  assert.match(table, /^line,column,kind,what,cell\r\n/);
  assert.match(table, /,'\+1-1\r\n/);
  assert.doesNotMatch(table, /(^|,)"?[=@]/m);
});

test("a token without the scopes gets pages that say so, and no numbers", async () => {
  const { token } = await house.api("POST", "/v1/tokens", { client: "leitura", scopes: ["read"] });
  const page = await visit(house, { token });
  for (const path of ["/conversations", "/conversations/1", "/debtors", "/debtors/cpf%201%2F2", "/suppressions", "/import", "/suppressions/new"]) {
    await page.goto(house.url + path);
    assert.doesNotMatch(await page.locator("main").innerText(), /987650|12345678909|Maria/, path);
    assert.equal(await page.locator("main form[data-api], main button[data-api]").count(), 0, path);
  }
});

test("an approved template is sent about a debt from its debtor's page, and what it comes to is shown before", async () => {
  const debtor = { id: "d9", name: "João Souza", numbers: ["+5511987650150"] };
  await house.api("POST", "/v1/debts", [{ id: "d-9", creditor: "loja", debtor, amount: "112.00", due: "2026-11-30" }]);
  await template(house, "lembrete", "{{ sender }}: {{ first_name }}, {{ amount }} vence em {{ due|short_date }}.");
  const page = await visit(house);
  await page.goto(`${house.url}/debtors/d9`);
  await page.getByRole("link", { name: "Write about it" }).click();
  await page.getByLabel("Template").selectOption("lembrete");
  const preview = page.locator("#preview");
  await preview.getByText(/^Loja Azul Ltda: João, R\$.112,00 vence em/).waitFor();
  await preview.getByText(/^1 SMS .* costs 0\.05$/).waitFor();
  await preview.getByText("It can go now.").waitFor();
  assert.equal(await page.getByLabel("Text", { exact: true }).isDisabled(), true, "the template has its words");
  await page.getByRole("button", { name: "Send" }).click();
  await page.waitForURL(/\/messages\/[0-9a-f-]{36}$/);
  const message = await house.api("GET", `/v1/messages/${page.url().split("/").pop()}`);
  assert.deepEqual([message.to, message.debtor, message.debt, message.creditor], ["+5511987650150", "d9", "d-9", "loja"]);
  assert.match(message.text, /^Loja Azul Ltda: João, /);
  assert.deepEqual(page.complaints, []);
});
