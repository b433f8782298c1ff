// Submits one text: node submit.mjs NUMBER TEXT
import { post } from "./recado.mjs";

const [to, text] = process.argv.slice(2);
const message = await post("/v1/messages", { to, text, client_ref: `invoice-4711-${to}`, ttl: "24h" });
console.log(message.id, message.state, message.segments);
if (message.reason) {
  // It is taken in and waits: for the hours of contact, a budget, a pause.
  console.log("waits:", message.reason.code, "until", message.not_before);
}
