// What the supervisor and a worker say to each other, over the channel that the runtime opens between them (JSON, one message a turn).
// Both are one program of one version: a message that is not one of these is a bug, and loud.

import type { AddressNews, Challenges, GatewayActivity } from "../gateway/index.ts";
import type { MetricSnapshot } from "../telemetry/index.ts";
import type { Wire } from "./wire.ts";

/** A configuration begins; its routes follow. `id` counts configurations over the supervisor's life. */
export interface BeginMessage {
  readonly type: "begin";
  readonly id: number;
  readonly generation: string;
  readonly head: Wire;
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
  /** Its last word: what it counted in all. */
  | { readonly type: "farewell"; readonly snapshot: WorkerSnapshot }
  | { readonly type: "answer"; readonly ask: number; readonly snapshot: WorkerSnapshot | null; readonly problem: string | null };

const KNOWN = new Set(["serving", "prepared", "refused", "committed", "draining", "addresses", "farewell", "answer"]);

/** Throws on what no worker says. */
export function readWorkerMessage(message: unknown): ToSupervisor {
  const type = typeof message === "object" && message !== null && "type" in message ? message.type : undefined;
  if (typeof type !== "string" || !KNOWN.has(type))
    throw new Error(`a worker says what none should: ${JSON.stringify(message).slice(0, 200)}`);
  return message as ToSupervisor;
}
