// Keeps a gateway's names in certificates: orders what is missing, renews in time, tries again when an order fails, one order at a
// time. There is one issuer a gateway; whoever has it puts what was issued into the configuration and shows challenges to clients.

import type { Clock, ScheduledCall } from "../../base/index.ts";
import { readLeaf } from "../certificate.ts";
import { judgeCertificate } from "../judge.ts";
import type { Authority, ChallengeStage } from "./authority.ts";
import { type IssuedPair, type PairStore, toKey } from "./pair-store.ts";
import { nextOrderMs } from "./schedule.ts";

/** What an issuer tells whoever has it. */
export interface IssuerEvents {
  /** There is a new certificate: pairOf() has it. */
  onIssued(names: readonly string[]): void;
  /** Served on is what there was; the next try comes by itself. */
  onFailed(names: readonly string[], reason: string, nextTryMs: number): void;
}

export interface IssuerHost {
  readonly authority: Authority;
  readonly store: PairStore;
  readonly clock: Clock;
  readonly stage: ChallengeStage;
  readonly events: IssuerEvents;
  /** From 0 to 1. */
  random(): number;
}

export interface IssueState {
  readonly names: readonly string[];
  readonly notAfterMs: number | null;
  readonly failures: number;
  /** Unix time. */
  readonly nextTryMs: number;
}

interface Entry {
  readonly names: readonly string[];
  pair: IssuedPair | null;
  validity: { readonly notBeforeMs: number; readonly notAfterMs: number } | null;
  failures: number;
  lastTryMs: number | null;
  nextTryMs: number;
}

/** The wall clock may be set: it is looked at this often at least. */
const LONGEST_SLEEP_MS = 3_600_000;

export class CertificateIssuer {
  readonly #host: IssuerHost;
  readonly #renewBeforeMs: number;
  #entries = new Map<string, Entry>();
  #alarm: ScheduledCall | null = null;
  #ordering = false;
  #stopped = false;

  constructor(host: IssuerHost, renewBeforeMs: number) {
    this.#host = host;
    this.#renewBeforeMs = renewBeforeMs;
  }

  /** The sets of names that are wanted from now on. What was issued for one before is taken from disk. */
  want(sets: readonly (readonly string[])[]): void {
    const entries = new Map<string, Entry>();
    for (const names of sets) {
      const key = toKey(names);
      entries.set(key, this.#entries.get(key) ?? this.#open(names));
    }
    this.#entries = entries;
    this.#sleep();
  }

  /** Null until one has been issued. */
  pairOf(names: readonly string[]): IssuedPair | null {
    return this.#entries.get(toKey(names))?.pair ?? this.#host.store.readPair(names);
  }

  list(): IssueState[] {
    return [...this.#entries.values()].map(({ names, validity, failures, nextTryMs }) => ({
      names,
      notAfterMs: validity?.notAfterMs ?? null,
      failures,
      nextTryMs,
    }));
  }

  stop(): void {
    this.#stopped = true;
    this.#alarm?.cancel();
  }

  #open(names: readonly string[]): Entry {
    const entry: Entry = { names, pair: null, validity: null, failures: 0, lastTryMs: null, nextTryMs: 0 };
    const kept = this.#host.store.readPair(names);
    if (kept !== null && this.#isGood(names, kept) === null) this.#take(entry, kept);
    entry.nextTryMs = this.#next(entry);
    return entry;
  }

  #take(entry: Entry, pair: IssuedPair): void {
    const leaf = readLeaf(pair.cert);
    entry.pair = pair;
    entry.validity = leaf === null ? null : { notBeforeMs: leaf.notBeforeMs, notAfterMs: leaf.notAfterMs };
  }

  /** Why what an authority or the disk gave is no certificate for these names; null when it is one. */
  #isGood(names: readonly string[], { cert, key }: IssuedPair): string | null {
    const pair = { cert, certFile: this.#host.store.pathOf(names), key: { reveal: () => key }, keyFile: this.#host.store.pathOf(names) };
    const { certificate, findings } = judgeCertificate(pair, this.#host.clock.wall());
    const error = findings.find(({ severity }) => severity === "error");
    if (error !== undefined) return error.message;
    const missing = names.find((name) => certificate?.names.includes(name.toLowerCase()) !== true);
    return missing === undefined ? null : `the certificate does not name ${missing}`;
  }

  #next(entry: Entry): number {
    return nextOrderMs(entry, this.#renewBeforeMs, this.#host.random());
  }

  #sleep(): void {
    this.#alarm?.cancel();
    this.#alarm = null;
    if (this.#stopped || this.#ordering || this.#entries.size === 0) return;
    const { clock } = this.#host;
    const dueMs = Math.min(...[...this.#entries.values()].map(({ nextTryMs }) => nextTryMs));
    const restMs = Math.min(Math.max(0, dueMs - clock.wall()), LONGEST_SLEEP_MS);
    this.#alarm = clock.schedule(() => void this.#wake(), restMs);
  }

  async #wake(): Promise<void> {
    const nowMs = this.#host.clock.wall();
    const due = [...this.#entries.values()].find(({ nextTryMs }) => nextTryMs <= nowMs);
    if (due !== undefined) {
      this.#ordering = true;
      await this.#order(due);
      this.#ordering = false;
    }
    this.#sleep();
  }

  async #order(entry: Entry): Promise<void> {
    const { authority, store, clock, stage, events } = this.#host;
    const { names } = entry;
    entry.lastTryMs = clock.wall();
    try {
      let accountKey = store.readAccountKey();
      if (accountKey === null) {
        accountKey = await authority.createAccountKey();
        store.writeAccountKey(accountKey);
      }
      const pair = await authority.order(names, accountKey, stage);
      const fault = this.#isGood(names, pair);
      if (fault !== null) throw new Error(fault);
      store.writePair(names, pair);
      this.#take(entry, pair);
      entry.failures = 0;
      entry.nextTryMs = this.#next(entry);
      if (!this.#stopped) events.onIssued(names);
    } catch (error) {
      entry.failures++;
      entry.nextTryMs = this.#next(entry);
      if (!this.#stopped) events.onFailed(names, error instanceof Error ? error.message : String(error), entry.nextTryMs);
    }
  }
}
