// The day of a step is written as the API has it from what a person chooses.
"use strict";
{
  const form = document.getElementById("ladder");

  function write(row) {
    const count = row.querySelector("[data-count]").value.trim();
    const way = row.querySelector("[data-way]").value;
    const time = row.querySelector("[data-time]");
    time.disabled = way.includes("hours");
    const at = time.value && !time.disabled ? " " + time.value : "";
    const day = {
      before: `D-${count}`, after: `D+${count}`, hours_before: `D-${count}h`, hours: `D+${count}h`, promise: `P+${count}`, promise_hours: `P+${count}h`,
    }[way];
    const id = row.querySelector("[name=id]");
    const on = row.querySelector("[name=on]");
    on.value = day + at;
    // A step is known by its id, which stays; a new one is called after its day until a person says otherwise.
    if (!id.value || id.dataset.made === id.value) {
      const taken = new Set([...form.querySelectorAll("[name=id]")].filter((other) => other !== id).map((other) => other.value));
      const plain = (way.endsWith("before") ? "d-" : way.startsWith("promise") ? "p" : "d") + count + (way.includes("hours") ? "h" : "");
      let made = plain;
      for (let nth = 2; taken.has(made); nth += 1) made = `${plain}-${nth}`;
      id.value = id.dataset.made = made;
    }
  }

  let waiting;
  let asked = 0;

  /** Draws the line of the steps as they are in the form. */
  async function drawLine() {
    const mine = ++asked;
    const steps = documentOf(form).steps.map(({ id, on, text, exit }) => ({ id: id ?? "", on, roll: "stay", text, exit }));
    const response = await fetch("/ladder-line?steps=" + encodeURIComponent(JSON.stringify(steps)), { headers: { accept: "text/html" } });
    const drawn = await response.text();
    if (!response.ok || response.redirected || mine !== asked) return;
    document.getElementById("line").replaceChildren(...new DOMParser().parseFromString(drawn, "text/html").body.childNodes);
  }

  form?.addEventListener("input", (event) => {
    const row = event.target.closest?.("[data-row]");
    if (row && event.target.matches("[data-count], [data-way], [data-time]")) write(row);
    clearTimeout(waiting);
    // Where Recado is away the line stays as it was; the page says so.
    waiting = setTimeout(() => drawLine().catch(() => {}), 200);
  });
  form?.addEventListener("recado:row", (event) => write(event.target));
  form?.querySelectorAll("[data-row]").forEach(write);
}
