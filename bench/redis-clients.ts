// What a decision of a script on Redis costs this side, by client: each decision in a command of its own, and those of one turn of the event
// loop in one command. docs/guides/shared-counters.md has what it printed.
//
//   node bench/redis-clients.ts [--modules FOLDER]
//
// Runs itself on both runtimes, on core 0, against a redis-server on core 1. FOLDER is one with a node_modules that has clients which this
// project doesn't depend on: `npm install --prefix FOLDER ioredis`.

import { execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createRequire } from "node:module";
import { connect } from "node:net";
import { join } from "node:path";
import { parseArgs, promisify } from "node:util";
import { findRuntime } from "./contestants/runtimes.ts";

const WARM_UP_MS = 300;
/** The least of so many slices counts: whatever else the machine does only adds. */
const SLICES = 8;
const SLICE_MS = 200;
const IN_FLIGHT = [1, 16, 64];
const PORT = 16_391;

/** A decision for each key, as a counter makes it: read, compare, write with an expiry. */
const SCRIPT = `local out = {}
for i = 1, #KEYS do
  local n = tonumber(redis.call("GET", KEYS[i]) or "0") + 1
  redis.call("SET", KEYS[i], n, "PX", 60000)
  out[i] = "1 " .. n .. " 60000"
end
return table.concat(out, ";")`;
const SHA = createHash("sha1").update(SCRIPT).digest("hex");

interface Client {
  readonly name: string;
  /** EVALSHA of SCRIPT. */
  ask(keys: readonly string[]): Promise<unknown>;
  close(): void;
}

type Loader = (name: string) => Promise<Record<string, unknown>>;
// Clients that may not be installed have no types here.
// biome-ignore lint/suspicious/noExplicitAny: see above
type Loose = any;

async function openNodeRedis(load: Loader): Promise<Client> {
  const { createClient } = (await load("@redis/client")) as Loose;
  const client = createClient({ url: `redis://127.0.0.1:${PORT}`, disableOfflineQueue: true, commandOptions: { timeout: 0 } });
  client.on("error", () => {});
  await client.connect();
  return {
    name: "node-redis",
    ask: (keys) => client.sendCommand(["EVALSHA", SHA, String(keys.length), ...keys]),
    close: () => client.destroy(),
  };
}

async function openIoredis(load: Loader, enableAutoPipelining: boolean): Promise<Client> {
  const { Redis } = (await load("ioredis")) as Loose;
  const client = new Redis({ port: PORT, host: "127.0.0.1", enableAutoPipelining, enableOfflineQueue: false });
  await once(client, "ready");
  return {
    name: enableAutoPipelining ? "ioredis, auto-pipelining" : "ioredis",
    ask: (keys) => client.evalsha(SHA, keys.length, ...keys),
    close: () => client.disconnect(),
  };
}

async function openBun(): Promise<Client> {
  const { RedisClient } = (await import("bun" as string)) as Loose;
  const client = new RedisClient(`redis://127.0.0.1:${PORT}`, { enableOfflineQueue: false });
  await client.connect();
  return {
    name: "Bun.RedisClient",
    ask: (keys) => client.send("EVALSHA", [SHA, String(keys.length), ...keys]),
    close: () => client.close(),
  };
}

/** What a counter does with the answer of a batch, so that the one command is not cheaper for doing less. */
function readAnswers(text: string, count: number): number {
  let at = 0;
  let sum = 0;
  for (let i = 0; i < count; i++) {
    let value = 0;
    for (; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code === 59) break;
      value = code === 32 ? 0 : value * 10 + code - 48;
    }
    at++;
    sum += value;
  }
  return sum;
}

/** What is under way when a measurement is over has no answer. */
function ignoreClosing(): void {}

/** One decision a command. */
function runSingly(client: Client, inFlight: number, nextKey: () => string): void {
  const loop = async (): Promise<void> => {
    for (;;) readAnswers((await client.ask([nextKey()])) as string, 1);
  };
  for (let i = 0; i < inFlight; i++) loop().catch(ignoreClosing);
}

/** Whoever was decided asks again, and what is asked in one turn goes in one command. */
function runTogether(client: Client, inFlight: number, nextKey: () => string): void {
  let open: string[] = [];
  const flush = (): void => {
    const keys = open;
    open = [];
    const onAnswer = (answer: unknown): void => {
      readAnswers(answer as string, keys.length);
      for (let i = 0; i < keys.length; i++) ask();
    };
    client.ask(keys).then(onAnswer, ignoreClosing);
  };
  const ask = (): void => {
    if (open.length === 0) setImmediate(flush);
    open.push(nextKey());
  };
  for (let i = 0; i < inFlight; i++) ask();
}

async function measure(run: typeof runSingly, client: Client, inFlight: number): Promise<number> {
  let next = 0;
  const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
  // Texts as callers have them, not ones that are made for the occasion.
  const keys = Array.from({ length: 10_000 }, (_, i) => `sallyport:per-user:8f3a:${i}`);
  const nextKey = () => keys[next++ % keys.length]!;
  run(client, inFlight, nextKey);
  await wait(WARM_UP_MS);
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < SLICES; i++) {
    const [before, from] = [process.cpuUsage(), next];
    await wait(SLICE_MS);
    const { user, system } = process.cpuUsage(before);
    if (next > from) least = Math.min(least, (user + system) / (next - from));
  }
  return least;
}

async function runHere(modules: string): Promise<void> {
  const require = createRequire(join(modules, "none.js"));
  const load: Loader = async (name) => (await import(require.resolve(name))) as Record<string, unknown>;
  const openers = [() => openNodeRedis(load), () => openIoredis(load, false), () => openIoredis(load, true), openBun];
  for (const open of openers) {
    for (const [way, run] of [
      ["each alone", runSingly],
      ["a turn's together", runTogether],
    ] as const) {
      const figures: string[] = [];
      let name = "";
      for (const inFlight of IN_FLIGHT) {
        const client = await open().catch(() => null);
        if (client === null) break;
        name = client.name;
        figures.push((await measure(run, client, inFlight)).toFixed(1));
        client.close();
      }
      if (name !== "")
        console.log(`${process.versions.bun === undefined ? "Node" : "Bun"}  ${`${name}, ${way}`.padEnd(46)} ${figures.join(" / ")}`);
    }
  }
  process.exit(0);
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { modules: { type: "string", default: process.cwd() }, here: { type: "boolean", default: false } },
  });
  if (values.here) return runHere(values.modules);
  const server = spawn("taskset", ["-c", "1", "redis-server", "--port", String(PORT), "--bind", "127.0.0.1", "--save", ""], {
    stdio: "ignore",
  });
  try {
    await loadScript();
    console.log("µs of CPU a decision with 1 / 16 / 64 in flight");
    for (const runtime of ["bun", "node"] as const) {
      const program = findRuntime(runtime);
      if (program instanceof Error) throw program;
      const words = ["-c", "0", program, import.meta.filename, "--here", "--modules", values.modules];
      const { stdout } = await promisify(execFile)("taskset", words, { timeout: 120_000 });
      process.stdout.write(stdout);
    }
  } finally {
    server.kill();
  }
}

/** Waits for the server, too. */
async function loadScript(): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    const socket = connect(PORT, "127.0.0.1");
    try {
      await once(socket, "connect");
      socket.write(`*3\r\n$6\r\nSCRIPT\r\n$4\r\nLOAD\r\n$${SCRIPT.length}\r\n${SCRIPT}\r\n`);
      await once(socket, "data");
      return;
    } catch (error) {
      if (attempt > 50) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    } finally {
      socket.destroy();
    }
  }
}

await main();
