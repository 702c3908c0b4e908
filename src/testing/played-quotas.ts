// The quotas of a test gateway, in memory. What an answer of theirs leads to has been done before the test goes on.

import type { QuotaStore } from "../limits/index.ts";
import type { Wiring } from "./wiring.ts";

// Kept from before a test runner puts its own timers in their place.
const { setImmediate } = globalThis;

export function playQuotas(store: QuotaStore, wiring: Wiring): QuotaStore {
  const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
  const track = <Result>(answer: Promise<Result>): Promise<Result> => {
    wiring.track(answer.then(turn, turn));
    return answer;
  };
  return {
    reserve: (requests, nowMs) => track(store.reserve(requests, nowMs)),
    list: (filter, nowMs) => track(store.list(filter, nowMs)),
    reset: (limit, key, nowMs) => track(store.reset(limit, key, nowMs)),
    removeEnded: (beforeMs) => track(store.removeEnded(beforeMs)),
  };
}
