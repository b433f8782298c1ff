// A portfolio as the pages of debtors, conversations and imports are shown with.

/** A creditor, a debtor whose name and texts are of all kinds, debts, a conversation and an entry of the list. */
export async function furnish(house) {
  const creditor = { id: "loja", name: "Loja Azul Ltda", zone: "America/Sao_Paulo", language: "pt-BR", currency: "BRL" };
  await house.api("POST", "/v1/creditors", creditor);
  const name = "<b>Maria</b> \u202eمريم 🙂 da Silva Albuquerque de Mendonça";
  const debtor = { id: "cpf 1/2", name, document: "12345678909", numbers: ["+5511987650101", "+5511987650102"], tags: ["vip"], kind: "varejo" };
  const debt = { creditor: "loja", debtor, due: "2026-11-30", product: "Geladeira", contract: "c-1" };
  await house.api("POST", "/v1/debts", [
    { ...debt, id: "d-1", amount: "1110.00", original_amount: "1000.00", instalment: { number: 3, of: 12 } },
    { ...debt, id: "d-2", amount: "80.50" },
  ]);
  await house.api("POST", "/v1/debts/d-2/events", { type: "promise", until: "2030-11-30" });
  await house.api("POST", "/v1/messages", { to: "+5511987650101", text: "Loja Azul: há uma parcela em aberto.", debtor: "cpf 1/2", debt: "d-1", creditor: "loja" });
  await settled(house);
  house.say("+5511987650101", "quero falar com um atendente");
  await house.until(async () => (await house.api("GET", "/v1/conversations")).items.length > 0);
  await house.api("POST", "/v1/suppressions", { number: "+5511987650109", kind: "register", source: "cadastro", why: "=1+1 <i>não</i>" });
}

/** Waits until nothing is on its way. */
export async function settled(house) {
  const states = ["queued", "sending", "accepted"];
  const waits = async (state) => (await house.api("GET", `/v1/messages?state=${state}&limit=1`)).items.length > 0;
  await house.until(async () => !(await Promise.all(states.map(waits))).some(Boolean));
}

/** The pages, for the loop over all of them. */
export const PAGES = {
  conversations: () => "/conversations",
  conversation: () => "/conversations/1",
  debtors: () => "/debtors",
  debtor: () => "/debtors/cpf%201%2F2",
  message_about: () => "/messages/new?debtor=cpf%201%2F2&creditor=loja&debt=d-1",
  suppressions: () => "/suppressions",
  suppress: () => "/suppressions/new",
  lift: () => "/suppressions/lift?number=%2B5511987650109&kind=register",
  import: () => "/import",
};
