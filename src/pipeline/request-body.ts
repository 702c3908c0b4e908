// The request body between the client and however many attempts read it. @hot
// Chunks queue here only as long as somebody still needs them: a reader that is behind, or a replay that may come. With one
// reader and no replay every chunk passes straight through, and the client is asked for more when the reader can take more.

import type { Fault } from "../base/index.ts";
import type { ClientSide, Fields } from "../http/index.ts";
import { ATTEMPT_LAG, BODY_TOO_LARGE, MIRROR_LAG } from "./faults.ts";
import type { BodySink, BodyTransform } from "./policy.ts";
import { TransformChain, type TransformOwner } from "./transform-chain.ts";

/** A mirror or hedge that is further behind than this is given up rather than waited for or stored for. */
const MAX_LAG_BYTES = 1024 * 1024;
/** Of a body that is kept, pieces must not be smaller than this on average: each costs a view, and keeps alive what it was cut from. */
const LEAST_PIECE_BYTES = 64;
const FEWEST_PIECES = 512;

export interface BodyReader {
  /** Index of the next chunk it gets, counted from the start of the body. */
  bodyCursor: number;
  /** It can't take more now; cleared by its owner, who then calls pump(). */
  bodyBlocked: boolean;
  bodyEnded: boolean;
  readonly isShadow: boolean;
  /** False: no more until it says so. */
  onBodyChunk(chunk: Uint8Array): boolean;
  onBodyEnd(trailers: Fields | null): void;
  /** It is too far behind another reader that goes on without it. */
  onBodyLost(fault: Fault): void;
}

export interface BodyOwner extends TransformOwner {
  readonly client: ClientSide;
  onRequestFault(fault: Fault): void;
  /** The whole body is here, as asked for by collect(). */
  resume(ticket: number): boolean;
}

export class RequestBody {
  /** Bytes that came from the client, before any transform. */
  received = 0;
  /** Bytes that are here. */
  heldBytes = 0;
  isComplete = false;
  /** When the client's last byte came, on the wheel's clock; 0 before. */
  arrivedMs = 0;
  trailers: Fields | null = null;
  /** Null is off. Set when the route is known; until then nothing is read. */
  maxBytes: number | null = null;
  readonly #owner: BodyOwner;
  readonly #readers: BodyReader[] = [];
  readonly #chunks: Uint8Array[] = [];
  /** Index, in the whole body, of `#chunks[0]`. */
  #base = 0;
  #keepBytes = 0;
  #collectBytes = -1;
  #ticket = 0;
  #chain: TransformChain | null = null;

  constructor(owner: BodyOwner) {
    this.#owner = owner;
  }

  /** Everything received so far is still here: another attempt can be sent the same body. */
  get isIntact(): boolean {
    return this.#base === 0;
  }

  /** Keeps up to `maxBytes` for later readers. */
  keep(maxBytes: number): void {
    this.#keepBytes = Math.max(this.#keepBytes, maxBytes);
  }

  /** There will be no later readers. */
  keepNoMore(): void {
    this.#keepBytes = 0;
    this.#trim();
  }

  /** Asks for the whole body before anything is sent, for who waits with `ticket`. More than `maxBytes` is a fault of the exchange. */
  collect(maxBytes: number, ticket: number): void {
    this.#collectBytes = maxBytes;
    this.#ticket = ticket;
    this.keep(maxBytes);
    this.#owner.client.resumeRequest();
  }

  /** The collected body as one piece. */
  toBytes(): Uint8Array {
    if (this.#chunks.length === 1) return this.#chunks[0]!;
    const bytes = new Uint8Array(this.heldBytes);
    let at = 0;
    for (let i = 0; i < this.#chunks.length; i++) {
      bytes.set(this.#chunks[i]!, at);
      at += this.#chunks[i]!.length;
    }
    return bytes;
  }

  /**
   * A new attempt wants the body from its start. The caller has checked isIntact. Attached as soon as it is known, so that
   * nothing is let go of while it waits for a connection; it calls pump() when it can take something.
   */
  attach(reader: BodyReader): void {
    reader.bodyCursor = 0;
    reader.bodyEnded = false;
    this.#readers.push(reader);
  }

  detach(reader: BodyReader): void {
    const at = this.#readers.indexOf(reader);
    if (at >= 0) this.#readers.splice(at, 1);
  }

  /** Puts a transform behind those that are there. It gets the whole body, also what is here already. Before anything reads it. */
  transform(transform: BodyTransform): void {
    const chunks = this.#chunks.splice(0);
    const wasComplete = this.isComplete;
    this.heldBytes = 0;
    this.isComplete = false;
    // hot-exception: only where a body is transformed, round-trip.bench.ts
    const sink: BodySink = { write: (chunk) => this.#take(chunk), end: (trailers) => this.#complete(trailers) };
    this.#chain = new TransformChain(transform, this.#chain, sink, this.#owner);
    for (let i = 0; i < chunks.length; i++) transform.write(chunks[i]!, sink);
    if (wasComplete) transform.end(this.trailers, sink);
  }

  /** From the client. False: pause it. */
  push(chunk: Uint8Array): boolean {
    this.received += chunk.length;
    if (this.maxBytes !== null && this.received > this.maxBytes) {
      this.#owner.onRequestFault(BODY_TOO_LARGE);
      return false;
    }
    return this.#chain === null ? this.#take(chunk) : this.#chain.write(chunk);
  }

  end(trailers: Fields | null, nowMs: number): void {
    this.arrivedMs = nowMs;
    if (this.#chain === null) this.#complete(trailers);
    else this.#chain.end(trailers);
  }

  /** What is to be sent: as it came, or what transforms made of it. False: no more for now. */
  #take(chunk: Uint8Array): boolean {
    if (this.#collectBytes >= 0 && this.heldBytes + chunk.length > this.#collectBytes) {
      this.#owner.onRequestFault(BODY_TOO_LARGE.with(`larger than the ${this.#collectBytes} bytes that a policy reads`));
      return false;
    }
    this.#chunks.push(chunk);
    this.heldBytes += chunk.length;
    for (let i = 0; i < this.#readers.length; i++) this.#feed(this.#readers[i]!);
    this.#trim();
    return this.#collectBytes >= 0 || this.#isWanted();
  }

  #complete(trailers: Fields | null): void {
    this.isComplete = true;
    this.trailers = trailers;
    if (this.#collectBytes >= 0) {
      this.#collectBytes = -1;
      this.#owner.resume(this.#ticket);
      return;
    }
    for (let i = 0; i < this.#readers.length; i++) this.#feed(this.#readers[i]!);
  }

  /** The reader can take more: gives it what is here and asks the client for the rest. */
  pump(reader: BodyReader): void {
    this.#feed(reader);
    this.#trim();
    if (!this.isComplete && !reader.bodyBlocked && !reader.isShadow) this.#owner.client.resumeRequest();
  }

  #feed(reader: BodyReader): void {
    while (!reader.bodyBlocked && reader.bodyCursor - this.#base < this.#chunks.length) {
      const chunk = this.#chunks[reader.bodyCursor - this.#base]!;
      reader.bodyCursor++;
      if (!reader.onBodyChunk(chunk)) reader.bodyBlocked = true;
    }
    if (this.isComplete && !reader.bodyEnded && reader.bodyCursor - this.#base >= this.#chunks.length) {
      reader.bodyEnded = true;
      reader.onBodyEnd(this.trailers);
    }
  }

  #isWanted(): boolean {
    for (let i = 0; i < this.#readers.length; i++) if (!this.#readers[i]!.isShadow && !this.#readers[i]!.bodyBlocked) return true;
    return false;
  }

  /** Lets go of chunks that every reader has passed, unless they are kept for a replay. */
  #trim(): void {
    if (this.#base === 0 && this.#isWorthKeeping()) return;
    const readers = this.#readers;
    if (readers.length === 0) return;
    if (readers.length > 1 && this.heldBytes > MAX_LAG_BYTES) this.#dropSlow();
    let slowest = Number.POSITIVE_INFINITY;
    for (let i = 0; i < readers.length; i++) slowest = Math.min(slowest, readers[i]!.bodyCursor);
    while (this.#base < slowest && this.#chunks.length > 0) {
      this.heldBytes -= this.#chunks.shift()!.length;
      this.#base++;
    }
  }

  #isWorthKeeping(): boolean {
    return this.heldBytes <= this.#keepBytes && this.#chunks.length <= Math.max(FEWEST_PIECES, this.#keepBytes / LEAST_PIECE_BYTES);
  }

  /** Gives up readers that are far behind: mirrors, and of several attempts for the client all but the foremost. */
  #dropSlow(): void {
    const readers = this.#readers;
    let foremost = 0;
    for (let i = 0; i < readers.length; i++) if (!readers[i]!.isShadow) foremost = Math.max(foremost, readers[i]!.bodyCursor);
    for (let i = readers.length - 1; i >= 0; i--) {
      const reader = readers[i]!;
      if ((!reader.isShadow && reader.bodyCursor >= foremost) || this.#lag(reader) <= MAX_LAG_BYTES) continue;
      readers.splice(i, 1);
      reader.onBodyLost(reader.isShadow ? MIRROR_LAG : ATTEMPT_LAG);
    }
  }

  #lag(reader: BodyReader): number {
    let bytes = 0;
    for (let i = reader.bodyCursor - this.#base; i < this.#chunks.length; i++) bytes += this.#chunks[i]!.length;
    return bytes;
  }
}
