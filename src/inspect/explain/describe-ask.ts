// What one limit made of a request, as a sentence.

import type { Ask } from "../../limits/index.ts";

export function describeAsk({ meter, key, cost, isAdmitted, remaining, delayMs }: Ask): string {
  const tier = meter.tier === "" ? "" : `, tier ${meter.tier},`;
  const who = `${meter.limit}${tier} for ${key}`;
  if (!isAdmitted)
    return meter.isDryRun ? `would be refused by ${who}, a dry run: ${remaining} left` : `is refused by ${who}: ${remaining} left`;
  const wait = delayMs === 0 ? "" : `, and is held for ${Math.ceil(delayMs)} ms`;
  return `counts ${cost} of ${who}${meter.isDryRun ? ", a dry run" : ""}: ${remaining} left${wait}`;
}
