// An endpoint that takes events and believes only those that Recado has signed: node webhook.mjs PORT
// RECADO_WEBHOOK_SECRET is what was shown when the endpoint was made: whsec_…
import { createHmac, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";

const key = Buffer.from(process.env.RECADO_WEBHOOK_SECRET.replace(/^whsec_/, ""), "base64");
const seen = new Set();

function isGenuine(headers, body) {
  const [id, at] = [headers["webhook-id"], Number(headers["webhook-timestamp"])];
  if (!id || !(Math.abs(Date.now() / 1000 - at) <= 300)) return false;
  const own = Buffer.from(`v1,${createHmac("sha256", key).update(`${id}.${at}.`).update(body).digest("base64")}`);
  // While a secret is changed there are two signatures; one that fits is enough.
  const given = (headers["webhook-signature"] ?? "").split(" ").map((signature) => Buffer.from(signature));
  return given.some((signature) => signature.length === own.length && timingSafeEqual(signature, own));
}

createServer(async (request, answer) => {
  const pieces = [];
  for await (const piece of request) pieces.push(piece);
  const body = Buffer.concat(pieces);
  if (!isGenuine(request.headers, body)) return answer.writeHead(401).end();
  // An event comes at least once; its id tells a repeat.
  const id = request.headers["webhook-id"];
  if (!seen.has(id)) {
    seen.add(id);
    const { type, message } = JSON.parse(body).data;
    console.log(type, message);
  }
  answer.writeHead(204).end();
}).listen(Number(process.argv[2]), "127.0.0.1");
