// Submits many texts: node many.mjs FILE with lines of NUMBER;TEXT. May be run again: nothing is sent twice.
import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";

import { Problem, post } from "./recado.mjs";

const AT_ONCE = 1000;

/** The same again after a while, where no answer came or it was 503 (busy, no space, stopping). */
async function submit(messages) {
  for (const wait of [1, 2, 4, 8, null]) {
    try {
      return await post("/v1/messages", messages);
    } catch (error) {
      if (wait === null || (error instanceof Problem && error.status !== 503)) throw error;
      await pause(wait * 1000);
    }
  }
}

const rows = readFileSync(process.argv[2], "utf8").split("\n").filter(Boolean).map((line) => line.split(";"));
// The reference says what the text is for. Recado sends one text for each, however often it is submitted.
const messages = rows.map(([to, text]) => ({ to, text, client_ref: `2026-11-${to}` }));
for (let start = 0; start < messages.length; start += AT_ONCE) {
  const piece = messages.slice(start, start + AT_ONCE);
  const { items } = await submit(piece);
  // Each item is a message, or the problem with that one.
  items.forEach((item, index) => console.log(piece[index].client_ref, item.id ?? item.detail));
}
