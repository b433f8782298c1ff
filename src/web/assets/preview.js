// What a text would come to while it is written: parts, the characters that make it longer, and the earliest lawful time.
"use strict";
const preview = document.getElementById("preview");
const draft = document.querySelector("form[data-preview]");
let waiting;
let asked = 0;

function line(text, name) {
  const element = document.createElement("p");
  element.textContent = text;
  if (name) element.className = name;
  return element;
}

async function show() {
  const mine = ++asked;
  const { to, text, template, debt, debtor, creditor, purpose, not_before, sim } = { ...JSON.parse(draft.dataset.also ?? "{}"), ...documentOf(draft) };
  if (!(to || debt || debtor) || !(text || template)) return;
  const { ok, answer } = await change("POST /v1/preview", { to, text, template, debt, debtor, creditor, purpose, not_before, sim });
  if (mine !== asked) return;
  const words = preview.dataset;
  const lines = [];
  if (ok) {
    if (answer.text) {
      const quote = document.createElement("blockquote");
      quote.textContent = answer.text;
      quote.dir = "auto";
      lines.push(quote);
    }
    const facts = [words.parts.replace("{}", answer.segments), answer.encoding, String(answer.units)];
    if (answer.companion_segments) facts.push(words.code.replace("{}", answer.companion_segments));
    if (answer.cost) facts.push(words.cost.replace("{}", answer.cost));
    lines.push(line(facts.join(" · "), "figure"));
    const at = answer.not_before && new Intl.DateTimeFormat(words.language, { dateStyle: "short", timeStyle: "short", timeZone: words.zone }).format(new Date(answer.not_before));
    lines.push(line(answer.reason ? words.from.replace("{}", at ?? "–") + ": " + answer.reason.detail : words.now));
    if (answer.costly.length) lines.push(line(words.costly.replace("{}", [...new Set(answer.costly.map((each) => each.char))].join(" ")), "hint"));
    for (const warning of answer.warnings ?? []) lines.push(line(warning.detail, "hint"));
  } else {
    lines.push(line(answer.detail ?? answer.title, "problem"));
  }
  preview.replaceChildren(preview.querySelector("h2"), ...lines);
}

// A template has its own words and its own purpose.
const template = draft.elements.template;
function choose() {
  for (const name of ["text", "purpose"]) draft.elements[name].disabled = template.value !== "";
}
if (template) {
  template.addEventListener("change", choose);
  choose();
}

draft.addEventListener("reset", () => {
  clearTimeout(waiting);
  preview.replaceChildren(preview.querySelector("h2"));
});
draft.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(show, 250);
});
// A browser that goes back to the page fills its fields again.
show();
