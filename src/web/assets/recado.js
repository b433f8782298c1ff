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

/** A document for the API from the fields of a form: dotted names are objects, data-kind says what is no text. */
function documentOf(form) {
  const body = {};
  for (const field of form.elements) {
    if (!field.name || field.disabled || (field.type === "radio" && !field.checked)) continue;
    const value = valueOf(field);
    if (value === undefined) continue;
    const path = field.name.split(".");
    const last = path.pop();
    let place = body;
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
    case "json": return JSON.parse(text);
    case "time": return new Date(text).toISOString();
    case "day": return new Date(text + "T23:59:59").toISOString();
    default: return field.value;
  }
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

/** Says at the field what is wrong with it, or at the end of the form. */
function explain(form, answer) {
  const detail = [answer.title, answer.detail].filter(Boolean).join(": ") || said.dataset.failed;
  const findings = (answer.findings ?? []).map((finding) => finding.text ?? finding.what ?? JSON.stringify(finding));
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

async function act(element, form, body) {
  const confirmation = element.dataset.confirm;
  if (confirmation && !confirm(confirmation)) return;
  element.setAttribute("aria-busy", "true");
  try {
    const { ok, answer } = await change(element.dataset.api, body);
    if (ok) {
      if (answer.delivered !== undefined) say([answer.status, answer.took_ms + " ms", answer.error].filter(Boolean).join(" · "));
      element.dispatchEvent(new CustomEvent("recado:done", { bubbles: true, detail: answer }));
      finish(element, answer);
    } else if (form) {
      explain(form, answer);
    } else {
      say(answer.detail ?? said.dataset.failed);
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
    for (const part of document.querySelectorAll("[data-live]")) {
      const drawn = fresh.getElementById(part.id);
      if (drawn && drawn.innerHTML !== part.innerHTML && !busyWith(part)) part.replaceChildren(...drawn.childNodes);
    }
  } catch {
    // The stream says that the daemon is away.
  } finally {
    drawing = false;
    if (stale) { stale = false; refresh(); }
  }
}

/** Whether somebody is writing or choosing there. */
function busyWith(part) {
  const at = document.activeElement;
  return part.contains(at) && at.matches("input, textarea, select");
}

function live() {
  const state = document.querySelector("[data-live-state]");
  if (!state || !document.querySelector("[data-live]")) return;
  const stream = new EventSource("/v1/changes");
  const show = (on) => {
    state.textContent = on ? state.dataset.on : state.dataset.off;
    state.classList.toggle("on", on);
  };
  stream.addEventListener("changes", () => { show(true); if (!document.hidden) refresh(); else stale = true; });
  stream.addEventListener("error", () => show(false));
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && stale) { stale = false; refresh(); }
  });
  // Signal and budgets change without an event.
  setInterval(() => { if (!document.hidden) refresh(); }, 15000);
}

live();
