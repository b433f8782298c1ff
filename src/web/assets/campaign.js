// A campaign before it starts: its list is read from what was pasted or from a file, and counted with all else.
"use strict";
{
  // As many rows as the API takes at once.
  const PIECE = 10000;
  const look = document.getElementById("look");
  const form = document.querySelector("form[data-campaign]");

  const element = (name, text, kind) => {
    const made = document.createElement(name);
    if (text !== undefined) made.textContent = text;
    if (kind) made.className = kind;
    return made;
  };

  function moment(at) {
    const words = look.dataset;
    const options = { weekday: "long", day: "2-digit", month: "2-digit", hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone: words.zone };
    return new Intl.DateTimeFormat(words.language, options).format(new Date(at));
  }

  const number = (count) => new Intl.NumberFormat(look.dataset.language).format(count);

  function counts(title, group, names) {
    const entries = Object.entries(group);
    if (!entries.length) return [];
    const list = element("dl", undefined, "facts");
    for (const [code, count] of entries) list.append(element("dt", names[code] ?? code), element("dd", number(count)));
    return [element("h3", title), list];
  }

  function example(told) {
    const words = look.dataset;
    const figure = element("figure", undefined, "example");
    figure.append(element("figcaption", `${told.who} · ${told.to}`));
    if (told.text !== null) {
      const quote = element("blockquote", told.text);
      quote.dir = "auto";
      figure.append(quote);
    }
    figure.append(element("p", [words.parts.replace("{}", told.segments), told.encoding, told.units].join(" · "), "hint"));
    return figure;
  }

  /** Times and counts of a warning are said as the page says others. */
  function warned(warning) {
    const operands = Object.fromEntries(Object.entries(warning.operands).map(([name, value]) => {
      if (name.endsWith("_time")) return [name, moment(value)];
      return [name, /^\d+$/.test(value) ? number(Number(value)) : value];
    }));
    return told(look.dataset, { ...warning, operands });
  }

  function draw(answer, more) {
    const words = look.dataset;
    const figures = element("dl", undefined, "figures");
    const pairs = [[words.recipients, number(answer.recipients)], [words.all, number(answer.parts)]];
    if (answer.cost) pairs.push([words.cost, answer.cost]);
    for (const [name, value] of pairs) {
      const pair = element("div");
      pair.append(element("dt", name), element("dd", value));
      figures.append(pair);
    }
    const { ends_at, reason } = answer.forecast;
    const ends = ends_at ? words.ends.replace("{}", moment(ends_at)) : reason && (JSON.parse(words.unknown)[reason.code] ?? reason.detail);
    const parts = [figures];
    if (more) parts.push(element("p", words.first.replace("{}", number(PIECE)), "hint"));
    if (ends) parts.push(element("p", ends, ends_at ? "figure" : "hint"));
    for (const warning of answer.warnings) parts.push(element("p", warned(warning), "note warning"));
    parts.push(...counts(words.left, answer.left_out, JSON.parse(words.reasons)));
    parts.push(...counts(words.held, answer.held, JSON.parse(words.waits)));
    if (answer.longest) parts.push(element("h3", words.longest), example(answer.longest));
    if (answer.examples.length) parts.push(element("h3", words.examples), ...answer.examples.map(example));
    look.querySelector("[data-drawn]").replaceChildren(...parts);
  }

  function refuse(answer) {
    look.querySelector("[data-drawn]").replaceChildren(element("p", answer.detail ?? answer.title, "problem"));
  }

  if (look?.dataset.look) {
    change(look.dataset.look, {}).then(({ ok, answer }) => (ok ? draw(answer) : refuse(answer)));
  }

  if (form) {
    const numbers = document.getElementById("numbers");
    const read = document.getElementById("read");
    const count = document.getElementById("count");
    let rows = [];
    let waiting;
    let asked = 0;

    /** One row a line: a number alone, or columns under a first line that names them: to, debtor, debt, and what fills the template. */
    function rowsOf(text) {
      const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/).map((line) => line.trim()).filter(Boolean);
      const mark = [";", "\t", ","].find((each) => lines[0]?.includes(each)) ?? ";";
      const cells = (line) => line.split(mark).map((cell) => cell.trim().replace(/^"(.*)"$/, "$1").replaceAll('""', '"'));
      const head = lines.length && !/\d/.test(lines[0]) ? cells(lines.shift()).map((name) => name.toLowerCase()) : null;
      if (!head) return lines.flatMap(cells).filter(Boolean).map((to) => ({ to }));
      return lines.map((line) => {
        const row = {};
        cells(line).forEach((cell, place) => {
          const name = head[place];
          if (!name || !cell) return;
          if (["to", "debtor", "debt"].includes(name)) row[name] = cell;
          else (row.vars ??= {})[name] = cell;
        });
        return row;
      });
    }

    const isList = () => form.elements.audience.value === "rows";

    function written() {
      const body = documentOf(form);
      if (!isList()) body.segment ??= {};
      return body;
    }

    function show() {
      for (const choice of form.querySelectorAll("[data-opens]")) {
        const place = document.getElementById(choice.dataset.opens);
        place.hidden = place.disabled = !choice.checked;
      }
    }

    async function counted() {
      const mine = ++asked;
      const body = written();
      if (!isList()) {
        const { ok, answer } = await change("POST /v1/segments/count", { creditor: body.creditor, segment: body.segment });
        if (mine !== asked) return;
        const words = count.dataset.words.replace(/\{(\w+)\}/g, (_, name) => number(answer[name] ?? 0));
        count.textContent = ok ? words : answer.detail;
      }
      // The list of a draft stays: its own page counts it.
      if ((!body.template && !body.text) || (isList() && !rows.length)) return;
      if (isList()) body.rows = rows.slice(0, PIECE);
      // What it is called changes nothing of what it comes to.
      const { ok, answer } = await change("POST /v1/batches/preview", { ...body, name: "draft-preview" });
      if (mine !== asked) return;
      if (ok) draw(answer, isList() && rows.length > PIECE);
      else refuse(answer);
    }

    const soon = () => { clearTimeout(waiting); waiting = setTimeout(counted, 400); };

    function take(text) {
      rows = rowsOf(text);
      read.textContent = rows.length ? read.dataset.words.replace("{}", number(rows.length)) : "";
      soon();
    }

    for (const field of form.querySelectorAll("[data-moment]")) field.value = typed(field.dataset.moment);

    numbers?.addEventListener("input", () => take(numbers.value));
    document.getElementById("file")?.addEventListener("change", async (event) => {
      const [file] = event.target.files;
      if (file) { numbers.value = ""; take(await file.text()); }
    });
    form.addEventListener("input", () => { show(); soon(); });

    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const problem = form.querySelector(".problem");
      problem.hidden = true;
      for (const field of form.elements) field.removeAttribute("aria-invalid");
      const button = form.querySelector("button.primary");
      button.setAttribute("aria-busy", "true");
      const bar = document.getElementById("sending");
      const body = written();
      const name = form.dataset.draft ?? body.name;
      const path = `/v1/batches/${encodeURIComponent(name)}`;
      try {
        if (form.dataset.draft) {
          const { ok, status, answer } = await change(`PUT ${path}`, body, overOf(form));
          if (ok) return location.assign(`/campaigns/${encodeURIComponent(name)}`);
          return status === 412 ? await showTheirs(form) : explain(form, answer);
        }
        if (isList()) body.rows_announced = rows.length;
        let { ok, answer } = await change("POST /v1/batches", body);
        for (let from = 0; ok && isList() && from < rows.length; from += PIECE) {
          bar.hidden = false;
          bar.value = (100 * from) / rows.length;
          ({ ok, answer } = await change(`POST ${path}/rows`, { from: from + 1, rows: rows.slice(from, from + PIECE) }));
          if (!ok) await change(`DELETE ${path}`);
        }
        if (ok) return location.assign(`/campaigns/${encodeURIComponent(body.name)}`);
        bar.hidden = true;
        explain(form, answer);
      } catch {
        say(said.dataset.unreachable);
      } finally {
        button.removeAttribute("aria-busy");
      }
    });

    show();
    soon();
  }
}
