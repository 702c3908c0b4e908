// One request to one endpoint of an upstream, as somebody in the network would send it who goes past the gateway: by the upstream's
// protocol and trust, without the gateway's certificate unless that is asked for. Only the head of the answer counts.

import { Timer, type TimerWheel } from "../base/index.ts";
import type { EndpointConfig, UpstreamConfig } from "../config/index.ts";
import { PoolSet } from "../gateway/index.ts";
import { type ClientFacts, Fields, fieldName, type ResponseHead, type UpstreamRequest, type UpstreamStream } from "../http/index.ts";
import type { UpstreamClaim } from "../pipeline/index.ts";
import type { Transport } from "../transport/index.ts";

export interface BypassQuestion {
  readonly path: string;
  /** A line that the request has besides; null for none. */
  readonly credential: { readonly name: string; readonly value: string } | null;
  readonly withCertificate: boolean;
}

export type BypassAnswer =
  | { readonly status: number; readonly grpcStatus: string | null }
  /** Nobody answered; why, for people. */
  | { readonly failure: string };

const TIMEOUT_MS = 3000;
const USER_AGENT = fieldName("User-Agent");
const GRPC_STATUS = fieldName("Grpc-Status");

const NOBODY: ClientFacts = Object.freeze({
  listener: "",
  address: "",
  port: 0,
  localAddress: "",
  localPort: 0,
  isGone: false,
  tls: null,
  version: 11,
  forwarding: null,
});

/** Never rejects. */
export function askPast(
  upstream: UpstreamConfig,
  endpoint: EndpointConfig,
  question: BypassQuestion,
  transport: Transport,
  wheel: TimerWheel,
): Promise<BypassAnswer> {
  const tls = upstream.tls === null || question.withCertificate ? upstream.tls : { ...upstream.tls, identity: null };
  const timeouts = { ...upstream.timeouts, connectMs: Math.min(TIMEOUT_MS, upstream.timeouts.connectMs) };
  const pools = new PoolSet(transport, wheel);
  const pool = pools.take({ ...upstream, endpoints: [endpoint], tls, timeouts });
  return new Promise<BypassAnswer>((resolve) => {
    const claim = new BypassClaim(question, wheel, (answer) => {
      pool.forget(claim);
      pools.release([pool]);
      resolve(answer);
    });
    claim.begin();
    pool.open(claim);
  });
}

class BypassClaim implements UpstreamClaim {
  queueTicket = -1;
  readonly client = NOBODY;
  readonly needsFresh = true;
  readonly isRepeat = false;
  readonly #question: BypassQuestion;
  readonly #wheel: TimerWheel;
  readonly #onAnswer: (answer: BypassAnswer) => void;
  readonly #timer = new Timer(this, 0);
  #stream: UpstreamStream | null = null;
  #isOver = false;

  constructor(question: BypassQuestion, wheel: TimerWheel, onAnswer: (answer: BypassAnswer) => void) {
    this.#question = question;
    this.#wheel = wheel;
    this.#onAnswer = onAnswer;
  }

  begin(): void {
    this.#wheel.arm(this.#timer, TIMEOUT_MS);
  }

  hasTried(): boolean {
    return false;
  }

  onStream(stream: UpstreamStream, _endpoint: string, authority: string): void {
    this.#stream = stream;
    stream.send(this.#toRequest(authority));
  }

  onOpenFault(fault: Parameters<UpstreamClaim["onUpstreamFault"]>[0]): void {
    this.onUpstreamFault(fault);
  }

  onUpstreamFault({ kind, detail }: Parameters<UpstreamClaim["onUpstreamFault"]>[0]): void {
    this.#stream = null;
    this.#finish({ failure: detail === "" ? kind.title : `${kind.title} ${detail}` });
  }

  onResponseHead({ status, fields }: ResponseHead): boolean {
    this.#finish({ status, grpcStatus: fields.get(GRPC_STATUS) });
    return false;
  }

  onSwitch(): boolean {
    this.#finish({ status: 101, grpcStatus: null });
    return false;
  }

  onTimer(): void {
    this.#finish({ failure: `no answer within ${TIMEOUT_MS / 1000} s` });
  }

  onInterim(): void {}
  onResponseChunk(): boolean {
    return true;
  }

  onResponseEnd(): void {
    this.#stream = null;
  }

  onUpstreamDrain(): void {}
  onBatchStart(): void {}
  onBatchEnd(): void {}

  #finish(answer: BypassAnswer): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#wheel.disarm(this.#timer);
    const stream = this.#stream;
    this.#stream = null;
    // Not from within the stream's own call.
    queueMicrotask(() => {
      stream?.cancel();
      this.#onAnswer(answer);
    });
  }

  #toRequest(authority: string): UpstreamRequest {
    const { path, credential } = this.#question;
    const fields = new Fields("");
    fields.add(USER_AGENT, "sallyport-check");
    if (credential !== null) fields.add(fieldName(credential.name), credential.value);
    return { method: "GET", target: path, authority, fields, bodyLength: 0, expectsContinue: false, acceptsTrailers: false, upgrade: null };
  }
}
