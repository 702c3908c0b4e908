// Long work in slices: a generator that yields wherever it may be interrupted, run to its end at once or with turns of the event loop
// in between, so that whatever else the process serves waits for one slice and not for the whole.

/** Work that may be interrupted at every `yield`; what it returns is its result. */
export type Steps<Result> = Generator<undefined, Result, undefined>;

/** How long one slice may take, in milliseconds: some system calls' worth, and far below what a client notices. */
const SLICE_MS = 3;

// Kept from before a test runner puts its own timers in their place.
const { setImmediate } = globalThis;

export function runAtOnce<Result>(steps: Steps<Result>): Result {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** Rejects with what the work throws. `nowMs` is any clock that moves while the loop is busy. */
export async function runInSlices<Result>(steps: Steps<Result>, nowMs: () => number = () => performance.now()): Promise<Result> {
  let begunMs = nowMs();
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    if (nowMs() - begunMs < SLICE_MS) continue;
    await new Promise<void>((resolve) => setImmediate(resolve));
    begunMs = nowMs();
  }
}
