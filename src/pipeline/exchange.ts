// One request and all that comes of it: what policies read and write, and where the client's side, the attempts and the
// steps of the pipeline meet. It knows no protocol and no configuration. @hot
//
// Exchanges are never recycled. A step that waits holds a ticket; a ticket is good once, and only while that very wait is on,
// so an answer that comes late (a key set, a store) can't touch an exchange that has moved on, let alone another one.

import { type Fault, Timer } from "../base/index.ts";
import { type ClientEvents, type ClientSide, type Fields, type RequestHead, ResponseHead } from "../http/index.ts";
import { Attempt } from "./attempt.ts";
import type { ExchangeRuntime } from "./exchange-runtime.ts";
import { BODY_TOO_LARGE, BUG, DEADLINE } from "./faults.ts";
import { judgeFault, judgeResponse, startForward } from "./forward.ts";
import type { BodySink, BodyTransform, Plan, UpstreamPort } from "./policy.ts";
import { RequestBody } from "./request-body.ts";
import { encodeFault, failedRequest } from "./rescue.ts";
import { ANSWERED, CONTINUE, PENDING, type StepResult } from "./results.ts";
import { DONE, FORWARD, REQUEST, RESPONSE, SENDING } from "./stages.ts";
import { TransformChain } from "./transform-chain.ts";

const DEADLINE_TIMER = 0;
const CONTINUE_TIMER = 1;
const RETRY_TIMER = 2;

/** RFC 9110 10.1.1: a client may send its body without 100 after a while; so do we, when the upstream says nothing. */
const CONTINUE_WAIT_MS = 1000;

export class Exchange implements ClientEvents {
  readonly runtime: ExchangeRuntime;
  readonly client: ClientSide;
  readonly head: RequestHead;
  /** The configuration it is bound to from head to end. */
  readonly generation: string;
  readonly startedMs: number;
  stage = REQUEST;
  /** The listener's steps at first, then the route's. */
  plan: Plan;
  requestId = "";
  /** Address of the client behind trusted proxies, or of the connection. */
  clientAddress: string;
  clientScheme: "http" | "https";
  /** Host for the upstream; null keeps the client's. */
  upstreamAuthority: string | null = null;
  /** Value of Allow for a 405, set by routing. */
  allow: string | null = null;
  /** bodyLength of the request as it is sent: a transform sets it to UNKNOWN_LENGTH. */
  requestLength: number;
  requestBody: RequestBody | null = null;
  response: ResponseHead | null = null;
  /** The first fault; the one that the client is answered, if it is. */
  fault: Fault | null = null;
  /** Who the request is from, as authentication found; its form is that policy's. */
  principal: object | null = null;
  readonly attempts: Attempt[] = [];
  winner: Attempt | null = null;
  /** For the record: */
  headSentMs = 0;
  endedMs = 0;
  bytesOut = 0;
  #steps: Plan["request"];
  #cursor = 0;
  #running = false;
  #ticket = 0;
  #waiting = false;
  #wokenInStep = false;
  #routePlan: Plan | null = null;
  #refused: Fault | null;
  #ownBody: Uint8Array | null = null;
  #deadline: Timer | null = null;
  #delay: Timer | null = null;
  #requestChain: TransformChain | null = null;
  #responseChain: TransformChain | null = null;

  constructor(
    runtime: ExchangeRuntime,
    client: ClientSide,
    head: RequestHead | null,
    plan: Plan,
    generation: string,
    refused: Fault | null,
  ) {
    this.runtime = runtime;
    this.client = client;
    this.head = head ?? failedRequest();
    this.plan = plan;
    this.generation = generation;
    this.startedMs = runtime.wheel.nowMs;
    this.clientAddress = client.facts.address;
    this.clientScheme = this.head.scheme;
    this.requestLength = this.head.bodyLength;
    this.#steps = plan.request;
    this.#refused = refused;
    if (this.requestLength !== 0) this.requestBody = new RequestBody(this);
  }

  // ── request steps ──────────────────────────────────────────────────────────────────────────────────────────────────

  onRequestReady(): void {
    if (this.#refused !== null) this.answerFault(this.#refused);
    else this.#runRequest();
  }

  /** Routing's result: its steps run next. False: the request is refused at once, since its body is too large for the route. */
  setPlan(plan: Plan): boolean {
    this.#routePlan = plan;
    if (plan.bodyBytes !== null && this.head.bodyLength > plan.bodyBytes) {
      this.answerFault(BODY_TOO_LARGE);
      return false;
    }
    if (plan.timeoutMs !== null) {
      this.#deadline = new Timer(this, DEADLINE_TIMER);
      this.runtime.wheel.arm(this.#deadline, plan.timeoutMs, this.startedMs);
    }
    if (this.requestBody !== null) this.requestBody.maxBytes = plan.bodyBytes;
    return true;
  }

  #runRequest(): void {
    this.#running = true;
    try {
      for (;;) {
        while (this.#cursor < this.#steps.length) {
          const result = this.#steps[this.#cursor++]!(this);
          if (this.stage !== REQUEST || !this.#goesOn(result)) return;
        }
        if (this.#routePlan === null) break;
        this.plan = this.#routePlan;
        this.#routePlan = null;
        this.#steps = this.plan.request;
        this.#cursor = 0;
      }
    } catch (error) {
      this.#onBug(error);
      return;
    } finally {
      this.#running = false;
    }
    this.stage = FORWARD;
    startForward(this);
  }

  /** After a step: whether the next one may run now. A step whose answer came before it returned has not really waited. */
  #goesOn(result: StepResult): boolean {
    if (result === CONTINUE) return true;
    if (result === PENDING && this.#wokenInStep) {
      this.#wokenInStep = false;
      return true;
    }
    return false;
  }

  #onBug(error: unknown): void {
    this.runtime.onBug(this, error);
    if (this.stage < SENDING) {
      this.stage = REQUEST;
      // hot-exception: after a bug, round-trip.bench.ts
      this.plan = { ...this.plan, response: [] };
      this.answerFault(BUG);
    } else this.#cut(BUG);
  }

  /** The step that calls this returns PENDING and later gives the ticket back, with resume or fail. */
  suspend(): number {
    this.#waiting = true;
    return ++this.#ticket;
  }

  /** The wait is over: the next step runs. False, and nothing happens, when the ticket is no longer good. */
  resume(ticket: number): boolean {
    if (!this.#redeem(ticket)) return false;
    if (this.#running) this.#wokenInStep = true;
    else if (this.stage === REQUEST) this.#runRequest();
    else if (this.stage === RESPONSE) this.#runResponse();
    return true;
  }

  /** The wait is over, and so is the request. */
  fail(ticket: number, fault: Fault): boolean {
    if (!this.#redeem(ticket)) return false;
    this.answerFault(fault);
    return true;
  }

  #redeem(ticket: number): boolean {
    if (!this.#waiting || ticket !== this.#ticket || this.stage === DONE) return false;
    this.#waiting = false;
    if (!this.#running) this.runtime.wheel.touch();
    return true;
  }

  // ── answers ────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Answers in the gateway's own name. `body` is null for none. */
  answer(status: number, fields: Fields, body: Uint8Array | null): typeof ANSWERED {
    if (this.stage >= RESPONSE) return ANSWERED;
    const length = body === null ? 0 : body.length;
    const sendsBody = length > 0 && this.head.method !== "HEAD";
    this.#ownBody = sendsBody ? body : null;
    this.#respond(new ResponseHead(status, fields, sendsBody ? length : 0, length));
    return ANSWERED;
  }

  /** Answers with a fault, as problem+json; later faults of the same exchange change nothing. */
  answerFault(fault: Fault): typeof ANSWERED {
    if (this.stage >= RESPONSE) return ANSWERED;
    if (this.fault === null) this.fault = fault;
    if (fault.kind.closes) this.client.closeAfterResponse();
    if (this.requestId === "") this.requestId = this.runtime.nextRequestId();
    const answer = encodeFault(fault, this);
    return this.answer(fault.kind.status, answer.fields, answer.body);
  }

  #respond(head: ResponseHead): void {
    this.stage = RESPONSE;
    this.#waiting = false;
    this.response = head;
    this.#cancelOthers(this.winner);
    if (this.#routePlan !== null) this.plan = this.#routePlan;
    this.#steps = this.plan.response;
    this.#cursor = 0;
    this.#runResponse();
  }

  #runResponse(): void {
    const wasRunning = this.#running;
    this.#running = true;
    try {
      while (this.#cursor < this.#steps.length) {
        const result = this.#steps[this.#cursor++]!(this);
        if (this.stage !== RESPONSE || !this.#goesOn(result)) return;
      }
      this.#commit();
    } catch (error) {
      this.#onBug(error);
    } finally {
      this.#running = wasRunning;
    }
  }

  /** The head goes out: from here on nothing but the rest of this response can reach the client. */
  #commit(): void {
    this.stage = SENDING;
    this.#disarm();
    const client = this.client;
    const head = this.response!;
    this.headSentMs = this.runtime.wheel.nowMs;
    const corks = client.cork();
    client.sendHead(head);
    const body = this.#ownBody;
    if (this.winner === null) {
      if (body !== null) {
        this.bytesOut = body.length;
        client.write(body);
      }
      client.end(null);
      this.#end();
    } else {
      this.winner.resumeResponse();
    }
    if (corks) client.uncork();
  }

  /** The head is out and the response is not complete. */
  get isSending(): boolean {
    return this.stage === SENDING;
  }

  // ── attempts ───────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Starts another attempt; `isShadow` ones are sent the same and their answer is thrown away. */
  startAttempt(upstream: UpstreamPort, isShadow = false, needsFresh = false): void {
    if (this.stage !== FORWARD || (this.requestBody !== null && !this.requestBody.isIntact)) return;
    const attempt = new Attempt(this, upstream, isShadow, needsFresh);
    attempt.startedMs = this.runtime.wheel.nowMs;
    this.attempts.push(attempt);
    attempt.start();
  }

  /** Another attempt after a delay, unless the exchange has its answer by then. */
  retryAfter(delayMs: number): void {
    if (delayMs <= 0) {
      this.startAttempt(this.plan.upstream!);
      return;
    }
    this.#delay = new Timer(this, RETRY_TIMER);
    this.runtime.wheel.armFromTouch(this.#delay, delayMs);
  }

  /** True while an attempt whose answer counts is under way. */
  get isTrying(): boolean {
    for (let i = 0; i < this.attempts.length; i++) if (!this.attempts[i]!.isOver && !this.attempts[i]!.isShadow) return true;
    return false;
  }

  /** The attempt has a final head. True: its body may come now. */
  onAttemptResponse(attempt: Attempt, head: ResponseHead): boolean {
    if (this.stage !== FORWARD) {
      attempt.cancel();
      return false;
    }
    const delayMs = judgeResponse(this, attempt, head);
    if (delayMs >= 0) {
      attempt.cancel();
      this.retryAfter(delayMs);
      return false;
    }
    this.winner = attempt;
    this.#respond(head);
    return this.isSending;
  }

  onAttemptFault(attempt: Attempt, fault: Fault): void {
    if (this.winner === attempt) {
      if (this.stage === SENDING) {
        this.#cut(fault);
        return;
      }
      // The response was held back by a step: the client has seen nothing of it yet.
      this.winner = null;
      this.#waiting = false;
      this.stage = FORWARD;
    }
    if (this.stage !== FORWARD || this.isTrying) return;
    if (!judgeFault(this, attempt, fault)) this.answerFault(fault);
  }

  onInterim(attempt: Attempt, status: number, fields: Fields): void {
    if (this.stage === FORWARD && !attempt.isOver) this.client.sendInterim(status, fields);
  }

  awaitContinue(_attempt: Attempt): void {
    this.#delay = new Timer(this, CONTINUE_TIMER);
    this.runtime.wheel.armFromTouch(this.#delay, CONTINUE_WAIT_MS);
  }

  /** 101 has been sent: what the client sends from now on is the tunnel's. */
  openTunnel(): RequestBody {
    this.requestBody = new RequestBody(this);
    return this.requestBody;
  }

  #cancelOthers(winner: Attempt | null): void {
    for (let i = 0; i < this.attempts.length; i++) {
      const attempt = this.attempts[i]!;
      if (attempt !== winner && !attempt.isShadow && !attempt.isOver) attempt.cancel();
    }
  }

  // ── bodies ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Reads the whole request body, at most `maxBytes`, before the next step runs; requestBody.toBytes() has it then. */
  collectBody(maxBytes: number): StepResult {
    if (this.requestBody === null || this.requestBody.isComplete) return CONTINUE;
    this.suspend();
    this.requestBody.collect(maxBytes);
    return this.stage === REQUEST ? PENDING : ANSWERED;
  }

  /** Puts a transform behind those that are there. In a request step, or in a response step respectively. */
  transformRequest(transform: BodyTransform): void {
    if (this.requestBody === null) return;
    const body = this.requestBody;
    // hot-exception: only where a body is transformed, round-trip.bench.ts
    const sink: BodySink = { write: (chunk) => body.push(chunk), end: (trailers) => body.end(trailers) };
    this.#requestChain = new TransformChain(transform, this.#requestChain, sink);
    this.requestLength = -1;
  }

  transformResponse(transform: BodyTransform): void {
    const client = this.client;
    // hot-exception: only where a body is transformed, round-trip.bench.ts
    const sink: BodySink = { write: (chunk) => client.write(chunk), end: (trailers) => client.end(trailers) };
    this.#responseChain = new TransformChain(transform, this.#responseChain, sink);
    if (this.response!.bodyLength !== 0) this.response!.bodyLength = -1;
  }

  onRequestChunk(chunk: Uint8Array): boolean {
    if (this.requestBody === null) return true;
    return this.#requestChain === null ? this.requestBody.push(chunk) : this.#requestChain.write(chunk);
  }

  onRequestEnd(trailers: Fields | null): void {
    if (this.requestBody === null) return;
    if (trailers !== null) trailers.removeFolded(this.plan.forbiddenTrailers);
    if (this.#requestChain === null) this.requestBody.end(trailers);
    else this.#requestChain.end(trailers);
  }

  onBodyCollected(): void {
    this.resume(this.#ticket);
  }

  onBodyFault(fault: Fault): void {
    this.onRequestFault(fault);
  }

  onRequestFault(fault: Fault): void {
    if (this.stage >= SENDING) {
      this.#cut(fault);
      return;
    }
    if (this.stage === RESPONSE) return;
    this.client.closeAfterResponse();
    this.answerFault(fault);
  }

  writeResponse(chunk: Uint8Array): boolean {
    if (this.stage !== SENDING) return true;
    this.bytesOut += chunk.length;
    return this.#responseChain === null ? this.client.write(chunk) : this.#responseChain.write(chunk);
  }

  endResponse(attempt: Attempt, trailers: Fields | null): void {
    if (this.winner !== attempt || this.stage === DONE) return;
    if (this.stage === RESPONSE) {
      // A bodiless response whose steps still wait: there is nothing more to come from upstream.
      this.winner = null;
      return;
    }
    if (this.#responseChain === null) this.client.end(trailers);
    else this.#responseChain.end(trailers);
    this.#end();
  }

  onClientDrain(): void {
    if (this.stage === SENDING && this.winner !== null) this.winner.resumeResponse();
  }

  // ── the end ────────────────────────────────────────────────────────────────────────────────────────────────────────

  onClientGone(fault: Fault): void {
    if (this.stage === DONE) return;
    if (this.fault === null) this.fault = fault;
    this.#end();
  }

  onTimer(timer: Timer): void {
    if (timer.kind === DEADLINE_TIMER) {
      if (this.stage < SENDING) this.#onDeadline();
    } else if (timer.kind === CONTINUE_TIMER) {
      for (let i = 0; i < this.attempts.length; i++) this.attempts[i]!.unblockBody();
    } else if (this.stage === FORWARD) {
      this.startAttempt(this.plan.upstream!);
    }
  }

  #onDeadline(): void {
    const detail = this.stage === REQUEST ? "in a request step" : this.stage === FORWARD ? "for the upstream" : "in a response step";
    if (this.stage === RESPONSE) {
      this.winner?.cancel();
      this.winner = null;
      this.stage = FORWARD;
    }
    this.answerFault(DEADLINE.with(detail));
  }

  /** The response can't be completed: the client must see that it is cut. */
  #cut(fault: Fault): void {
    if (this.stage === DONE) return;
    if (this.fault === null) this.fault = fault;
    this.client.abort();
    this.#end();
  }

  #disarm(): void {
    if (this.#deadline !== null) this.runtime.wheel.disarm(this.#deadline);
    if (this.#delay !== null) this.runtime.wheel.disarm(this.#delay);
  }

  #end(): void {
    if (this.stage === DONE) return;
    this.stage = DONE;
    this.#waiting = false;
    this.endedMs = this.runtime.wheel.nowMs;
    this.#disarm();
    for (let i = 0; i < this.attempts.length; i++) {
      const attempt = this.attempts[i]!;
      if (!attempt.isOver && (!attempt.isShadow || this.requestBody?.isComplete === false)) attempt.cancel();
    }
    const steps = this.plan.end;
    for (let i = 0; i < steps.length; i++) steps[i]!(this);
    this.runtime.onExchangeEnd(this);
  }
}
