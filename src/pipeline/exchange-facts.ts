// What is known of a request: what policies read and write of it, and what is left of it for the log. exchange.ts has what happens. @hot

import type { Fault, FaultDefinition } from "../base/index.ts";
import type { ClientSide, Fields, RequestHead, ResponseHead, Toll, WebSocketLimits } from "../http/index.ts";
import type { PathPattern } from "../router/index.ts";
import type { Attempt } from "./attempt.ts";
import { ExchangeMemory, type MemoryKey } from "./exchange-memory.ts";
import type { ExchangeRuntime } from "./exchange-runtime.ts";
import { readGrpcType } from "./grpc-call.ts";
import type { Plan } from "./policy.ts";
import type { Principal } from "./principal.ts";
import type { RequestBody } from "./request-body.ts";
import { REQUEST } from "./stages.ts";

export class ExchangeFacts {
  readonly runtime: ExchangeRuntime;
  readonly client: ClientSide;
  readonly head: RequestHead;
  /** The configuration it is bound to from head to end. */
  readonly generation: string;
  readonly startedMs: number;
  stage: number = REQUEST;
  /** The listener's steps at first, then the route's. */
  plan: Plan;
  requestId = "";
  /** Address of the client behind trusted proxies, or of the connection. */
  clientAddress: string;
  clientScheme: "http" | "https";
  /** Host for the upstream; null keeps the client's, empty is the endpoint's own. */
  upstreamAuthority: string | null = null;
  /** Value of Allow for a 405, set by routing. */
  allow: string | null = null;
  /** Set by routing: the route's path pattern, and the path it matched. */
  pattern: PathPattern | null = null;
  routedPath = "";
  /** Media type of the gRPC call that the request is, as the client sent it; null for any other request. */
  readonly grpcType: string | null;
  /** When the response's head must be there, on the wheel's clock; 0 leaves it open. */
  answersByMs = 0;
  /** When the whole exchange must be over, on the wheel's clock; 0 leaves it open. */
  endsByMs = 0;
  /** By which it then ends. */
  endingFault: FaultDefinition | null = null;
  /** What was given up at an upstream for what the client did or asked for. */
  broken: "nothing" | "request" | "connection" = "nothing";
  /** bodyLength of the request as it is sent: a transform sets it to UNKNOWN_LENGTH. */
  requestLength: number;
  requestBody: RequestBody | null = null;
  response: ResponseHead | null = null;
  /** What stood behind the response, once it is complete. */
  responseTrailers: Fields | null = null;
  /** The fault that the client is answered, or by which it was cut off. */
  fault: Fault | null = null;
  /** What a policy allows a WebSocket. */
  webSocket: WebSocketLimits | null = null;
  /** Who the request is from, as authentication found. */
  principal: Principal | null = null;
  readonly attempts: Attempt[] = [];
  winner: Attempt | null = null;
  headSentMs = 0;
  endedMs = 0;
  bytesOut = 0;
  #memory: ExchangeMemory | null = null;

  constructor(runtime: ExchangeRuntime, client: ClientSide, head: RequestHead, plan: Plan, generation: string) {
    this.runtime = runtime;
    this.client = client;
    this.head = head;
    this.plan = plan;
    this.generation = generation;
    this.startedMs = runtime.wheel.nowMs;
    this.clientAddress = client.facts.address;
    this.clientScheme = head.scheme;
    this.grpcType = readGrpcType(head);
    this.requestLength = head.bodyLength;
  }

  get toll(): Toll {
    return this.broken === "nothing" && this.winner !== null ? "answer" : this.broken;
  }

  /** What a policy keeps under the key. Null where it keeps nothing: what only looks makes no memory. */
  recall<T extends object>(key: MemoryKey<T>): T | null {
    return this.#memory === null ? null : this.#memory.get(key);
  }

  /** What policies keep from one step to the next. */
  get memory(): ExchangeMemory {
    if (this.#memory === null) this.#memory = new ExchangeMemory();
    return this.#memory;
  }
}
