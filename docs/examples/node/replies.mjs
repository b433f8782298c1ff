// Prints the texts that came in after one, oldest first: node replies.mjs [SEQ]
import { get } from "./recado.mjs";

let after = Number(process.argv[2] ?? 0);
for (;;) {
  const { items } = await get(`/v1/inbox?after=${after}&limit=100`);
  if (items.length === 0) break;
  for (const text of items) {
    const wants = text.intents.join(",") || "nothing that is known";
    console.log(text.seq, text.from, wants, JSON.stringify(text.text), "answers", text.message);
    after = text.seq;
  }
}
// The next time, begin behind this one.
console.log("last", after);
