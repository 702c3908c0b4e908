// Asks one endpoint, again and again, whether it is well. One timer: for the next question, and while one is under way for its answer.

import { Buffer } from "node:buffer";
import { type Fault, Timer, type TimerWheel } from "../../base/index.ts";
import type { Fields, ResponseHead, UpstreamEvents, UpstreamStream } from "../../http/index.ts";
import type { PoolEndpoint } from "../settings.ts";
import type { ConnectLine, Line, LineUser } from "./line.ts";
import type { Question } from "./questions.ts";
import type { HealthSettings } from "./settings.ts";

/** Of an answer's body: more than any answer that is looked into has. The rest of a page is read off up to the second bound. */
const KEPT_BYTES = 4096;
const READ_BYTES = 64 * 1024;

export interface CheckSurroundings {
  readonly settings: HealthSettings;
  readonly question: Question;
  readonly wheel: TimerWheel;
  readonly connect: ConnectLine;
  /** `why` is empty for one that is well. */
  onVerdict(endpoint: PoolEndpoint, isHealthy: boolean, why: string): void;
}

export class EndpointCheck implements LineUser, UpstreamEvents {
  readonly #endpoint: PoolEndpoint;
  readonly #around: CheckSurroundings;
  readonly #timer = new Timer(this, 0);
  #line: Line | null = null;
  #isAsking = false;
  #beganMs = 0;
  /** Checks in a row that said other than what the endpoint counts as. */
  #against = 0;
  /** Of the question under way: */
  #stream: UpstreamStream | null = null;
  #wasReused = false;
  #isSecondTry = false;
  #head: ResponseHead | null = null;
  #kept: Uint8Array[] = [];
  #keptBytes = 0;
  #readBytes = 0;

  constructor(endpoint: PoolEndpoint, around: CheckSurroundings) {
    this.#endpoint = endpoint;
    this.#around = around;
  }

  start(delayMs: number): void {
    this.#around.wheel.arm(this.#timer, delayMs);
  }

  stop(): void {
    this.#isAsking = false;
    this.#around.wheel.disarm(this.#timer);
    this.#drop();
  }

  onTimer(): void {
    if (this.#isAsking) this.#finish(this.#head === null ? "no answer in time" : "no complete answer in time");
    else this.#begin();
  }

  #begin(): void {
    const { wheel, settings } = this.#around;
    this.#isAsking = true;
    this.#isSecondTry = false;
    this.#beganMs = wheel.nowMs;
    wheel.armFromTouch(this.#timer, settings.timeoutMs);
    this.#ask();
  }

  #ask(): void {
    this.#head = null;
    this.#kept = [];
    this.#keptBytes = 0;
    this.#readBytes = 0;
    if (this.#line?.isReady === true) this.#send(this.#line);
    else {
      this.#drop();
      this.#line = this.#around.connect(this.#endpoint, this);
    }
  }

  onLineReady(line: Line): void {
    if (line === this.#line && this.#isAsking && this.#stream === null && this.#head === null) this.#send(line);
  }

  onLineGone(line: Line, fault: Fault | null): void {
    if (line !== this.#line) return;
    this.#line = null;
    if (this.#isAsking && this.#stream === null) this.#finish(fault === null ? "the connection was closed" : describe(fault));
  }

  #send(line: Line): void {
    const { question } = this.#around;
    const stream = line.open(this);
    this.#stream = stream;
    this.#wasReused = stream.isReused;
    stream.cork();
    stream.send(question.toRequest(this.#endpoint.target.authority));
    if (question.body !== null) {
      stream.write(question.body);
      stream.endRequest(null);
    }
    stream.uncork();
    stream.resumeResponse();
  }

  onResponseHead(head: ResponseHead): boolean {
    this.#head = head;
    return true;
  }

  onResponseChunk(chunk: Uint8Array): boolean {
    this.#readBytes += chunk.length;
    if (this.#keptBytes + chunk.length <= KEPT_BYTES) {
      this.#kept.push(chunk);
      this.#keptBytes += chunk.length;
    }
    // Its head has said enough, and the connection is not worth the rest.
    if (this.#readBytes > READ_BYTES) this.#judge(null);
    return true;
  }

  onResponseEnd(trailers: Fields | null): void {
    this.#stream = null;
    this.#judge(trailers);
  }

  onUpstreamFault(fault: Fault): void {
    this.#stream = null;
    if (!this.#isAsking) return;
    // The race of a connection that rests (RFC 9110 9.2.2): it says nothing of the endpoint.
    if (this.#wasReused && this.#head === null && fault.kind.retry !== "never" && !this.#isSecondTry) {
      this.#isSecondTry = true;
      this.#drop();
      this.#ask();
    } else this.#finish(describe(fault));
  }

  /** Nothing is asked for: an endpoint that switches all the same is not well. */
  onSwitch(): boolean {
    this.#finish("it answers 101");
    return false;
  }

  onInterim(): void {}
  onUpstreamDrain(): void {}
  onBatchStart(): void {}
  onBatchEnd(): void {}

  #judge(trailers: Fields | null): void {
    if (!this.#isAsking || this.#head === null) return;
    this.#finish(this.#around.question.judge({ head: this.#head, body: Buffer.concat(this.#kept), trailers }));
  }

  /** `why` is null for one that is well. */
  #finish(why: string | null): void {
    if (!this.#isAsking) return;
    const { wheel, settings } = this.#around;
    this.#isAsking = false;
    this.#kept = [];
    // An answer that is not complete leaves a connection on which nothing can be asked.
    if (this.#stream !== null) this.#drop();
    wheel.armFromTouch(this.#timer, Math.max(0, settings.intervalMs - (wheel.nowMs - this.#beganMs)));
    const isHealthy = why === null;
    if (isHealthy === this.#endpoint.isHealthy) {
      this.#against = 0;
      return;
    }
    this.#against++;
    if (this.#against < (isHealthy ? settings.healthyAfter : settings.unhealthyAfter)) return;
    this.#against = 0;
    this.#around.onVerdict(this.#endpoint, isHealthy, why ?? "");
  }

  #drop(): void {
    const stream = this.#stream;
    const line = this.#line;
    this.#stream = null;
    this.#line = null;
    stream?.cancel();
    line?.close();
  }
}

function describe(fault: Fault): string {
  return fault.detail === "" ? fault.kind.title : `${fault.kind.title} ${fault.detail}`;
}
