// What a text would come to while it is written: parts and what they cost, the characters that make it longer, and the earliest
// lawful time. It is counted before there is a number too.
"use strict";
{
  const preview = document.getElementById("preview");
  const draft = document.querySelector("form[data-preview]");
  const words = preview.dataset;
  let waiting;
  let asked = 0;
  /** What is said of a text whoever gets it. */
  const ofWords = new Set(["threat", "pressure", "debt_shown"]);

  const line = (text, name) => {
    const element = document.createElement("p");
    element.textContent = text;
    if (name) element.className = name;
    return element;
  };

  /** What the gate says, in the language of the page. */
  function when({ not_before: at, reason }) {
    if (!reason) return line(words.now);
    const moment = at && new Intl.DateTimeFormat(words.language, { dateStyle: "short", timeStyle: "short", timeZone: words.zone }).format(new Date(at));
    return line(words.from.replace("{}", moment ?? "–") + ": " + (JSON.parse(words.reasons)[reason.code] ?? reason.code));
  }

  /** What the text takes; from when it may go only where it is known to whom. */
  function told(answer, hasNumber) {
    const facts = [words.parts.replace("{}", answer.segments), answer.encoding, answer.units];
    if (answer.companion_segments) facts.push(words.code.replace("{}", answer.companion_segments));
    if (answer.cost) facts.push(words.cost.replace("{}", answer.cost));
    const lines = [line(facts.join(" · "), "figure")];
    if (answer.text) {
      const quote = document.createElement("blockquote");
      quote.textContent = answer.text;
      quote.dir = "auto";
      lines.unshift(quote);
    }
    if (hasNumber) lines.push(when(answer));
    if (answer.costly.length) lines.push(line(words.costly.replace("{}", [...new Set(answer.costly.map((each) => each.char))].join(" ")), "hint"));
    for (const code of new Set((answer.warnings ?? []).map((each) => each.code))) {
      if (hasNumber || ofWords.has(code)) lines.push(line(JSON.parse(words.warnings)[code] ?? code, "hint"));
    }
    return lines;
  }

  const wrong = (answer) => {
    const said = line(title(answer), "problem");
    if (answer.detail) said.append(" ", technical(answer.detail));
    return said;
  };

  async function show() {
    const mine = ++asked;
    const { to, text, template, debt, debtor, creditor, purpose, not_before, sim, any_sim } = documentOf(draft);
    if (!(text || template)) return;
    const ask = (more) => change(draft.dataset.preview, { text, template, debt, debtor, creditor, purpose, not_before, sim, any_sim, ...more });
    let { ok, answer } = await ask({ to });
    const lines = [];
    let hasNumber = Boolean(to || debt || debtor) || !draft.elements.to;
    if (!ok && answer.field === "to") {
      // A number that is not whole yet does not keep the text from being counted.
      lines.push(wrong(answer));
      hasNumber = false;
      ({ ok, answer } = await ask());
    }
    // Answers may overtake each other; the last question counts.
    if (mine !== asked) return;
    lines.push(...(ok ? told(answer, hasNumber) : [wrong(answer)]));
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

  /** A daemon that is away says nothing of the text: what was said last stays. */
  const look = () => show().catch(() => {});

  draft.addEventListener("reset", () => {
    clearTimeout(waiting);
    asked += 1;
    preview.replaceChildren(preview.querySelector("h2"));
  });
  draft.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(look, 250);
  });
  // A browser that goes back to the page fills its fields again.
  look();
}
