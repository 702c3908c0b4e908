// Who would have been refused by the limits of a configuration: replays access logs against it. Logs of several gateways, or the pieces of a
// rotated one, are taken together in the order in which their requests ended. Memory is bounded, however long the logs are.

import type { GatewayConfig, RateLimitConfig } from "../../config/index.ts";
import type { LimitTally } from "./limit-tally.ts";
import { type LoggedRequest, readLoggedRequest } from "./logged-request.ts";
import { Replay, type RequestTally } from "./replay.ts";
import type { LimitSimulation, SimulatedDoubt, SimulatedLimit, SimulatedShares } from "./report.ts";
import { StartOrder } from "./start-order.ts";
import type { TopCounts } from "./top-counts.ts";

export interface AccessLog {
  /** For messages. */
  readonly name: string;
  /** Lines without their line feeds, some at a time. */
  readonly lines: AsyncIterable<readonly string[]>;
}

export interface LimitSimulationOptions {
  /** Unix time in ms: only requests that began from then on, and before `untilMs`. */
  readonly fromMs?: number;
  readonly untilMs?: number;
  /** How many of those with the most refusals are named. Default 10. */
  readonly top?: number;
  /** Only this limit is told of; all are simulated, since one that refuses keeps others from counting. */
  readonly limit?: string;
}

/** Throws a BlueprintError when the configuration's routes clash, and what reading a log throws. */
export async function simulateLimits(
  config: GatewayConfig,
  logs: readonly AccessLog[],
  options: LimitSimulationOptions = {},
): Promise<LimitSimulation> {
  const { fromMs = Number.NEGATIVE_INFINITY, untilMs = Number.POSITIVE_INFINITY } = options;
  const replay = new Replay(config);
  const order = new StartOrder();
  const seen = { firstMs: Number.POSITIVE_INFINITY, lastMs: Number.NEGATIVE_INFINITY, outside: 0 };
  const readers = logs.map((log) => new LogReader(log));
  const drain = (isEnd: boolean) => {
    for (let next = order.take(isEnd); next !== undefined; next = order.take(isEnd)) replay.replay(next);
  };
  for (;;) {
    // What was read is still to be taken from some: the one whose request ended first has its turn.
    let earliest: LogReader | null = null;
    for (const reader of readers) {
      while (reader.head === null && !reader.isEnded) await reader.fill();
      if (reader.head !== null && (earliest === null || reader.endMs < earliest.endMs)) earliest = reader;
    }
    if (earliest === null) break;
    const request = earliest.take();
    const { startMs } = request;
    if (startMs < fromMs || startMs >= untilMs) {
      seen.outside++;
      continue;
    }
    seen.firstMs = Math.min(seen.firstMs, startMs);
    seen.lastMs = Math.max(seen.lastMs, startMs);
    order.add(request);
    drain(false);
  }
  drain(true);
  replay.finish();
  const lines = {
    read: readers.reduce((sum, { read }) => sum + read, 0),
    bad: readers.reduce((sum, { bad }) => sum + bad, 0),
    firstBad: readers.find(({ firstBad }) => firstBad !== null)?.firstBad ?? null,
    outside: seen.outside,
    late: order.late,
    unlimited: replay.requests.unlimited,
  };
  const hasAny = Number.isFinite(seen.firstMs);
  const from = hasAny ? new Date(seen.firstMs).toISOString() : null;
  const until = hasAny ? new Date(seen.lastMs).toISOString() : null;
  return { lines, from, until, ...toFindings(config, replay, options) };
}

/** One log, of which the next request is known. */
class LogReader {
  readonly #log: AccessLog;
  readonly #batches: AsyncIterator<readonly string[]>;
  #batch: readonly string[] = [];
  #at = 0;
  head: LoggedRequest | null = null;
  endMs = 0;
  isEnded = false;
  read = 0;
  bad = 0;
  firstBad: { readonly log: string; readonly line: number } | null = null;

  constructor(log: AccessLog) {
    this.#log = log;
    this.#batches = log.lines[Symbol.asyncIterator]();
  }

  /** Reads on until a request is known, or the batch is over. */
  async fill(): Promise<void> {
    const { done, value } = await this.#batches.next();
    this.#at = 0;
    this.#batch = done === true ? [] : value;
    this.isEnded = done === true;
    this.#advance();
  }

  /** The head, which must be there; the next one takes its place if it has been read. */
  take(): LoggedRequest {
    const { head } = this;
    if (head === null) throw new Error("no request has been read");
    this.#advance();
    return head;
  }

  #advance(): void {
    this.head = null;
    while (this.#at < this.#batch.length && this.head === null) {
      const line = this.#batch[this.#at++]!;
      this.read++;
      // An empty line is no harm: editors leave some behind.
      if (line.trim() === "") continue;
      this.head = readLoggedRequest(line);
      if (this.head !== null) continue;
      this.bad++;
      this.firstBad ??= { log: this.#log.name, line: this.read };
    }
    if (this.head !== null) this.endMs = this.head.startMs + this.head.durationMs;
  }
}

function toFindings(config: GatewayConfig, replay: Replay, { top = 10, limit: only }: LimitSimulationOptions) {
  const { requests: tally } = replay;
  const requests = {
    replayed: tally.replayed,
    refused: tally.refused,
    recorded: tally.recorded,
    newlyRefused: tally.refused - tally.both,
    noLongerRefused: tally.recorded - tally.both,
    callers: toShares(tally.refusedCallers, top),
    routes: toShares(tally.refusedRoutes, top),
  };
  const limits = config.rateLimits
    .filter(({ name }) => only === undefined || name === only)
    .map((limit) => toSimulated(limit, replay, replay.limits.get(limit.name)!, top));
  return { requests, limits, doubts: keepReal(listDoubts(tally)) };
}

function toSimulated(limit: RateLimitConfig, { judgements, requests }: Replay, tally: LimitTally, top: number): SimulatedLimit {
  const { obstacle, doubts } = judgements.get(limit.name)!;
  const { asked, refused, exempt, delayed, recorded } = tally;
  return {
    name: limit.name,
    dryRun: limit.dryRun,
    obstacle,
    asked: obstacle === null ? asked : tally.skipped,
    admitted: asked - refused,
    refused,
    share: asked === 0 ? 0 : refused / asked,
    exempt,
    delayed,
    recorded,
    peakPerSecond: tally.perSecond.most,
    peakPerMinute: tally.perMinute.most,
    firstRefused: tally.firstMs === null ? null : new Date(tally.firstMs).toISOString(),
    keys: toShares(tally.keys, top),
    callers: toShares(tally.callers, top),
    routes: toShares(tally.routes, top),
    doubts: keepReal([
      ...doubts.map(({ reason, ofCallers }) => ({ reason, requests: ofCallers ? tally.askedByCallers : asked })),
      ...listOwnDoubts(limit, tally, requests),
    ]),
  };
}

function listOwnDoubts({ key, tiers, exempt, rule }: RateLimitConfig, tally: LimitTally, requests: RequestTally): SimulatedDoubt[] {
  const { hasTenants, hasPlans } = requests;
  const doubts: SimulatedDoubt[] = [];
  const readsTenant = key.some(({ kind }) => kind === "tenant");
  const readsPlan = key.some(({ kind }) => kind === "plan") || tiers?.by.kind === "plan" || (exempt?.plans.length ?? 0) > 0;
  if (readsTenant && !hasTenants)
    doubts.push({ reason: "no line of the log has a tenant: callers are counted", requests: tally.askedByCallers });
  if (readsPlan && !hasPlans)
    doubts.push({ reason: "no line of the log has a plan: nobody is taken to be in one", requests: tally.askedByCallers });
  doubts.push({ reason: "the log does not say who it was, as the request was refused before: not asked", requests: tally.unknown });
  if (rule.kind === "concurrency") {
    doubts.push({
      reason: "it was refused then, so that it has no duration of its own: the mean of its route is taken",
      requests: tally.guessed,
    });
  }
  return doubts;
}

function listDoubts({ withoutRoute, foreignListener, strangers }: RequestTally): SimulatedDoubt[] {
  return [
    { reason: "no route of the configuration takes it: only limits of listeners were asked", requests: withoutRoute },
    { reason: "it came in at a listener that the configuration has not: only limits of routes were asked", requests: foreignListener },
    { reason: "its caller is of an identity that its route does not ask: counted as the log names it", requests: strangers },
  ];
}

function keepReal(doubts: readonly SimulatedDoubt[]): SimulatedDoubt[] {
  return doubts.filter(({ requests }) => requests > 0);
}

function toShares(counts: TopCounts, top: number): SimulatedShares {
  return { different: counts.size, isPartial: counts.isPartial, top: counts.top(top) };
}
