// What a quota costs a request in process: one key with a lease, many keys, one that is used up, and the end of a period. The store costs
// nothing, and keeps nothing. `node --expose-gc src/limits/quota/quota.bench.ts`, `bun src/limits/quota/quota.bench.ts`.

import { systemClock } from "../../base/index.ts";
import { Ask, Take } from "../counters.ts";
import type { QuotaReserve, QuotaStore } from "../quotas.ts";
import type { Meter, QuotaRule } from "../rule.ts";
import { QuotaCalendar } from "./calendar.ts";
import { QuotaLedger } from "./quota-ledger.ts";

const KEYS = 20_000;
const owner = { onDecided: () => undefined };

function createMeter(limit: number): Meter {
  const rule: QuotaRule = { kind: "quota", limit, per: "month", timeZone: "Europe/Berlin" };
  return { limit: "monthly", tier: "", id: `monthly#${limit}`, rule, onStoreFailure: "open", isDryRun: false };
}

function tell(name: string, count: number, elapsedMs: number): void {
  process.stdout.write(`${name.padEnd(44)} ${((elapsedMs * 1e6) / count).toFixed(0).padStart(7)} ns\n`);
}

/** Turns end in between, as those of a server do: the store is heard then. */
async function measure(name: string, work: (index: number) => void): Promise<void> {
  const turns = 4000;
  const perTurn = 250;
  let elapsedMs = 0;
  for (let turn = -turns / 4; turn < turns; turn++) {
    const startedMs = performance.now();
    for (let i = 0; i < perTurn; i++) work(i);
    if (turn >= 0) elapsedMs += performance.now() - startedMs;
    await new Promise(setImmediate);
  }
  tell(name, turns * perTurn, elapsedMs);
}

let calls = 0;
/** Has whatever is wanted of all but those that want one unit in all. */
const store: QuotaStore = {
  reserve: async (requests) => {
    calls++;
    return requests.map(({ units, wanted }: QuotaReserve) => (units > 1 ? { granted: wanted, used: 1 } : { granted: 0, used: 1 }));
  },
  list: async () => [],
  reset: async () => 0,
  removeEnded: async () => 0,
};
const ledger = new QuotaLedger(store, { clock: systemClock, maxKeys: KEYS });
const ample = createMeter(1e12);
let waited = 0;
const ask = (meter: Meter, key: string): void => {
  if (!ledger.take(new Take([new Ask(meter, key, 1)], owner))) waited++;
};

await measure("a request of one key", () => ask(ample, "user=a:alice"));
process.stdout.write(`  ${calls} calls of the store and ${waited} waits for it in 1,250,000 requests\n`);
const keys = Array.from({ length: KEYS }, (_, index) => `user=a:${index}`);
await measure("a request of one key of 20,000", (index) => ask(ample, keys[(index * 7919) % KEYS]!));
const spent = createMeter(1);
await measure("a request of a key that is used up", () => ask(spent, "user=a:bob"));
await ledger.drain();

const gc = globalThis.gc;
if (gc !== undefined) {
  const names = Array.from({ length: 100_000 }, (_, index) => `user=b:${index}`);
  const big = new QuotaLedger(store, { clock: systemClock });
  gc();
  const before = process.memoryUsage().heapUsed;
  for (const name of names) big.take(new Take([new Ask(ample, name, 0)], owner));
  for (let turn = 0; turn < 1000; turn++) await new Promise(setImmediate);
  gc();
  const bytes = Math.round((process.memoryUsage().heapUsed - before) / names.length);
  process.stdout.write(`${"a key that is remembered, beside its text".padEnd(44)} ${String(bytes).padStart(7)} bytes\n`);
  await big.drain();
}

const calendar = new QuotaCalendar("hour", "Europe/Berlin");
const startedMs = performance.now();
for (let hour = 0; hour < 2000; hour++) calendar.at(hour * 3_600_000);
tell("the end of a period", 2000, performance.now() - startedMs);
