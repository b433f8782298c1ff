// What a template comes to while it is written: its faults at their places, and its texts for made-up debtors.
"use strict";
{
  const draft = document.getElementById("draft");
  const preview = document.getElementById("preview");
  const drawn = document.getElementById("drawn");
  let waiting;
  let asked = 0;
  let last;

  const element = (name, text, kind) => {
    const made = document.createElement(name);
    if (text !== undefined) made.textContent = text;
    if (kind) made.className = kind;
    return made;
  };

  const rowNamed = (name) => [...draft.querySelectorAll("[data-row]")].find((row) => row.querySelector("[name=name]").value.trim() === name);

  /** Puts the caret where something is wrong. */
  function go(area, line, column) {
    const before = area.value.split("\n").slice(0, line - 1).join("\n").length + (line > 1 ? 1 : 0);
    area.focus();
    area.setSelectionRange(before + column - 1, before + column);
  }

  function faults(findings) {
    for (const list of draft.querySelectorAll(".faults")) { list.replaceChildren(); list.hidden = true; }
    for (const area of draft.querySelectorAll("textarea")) area.removeAttribute("aria-invalid");
    const elsewhere = element("ul", undefined, "findings");
    for (const finding of findings) {
      const row = finding.text && rowNamed(finding.text);
      const item = element("li", undefined, finding.severity);
      if (row && finding.line) {
        const place = element("button", preview.dataset.at.replace("{}", `${finding.line}:${finding.column}`), "plain");
        place.type = "button";
        place.addEventListener("click", () => go(row.querySelector("textarea"), finding.line, finding.column));
        item.append(place, " ");
      }
      item.append(told(preview.dataset, finding));
      const list = row ? row.querySelector(".faults") : elsewhere;
      list.append(item);
      list.hidden = false;
      if (row && finding.severity === "error") row.querySelector("textarea").setAttribute("aria-invalid", "true");
    }
    return elsewhere;
  }

  function taken(told, title) {
    const words = preview.dataset;
    const figure = element("figure", undefined, "example");
    figure.append(element("figcaption", title));
    if (told.refusal) figure.append(element("p", told.refusal.detail, "problem"));
    if (told.taken) {
      const { text, segments, encoding, units, room, companion, companion_segments } = told.taken;
      if (text !== null) {
        const quote = element("blockquote", text);
        quote.dir = "auto";
        figure.append(quote);
      }
      const facts = [words.parts.replace("{}", segments), encoding, String(units), room < 0 ? words.passed.replace("{}", -room) : words.room.replace("{}", room)];
      if (companion) facts.push(words.code.replace("{}", companion_segments));
      if (told.cost) facts.push(words.cost.replace("{}", told.cost));
      figure.append(element("p", facts.join(" · "), room < 0 ? "hint bad" : "hint"));
    }
    return figure;
  }

  async function show() {
    const mine = ++asked;
    const definition = documentOf(draft);
    if (!definition.texts?.some((text) => text.body)) return;
    const creditor = document.getElementById("preview-creditor").value || undefined;
    const debtor = document.getElementById("preview-debtor").value.trim() || undefined;
    for (const text of definition.texts) { text.name ??= ""; text.body ??= ""; }
    const { ok, answer } = await change("POST /v1/preview/template", { definition, creditor, debtor });
    if (mine !== asked) return;
    if (!ok) { drawn.replaceChildren(element("p", answer.detail ?? answer.title, "problem")); return; }
    const others = faults(answer.findings);
    const names = JSON.parse(preview.dataset.words);
    const parts = [];
    if (others.children.length) parts.push(others);
    else if (!answer.findings.length) parts.push(element("p", preview.dataset.fine, "good"));
    for (const row of answer.rows) parts.push(taken(row, [row.debtor, row.creditor].filter(Boolean).join(" · ")));
    for (const example of answer.examples) parts.push(taken(example, `${example.arm}: ${names[example.example]}`));
    drawn.replaceChildren(...parts);
  }

  if (draft && preview) {
    /** A daemon that is away says nothing of the texts: what was said last stays. */
    const look = () => show().catch(() => {});
    const soon = () => { clearTimeout(waiting); waiting = setTimeout(look, 300); };
    draft.addEventListener("input", soon);
    preview.addEventListener("input", soon);
    draft.addEventListener("focusin", (event) => { if (event.target.matches("textarea")) last = event.target; });
    draft.addEventListener("click", (event) => {
      const chip = event.target.closest("[data-insert]");
      if (!chip) return;
      const area = last?.isConnected ? last : draft.querySelector("textarea");
      if (!area) return;
      area.setRangeText(chip.dataset.insert, area.selectionStart, area.selectionEnd, "end");
      area.focus();
      soon();
    });
    look();
  }
}
