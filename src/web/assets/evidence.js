// The whole log is verified when a person asks for it: it takes a second for half a million records.
"use strict";
{
  const button = document.getElementById("verify");
  const place = document.getElementById("chain");

  const filled = (words, answer) => words.replace(/\{(\w+)\}/g, (_, name) => answer[name] ?? "");

  function verdict(answer) {
    const words = button.dataset;
    const before = answer.before > 0 ? filled(words.before, answer) : "";
    if (answer.fault) return filled(words.fault, answer.fault) + before;
    return (answer.begins === null ? words.nothing : filled(words.holds, answer)) + before;
  }

  button.addEventListener("click", async () => {
    button.disabled = true;
    place.className = "note";
    place.textContent = button.dataset.verifying;
    place.hidden = false;
    try {
      const { ok, answer } = await change("GET /v1/evidence/chain");
      place.textContent = ok ? verdict(answer) : answer.detail ?? said.dataset.failed;
      place.classList.add(ok && answer.holds ? "good" : "warning");
    } catch {
      place.textContent = said.dataset.unreachable;
    } finally {
      button.disabled = false;
    }
  });
}
