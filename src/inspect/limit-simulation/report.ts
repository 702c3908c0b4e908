// What a simulation of limits found.

export interface LimitSimulation {
  readonly lines: {
    readonly read: number;
    /** Not of an access log. */
    readonly bad: number;
    readonly firstBad: { readonly log: string; readonly line: number } | null;
    /** Began before `from`, or from `until` on. */
    readonly outside: number;
    /** Took so long that others were replayed before them which began after them. */
    readonly late: number;
    /** No limit could see them: no valid request, or `OPTIONS *`. */
    readonly unlimited: number;
  };
  /** Of what was replayed, RFC 3339; null: nothing was. */
  readonly from: string | null;
  readonly until: string | null;
  readonly requests: {
    readonly replayed: number;
    /** By a limit that is no dry run. */
    readonly refused: number;
    /** As the log says. */
    readonly recorded: number;
    /** Refused, and were not then. */
    readonly newlyRefused: number;
    /** Were refused then, and are not. */
    readonly noLongerRefused: number;
    readonly callers: SimulatedShares;
    readonly routes: SimulatedShares;
  };
  readonly limits: readonly SimulatedLimit[];
  /** What the log can't tell, whatever the limit. */
  readonly doubts: readonly SimulatedDoubt[];
}

export interface SimulatedLimit {
  readonly name: string;
  readonly dryRun: boolean;
  /** Why it was not simulated; null: it was. */
  readonly obstacle: string | null;
  readonly asked: number;
  readonly admitted: number;
  /** A dry run's: would be. */
  readonly refused: number;
  /** Of those who asked, from 0 to 1. */
  readonly share: number;
  readonly exempt: number;
  /** Admitted after a wait. */
  readonly delayed: number;
  /** Refusals of this limit in the log, a dry run's included. */
  readonly recorded: number;
  readonly peakPerSecond: number;
  readonly peakPerMinute: number;
  /** RFC 3339. */
  readonly firstRefused: string | null;
  /** What was counted, as the limit counts it apart. */
  readonly keys: SimulatedShares;
  /** `identity:id`, or the address of who was not authenticated. */
  readonly callers: SimulatedShares;
  readonly routes: SimulatedShares;
  readonly doubts: readonly SimulatedDoubt[];
}

/** Those with the most refusals. */
export interface SimulatedShares {
  /** How many different ones were refused something. */
  readonly different: number;
  /** There were too many to know of all of them: there may be more, with more. */
  readonly isPartial: boolean;
  readonly top: readonly { readonly name: string; readonly count: number }[];
}

/** Why the figures may be off, and for how many requests. */
export interface SimulatedDoubt {
  readonly reason: string;
  readonly requests: number;
}
