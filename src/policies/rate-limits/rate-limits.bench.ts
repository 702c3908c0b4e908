// What limits add to a request: its steps on the way in, on the way out and at the end, with a store that does nothing, and with the one of
// this process. `node src/policies/rate-limits/rate-limits.bench.ts`, and the same with bun.

import { FakeClock, systemClock, TimerWheel } from "../../base/index.ts";
import type { RateLimitConfig } from "../../config/index.ts";
import { Fields, fieldName, hashFolded } from "../../http/index.ts";
import type { Counters } from "../../limits/index.ts";
import { LocalCounters } from "../../limits/local/index.ts";
import { type Exchange, ExchangeMemory, REQUEST } from "../../pipeline/index.ts";
import { compileCounted, type Limited, toPrincipal } from "./limit-fakes.ts";

const HEAD = [
  "Date: Wed, 25 Nov 2026 01:00:00 GMT",
  "Content-Type: application/json",
  "Content-Length: 100",
  "ETag: x",
  "Cache-Control: no-cache",
];

function toFields(lines: readonly string[]): Fields {
  const text = lines.map((line) => `${line}\r\n`).join("");
  const fields = new Fields(text);
  let at = 0;
  for (const line of lines) {
    const colon = line.indexOf(":");
    fields.mark(at, at + colon, at + colon + 2, at + line.length, hashFolded(text, at, at + colon));
    at += line.length + 2;
  }
  fields.textEnd = at;
  return fields;
}

const response = toFields(HEAD);
const request = toFields(["Host: api.example.com", "User-Agent: curl/8", "Accept: */*", "X-Client: abcdef0123456789"]);
const principals = Array.from({ length: 1000 }, (_, index) =>
  toPrincipal({ id: `user-${index}`, tenant: `tenant-${index % 50}`, plan: "gold" }),
);
const addresses = Array.from({ length: 1000 }, (_, index) => `10.1.${index >> 8}.${index & 255}`);
const addresses6 = Array.from({ length: 1000 }, (_, index) => `2001:db8:${index.toString(16)}:2:3:4:5:6`);
const wheel = new TimerWheel(new FakeClock());

/** What the policies see of an exchange, without a connection. */
class BenchExchange {
  readonly runtime = { wheel };
  readonly stage = REQUEST;
  readonly head = { method: "GET", fields: request };
  readonly pattern = { text: "/orders/:id" };
  readonly winner = null;
  readonly clientAddress: string;
  readonly principal: (typeof principals)[number] | null;
  readonly response = { status: 200, fields: response.copy() };
  #memory: ExchangeMemory | null = null;

  constructor(address: string, principal: (typeof principals)[number] | null) {
    this.clientAddress = address;
    this.principal = principal;
  }

  get memory(): ExchangeMemory {
    this.#memory ??= new ExchangeMemory();
    return this.#memory;
  }

  answerFault(): number {
    return 1;
  }
}

/** Counts as the gateway's do: a number that grows. */
class Sum {
  total = 0;
  add(n: number): void {
    this.total += n;
  }
}

const metrics = { counter: () => new Sum() };
const nothing: Counters = { take: () => true, charge: () => undefined, release: () => undefined, close: () => undefined };
const local = new LocalCounters({ clock: systemClock, seed: 123456789012345 });

function measure(name: string, limits: Limited["limits"], from: readonly string[] = addresses): void {
  // Short runs, of which the best counts: other work on the machine makes long ones slow.
  const rounds = 5000;
  const { policies } = compileCounted({ limits }, metrics);
  for (const policy of policies) if (policy.phase === "answer") throw new Error("there is no upstream to say a cost");
  let best = Number.POSITIVE_INFINITY;
  for (let repeat = 0; repeat < 80; repeat++) {
    const startMs = performance.now();
    for (let i = 0; i < rounds; i++) {
      const exchange = new BenchExchange(from[i % 1000]!, principals[i % 1000]!) as unknown as Exchange;
      for (let p = 0; p < policies.length; p++) policies[p]!.request!(exchange);
      for (let p = policies.length - 1; p >= 0; p--) policies[p]!.response!(exchange);
      for (let p = policies.length - 1; p >= 0; p--) policies[p]!.end!(exchange);
    }
    best = Math.min(best, ((performance.now() - startMs) * 1e6) / rounds);
  }
  console.log(`${name.padEnd(58)} ${best.toFixed(0).padStart(6)} ns`);
}

const MANY = { kind: "fixedWindow", limit: 1_000_000_000, windowMs: 60_000 } as const;
const limit = (name: string, key: RateLimitConfig["key"], more: Partial<RateLimitConfig> = {}) => ({ name, key, rule: MANY, ...more });
const IP = [{ kind: "ip", v4: 32, v6: 64 }] as const;
const user = limit("per-user", [{ kind: "user" }]);
const tenant = limit("per-tenant", [{ kind: "tenant" }, { kind: "route" }]);
const tiered = limit("tiered", [{ kind: "user" }], { tiers: { by: { kind: "plan" }, of: [["gold", MANY]] } });
const header = limit("per-client", [{ kind: "header", name: fieldName("X-Client").text }]);

measure("no limit: the exchange and its fields", []);
measure("by address, a store that does nothing", [[limit("per-ip", IP), nothing]]);
measure("by an IPv6 address, a store that does nothing", [[limit("per-ip", IP), nothing]], addresses6);
measure("by user, a store that does nothing", [[user, nothing]]);
measure("by header, a store that does nothing", [[header, nothing]]);
measure("by user in a tier, a store that does nothing", [[tiered, nothing]]);
measure("by address, local", [[limit("per-ip", IP), local]]);
measure("by user, local", [[user, local]]);
measure("by address, user and tenant, two phases, local", [
  [limit("per-ip", IP), local],
  [user, local],
  [tenant, local],
]);
measure("a refusal, local", [[limit("none", IP, { rule: { ...MANY, limit: 0 } }), local]]);
