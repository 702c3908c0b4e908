// Quotas in a process's own memory.

import type { QuotaFilter, QuotaGrant, QuotaName, QuotaRecord, QuotaReserve, QuotaStore } from "../limits/index.ts";
import { DEFAULT_MOST, reserveFrom } from "./reserve-from.ts";

export class MemoryQuotas implements QuotaStore {
  readonly #records = new Map<string, QuotaRecord>();

  async reserve(requests: readonly QuotaReserve[], nowMs: number): Promise<readonly QuotaGrant[]> {
    return requests.map((request) => {
      const { limit, key, period, units, endsAtMs } = request;
      const name = toText(request);
      const grant = reserveFrom(this.#records.get(name)?.used ?? 0, request);
      this.#records.set(name, { limit, key, period, used: grant.used, units, endsAtMs, updatedAtMs: nowMs });
      return grant;
    });
  }

  async list({ limit, key, all = false, most = DEFAULT_MOST }: QuotaFilter, nowMs: number): Promise<readonly QuotaRecord[]> {
    const isListed = (record: QuotaRecord): boolean =>
      (limit === undefined || record.limit === limit) && (key === undefined || record.key === key) && (all || record.endsAtMs > nowMs);
    return [...this.#records.values()]
      .filter(isListed)
      .sort((a, b) => b.used - a.used)
      .slice(0, most);
  }

  async reset(limit: string, key: string | null, nowMs: number): Promise<number> {
    let count = 0;
    for (const [name, record] of this.#records) {
      if (record.limit !== limit || (key !== null && record.key !== key) || record.endsAtMs <= nowMs) continue;
      this.#records.set(name, { ...record, used: 0, updatedAtMs: nowMs });
      count++;
    }
    return count;
  }

  async removeEnded(beforeMs: number): Promise<number> {
    let count = 0;
    for (const [name, { endsAtMs }] of this.#records) {
      if (endsAtMs <= beforeMs && this.#records.delete(name)) count++;
    }
    return count;
  }
}

function toText({ limit, key, period }: QuotaName): string {
  return JSON.stringify([limit, key, period]);
}
