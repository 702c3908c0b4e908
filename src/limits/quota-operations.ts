// What operators do with quotas: see what was used, and set it back. Over whatever keeps them, for the admin API and the command alike.

import type { Clock } from "../base/index.ts";
import type { QuotaFilter, QuotaStore } from "./quotas.ts";

/** A counter as people are shown it. */
export interface QuotaView {
  readonly limit: string;
  readonly key: string;
  readonly period: string;
  readonly used: number;
  /** What the quota was when a gateway last asked. */
  readonly units: number;
  readonly remaining: number;
  /** ISO 8601. */
  readonly endsAt: string;
  readonly updatedAt: string;
}

export interface QuotaReset {
  readonly limit: string;
  /** Null: of every key. */
  readonly key: string | null;
  /** How many counters were set back. */
  readonly count: number;
}

/** Why something was not done, in words for people. */
export class QuotaRefusal extends Error {
  readonly reason: "invalid" | "absent";

  constructor(reason: "invalid" | "absent", message: string) {
    super(message);
    this.reason = reason;
  }
}

/** What is asked for comes from outside as it is; each rejects with a QuotaRefusal where it is malformed, or what the store fails with. */
export interface QuotaOperations {
  /** The most used first; `most` of them. */
  list(filter: QuotaFilter): Promise<readonly QuotaView[]>;
  /** Takes `{ limit, key }`, or `{ limit, allKeys: true }`: every key is never meant by leaving one out. */
  reset(wanted: unknown): Promise<QuotaReset>;
}

export interface QuotaOperationsHost {
  readonly clock: Pick<Clock, "wall">;
  /** The names of the quotas that are configured now. */
  limits(): readonly string[];
}

const MEMBERS = ["limit", "key", "allKeys"];

export function createQuotaOperations(store: QuotaStore, { clock, limits }: QuotaOperationsHost): QuotaOperations {
  const refuseUnknown = (limit: string): void => {
    const names = limits();
    if (!names.includes(limit)) throw new QuotaRefusal("absent", `there is no quota "${limit}"; there are ${names.join(", ")}`);
  };
  return {
    async list(filter) {
      if (filter.limit !== undefined) refuseUnknown(filter.limit);
      const records = await store.list(filter, clock.wall());
      return records.map(({ endsAtMs, updatedAtMs, ...record }) => ({
        ...record,
        remaining: Math.max(0, record.units - record.used),
        endsAt: new Date(endsAtMs).toISOString(),
        updatedAt: new Date(updatedAtMs).toISOString(),
      }));
    },
    async reset(wanted) {
      const { limit, key } = readReset(wanted);
      refuseUnknown(limit);
      return { limit, key, count: await store.reset(limit, key, clock.wall()) };
    },
  };
}

function readReset(wanted: unknown): { readonly limit: string; readonly key: string | null } {
  const refuse = (message: string) => new QuotaRefusal("invalid", message);
  if (typeof wanted !== "object" || wanted === null || Array.isArray(wanted)) throw refuse("a JSON object is expected");
  const foreign = Object.keys(wanted).find((name) => !MEMBERS.includes(name));
  if (foreign !== undefined) throw refuse(`\`${foreign}\` means nothing here: there are ${MEMBERS.join(", ")}`);
  const { limit, key, allKeys } = wanted as Readonly<Record<string, unknown>>;
  if (typeof limit !== "string") throw refuse("`limit` is missing: the name of a quota");
  if (allKeys !== undefined && allKeys !== true) throw refuse("`allKeys` is true or is left out");
  if (allKeys === true && key !== undefined) throw refuse("`key` and `allKeys` exclude each other");
  if (allKeys === true) return { limit, key: null };
  if (typeof key !== "string") throw refuse("`key` is missing: a key as `GET /quotas` shows it, or `allKeys: true`");
  return { limit, key };
}
