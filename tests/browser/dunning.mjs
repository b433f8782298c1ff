// A small portfolio with a ladder, templates and campaigns, set up through the API.

/** A creditor with debtors, one of them with a name that tries to be more than a name. */
export async function portfolio(house) {
  const creditor = { id: "loja", name: "Loja <b>Azul</b> 🧾", sender: "Loja Azul", zone: "America/Sao_Paulo", language: "pt-BR", currency: "BRL", ladder: "leve" };
  await house.api("POST", "/v1/creditors", creditor);
  const day = (offset) => new Date(Date.now() + offset * 86_400_000).toISOString().slice(0, 10);
  const names = ["Maria <i>da Silva</i>", "\u202eעברית 🙂", "João Souza", "Ana Lima"];
  const debts = names.map((name, nth) => ({
    id: `x${nth}`, creditor: "loja", amount: `${110 + nth}.00`, due: day(-3 - nth),
    debtor: { id: `d${nth}`, name, numbers: [`+551198765010${nth}`] },
  }));
  await house.api("POST", "/v1/debts", debts);
}

export async function template(house, name, body, approve = true) {
  const { version } = await house.api("PUT", `/v1/templates/${name}`, { purpose: "collection", texts: [{ name: "a", body }] });
  if (approve) await house.api("POST", `/v1/templates/${name}/approve`, { version });
}

export const LADDER = {
  steps: [
    { id: "antes", on: "D-5", roll: "previous", text: "lembrete" },
    { id: "hoje", on: "D+0 10:00", text: "lembrete" },
    { id: "d3", on: "D+3", roll: "next", text: "atraso", segment: { amount: { min: "100.00" }, tags_none: ["vip"] } },
    { id: "d4", on: "D+4", roll: "next", text: "atraso" },
    { id: "d15", on: "D+15", roll: "next", text: "sem-modelo" },
    { id: "carta", on: "D+45", exit: "letter" },
    { id: "biro", on: "D+90", exit: "bureau" },
    { id: "quebra", on: "P+1", roll: "next", text: "atraso" },
  ],
};

/** All that pages about ladders, templates and campaigns show. */
export async function furnish(house) {
  await portfolio(house);
  await template(house, "lembrete", "{{ sender }}: {{ first_name }}, {{ amount }} vence em {{ due|short_date }}.");
  await template(house, "atraso", "{{ sender }}: {{ first_name }}, a parcela de {{ amount }} venceu há {{ days_late }} dias. Pague em {{ link }}", false);
  await template(house, "sem-nome", "Pague {{ amount }}", false);
  await house.api("PUT", "/v1/ladders/leve", LADDER);
  await house.api("POST", "/v1/batches", { name: "novembro", creditor: "loja", segment: { days_late: { min: 1 } }, template: "lembrete", per_day: 300 });
  const rows = Array.from({ length: 30 }, (_, nth) => ({ to: `+55119876502${String(nth).padStart(2, "0")}` }));
  await house.api("POST", "/v1/batches", { name: "aviso <b>geral", creditor: "loja", rows, text: "Loja Azul: nossa loja mudou de endereço.", purpose: "operational" });
  await house.api("POST", "/v1/batches/aviso%20%3Cb%3Egeral/test", { to: ["+5511987650999"] });
}

export const PAGES = {
  ladders: () => "/ladders",
  ladder: () => "/ladders/leve",
  ladder_plan: () => `/ladders/leve?date=${new Date().toISOString().slice(0, 10)}`,
  ladder_edit: () => "/ladders/leve/edit",
  ladder_new: () => "/ladders/new",
  templates: () => "/templates",
  template: () => "/templates/sem-nome",
  template_new: () => "/templates/new",
  campaigns: () => "/campaigns",
  campaign: () => "/campaigns/novembro",
  campaign_edit: () => "/campaigns/novembro/edit",
  campaign_new: () => "/campaigns/new",
};
