// What the engines cost: a key that is looked up, a poll for changes, a key that is made, quotas. With an argument, the URL of a PostgreSQL server.
// node scripts/run-ts.mjs src/stores/stores.bench.ts [postgres://…]

import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Secret } from "../base/index.ts";
import type { QuotaReserve } from "../limits/index.ts";
import { openStores, type StoreDatabase, type Stores } from "./index.ts";
import { makeKey } from "./stores.contract.ts";

async function measure(name: string, rounds: number, work: () => Promise<unknown>): Promise<void> {
  for (let round = 0; round < rounds / 5; round++) await work();
  const startedMs = performance.now();
  for (let round = 0; round < rounds; round++) await work();
  process.stdout.write(`${name.padEnd(40)} ${(((performance.now() - startedMs) * 1000) / rounds).toFixed(0)} µs\n`);
}

async function run(name: string, database: StoreDatabase): Promise<void> {
  const startedMs = performance.now();
  const stores: Stores = await openStores(database);
  process.stdout.write(`${`${name}: opened, its tables made`.padEnd(40)} ${(performance.now() - startedMs).toFixed(0)} ms\n`);
  const record = makeKey();
  await stores.apiKeys.insert(record);
  await measure(`${name}: a key looked up`, 2000, () => stores.apiKeys.findByDigest(record.digest));
  await measure(`${name}: a poll for changes`, 2000, () => stores.apiKeys.changesSince(1_000_000));
  await measure(`${name}: a key made`, 200, () => stores.apiKeys.insert(makeKey({ id: randomBytes(9).toString("hex") })));
  const reserve = (count: number) => () => stores.quotas.reserve(makeReserves(count), Date.now());
  await measure(`${name}: units of one quota taken`, 200, reserve(1));
  await measure(`${name}: units of 100 quotas taken together`, 20, reserve(100));
  await stores.close();
}

function makeReserves(count: number): readonly QuotaReserve[] {
  const common = { limit: "monthly", period: "2026-11", endsAtMs: Number.MAX_SAFE_INTEGER, units: 1e9, wanted: 1, isOwed: false };
  return Array.from({ length: count }, (_, index) => ({ ...common, key: `user=partners:${index}` }));
}

const folder = mkdtempSync(join(tmpdir(), "sallyport-bench-"));
await run("sqlite", { kind: "sqlite", path: join(folder, "bench.db") });
rmSync(folder, { recursive: true });
const [, , url] = process.argv;
if (url !== undefined) await run("postgres", { kind: "postgres", url: new Secret(url), ca: null });
