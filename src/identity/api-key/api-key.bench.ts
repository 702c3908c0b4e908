// What an API key costs a request when it is known: reading it, its checksum, its digest, the look into the map.
// node scripts/run-ts.mjs src/identity/api-key/api-key.bench.ts

import { randomBytes } from "node:crypto";
import { Principal } from "../../pipeline/index.ts";
import { createMemoryStores } from "../../stores/index.ts";
import { exchangeOf, hostOf } from "../mtls/testdata/exchange-double.ts";
import { createApiKeyIdentity, createApiKeyOperations, digestOf } from "./index.ts";
import { isKey, makeKey } from "./key-format.ts";

const ROUNDS = 300_000;

function measure(name: string, work: () => unknown): void {
  for (let round = 0; round < ROUNDS; round++) work();
  const startedMs = performance.now();
  for (let round = 0; round < ROUNDS; round++) work();
  const microseconds = ((performance.now() - startedMs) * 1000) / ROUNDS;
  process.stdout.write(`${name.padEnd(36)} ${microseconds.toFixed(2)} µs\n`);
}

const host = hostOf();
const stores = createMemoryStores(host.clock);
const operations = createApiKeyOperations(stores.apiKeys, { clock: host.clock, random: randomBytes, identities: () => ["partners"] });
const { key } = await operations.create({ owner: "acme" });
const identity = createApiKeyIdentity(
  {
    kind: "apiKey",
    name: "partners",
    headers: null,
    principal: { id: ["owner"], tenant: "tenant", roles: "roles", scopes: "scopes" },
    from: { kind: "header", name: "X-Api-Key" },
    trustWithoutStoreMs: 0,
    cachedKeys: 10_000,
  },
  { ...host, stores, watcher: { onAsked() {}, onLookup() {} } },
);
await new Promise((resolve) => setImmediate(resolve));
const exchange = exchangeOf({
  fields: [
    ["Host", "a"],
    ["User-Agent", "b"],
    ["X-Api-Key", key],
  ],
});
await identity.identify(exchange);
if (!(identity.identify(exchange) instanceof Principal)) throw new Error("the key is not known");

measure("a known key", () => identity.identify(exchange));
measure("of that, its form and checksum", () => isKey(key));
measure("of that, its digest", () => digestOf(key));
const stranger = exchangeOf({ fields: [["X-Api-Key", `${makeKey(randomBytes).key.slice(0, -1)}_`]] });
measure("what has not the form of a key", () => identity.identify(stranger));
identity.close();
