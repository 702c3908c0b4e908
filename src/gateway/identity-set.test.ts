import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FakeClock, TimerWheel } from "../base/index.ts";
import { CallFailure, type Calls, type Documents } from "../calls/index.ts";
import { type GatewayConfig, parseConfig, systemConfigHost } from "../config/index.ts";
import { createMemoryStores, type Stores } from "../stores/index.ts";
import { MetricRegistry } from "../telemetry/index.ts";
import { GatewayIdentities } from "./gateway-identities.ts";
import type { IdentityGrant } from "./identity-set.ts";

const RELOADS = 200;
const HOST = { ...systemConfigHost(), env: { SEAL_KEY: "5a".repeat(32), SECRET: "s3cret" } };
const SEAL_KEY = "$" + "{env:SEAL_KEY}";
const SECRET = "$" + "{env:SECRET}";

/** Identities of every kind that asks for something by itself, or keeps something; `n` changes each of them, the keys and the database. */
function toConfig(n: number): GatewayConfig {
  const text = `version: 1
gateway: { sealKeys: ["${SEAL_KEY}"] }
database: { sqlite: { path: "/data/gateway-${n}.db" } }
listeners: [{ name: http, address: 127.0.0.1:8080 }]
upstreams: { a: { endpoints: [http://127.0.0.1:3000], internalToken: { audience: a, ttl: ${n + 1}s } } }
internalKeys: { issuer: "gateway-${n}", rotateEvery: 24h, overlap: 1h }
identities:
  users: { jwt: { issuer: "https://users.test/", audience: a${n}, jwks: { url: "https://users.test/keys" } } }
  found: { jwt: { issuer: "https://found.test/", audience: a${n}, jwks: { discovery: true } } }
  opaque: { introspection: { url: "https://users.test/introspect", clientId: c${n}, clientSecret: "${SECRET}" } }
  keys: { apiKey: { header: X-Api-Key-${n} } }
  web: { session: { issuer: "https://web.test/", clientId: web${n}, clientSecret: "${SECRET}", hosts: [web.test], store: database } }
  legacy: { external: { url: "https://legacy.test/${n}", sendHeaders: [X-Legacy] } }
  edge: { internal: { audience: b${n}, trust: [{ issuer: edge, jwks: { url: "https://edge.test/keys" } }] } }
routes: [{ name: r, match: { path: /* }, public: true, upstream: a }]
`;
  const { config, issues } = parseConfig(text, "gateway.yaml", HOST);
  assert.ok(config !== null, issues.map(({ message }) => message).join("\n"));
  return config;
}

class Stage {
  readonly clock = new FakeClock();
  readonly wheel = new TimerWheel(this.clock);
  readonly lines: string[] = [];
  reads = 0;
  openStores = 0;
  readonly identities: GatewayIdentities;

  constructor() {
    const documents: Documents = {
      read: () => {
        this.reads++;
        return Promise.reject(new CallFailure("connect", "nobody is there"));
      },
    };
    const calls: Calls = { call: () => Promise.reject(new CallFailure("connect", "nobody is there")), close: () => undefined };
    const openStores = async (): Promise<Stores> => {
      this.openStores++;
      const stores = createMemoryStores(this.clock);
      return { ...stores, close: async () => void this.openStores-- };
    };
    const onIdentity = (line: string) => void this.lines.push(line);
    this.identities = new GatewayIdentities({ calls, documents, openStores, onIdentity }, this.clock, this.wheel, new MetricRegistry());
  }

  /** Time goes on, and what is due and what it waits for happens. */
  async pass(ms: number): Promise<void> {
    await settle();
    this.clock.advance(ms);
    await settle();
  }

  get alive() {
    return { timers: this.wheel.size, calls: this.clock.pendingCalls, stores: this.openStores };
  }
}

/** What waits for promises alone goes on. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise<void>((resolve) => void setImmediate(resolve));
}

/** A key is made by threads of the runtime, in their own time. */
async function rest({ ring }: IdentityGrant): Promise<void> {
  while (ring?.isReading === true) await settle();
}

describe("the identities of a worker", () => {
  it("leave no timer, no poll and no store behind when a reload changes them, however often", async () => {
    const stage = new Stage();
    let grant = stage.identities.take(toConfig(0));
    await stage.pass(3000);
    await rest(grant);
    const first = stage.alive;
    assert.ok(first.timers >= 4 && first.calls >= 1 && first.stores === 1, JSON.stringify(first));
    for (let n = 1; n <= RELOADS; n++) {
      const next = stage.identities.take(toConfig(n));
      grant.release();
      grant = next;
      if (n % 20 === 0) await stage.pass(3000);
    }
    await stage.pass(3000);
    await rest(grant);
    assert.deepEqual(stage.alive, first);
    grant.release();
    await stage.pass(3000);
    const { timers, stores } = stage.alive;
    assert.deepEqual({ timers, stores }, { timers: 0, stores: 0 });
    const { reads } = stage;
    await stage.pass(3_600_000);
    assert.equal(stage.reads, reads);
  });

  it("are the same over a reload that leaves them as they were, also while an older generation still has them", async () => {
    const stage = new Stage();
    const [old, kept] = [stage.identities.take(toConfig(1)), stage.identities.take(toConfig(1))];
    assert.equal(kept.identities.get("users"), old.identities.get("users"));
    old.release();
    old.release();
    await stage.pass(3000);
    const { timers, stores } = stage.alive;
    assert.ok(timers >= 4 && stores === 1);
    kept.release();
    await stage.pass(3000);
    assert.equal(stage.alive.stores, 0);
  });

  it("tell nobody of trouble that only comes of their end", async () => {
    const stage = new Stage();
    const grant = stage.identities.take(toConfig(1));
    // What was begun ends behind a store that is closed.
    grant.release();
    await stage.pass(3000);
    assert.deepEqual(stage.lines, []);
  });

  it("are given back when one of them can't be made", async () => {
    const stage = new Stage();
    assert.throws(() => stage.identities.take({ ...toConfig(1), database: null }), /database/);
    await stage.pass(3000);
    const { timers, stores } = stage.alive;
    assert.deepEqual({ timers, stores }, { timers: 0, stores: 0 });
  });
});
