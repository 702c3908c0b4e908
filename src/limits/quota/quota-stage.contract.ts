// What the tests of quotas are written with: a store in memory that can be made to fail, ledgers over it, and who asks them.

import { FakeClock } from "../../base/index.ts";
import { Ask, Take } from "../counters.ts";
import type { QuotaFilter, QuotaGrant, QuotaRecord, QuotaReserve, QuotaStore } from "../quotas.ts";
import type { Meter, QuotaRule } from "../rule.ts";
import { QuotaLedger, type QuotaLedgerOptions } from "./index.ts";

export const QUOTA = { limit: "orders" } as const;

/** Until whatever a store in memory answers has been heard. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
}

/** Lets time pass, and whatever is due be done and answered. */
export async function pass(clock: FakeClock, ms: number): Promise<void> {
  await settle();
  const untilMs = clock.now() + ms;
  for (let dueMs = clock.nextDueMs; dueMs !== null && dueMs <= untilMs; dueMs = clock.nextDueMs) {
    clock.advance(dueMs - clock.now());
    await settle();
  }
  clock.advance(untilMs - clock.now());
  await settle();
}

export class FailingStore implements QuotaStore {
  readonly #records = new Map<string, QuotaRecord>();
  /** What reserve() was asked. */
  readonly calls: (readonly QuotaReserve[])[] = [];
  /** `lost`: it comes about, and nobody hears of it. */
  mode: "answers" | "fails" | "hangs" | "lost" = "answers";
  readonly #hanging: (() => void)[] = [];

  async reserve(requests: readonly QuotaReserve[], nowMs: number): Promise<readonly QuotaGrant[]> {
    this.calls.push(requests);
    await this.#pass();
    const grants = requests.map((request) => this.#reserve(request, nowMs));
    if (this.mode === "lost") throw new Error("the connection ended");
    return grants;
  }

  #reserve({ limit, key, period, endsAtMs, units, wanted, isOwed }: QuotaReserve, nowMs: number): QuotaGrant {
    const name = JSON.stringify([limit, key, period]);
    const before = this.#records.get(name)?.used ?? 0;
    const room = isOwed ? wanted : Math.max(0, units - before);
    const used = Math.max(0, before + Math.min(wanted, wanted < 0 ? 0 : room));
    this.#records.set(name, { limit, key, period, endsAtMs, units, used, updatedAtMs: nowMs });
    return { granted: used - before, used };
  }

  async list({ key, all = false }: QuotaFilter, nowMs: number): Promise<readonly QuotaRecord[]> {
    return [...this.#records.values()].filter((record) => (key === undefined || record.key === key) && (all || record.endsAtMs > nowMs));
  }

  async reset(limit: string, key: string | null, nowMs: number): Promise<number> {
    const reset = (await this.list({}, nowMs)).filter((record) => record.limit === limit && (key === null || record.key === key));
    for (const record of reset) this.#records.set(JSON.stringify([record.limit, record.key, record.period]), { ...record, used: 0 });
    return reset.length;
  }

  async removeEnded(): Promise<number> {
    await this.#pass();
    return 0;
  }

  /** Answers what has hung until now, too. */
  recover(): void {
    this.mode = "answers";
    for (const go of this.#hanging.splice(0)) go();
  }

  async #pass(): Promise<void> {
    if (this.mode === "fails") throw new Error("the database can't be asked");
    if (this.mode === "hangs") await new Promise<void>((resolve) => this.#hanging.push(resolve));
  }
}

export interface Asked {
  readonly ask: Ask;
  isDecided: boolean;
}

export class QuotaStage {
  readonly clock: FakeClock;
  readonly store: FailingStore;
  readonly meter: Meter;
  readonly ledger: QuotaLedger;
  readonly #options: Partial<QuotaLedgerOptions>;

  constructor(rule: Partial<QuotaRule> = {}, options: Partial<QuotaLedgerOptions> = {}, more: Partial<Meter> = {}) {
    this.clock = new FakeClock(0, Date.UTC(2026, 0, 1));
    this.store = new FailingStore();
    this.#options = options;
    this.meter = this.createMeter(rule, more);
    this.ledger = this.createLedger();
  }

  createMeter(rule: Partial<QuotaRule> = {}, more: Partial<Meter> = {}): Meter {
    const whole: QuotaRule = { kind: "quota", limit: 1000, per: "month", timeZone: "UTC", ...rule };
    const id = `${more.limit ?? QUOTA.limit}#${JSON.stringify(whole)}`;
    return { ...QUOTA, tier: "", id, rule: whole, onStoreFailure: "closed", isDryRun: false, ...more };
  }

  createLedger(): QuotaLedger {
    return new QuotaLedger(this.store, { clock: this.clock, ...this.#options });
  }

  ask(key: string, cost = 1, ledger = this.ledger, meter = this.meter): Asked {
    const asked: Asked = { ask: new Ask(meter, key, cost), isDecided: false };
    const onDecided = () => {
      asked.isDecided = true;
    };
    asked.isDecided = ledger.take(new Take([asked.ask], { onDecided }));
    return asked;
  }

  /** Throws where the store has not answered. */
  async decided(key: string, cost = 1, ledger = this.ledger): Promise<Asked> {
    const asked = this.ask(key, cost, ledger);
    await settle();
    if (!asked.isDecided) throw new Error(`nobody has decided on ${key}`);
    return asked;
  }

  async answer(key: string, cost: number): Promise<Ask> {
    const { ask } = await this.decided(key, cost);
    return ask;
  }

  pass(ms: number): Promise<void> {
    return pass(this.clock, ms);
  }

  /** How many of `count` requests, all at once, are admitted. */
  async admitted(key: string, count: number): Promise<number> {
    const asked = Array.from({ length: count }, () => this.ask(key));
    await settle();
    return asked.filter(({ isDecided, ask }) => isDecided && ask.isAdmitted).length;
  }

  /** Requests evenly over some seconds. */
  async run(key: string, perSecond: number, seconds: number): Promise<void> {
    for (let i = 0; i < perSecond * seconds; i++) {
      this.ask(key);
      await settle();
      await this.pass(1000 / perSecond);
    }
  }

  /** Until a key has a lease. */
  async warm(key: string): Promise<void> {
    await this.run(key, 20, 1);
  }

  async used(key: string): Promise<number> {
    return (await this.store.list({ key }, this.clock.wall()))[0]?.used ?? 0;
  }

  async periods(key: string): Promise<(readonly [string, number])[]> {
    const records = await this.store.list({ key, all: true }, this.clock.wall());
    return records.map(({ period, used }) => [period, used] as const).sort(([a], [b]) => (a < b ? -1 : 1));
  }
}
