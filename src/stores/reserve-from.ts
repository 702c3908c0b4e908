// How a reservation changes a counter, the same over all engines.

import type { QuotaGrant, QuotaReserve } from "../limits/index.ts";

/** As many are listed as people look through. */
export const DEFAULT_MOST = 1000;

export function reserveFrom(used: number, { units, wanted, isOwed }: Pick<QuotaReserve, "units" | "wanted" | "isOwed">): QuotaGrant {
  let granted = wanted;
  if (wanted < 0) granted = 0 - Math.min(used, -wanted);
  else if (!isOwed) granted = Math.min(wanted, Math.max(0, units - used));
  return { granted, used: used + granted };
}
