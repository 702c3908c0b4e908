// The contract between the pipeline and whatever takes part in it: phases and their order, steps, the plan of a route.
//
// THE ORDER, and why each boundary stands where it does:
//   normalise     everything after it sees one spelling of the target, the one that is sent
//   sanitise      before anything could believe a field that only the gateway may set
//   guard         limits of the listener: before routing, so that unknown paths count too
//   route         from here on a route's own steps run
//   cors          a preflight carries no credentials: it is answered before anything asks for them
//   early-limits  keys known without identity (address, route): an attacker pays before we verify signatures
//   authenticate  → authorise: a principal first, then what it may do
//   limits        keys that need the principal
//   body          gates that read the body, once it is known that the sender may send it
//   validate      → transform: what arrives is judged before it is changed
//   cache         a hit has passed every check that a miss passes
//   answer        last: routes that answer by themselves (redirects, fixed responses)
// Response steps run from the inside out (the reverse order), for every answer, the gateway's own faults included.

import type { Fault } from "../base/index.ts";
import type { ClientFacts, Fields, FoldedNames, ResponseHead, UpstreamEvents, UpstreamStream } from "../http/index.ts";
import type { Attempt } from "./attempt.ts";
import type { Exchange } from "./exchange.ts";
import type { FixedList } from "./fixed-list.ts";
import type { StepResult } from "./results.ts";

export const PHASES = [
  "normalise",
  "sanitise",
  "guard",
  "route",
  "cors",
  "early-limits",
  "authenticate",
  "authorise",
  "limits",
  "body",
  "validate",
  "transform",
  "cache",
  "answer",
] as const;
export type Phase = (typeof PHASES)[number];

/** Runs once an exchange on the way in, or once on the way out when it is a response step. Must not throw. */
export type Step = (exchange: Exchange) => StepResult;
/** Runs for each attempt before it is sent; may change the attempt's own fields and wait. */
export type AttemptStep = (attempt: Attempt) => StepResult;
/** Runs when the exchange is over: releases, charges, counts. It can't wait and nothing it does reaches the client. */
export type EndStep = (exchange: Exchange) => void;
/** Runs just before the first attempt starts: hedges arm their timer, mirrors start theirs. */
export type ForwardStep = (exchange: Exchange) => void;

/** Judges an attempt's outcome: a delay in milliseconds asks for another attempt after it, DELIVER takes the outcome as it is. */
export interface Judge {
  onResponse(attempt: Attempt, head: ResponseHead): number;
  onFault(attempt: Attempt, fault: Fault): number;
}
export const DELIVER = -1;

/** Facts of an exchange that one policy makes and another reads. */
export type Slot = "principal" | "body";

/** One configured policy, compiled: what takes part in a route's pipeline. Everything left out costs nothing. */
export interface Policy {
  readonly name: string;
  readonly phase: Phase;
  readonly reads?: readonly Slot[];
  readonly writes?: readonly Slot[];
  readonly request?: Step;
  readonly response?: Step;
  readonly end?: EndStep;
  readonly attempt?: AttemptStep;
  readonly forward?: ForwardStep;
  readonly judge?: Judge;
  /** Bytes of request body to keep, so that another attempt can be sent the same. */
  readonly replayBytes?: number;
}

/** A body on its way through a policy. Chunks in, any number of chunks out, in order. */
export interface BodyTransform {
  /** It only looks, as a cache or a digest does: as many bytes come out as went in, and the length that was said stays true. */
  readonly keepsLength?: boolean;
  /** Returns false to ask for a pause, as `next.write` did. */
  write(chunk: Uint8Array, next: BodySink): boolean;
  /** The last chance to write; then must call `next.end`. */
  end(trailers: Fields | null, next: BodySink): void;
}

export interface BodySink {
  write(chunk: Uint8Array): boolean;
  end(trailers: Fields | null): void;
}

/** Where attempts get their connection. upstreams/ implements it; routes name one. */
export interface UpstreamPort {
  readonly name: string;
  readonly endpointCount: number;
  /** A connection may give a request back that it has not looked at (HTTP/2), whatever its method: its body is kept for another. */
  readonly mayRefuse: boolean;
  /** Gives the claim a stream, now or later, or a fault; never both. */
  open(claim: UpstreamClaim): void;
  /** The claim does not want the stream any more that it has not been given yet. */
  forget(claim: UpstreamClaim): void;
}

export interface UpstreamClaim extends UpstreamEvents {
  /** The port's own mark of where the claim waits. */
  queueTicket: number;
  /** Whom it is for: the same object for all that comes of one client connection. */
  readonly client: ClientFacts;
  /** Not a connection that has served before: the last one turned out stale. */
  readonly needsFresh: boolean;
  /** Its exchange has made an attempt before. */
  readonly isRepeat: boolean;
  /** Whether an attempt of the same exchange has been there. */
  hasTried(endpoint: string): boolean;
  /** How long the claim is worth waiting for is the exchange's deadline; the port has no timer for it. */
  onStream(stream: UpstreamStream, endpoint: string, authority: string): void;
  onOpenFault(fault: Fault, endpoint: string): void;
}

/** All that a route compiles to. Frozen, and so is all it holds but the upstream, which lives. */
export interface Plan {
  readonly route: string;
  readonly request: FixedList<Step>;
  readonly response: FixedList<Step>;
  readonly end: FixedList<EndStep>;
  readonly attempt: FixedList<AttemptStep>;
  readonly forward: FixedList<ForwardStep>;
  readonly judges: FixedList<Judge>;
  readonly replayBytes: number;
  /** Null: every request is answered by a step. */
  readonly upstream: UpstreamPort | null;
  /** Until the response head; null is off. */
  readonly timeoutMs: number | null;
  /** Null is off. */
  readonly bodyBytes: number | null;
  /** Fields that count in a head and must not come in behind it, in a trailer section. */
  readonly forbiddenTrailers: FoldedNames;
  /** Put before a fault's code to make the `type` of its problem (RFC 9457); null is about:blank. */
  readonly typeBase: string | null;
}
