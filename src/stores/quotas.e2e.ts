// Quotas over a real PostgreSQL that is killed, stopped and given back under load.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, describe, it } from "node:test";
import { systemClock } from "../base/index.ts";
import { Ask, BY_OPEN, BY_STORE, type Meter, type OnStoreFailure, Take } from "../limits/index.ts";
import { QuotaLedger } from "../limits/quota/index.ts";
import { PostgresServer, whyNoPostgres } from "./engines/postgres-server.contract.ts";
import { openStores } from "./open-stores.ts";

const skip = whyNoPostgres();
const server = skip === false ? await PostgresServer.start(randomBytes(12).toString("hex")) : null;
after(() => server?.stop());

/** The rest of what a request may wait is for a machine that has other things to do. */
const TIMEOUT_MS = 50;
const MOST_WAIT_MS = TIMEOUT_MS + 250;
const RECOVERY_MS = 2000;
const LIMIT = 1_000_000;

class Node {
  readonly states: string[] = [];
  longestMs = 0;
  admitted = 0;
  readonly #meter: Meter;
  readonly #ledger: QuotaLedger;
  readonly #close: () => Promise<void>;

  private constructor(meter: Meter, ledger: (node: Node) => QuotaLedger, close: () => Promise<void>) {
    this.#meter = meter;
    this.#ledger = ledger(this);
    this.#close = close;
  }

  static async start(limit: string, units: number, onStoreFailure: OnStoreFailure, timeoutMs: number): Promise<Node> {
    const stores = await openStores(server!.database);
    const rule = { kind: "quota", limit: units, per: "month", timeZone: "UTC" } as const;
    const meter: Meter = { limit, tier: "", id: limit, rule, onStoreFailure, isDryRun: false };
    const create = (node: Node) => {
      const watcher = { onStore: (_: string, state: string) => void node.states.push(state) };
      return new QuotaLedger(stores.quotas, { clock: systemClock, watcher, timeoutMs });
    };
    return new Node(meter, create, () => stores.close());
  }

  async ask(key = "acme"): Promise<Ask> {
    const ask = new Ask(this.#meter, key, 1);
    const startedMs = performance.now();
    await new Promise<void>((resolve) => {
      if (this.#ledger.take(new Take([ask], { onDecided: () => resolve() }))) resolve();
    });
    this.longestMs = Math.max(this.longestMs, performance.now() - startedMs);
    if (ask.isAdmitted) this.admitted++;
    return ask;
  }

  /** Asks all the time, and for keys that nobody has asked for, until something is so. */
  async askUntil(isSo: () => boolean, mostMs: number): Promise<void> {
    const untilMs = performance.now() + mostMs;
    for (let count = 0; !isSo(); count++) {
      assert.ok(performance.now() < untilMs, `it takes longer than ${mostMs} ms`);
      await Promise.all([this.ask(), this.ask(`new ${count % 50}`)]);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }

  async stop(): Promise<void> {
    await this.#ledger.drain();
    await this.#close();
  }
}

async function used(limit: string): Promise<number> {
  const stores = await openStores(server!.database);
  const records = await stores.quotas.list({ limit }, systemClock.wall());
  await stores.close();
  return records.reduce((sum, record) => sum + record.used, 0);
}

describe("a quota in PostgreSQL", { skip }, () => {
  if (skip !== false) return;

  it("is had to its last unit, and once, by nodes that ask at once", async () => {
    const nodes = await Promise.all([1, 2, 3, 4].map(() => Node.start("together", 1000, "closed", 5000)));
    await Promise.all(
      nodes.map(async (node) => {
        for (let i = 0; i < 60; i++) await Promise.all(Array.from({ length: 10 }, () => node.ask()));
      }),
    );
    assert.equal(
      nodes.reduce((sum, { admitted }) => sum + admitted, 0),
      1000,
    );
    await Promise.all(nodes.map((node) => node.stop()));
    assert.equal(await used("together"), 1000);
  });

  for (const [trouble, begin, end] of [
    ["killed", () => server!.kill(), () => server!.restart()],
    ["stopped", async () => server!.pause(), async () => server!.resume()],
  ] as const) {
    it(`whose server is ${trouble} holds nobody up for longer than the timeout, and counts again within two seconds`, async () => {
      const node = await Node.start(trouble, LIMIT, "open", TIMEOUT_MS);
      await node.askUntil(() => node.states.includes("up") && node.admitted > 100, 5000);
      await begin();
      await node.askUntil(() => node.states.at(-1) === "down", 5000);
      const before = node.admitted;
      node.longestMs = 0;
      assert.equal((await node.ask("nobody yet")).decidedBy, BY_OPEN);
      await node.askUntil(() => node.admitted > before + 500, 10_000);
      assert.ok(node.longestMs < MOST_WAIT_MS, `${node.longestMs} ms`);
      await end();
      await node.askUntil(() => node.states.at(-1) === "up", RECOVERY_MS);
      assert.equal((await node.ask("nobody yet")).decidedBy, BY_STORE);
      assert.equal(node.states.at(-1), "up");
      await node.stop();
      const counted = await used(trouble);
      // What was under way when the server went may count as used though nobody had it.
      assert.ok(counted >= node.admitted && counted <= node.admitted + 200, `${counted} counted, ${node.admitted} admitted`);
    });
  }
});
