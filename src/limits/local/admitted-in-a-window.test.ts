// How many units the ways of counting admit within any one minute, of which the limit is 100: the figures that the guide states.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { FakeClock } from "../../base/index.ts";
import { Ask, Take } from "../counters.ts";
import type { LimitRule, Meter } from "../rule.ts";
import { LocalCounters } from "./local-counters.ts";

const GUIDE = readFileSync(new URL("../../../docs/guides/rate-limits.md", import.meta.url), "utf8");
const LIMIT = 100;
const MINUTE_MS = 60_000;

const RULES: readonly (readonly [name: string, rule: LimitRule])[] = [
  ["fixedWindow", { kind: "fixedWindow", limit: LIMIT, windowMs: MINUTE_MS }],
  ["slidingWindow", { kind: "slidingWindow", limit: LIMIT, windowMs: MINUTE_MS }],
  ["slidingWindowLog", { kind: "slidingLog", limit: LIMIT, windowMs: MINUTE_MS }],
  ["tokenBucket", { kind: "tokenBucket", ratePerMs: LIMIT / MINUTE_MS, burst: LIMIT }],
];

type Offer = readonly [atMs: number, requests: number];
const steadily = (fromMs: number, untilMs: number): Offer[] =>
  Array.from({ length: (untilMs - fromMs) / 100 }, (_, nth) => [fromMs + nth * 100, 1]);
const OFFERS: readonly (readonly [what: string, offers: readonly Offer[]])[] = [
  ["100 at :59, 100 at :00", [[59_000, 100] as const, [60_000, 100] as const]],
  ["ten a second, from the beginning of a minute", steadily(0, 240_000)],
  ["ten a second, from the middle of a minute", steadily(30_000, 240_000)],
  ["100 at :59, then ten a second", [[59_000, 100] as const, ...steadily(60_000, 240_000)]],
];

function mostInAMinute(rule: LimitRule, offers: readonly Offer[]): number {
  const clock = new FakeClock(0, MINUTE_MS * 1000);
  const counters = new LocalCounters({ clock, seed: 1 });
  const meter: Meter = { limit: "x", tier: "", id: "x", rule, onStoreFailure: null, isDryRun: false };
  const admitted: number[] = [];
  for (const [atMs, requests] of offers) {
    clock.advance(atMs - clock.now());
    for (let nth = 0; nth < requests; nth++) {
      const ask = new Ask(meter, "key", 1);
      counters.take(new Take([ask], { onDecided: () => undefined }));
      if (ask.isAdmitted) admitted.push(atMs);
    }
  }
  const countFrom = (fromMs: number) => admitted.filter((atMs) => atMs >= fromMs && atMs < fromMs + MINUTE_MS).length;
  return Math.max(...new Set(admitted.map(countFrom)));
}

describe("what is admitted within any minute, of 100", () => {
  for (const [what, offers] of OFFERS) {
    it(`is as the guide says, of ${what}`, () => {
      const figures = RULES.map(([, rule]) => mostInAMinute(rule, offers));
      assert.ok(GUIDE.includes(`| ${what} | ${figures.join(" | ")} |`), `${what}: ${figures.join(", ")}`);
    });
  }
});
