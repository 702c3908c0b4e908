// Cost of a deadline: `node src/base/timer-wheel.bench.ts`, `bun src/base/timer-wheel.bench.ts`.
// Compares with setTimeout and clearTimeout, which the wheel replaces.

import { systemClock } from "./clock.ts";
import { FakeClock } from "./fake-clock.ts";
import { Timer, type TimerOwner, TimerWheel } from "./timer-wheel.ts";

let fired = 0;
const owner: TimerOwner = { onTimer: () => void fired++ };
const POPULATION = 10_000;

function measure(name: string, rounds: number, operation: (round: number) => void): void {
  for (let i = 0; i < rounds / 10; i++) operation(i);
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 5; run++) {
    const startMs = performance.now();
    for (let i = 0; i < rounds; i++) operation(i);
    best = Math.min(best, ((performance.now() - startMs) * 1e6) / rounds);
  }
  console.log(`${name.padEnd(60)} ${best.toFixed(1).padStart(8)} ns/op`);
}

const clock = new FakeClock();
const wheel = new TimerWheel(clock);
const timers = Array.from({ length: POPULATION }, (_, kind) => new Timer(owner, kind));
for (const timer of timers) wheel.arm(timer, 60_000 + timer.kind, 0);
const lone = new Timer(owner, 0);
let nowMs = 0;

measure("arm again to a later time (lazy)", 2e6, (i) => {
  nowMs += 0.0001;
  wheel.arm(timers[i % POPULATION] as Timer, 70_000, nowMs);
});
measure("arm and disarm among 10 000", 2e6, () => {
  wheel.arm(lone, 5000, nowMs);
  wheel.disarm(lone);
});
const quiet = new TimerWheel(clock);
const realWheel = new TimerWheel(systemClock);
const realTimer = new Timer(owner, 0);
measure("arm and disarm on an empty wheel", 2e6, () => {
  quiet.arm(lone, 5000, 0);
  quiet.disarm(lone);
});
measure("arm again, reading the system clock", 1e6, () => realWheel.arm(realTimer, 5000));
measure("setTimeout and clearTimeout", 3e5, () => clearTimeout(setTimeout(() => fired++, 5000)));
const others = timers.map((timer) => new Timer(owner, timer.kind));
measure("arm and fire, 10 000 at a time", 20, () => {
  for (const timer of others) quiet.arm(timer, 1000 + (timer.kind & 1023));
  clock.advance(3000);
});
console.log(`(the last line is for 10 000 timers; ${fired} fired)`);
realWheel.stop();
wheel.stop();
