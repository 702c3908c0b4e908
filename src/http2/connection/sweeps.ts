// How often connections with open streams are looked at, and when one that says nothing is asked whether it is alive.

export const SWEEP_MS = 5000;
/** A minute without a byte: then a ping. */
export const PING_SWEEPS = 12;
/** And its answer within twenty seconds. */
export const PONG_SWEEPS = 4;
