// Tells of a payment, which stops what waits about the debt: node payment.mjs DEBT PAYMENT
import { post } from "./recado.mjs";

const [debt, payment] = process.argv.slice(2);
const answer = await post(`/v1/debts/${encodeURIComponent(debt)}/events`, { type: "payment_received", ref: payment });
// From now on nothing is sent but what was on the wire already.
console.log(answer.status, "stopped", answer.stopped, "on the wire", answer.on_wire.length);
