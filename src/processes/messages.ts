// What the supervisor and a worker say to each other, over the channel that the runtime opens between them (JSON, one message a turn).
// Both are one program of one version: a message that is not one of these is a bug, and loud.

import type { CallFailure, DocumentReading, DocumentSource } from "../calls/index.ts";
import type { AddressNews, Challenges, GatewayActivity } from "../gateway/index.ts";
import type { Meter } from "../limits/index.ts";
import type { MetricSnapshot } from "../telemetry/index.ts";
import type { Wire } from "./wire.ts";

/** A configuration begins; its routes follow. `id` counts configurations over the supervisor's life. */
export interface BeginMessage {
  readonly type: "begin";
  readonly id: number;
  readonly generation: string;
  readonly head: Wire;
}

/** A worker wants to read what somebody publishes: the supervisor reads for all of them. */
export interface DocumentQuestion {
  readonly type: "document";
  readonly ask: number;
  readonly source: DocumentSource;
  readonly maxAgeMs: number;
}

/** Of one worker that are not answered; each identity has one or two. */
export const MOST_QUESTIONS = 256;

export interface DocumentAnswer {
  readonly type: "document";
  readonly ask: number;
  /** Null where there is none: `failure` says why. */
  readonly reading: DocumentReading | null;
  readonly failure: { readonly reason: CallFailure["reason"]; readonly message: string } | null;
}

/** What a worker counts, of one turn of its event loop: the supervisor counts for all of them. */
export interface CountMessage {
  readonly type: "count";
  /** Goes up by one with each message. Each is answered. */
  readonly ask: number;
  /** Those that it has not told of: the first has the number after the last that it told, from 0 on. */
  readonly meters: readonly Meter[];
  /** Numbers begin at 0 again, with these meters. */
  readonly isAnew: boolean;
  /** The number of the last word on whether it is alone that it has heard; 0 before the first. */
  readonly heard: number;
  /** For each: the meter's number, the key, units; negative ones are given back. They come before the takes. */
  readonly charges: readonly (number | string)[];
  /** For each take how many asks it has, and then for each ask the meter's number, the key, the cost. */
  readonly takes: readonly (number | string)[];
}

export interface CountedMessage {
  readonly type: "counted";
  readonly ask: number;
  /** For each ask, in order: 1 when it is admitted or 0, what remains, the times until reset, until another try, and to wait, in ms, and what is used. */
  readonly answers: readonly number[];
}

/** Of one ask in the above. */
export const NUMBERS_OF_AN_ASK = 6;

/**
 * Whether the worker is the only process that counts, so that it may do so by itself and tell afterwards. It may not until it hears so. One that is
 * not alone any more says so at once, with all that it has not told; the others' messages wait for that.
 */
export interface CountingMessage {
  readonly type: "counting";
  /** From 1 on. */
  readonly word: number;
  readonly isAlone: boolean;
  /** Nobody counted anything before it did. */
  readonly isFirst: boolean;
}

export type ToWorker =
  | BeginMessage
  | { readonly type: "routes"; readonly id: number; readonly routes: Wire }
  /** It is complete. A worker that serves nothing yet starts with it; one that serves prepares it. */
  | { readonly type: "prepare"; readonly id: number }
  | { readonly type: "commit"; readonly id: number }
  | { readonly type: "discard"; readonly id: number }
  | { readonly type: "challenges"; readonly ask: number; readonly challenges: Challenges }
  | { readonly type: "reopenLog"; readonly ask: number }
  /** `metrics`: all that is counted too, which may be long. */
  | { readonly type: "snapshot"; readonly ask: number; readonly metrics: boolean }
  /** How many connections client addresses have in the other workers. */
  | { readonly type: "others"; readonly counts: AddressNews }
  | DocumentAnswer
  | CountedMessage
  | CountingMessage
  /** Stop accepting, end what is under way within `graceMs`, exit. */
  | { readonly type: "drain"; readonly graceMs: number };

export interface WorkerSnapshot {
  /** Null when they were not asked for. */
  readonly metrics: MetricSnapshot | null;
  readonly activity: GatewayActivity;
}

export type ToSupervisor =
  /** It serves its first configuration. */
  | { readonly type: "serving"; readonly id: number }
  | { readonly type: "prepared"; readonly id: number }
  | { readonly type: "refused"; readonly id: number; readonly messages: readonly string[]; readonly isBind: boolean }
  | { readonly type: "committed"; readonly id: number }
  /** It accepts no more. */
  | { readonly type: "draining" }
  /** Client addresses that have many connections here, where that has changed. */
  | { readonly type: "addresses"; readonly news: AddressNews }
  | DocumentQuestion
  | CountMessage
  /** Its last word: what it counted in all. */
  | { readonly type: "farewell"; readonly snapshot: WorkerSnapshot }
  | { readonly type: "answer"; readonly ask: number; readonly snapshot: WorkerSnapshot | null; readonly problem: string | null };

const KNOWN = new Set(["serving", "prepared", "refused", "committed", "draining", "addresses", "document", "count", "farewell", "answer"]);

/** Throws on what no worker says. */
export function readWorkerMessage(message: unknown): ToSupervisor {
  const type = typeof message === "object" && message !== null && "type" in message ? message.type : undefined;
  if (typeof type !== "string" || !KNOWN.has(type))
    throw new Error(`a worker says what none should: ${JSON.stringify(message).slice(0, 200)}`);
  return message as ToSupervisor;
}
