// What pages do: change things through the API, and draw themselves anew when something changed.
"use strict";

const said = document.getElementById("said");

/** Says something to everybody, also to those who do not see it. */
function say(text) {
  said.textContent = text;
  said.classList.add("shown");
  clearTimeout(say.timer);
  say.timer = setTimeout(() => said.classList.remove("shown"), 8000);
}

/** A document for the API from the fields of a form: dotted names are objects, data-kind says what is no text, and what stands
    in a data-row of data-rows="NAME" is an item of the list of that name. data-path marks what stands in the path instead. */
function documentOf(form) {
  const body = {};
  const items = new Map();
  for (const rows of form.querySelectorAll("[data-rows]")) {
    if (!rows.closest("fieldset:disabled")) body[rows.dataset.rows] = rowsOf(rows).map((row) => { const item = {}; items.set(row, item); return item; });
  }
  for (const field of form.elements) {
    if (!field.name || "path" in field.dataset || field.matches(":disabled") || (field.type === "radio" && !field.checked)) continue;
    const value = valueOf(field);
    if (value === undefined) continue;
    const path = field.name.split(".");
    const last = path.pop();
    let place = items.get(field.closest("[data-row]")) ?? body;
    if (field.dataset.kind === "merge") { Object.assign(place, value); continue; }
    for (const name of path) place = place[name] ??= {};
    if (field.dataset.kind === "each" || Array.isArray(place[last])) {
      (place[last] ??= []).push(...(value === null ? [] : [value].flat()));
    } else {
      place[last] = value;
    }
  }
  return body;
}

function valueOf(field) {
  const text = field.value.trim();
  if (field.type === "checkbox") {
    if (field.dataset.kind === "each") return field.checked ? field.value : null;
    return field.checked;
  }
  if (text === "") return undefined;
  switch (field.dataset.kind) {
    case "number": return Number(text);
    case "list": return text.split(/[\n,;]/).map((part) => part.trim()).filter(Boolean);
    case "json":
    case "merge": return JSON.parse(text);
    case "amount": return amountOf(text);
    case "time": return zoned(text);
    case "day": return zoned(text + "T23:59:59");
    default: return field.value;
  }
}

/** What the clocks of the gateway show at a time, as milliseconds of a clock without a zone. */
function clockOf(at) {
  const options = { timeZone: document.documentElement.dataset.zone, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric", second: "numeric" };
  const parts = new Intl.DateTimeFormat("en-US", options).formatToParts(at);
  const { year, month, day, hour, minute, second } = Object.fromEntries(parts.map(({ type, value }) => [type, Number(value)]));
  return Date.UTC(year, month - 1, day, hour, minute, second);
}

/** A time as it is typed: one of the gateway's clocks, which all times on pages are of, wherever the browser is. */
function zoned(text) {
  const asked = Date.parse(text + "Z");
  let at = asked;
  // Once more, where clocks are set between the two.
  for (let nth = 0; nth < 2; nth += 1) at = asked - (clockOf(at) - at);
  return new Date(at).toISOString();
}

/** A time as a field has it. */
function typed(text) {
  return new Date(clockOf(Math.floor(Date.parse(text) / 1000) * 1000)).toISOString().slice(0, 16);
}

/** An amount as the API has it: of point and comma the last one, with up to two digits behind it, stands before decimals. */
function amountOf(text) {
  const decimals = text.match(/[.,](\d{1,2})$/);
  const whole = decimals ? text.slice(0, decimals.index) : text;
  return whole.replace(/[.,\s]/g, "") + (decimals ? "." + decimals[1] : "");
}

/** The rows of a list, without those of other lists. */
function rowsOf(rows) {
  return [...rows.children].filter((child) => "row" in child.dataset);
}

/** The path of a request with the fields of the form that stand in it. */
function requestOf(element, form) {
  return element.dataset.api.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(form?.querySelector(`[data-path][name="${name}"]`)?.value.trim() ?? ""));
}

/** The version that was read, where something newer must not be written over; 0 where there must be none. */
function overOf(element) {
  const read = element.dataset.match;
  if (read === undefined) return {};
  return read === "0" ? { "if-none-match": "*" } : { "if-match": `"${read}"` };
}

/** Asks the API to change something. */
async function change(request, body, headers = {}) {
  const [method, path] = request.split(" ");
  const options = { method, headers: { "x-recado-page": "1", ...headers } };
  if (body instanceof Blob) {
    options.body = body;
  } else if (body !== undefined && method !== "DELETE") {
    options.headers["content-type"] = "application/json";
    options.body = JSON.stringify(body);
  }
  const response = await fetch(path, options);
  const text = await response.text();
  const answer = text && /json/.test(response.headers.get("content-type") ?? "") ? JSON.parse(text) : {};
  if (response.status === 401 && path !== "/v1/session") {
    location.assign("/login?next=" + encodeURIComponent(location.pathname + location.search));
  }
  return { ok: response.ok, status: response.status, answer };
}

/** Goes where an element says once it is done: {id} stands for what the API answered. */
function finish(element, answer) {
  const done = element.dataset.done;
  if ("reset" in element.dataset) element.reset();
  if (done === undefined) return refresh();
  if (done === "") return undefined;
  location.assign(done.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(answer[name] ?? "")));
}

/** Shows what the API says once and never again, such as the secret of a token. */
document.addEventListener("recado:done", (event) => {
  const form = event.target;
  const place = form.dataset.shows && form.querySelector("[data-shown]");
  if (!place) return;
  place.querySelector("code").textContent = event.detail[form.dataset.shows];
  place.hidden = false;
  form.reset();
  refresh();
});

/** What is chosen stands in the place of a group of fields, which is then not sent. */
function instead(choice) {
  document.getElementById(choice.dataset.instead).disabled = choice.value !== "";
}

document.addEventListener("change", ({ target }) => "instead" in target.dataset && instead(target));
document.addEventListener("reset", ({ target }) => {
  // Fields have their first values after the event.
  setTimeout(() => target.querySelectorAll("[data-instead]").forEach(instead));
});

/** A finding of the API in the language of the page, by its code and what it is about; in the words of the API where there are no
    others. Words come from data-findings, and from data-conditions and data-numbers for what stands in them. */
function told(words, finding) {
  const said = words.findings && JSON.parse(words.findings)[finding.operands?.problem ?? finding.code];
  if (!said) return finding.detail ?? finding.what;
  const value = (name) => {
    const own = finding.operands[name] ?? "";
    const group = { condition: words.conditions, number: words.numbers }[name];
    return (group && JSON.parse(group)[own]) || own;
  };
  return said.replace(/\{(\w+)\}/g, (_, name) => value(name));
}

/** What a machine says in its own words, which are nobody's language here. */
function technical(text) {
  const quote = document.createElement("q");
  quote.className = "technical";
  quote.lang = "en";
  quote.textContent = text;
  return quote;
}

/** The title of a problem document in the language of the page. */
function title(answer) {
  return JSON.parse(said.dataset.problems)[answer.type?.split(":").at(-1)] ?? answer.title;
}

/** Says at the field what is wrong with it, or at the end of the form. */
function explain(form, answer) {
  const words = form.dataset.findings ? form.dataset : document.querySelector("[data-findings]")?.dataset ?? {};
  const findings = (answer.findings ?? []).map((finding) => [finding.text, finding.line && `${finding.line}:${finding.column}`, told(words, finding)].filter(Boolean).join(" · "));
  const own = findings.length && words.findings ? said.dataset.wrong : "";
  const detail = own || [title(answer), answer.detail].filter(Boolean).join(": ") || said.dataset.failed;
  const place = form.querySelector(".problem");
  const field = answer.field && form.elements[answer.field];
  if (field && field.setAttribute) {
    field.setAttribute("aria-invalid", "true");
    field.focus();
  }
  if (!place) return say(detail);
  place.textContent = [detail, ...findings].join("\n");
  place.hidden = false;
}

/** Says what came of it: {name} stands for what the API answered, of a list how many. */
function tell(element, answer) {
  if (!element.dataset.says) return;
  const value = (name) => (Array.isArray(answer[name]) ? answer[name].length : answer[name] ?? "");
  const words = element.dataset.says.replace(/\{(\w+)\}/g, (_, name) => value(name));
  const place = element.dataset.saysIn && document.getElementById(element.dataset.saysIn);
  if (!place) return say(words);
  place.textContent = words;
  place.hidden = false;
}

/** Somebody else wrote while this form was filled: what they wrote is shown beside it, and the person chooses. */
async function showTheirs(form) {
  const [api, page, part] = form.dataset.theirs.split(" ");
  const place = document.getElementById("theirs");
  const [said, drawn] = await Promise.all([fetch(api), fetch(page, { headers: { accept: "text/html" } })]);
  const answer = await said.json();
  const newest = answer.items?.[0] ?? answer;
  const fresh = new DOMParser().parseFromString(await drawn.text(), "text/html");
  const version = newest.revision ?? newest.version;
  const words = { client: newest.client, version };
  place.querySelector("[data-words]").textContent = place.dataset.words.replace(/\{(\w+)\}/g, (_, name) => words[name] ?? "");
  place.querySelector("[data-drawn]").replaceChildren(...(fresh.getElementById(part)?.childNodes ?? []));
  place.hidden = false;
  place.tabIndex = -1;
  place.focus();
  place.querySelector("[data-mine]").onclick = () => {
    form.dataset.match = version;
    place.hidden = true;
    form.requestSubmit();
  };
}

/** Rows of lists are added, taken away and moved. */
function rows(button) {
  const row = button.closest("[data-row]");
  const form = button.closest("form");
  if (button.dataset.add) {
    const place = form.querySelector(`[data-rows="${button.dataset.add}"]`);
    const fresh = document.getElementById(`row-${button.dataset.add}`).content.firstElementChild.cloneNode(true);
    place.append(fresh);
    fresh.querySelector("input:not([type=hidden]), select, textarea")?.focus();
    fresh.dispatchEvent(new CustomEvent("recado:row", { bubbles: true }));
  } else if (button.dataset.move === "up") {
    row.previousElementSibling?.before(row);
    button.focus();
  } else if (button.dataset.move === "down") {
    row.nextElementSibling?.after(row);
    button.focus();
  } else {
    row.remove();
  }
  form.dispatchEvent(new Event("input", { bubbles: true }));
}

async function act(element, form, body) {
  const confirmation = element.dataset.confirm;
  if (confirmation && !confirm(confirmation)) return;
  element.setAttribute("aria-busy", "true");
  try {
    const { ok, status, answer } = await change(requestOf(element, form), body, overOf(element));
    if (ok) {
      if (answer.delivered !== undefined) say([answer.status, answer.took_ms + " ms", answer.error].filter(Boolean).join(" · "));
      element.dispatchEvent(new CustomEvent("recado:done", { bubbles: true, detail: answer }));
      tell(element, answer);
      finish(element, answer);
    } else if (status === 412 && element.dataset.theirs) {
      await showTheirs(element);
    } else if (form) {
      explain(form, answer);
    } else {
      say([title(answer), answer.detail].filter(Boolean).join(": ") || said.dataset.failed);
    }
  } catch {
    say(said.dataset.unreachable);
  } finally {
    element.removeAttribute("aria-busy");
  }
}

document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-api]");
  if (!form) return;
  event.preventDefault();
  for (const field of form.elements) field.removeAttribute("aria-invalid");
  const place = form.querySelector(".problem");
  if (place) place.hidden = true;
  act(form, form, documentOf(form));
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.dataset.api) {
    act(button, button.form, button.dataset.body ? JSON.parse(button.dataset.body) : undefined);
  } else if (button.dataset.add || button.dataset.move || "remove" in button.dataset) {
    rows(button);
  } else if ("reload" in button.dataset) {
    location.reload();
  } else if ("menu" in button.dataset) {
    const open = button.getAttribute("aria-expanded") !== "true";
    button.setAttribute("aria-expanded", String(open));
  } else if ("themeSwitch" in button.dataset) {
    const dark = matchMedia("(prefers-color-scheme: dark)").matches;
    const now = document.documentElement.dataset.theme ?? (dark ? "dark" : "light");
    const next = now === "dark" ? "light" : "dark";
    document.documentElement.dataset.theme = next;
    localStorage.setItem("theme", next);
  }
});

// Live: parts with data-live are drawn anew, all from one reading of the page; the rest stays as the person left it.

let drawing = false;
let stale = false;

async function refresh() {
  if (drawing) { stale = true; return; }
  drawing = true;
  try {
    const response = await fetch(location.href, { headers: { accept: "text/html" } });
    if (response.redirected && new URL(response.url).pathname === "/login") return location.assign(response.url);
    if (!response.ok) return;
    const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
    if (fresh.documentElement.dataset.edition !== document.documentElement.dataset.edition) return upgraded();
    for (const part of document.querySelectorAll("[data-live]")) {
      const drawn = fresh.getElementById(part.id);
      if (drawn && drawn.innerHTML !== part.innerHTML && !busyWith(part)) redraw(part, drawn.childNodes);
    }
  } catch {
    // The stream says that the daemon is away.
  } finally {
    drawing = false;
    if (stale) { stale = false; refresh(); }
  }
}

/** Another edition serves by now: its parts do not fit this page, which stays as it is, with what was typed, until the person loads
    it anew. */
function upgraded() {
  document.getElementById("upgraded").hidden = false;
}

/** Puts new content in a part; what had the focus there has it again, and where it is gone, the part itself. */
function redraw(part, nodes) {
  const at = document.activeElement;
  if (at === part || !part.contains(at)) return part.replaceChildren(...nodes);
  const marks = ["id", "href", "data-api", "data-body", "aria-label"].filter((name) => at.hasAttribute(name));
  const like = at.localName + marks.map((name) => `[${name}="${CSS.escape(at.getAttribute(name))}"]`).join("");
  const nth = [...part.querySelectorAll(like)].indexOf(at);
  part.replaceChildren(...nodes);
  const found = part.querySelectorAll(like);
  const next = found[nth] ?? found[0] ?? part;
  if (next === part && !part.hasAttribute("tabindex")) part.tabIndex = -1;
  next.focus({ preventScroll: true });
}

/** Whether somebody is writing or choosing there. */
function busyWith(part) {
  const at = document.activeElement;
  return part.contains(at) && at.matches("input, textarea, select");
}

function live() {
  const state = document.querySelector("[data-live-state]");
  if (!state) return;
  const parts = () => document.querySelector("[data-live]");
  let stream;
  let began = false;
  const show = (on) => {
    state.textContent = on ? state.dataset.on : state.dataset.off;
    state.classList.toggle("on", on);
  };
  const hear = (event) => {
    show(true);
    // A page of forms alone looks only whether it is still of the edition that serves.
    const again = began;
    began = true;
    const kinds = JSON.parse(event.data);
    if (!parts() && (!again || kinds.length)) return;
    // Deliveries follow every event: for them alone only what shows them is drawn.
    if (kinds.length && kinds.every((kind) => kind === "delivery") && !document.querySelector('[data-live="delivery"]')) return;
    refresh();
  };
  // A browser has few connections to one host: pages that nobody sees leave theirs to the others.
  const connect = () => {
    if (document.hidden) return stream?.close();
    if (stream && stream.readyState !== EventSource.CLOSED) return;
    stream = new EventSource("/v1/changes");
    stream.addEventListener("changes", hear);
    stream.addEventListener("error", () => show(false));
  };
  document.addEventListener("visibilitychange", connect);
  connect();
  setInterval(() => {
    if (document.hidden) return;
    connect();
    // Signal and budgets change without an event.
    if (parts()) refresh();
  }, 15000);
}

live();
