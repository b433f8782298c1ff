// Submits a text and waits until it is known what became of it: node delivery.mjs NUMBER TEXT
import { ask, get, post } from "./recado.mjs";

const FINAL = ["delivered", "undelivered", "failed", "expired", "blocked", "unknown"].map((state) => `message.${state}`);

const [to, text] = process.argv.slice(2);
const newest = await get("/v1/events?limit=1");
let after = newest.items[0]?.seq ?? 0;
const { id } = await post("/v1/messages", { to, text });

/** The events behind `after` as they come, until the stream is cut. */
async function* events() {
  const stream = await ask("GET", `/v1/events?after=${after}`, undefined, "text/event-stream");
  let rest = "";
  for await (const piece of stream.body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + piece).split("\n");
    rest = lines.pop();
    for (const line of lines.filter((line) => line.startsWith("data:"))) yield JSON.parse(line.slice(5));
  }
}

// The stream may be cut at any time. It goes on behind the last event that was read, without a gap.
for (let state; !state; ) {
  for await (const event of events()) {
    after = event.seq;
    if (event.message === id && FINAL.includes(event.type)) {
      state = event.type.split(".")[1];
      console.log(id, state);
      break;
    }
  }
}
