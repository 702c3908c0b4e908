// What a step tells the pipeline. Small integers, since one is returned per step and request.

/** Go on with the next step. */
export const CONTINUE = 0;
/** The exchange has its answer; no further request step runs. */
export const ANSWERED = 1;
/** The step waits: it holds a ticket from suspend() and will call resume() or fail() with it. */
export const PENDING = 2;

export type StepResult = typeof CONTINUE | typeof ANSWERED | typeof PENDING;
