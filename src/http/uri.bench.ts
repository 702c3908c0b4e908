// Nanoseconds for the target and the Host of one request, on strings fresh from a buffer as the head parser cuts them.

import { parseHost } from "./host.ts";
import { DEFAULT_PATH_RULES, normalisePath } from "./path.ts";
import { parseTarget, Target } from "./uri.ts";

const ROUNDS = 9;
const BATCH = 2048;
const REPEATS = 50;
const target = new Target();
let sink = 0;

function parse(text: string): number {
  return parseTarget(text, "GET", DEFAULT_PATH_RULES, target) === null ? target.path.length : 1;
}

function host(text: string): number {
  const result = parseHost(text);
  return "kind" in result ? 1 : result.name.length;
}

function path(text: string): number {
  const result = normalisePath(text, DEFAULT_PATH_RULES);
  return typeof result === "string" ? result.length : 1;
}

const CASES: readonly (readonly [string, (text: string) => number, readonly string[]])[] = [
  ["target, short", parse, ["/api/products/1"]],
  ["target, 60 characters and a query", parse, ["/api/v2/customers/31415926/orders/2718281828/lines?page=2&sort=-date"]],
  ["target, absolute form", parse, ["http://api.example.com/api/products/1"]],
  ["path to be normalised", path, ["/api/%7Euser/./a/../caf%c3%a9"]],
  ["path refused", path, ["/api/v2/customers/31415926/..%2f..%2fadmin"]],
  ["host, the same", host, ["api.example.com:8080"]],
  ["host, 16 in turn", host, Array.from({ length: 16 }, (_, n) => `tenant-${n}.example.com`)],
  ["host, all different", host, Array.from({ length: BATCH }, (_, n) => `tenant-${n}.example.com`)],
];

for (const [name, run, texts] of CASES) {
  const buffers = texts.map((text) => Buffer.from(text, "latin1"));
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < ROUNDS; round++) {
    let spentMs = 0;
    for (let repeat = 0; repeat < REPEATS; repeat++) {
      const fresh = Array.from({ length: BATCH }, (_, n) => buffers[n % buffers.length]?.toString("latin1") ?? "");
      const started = performance.now();
      for (let i = 0; i < BATCH; i++) sink += run(fresh[i] ?? "");
      spentMs += performance.now() - started;
    }
    best = Math.min(best, (spentMs * 1e6) / (REPEATS * BATCH));
  }
  console.log(`${name.padEnd(36)} ${best.toFixed(0)} ns`);
}
console.log(`(${typeof Bun === "undefined" ? `node ${process.versions.node}` : `bun ${Bun.version}`}, checksum ${sink})`);
