// A daemon of its own with emulated modems, as a company would run it: two processes, real ports, a database on disk.

import { spawn, execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const BINARY = process.env.RECADO_BINARY;
if (!BINARY) throw new Error("RECADO_BINARY names the program to drive");

/** Whatever happens to a test, its processes end with it. */
const running = new Set();
process.on("exit", () => running.forEach((child) => child.kill("SIGKILL")));

/** A port that is free now. */
function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** Starts a program and waits for a line of its output. */
function start(args, until, options = {}) {
  const child = spawn(BINARY, args, { stdio: ["pipe", "pipe", "pipe"], ...options });
  let output = "";
  const ready = new Promise((resolve, reject) => {
    const hear = (octets) => {
      output += octets;
      if (output.includes(until)) resolve(child);
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.on("exit", (code) => reject(new Error(`recado ${args[0]} ended with ${code}:\n${output}`)));
  });
  // Nobody waits for it any more once it is ready.
  ready.catch(() => {});
  child.output = () => output;
  running.add(child);
  child.on("exit", () => running.delete(child));
  return ready;
}

async function end(child) {
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGTERM");
  await ended;
}

export class House {
  /** A running daemon; `more` is added to its configuration. Rules of contact are off: a test runs at any hour. */
  static async open({ modems = 2, more = "", airtime = "50ms", reports = "300ms", sim = "" } = {}) {
    const house = new House();
    house.folder = mkdtempSync(join(tmpdir(), "recado-browser-"));
    house.config = join(house.folder, "recado.toml");
    const port = await freePort();
    house.url = `http://127.0.0.1:${port}`;
    const ports = join(house.folder, "ports");
    const emulate = ["emulate", "--modems", String(modems), "--dir", ports, "--orders", "--reply-rate", "0"];
    house.modems = await start([...emulate, "--airtime", airtime, "--report-delay", reports], "ready");
    const lines = Array.from({ length: modems }, (_, nth) => `[[modem]]\nport = "${ports}/modem${nth}"`);
    writeFileSync(house.config, `
[store]
path = "${house.folder}/recado.db"
[http]
listen = "127.0.0.1:${port}"
[region]
rules = "none"
[contact]
max_per_day = 0
max_per_week = 0
same_text_days = 0
min_gap = "0s"
quiet_after_reply = "0s"
[modems]
discover = false
[sim]
min_gap = "0s"
per_minute = 0
${sim}
${lines.join("\n")}
${more}
`);
    await house.serve();
    house.token = readFileSync(join(house.folder, "admin.token"), "utf8").trim();
    await house.until(async () => (await house.api("GET", "/v1/modems")).items.every((modem) => modem.state === "ready"));
    return house;
  }

  async serve(env = {}) {
    this.daemon = await start(["serve", "--config", this.config], "ready", { env: { ...process.env, ...env } });
  }

  /** The daemon goes away as at an upgrade. */
  async stop() {
    await end(this.daemon);
  }

  /** Runs a command of the program; what it prints. */
  async recado(...args) {
    const { stdout } = await promisify(execFile)(BINARY, [...args, "--config", this.config]);
    return stdout;
  }

  /** Asks the API with the first token. */
  async api(method, path, body) {
    const headers = { authorization: `Bearer ${this.token}`, "content-type": "application/json" };
    const response = await fetch(this.url + path, { method, headers, body: body && JSON.stringify(body) });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text ? JSON.parse(text) : undefined;
  }

  /** Somebody sends a text to the SIM in a modem. */
  say(from, text, modem = 0) {
    this.order(`say ${modem} ${from} ${text}`);
  }

  /** Tells the emulated modems what to go through. */
  order(line) {
    this.modems.stdin.write(line + "\n");
  }

  /** Waits until something holds. */
  async until(holds, limit = 20_000) {
    const end = Date.now() + limit;
    while (!(await holds())) {
      if (Date.now() > end) throw new Error(`did not come about within ${limit} ms:\n${this.daemon.output().slice(-4000)}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  async close() {
    for (const child of [this.daemon, this.modems]) await end(child);
    rmSync(this.folder, { recursive: true, force: true });
  }
}
