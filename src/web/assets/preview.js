// What a text would come to while it is written: parts, the characters that make it longer, and the earliest lawful time.
"use strict";
const preview = document.getElementById("preview");
const draft = document.querySelector("form[data-preview]");
let waiting;

function line(text, name) {
  const element = document.createElement("p");
  element.textContent = text;
  if (name) element.className = name;
  return element;
}

async function show() {
  const { to, text, purpose, not_before, sim } = { ...JSON.parse(draft.dataset.also ?? "{}"), ...documentOf(draft) };
  if (!to || !text) return;
  const { ok, answer } = await change("POST /v1/preview", { to, text, purpose, not_before, sim });
  const words = preview.dataset;
  const lines = [];
  if (ok) {
    lines.push(line(words.parts.replace("{}", answer.segments) + " · " + answer.encoding + " · " + answer.units, "figure"));
    const at = answer.not_before && new Intl.DateTimeFormat(words.language, { dateStyle: "short", timeStyle: "short", timeZone: words.zone }).format(new Date(answer.not_before));
    lines.push(line(answer.reason ? words.from.replace("{}", at ?? "–") + ": " + answer.reason.detail : words.now));
    if (answer.costly.length) lines.push(line(words.costly.replace("{}", [...new Set(answer.costly.map((each) => each.char))].join(" ")), "hint"));
    for (const warning of answer.warnings ?? []) lines.push(line(warning.detail, "hint"));
  } else {
    lines.push(line(answer.detail ?? answer.title, "problem"));
  }
  preview.replaceChildren(preview.querySelector("h2"), ...lines);
}

draft.addEventListener("reset", () => {
  clearTimeout(waiting);
  preview.replaceChildren(preview.querySelector("h2"));
});
draft.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(show, 250);
});
