// A file is looked at by its beginning, mapped, checked as a whole, and imported; the API does the reading.
"use strict";
const form = document.getElementById("import");
const byId = (id) => document.getElementById(id);

/** Of a large file the first rows are in this much. */
const BEGINNING = 256 * 1024;

/** How often one asks how far it is. */
const ASK_EVERY = 400;

/** What the file is read as without a word of the person: fields by their columns. */
let guessed = [];

function name(of) {
  return byId("names").content.querySelector(`[data-name="${of}"]`).textContent;
}

function element(tag, text, properties = {}) {
  return Object.assign(document.createElement(tag), { textContent: text, dir: "auto", ...properties });
}

function complain(text) {
  byId("problem").textContent = text;
  byId("problem").hidden = !text;
}

/** Headings of each field, for those of which the person says something else than the file seems to say. */
function mapping() {
  const chosen = [...byId("mapping").querySelectorAll("select")].map((select) => select.value);
  const columns = {};
  for (const field of new Set([...guessed, ...chosen].map((each) => each.field ?? each).filter(Boolean))) {
    const before = guessed.map((each, at) => (each.field === field ? at : -1)).filter((at) => at >= 0);
    const now = chosen.map((each, at) => (each === field ? at : -1)).filter((at) => at >= 0);
    if (before.join() !== now.join()) columns[field] = now.length ? now.map((at) => guessed[at].heading) : [""];
  }
  const said = { columns };
  if (byId("decimals").value) said.decimals = byId("decimals").value;
  if (byId("dates").value) said.dates = byId("dates").value;
  return said;
}

function path(base, more = {}) {
  const query = new URLSearchParams({ mapping: JSON.stringify(mapping()), ...more });
  if (byId("creditor").value) query.set("creditor", byId("creditor").value);
  return `${base}?${query}`;
}

function draw({ columns, rows, problems, decimals, dates }) {
  const body = byId("mapping");
  const asked = body.childElementCount > 0;
  if (!asked) {
    guessed = columns;
    byId("decimals").value = decimals ?? "";
    byId("dates").value = dates ?? "";
    columns.forEach(({ heading, field }, at) => {
      const row = element("tr", "");
      const select = element("select", "", { dir: "ltr" });
      select.append(byId("fields").content.cloneNode(true));
      select.value = field ?? "";
      select.setAttribute("aria-label", heading);
      const chosen = element("td", "");
      chosen.append(select);
      const examples = rows.map((cells) => cells[at]).filter(Boolean).slice(0, 3);
      row.append(element("td", heading, { className: "text" }), chosen, element("td", examples.join(" · "), { className: "text hint" }));
      body.append(row);
    });
  }
  byId("columns").hidden = false;
  complain(problems.join("\n"));
  byId("check").disabled = problems.length > 0;
  byId("go").disabled = true;
  byId("hint").hidden = false;
}

let looking = 0;

/** Asks what the columns are; of what was asked before, nothing is shown any more. */
async function look() {
  const [file] = byId("file").files;
  if (!file) return;
  const mine = ++looking;
  byId("check").disabled = byId("go").disabled = true;
  try {
    const { ok, answer } = await change("POST " + path("/v1/imports/columns"), file.slice(0, BEGINNING));
    if (mine !== looking) return;
    if (ok) draw(answer);
    else complain(answer.detail ?? said.dataset.failed);
  } catch {
    complain(said.dataset.unreachable);
  }
}

/** A whole file, with what is on its way. */
function send(to, file) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", to);
    request.setRequestHeader("x-recado-page", "1");
    request.setRequestHeader("content-type", "text/csv");
    request.upload.addEventListener("progress", ({ loaded, total }) => { byId("progress").value = (loaded * 100) / total; });
    request.addEventListener("load", () => resolve({ status: request.status, answer: JSON.parse(request.responseText || "{}") }));
    request.addEventListener("error", reject);
    request.send(file);
  });
}

function show(answer) {
  const words = form.dataset;
  const count = new Intl.NumberFormat(words.language);
  const title = answer.state === "failed" ? words.failed : answer.dry_run ? words.checked : words.imported;
  byId("result-title").textContent = title;
  const names = answer.dry_run ? ["rows", "fit", "refused"] : ["rows", "created", "changed", "same", "refused"];
  byId("figures").replaceChildren(...names.map((each) => {
    const box = document.createElement("div");
    box.append(element("dt", name(each)), element("dd", count.format(answer[each]), { id: `count-${each}` }));
    return box;
  }));
  const rows = (findings, grade) => findings.first.map((finding) => {
    const { line, column, cell } = finding;
    const row = element("tr", "");
    row.append(element("td", line, { className: "number" }), element("td", column), element("td", `${name(grade)}: ${told(form.dataset, finding)}`, { className: "text" }), element("td", cell, { className: "text" }));
    return row;
  });
  const found = [...rows(answer.errors, "error"), ...rows(answer.warnings, "warning")];
  byId("found").replaceChildren(...found);
  byId("findings").hidden = byId("errors").hidden = found.length === 0;
  byId("errors").href = `/v1/imports/${answer.id}/errors`;
  byId("debtors").hidden = answer.dry_run;
  byId("result").hidden = false;
  if (answer.problem) complain(answer.problem);
}

async function carryOut(isDry) {
  const [file] = byId("file").files;
  const words = form.dataset;
  const controls = [...form.elements].filter((each) => !each.disabled);
  for (const each of controls) each.disabled = true;
  complain("");
  byId("result").hidden = true;
  byId("way").hidden = false;
  byId("doing").textContent = words.sending;
  let isGood = false;
  try {
    let { status, answer } = await send(path("/v1/imports", { dry_run: isDry }), file);
    if (status !== 202) return complain(answer.detail ?? said.dataset.failed);
    byId("doing").textContent = isDry ? words.checking : words.importing;
    while (answer.state === "running") {
      byId("progress").value = answer.part;
      await new Promise((resolve) => setTimeout(resolve, ASK_EVERY));
      const asked = await change(`GET /v1/imports/${answer.id}`);
      if (!asked.ok) return complain(asked.answer.detail ?? said.dataset.failed);
      answer = asked.answer;
    }
    show(answer);
    isGood = isDry && answer.state === "done" && answer.fit > 0;
  } catch {
    complain(said.dataset.unreachable);
  } finally {
    byId("way").hidden = true;
    for (const each of controls) each.disabled = false;
    // What was checked may be imported; what was imported is done.
    byId("go").disabled = !isGood;
    byId("hint").hidden = isGood;
  }
}

if (form) {
  form.addEventListener("submit", (event) => event.preventDefault());
  for (const id of ["file", "creditor"]) {
    byId(id).addEventListener("change", () => {
      byId("mapping").replaceChildren();
      guessed = [];
      byId("decimals").value = byId("dates").value = "";
      byId("result").hidden = true;
      look();
    });
  }
  for (const id of ["decimals", "dates", "mapping"]) byId(id).addEventListener("change", look);
  byId("check").addEventListener("click", () => carryOut(true));
  byId("go").addEventListener("click", () => carryOut(false));
}
