// One request and all that comes of it: where the client's side, the attempts and the steps of the pipeline meet. What is known of
// it stands in exchange-facts.ts. It knows no protocol and no configuration. @hot
//
// Exchanges are never recycled. A step that waits holds a ticket; a ticket is good once, and only while that very wait is on,
// so an answer that comes late (a key set, a store) can't touch an exchange that has moved on, let alone another one.

import { type Fault, type FaultDefinition, Timer } from "../base/index.ts";
import { type ClientEvents, type ClientSide, type Fields, type RequestHead, type ResponseHead, UNKNOWN_LENGTH } from "../http/index.ts";
import { Attempt } from "./attempt.ts";
import { ExchangeFacts } from "./exchange-facts.ts";
import type { ExchangeRuntime } from "./exchange-runtime.ts";
import { BODY_TOO_LARGE, BUG } from "./faults.ts";
import { cancelAll, cancelOthers, hasOpenAttempt, judgeDeadline, judgeFault, judgeResponse, noteBreak, startForward } from "./forward.ts";
import { createOwnHead } from "./own-head.ts";
import { type BodySink, type BodyTransform, DELIVER, type Plan, type UpstreamPort } from "./policy.ts";
import { RequestBody } from "./request-body.ts";
import { encodeCut, encodeFault, failedRequest } from "./rescue.ts";
import { ANSWERED, CONTINUE, PENDING, type StepResult } from "./results.ts";
import { DONE, FORWARD, REQUEST, RESPONSE, SENDING } from "./stages.ts";
import { TransformChain } from "./transform-chain.ts";

const DEADLINE_TIMER = 0;
const RETRY_TIMER = 1;
/** Of the whole exchange, the response's body included. */
const END_TIMER = 2;

export class Exchange extends ExchangeFacts implements ClientEvents {
  #steps: Plan["request"];
  #cursor = 0;
  #running = false;
  #ticket = 0;
  #waiting = false;
  #wokenInStep = false;
  #routePlan: Plan | null = null;
  #refused: Fault | null;
  #ownBody: Uint8Array | null = null;
  /** The upstream's response is complete though its head is still held back by a step: it has no body. */
  #bodyDone = false;
  #deadline: Timer | null = null;
  #isLate = false;
  #ending: Timer | null = null;
  #retry: Timer | null = null;
  #responseChain: TransformChain | null = null;
  /** The runtime's own: those that began before and after this one and are under way as well. */
  earlier: Exchange | null = null;
  later: Exchange | null = null;

  constructor(
    runtime: ExchangeRuntime,
    client: ClientSide,
    head: RequestHead | null,
    plan: Plan,
    generation: string,
    refused: Fault | null,
  ) {
    super(runtime, client, head ?? failedRequest(), plan, generation);
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
    // Its response steps are for the refusal too.
    this.plan = plan;
    this.#routePlan = plan;
    if (plan.bodyBytes !== null && this.head.bodyLength > plan.bodyBytes) {
      this.answerFault(BODY_TOO_LARGE);
      return false;
    }
    if (plan.timeoutMs !== null) this.answerWithin(plan.timeoutMs);
    if (this.requestBody !== null) this.requestBody.maxBytes = plan.bodyBytes;
    return true;
  }

  /** The response's head must be there `delayMs` after the exchange began, or sooner where that was said before. */
  answerWithin(delayMs: number): void {
    if (this.answersByMs !== 0 && this.answersByMs <= this.startedMs + delayMs) return;
    this.answersByMs = this.startedMs + delayMs;
    this.#deadline ??= new Timer(this, DEADLINE_TIMER);
    this.runtime.wheel.arm(this.#deadline, delayMs, this.startedMs);
  }

  /** Ends the whole exchange with `fault`, its response's body included, `delayMs` after it began. In a request step, once at most. */
  endWithin(delayMs: number, fault: FaultDefinition): void {
    this.endsByMs = this.startedMs + delayMs;
    this.endingFault = fault;
    this.#ending = new Timer(this, END_TIMER);
    this.runtime.wheel.arm(this.#ending, delayMs, this.startedMs);
  }

  #runRequest(): void {
    this.#running = true;
    try {
      for (;;) {
        while (this.#cursor < this.#steps.length) {
          const result = this.#steps.at(this.#cursor++)(this);
          if (this.stage !== REQUEST || !this.#goesOn(result)) return;
        }
        if (this.#routePlan === null) break;
        this.#routePlan = null;
        this.#steps = this.plan.request;
        this.#cursor = 0;
      }
      this.stage = FORWARD;
      startForward(this);
    } catch (error) {
      this.onBug(error);
    } finally {
      this.#running = false;
    }
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

  /** Something of a policy threw: answered 500 as long as it can be. */
  onBug(error: unknown): void {
    this.runtime.onBug(this, error);
    if (this.stage >= SENDING) this.#cut(BUG);
    else this.#rescue(BUG);
  }

  /** The step that calls this returns PENDING and later gives the ticket back, with resume or fail. */
  suspend(): number {
    this.#waiting = true;
    this.#wokenInStep = false;
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
    if (this.#running && this.stage === RESPONSE) {
      this.#wokenInStep = true;
      this.answerFault(fault);
    } else this.#rescue(fault);
    return true;
  }

  #redeem(ticket: number): boolean {
    if (!this.#waiting || ticket !== this.#ticket || this.stage === DONE) return false;
    this.#waiting = false;
    if (!this.#running) this.runtime.wheel.touch();
    return true;
  }

  // ── answers ────────────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * Answers in the gateway's own name. `body` is null for none. In a response step it takes the place of the response so far,
   * and the steps outside of that one run on it.
   */
  answer(status: number, fields: Fields, body: Uint8Array | null): typeof ANSWERED {
    if (this.stage >= SENDING) return ANSWERED;
    const head = createOwnHead(this.head.method, status, fields, body === null ? 0 : body.length);
    this.#ownBody = head.bodyLength > 0 ? body : null;
    if (this.stage === RESPONSE) this.#replace(head);
    else this.#respond(head);
    return ANSWERED;
  }

  /** Answers with a fault, as problem+json or as the status of a gRPC call. */
  answerFault(fault: Fault): typeof ANSWERED {
    if (this.stage >= SENDING) return ANSWERED;
    this.fault = fault;
    noteBreak(this);
    if (fault.kind.closes) this.client.closeAfterResponse();
    if (this.requestId === "") this.requestId = this.runtime.nextRequestId();
    const answer = encodeFault(fault, this);
    return this.answer(answer.status, answer.fields, answer.body);
  }

  /** A fault that no step answered with: whoever waited does not, and what is left of the response steps runs. */
  #rescue(fault: Fault): void {
    const wasResponse = this.stage === RESPONSE;
    this.answerFault(fault);
    if (wasResponse) this.#runResponse();
  }

  #respond(head: ResponseHead): void {
    this.stage = RESPONSE;
    cancelOthers(this, this.winner);
    this.#steps = this.plan.response;
    this.#cursor = 0;
    this.#setResponse(head);
    this.#runResponse();
  }

  #replace(head: ResponseHead): void {
    const winner = this.winner;
    this.winner = null;
    winner?.discardResponse();
    this.#setResponse(head);
  }

  #setResponse(head: ResponseHead): void {
    this.#waiting = false;
    this.#bodyDone = false;
    this.#responseChain = null;
    this.response = head;
  }

  /** Each step runs at most once for a response that gets through: a fault of one goes to those outside of it. */
  #runResponse(): void {
    const wasRunning = this.#running;
    this.#running = true;
    try {
      while (this.#cursor < this.#steps.length) {
        const result = this.#steps.at(this.#cursor++)(this);
        if (this.stage !== RESPONSE) return;
        if (result === PENDING && !this.#goesOn(result)) {
          // Nothing is waited for behind the deadline: the answer goes out as it is.
          if (!this.#isLate) return;
          this.#waiting = false;
        }
      }
      this.#commit();
    } catch (error) {
      this.onBug(error);
    } finally {
      this.#running = wasRunning;
    }
  }

  /** The head goes out: from here on nothing but the rest of this response can reach the client. */
  #commit(): void {
    this.stage = SENDING;
    this.#disarm();
    const client = this.client;
    this.headSentMs = this.runtime.wheel.nowMs;
    const corks = client.cork();
    client.sendHead(this.response!);
    if (this.winner === null || this.#bodyDone) {
      if (this.#ownBody !== null) this.writeResponse(this.#ownBody);
      this.#endBody(null);
    } else {
      if (this.response!.status === 101) this.#openTunnel(this.winner);
      this.winner.resumeResponse();
    }
    if (corks) client.uncork();
  }

  // ── attempts ───────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Starts another attempt; `isShadow` ones are sent the same and their answer is thrown away. */
  startAttempt(upstream: UpstreamPort, isShadow = false, needsFresh = false): void {
    if (this.stage !== FORWARD || (this.requestBody !== null && !this.requestBody.isIntact)) return;
    const attempt = new Attempt(this, upstream, isShadow, needsFresh);
    attempt.startedMs = this.runtime.wheel.nowMs;
    this.attempts.push(attempt);
    if (this.requestBody !== null) this.requestBody.attach(attempt);
    attempt.start();
  }

  /** Another attempt after a delay, unless the exchange has its answer by then. */
  retryAfter(delayMs: number): void {
    if (delayMs <= 0) {
      this.startAttempt(this.plan.upstream!);
      return;
    }
    if (this.#retry === null) this.#retry = new Timer(this, RETRY_TIMER);
    this.runtime.wheel.armFromTouch(this.#retry, delayMs);
  }

  /** The head is out and the response is not complete. */
  get isSending(): boolean {
    return this.stage === SENDING;
  }

  get holdsConnection(): boolean {
    for (let i = 0; i < this.attempts.length; i++) if (this.attempts[i]!.holdsConnection) return true;
    return false;
  }

  /** An attempt is under way whose answer counts, or will be. */
  get isTrying(): boolean {
    return (this.#retry !== null && this.runtime.wheel.isArmed(this.#retry)) || hasOpenAttempt(this);
  }

  /** The attempt has a final head. True: its body may come now. */
  onAttemptResponse(attempt: Attempt, head: ResponseHead): boolean {
    if (this.stage !== FORWARD) {
      attempt.cancel();
      return false;
    }
    const delayMs = judgeResponse(this, attempt, head);
    if (delayMs !== DELIVER) {
      attempt.cancel();
      if (delayMs >= 0) this.retryAfter(delayMs);
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

  /** 101 has been sent: what the client sends from now on is the tunnel's. */
  #openTunnel(winner: Attempt): void {
    this.requestBody = new RequestBody(this);
    this.requestBody.attach(winner);
    winner.unblockBody();
    this.runtime.onTunnel(this);
  }

  // ── bodies ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Reads the whole request body, at most `maxBytes`, before the next step runs; requestBody.toBytes() has it then. */
  collectBody(maxBytes: number): StepResult {
    const body = this.requestBody;
    if (body === null) return CONTINUE;
    const length = body.isComplete ? body.heldBytes : this.requestLength;
    if (length > maxBytes) return this.answerFault(BODY_TOO_LARGE.with(`larger than the ${maxBytes} bytes that a policy reads`));
    if (body.isComplete) return CONTINUE;
    body.collect(maxBytes, this.suspend());
    return this.stage === REQUEST ? PENDING : ANSWERED;
  }

  /** Puts a transform behind those that are there, in a request step. It gets the whole body, also what was collected before. */
  transformRequest(transform: BodyTransform): void {
    const body = this.requestBody;
    if (body === null) return;
    body.transform(transform);
    if (transform.keepsLength !== true) this.requestLength = body.isComplete ? body.heldBytes : UNKNOWN_LENGTH;
  }

  /** The same for the response, in a response step. What has no body has none afterwards; a tunnel is nobody's to change. */
  transformResponse(transform: BodyTransform): void {
    const response = this.response!;
    const keepsLength = transform.keepsLength === true;
    if (!keepsLength) response.declaredLength = UNKNOWN_LENGTH;
    if (response.bodyLength === 0 || response.status === 101) return;
    if (!keepsLength) response.bodyLength = UNKNOWN_LENGTH;
    // hot-exception: only where a body is transformed, round-trip.bench.ts
    const sink: BodySink = { write: (chunk) => this.#send(chunk), end: (trailers) => this.client.end(trailers) };
    this.#responseChain = new TransformChain(transform, this.#responseChain, sink, this);
  }

  onRequestChunk(chunk: Uint8Array): boolean {
    return this.requestBody === null || this.requestBody.push(chunk);
  }

  onRequestEnd(trailers: Fields | null): void {
    if (this.requestBody === null) return;
    if (trailers !== null) trailers.removeFolded(this.plan.forbiddenTrailers);
    this.requestBody.end(trailers, this.runtime.wheel.nowMs);
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
    return this.#responseChain === null ? this.#send(chunk) : this.#responseChain.write(chunk);
  }

  #send(chunk: Uint8Array): boolean {
    this.bytesOut += chunk.length;
    return this.client.write(chunk);
  }

  endResponse(attempt: Attempt, trailers: Fields | null): void {
    if (this.winner !== attempt) return;
    if (this.stage === RESPONSE) this.#bodyDone = true;
    else this.#endBody(trailers);
  }

  #endBody(trailers: Fields | null): void {
    if (this.stage !== SENDING) return;
    this.#endClient(trailers);
    this.#end();
  }

  #endClient(trailers: Fields | null): void {
    this.responseTrailers = trailers;
    if (this.#responseChain === null) this.client.end(trailers);
    else this.#responseChain.end(trailers);
  }

  onClientDrain(): void {
    if (this.stage === SENDING && this.winner !== null) this.winner.resumeResponse();
  }

  // ── the end ────────────────────────────────────────────────────────────────────────────────────────────────────────

  onTunnelFault(fault: Fault): void {
    if (this.fault === null) this.fault = fault;
  }

  onClientGone(fault: Fault): void {
    if (this.stage === DONE) return;
    if (this.fault === null) this.fault = fault;
    this.#end();
  }

  /** Its time is over: answered as long as it can be, told so behind the head, or cut. A tunnel ends with its connection. */
  stop(fault: Fault): void {
    if (this.stage < SENDING) {
      this.#isLate = true;
      this.#rescue(fault);
    } else if (this.response!.status !== 101) this.#cut(fault);
  }

  onTimer(timer: Timer): void {
    if (timer.kind === RETRY_TIMER) {
      if (this.stage === FORWARD) this.startAttempt(this.plan.upstream!);
    } else if (this.stage === SENDING) {
      if (timer.kind === END_TIMER) this.#cut(this.endingFault!.with(`${this.bytesOut} bytes of the response had come`));
    } else {
      this.#isLate = true;
      const late = judgeDeadline(this);
      this.#rescue(timer.kind === END_TIMER ? this.endingFault!.with(late.detail) : late);
    }
  }

  /** The response can't be completed: the client must see that it is cut, or be told where it can be. */
  #cut(fault: Fault): void {
    if (this.stage === DONE) return;
    if (this.fault === null) this.fault = fault;
    noteBreak(this);
    // Trailers that are there already did not get through.
    const trailers = this.responseTrailers === null ? encodeCut(this.fault, this) : null;
    if (trailers === null) this.client.abort(this.fault);
    else this.#endClient(trailers);
    this.#end();
  }

  #disarm(): void {
    if (this.#deadline !== null) this.runtime.wheel.disarm(this.#deadline);
    if (this.#retry !== null) this.runtime.wheel.disarm(this.#retry);
  }

  #end(): void {
    if (this.stage === DONE) return;
    this.stage = DONE;
    this.#waiting = false;
    this.endedMs = this.runtime.wheel.nowMs;
    this.#disarm();
    if (this.#ending !== null) this.runtime.wheel.disarm(this.#ending);
    cancelAll(this);
    const steps = this.plan.end;
    for (let i = 0; i < steps.length; i++) {
      try {
        steps.at(i)(this);
      } catch (error) {
        this.runtime.onBug(this, error);
      }
    }
    this.runtime.onExchangeEnd(this);
  }
}
