// What became of numbers that were put on the list, and which were none.
"use strict";
const outcome = document.getElementById("outcome");
const form = document.getElementById("suppress");

function paragraph(text, name) {
  const element = document.createElement("p");
  element.textContent = text;
  if (name) element.className = name;
  return element;
}

form?.addEventListener("recado:done", ({ detail: { added, stopped, on_wire, refused } }) => {
  const words = outcome.dataset;
  const given = documentOf(form).numbers ?? [];
  const lines = [paragraph(words.added.replace("{}", added), "figure"), paragraph(words.stopped.replace("{}", stopped))];
  if (on_wire.length) lines.push(paragraph(words.onWire.replace("{}", on_wire.length)));
  if (refused.length) lines.push(paragraph(words.refused.replace("{}", refused.length), "problem"));
  for (const { index, detail } of refused) lines.push(paragraph(`${given[index]}: ${detail}`, "hint"));
  outcome.replaceChildren(outcome.querySelector("h2"), ...lines);
  // What could not be read stays, to be mended.
  form.elements.numbers.value = refused.map(({ index }) => given[index]).join("\n");
});
