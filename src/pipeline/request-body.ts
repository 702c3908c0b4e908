// The request body between the client and however many attempts read it. @hot
// Chunks queue here only as long as somebody still needs them: a reader that is behind, or a replay that may come. With one
// reader and no replay every chunk passes straight through, and the client is asked for more when the reader can take more.

import type { Fault } from "../base/index.ts";
import type { ClientSide, Fields } from "../http/index.ts";
import { BODY_TOO_LARGE, MIRROR_LAG } from "./faults.ts";

/** A mirror that is further behind than this is given up rather than waited for or stored for. */
const MAX_SHADOW_LAG_BYTES = 1024 * 1024;

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
  /** For shadows only. */
  onBodyLost(fault: Fault): void;
}

export interface BodyOwner {
  readonly client: ClientSide;
  onBodyFault(fault: Fault): void;
  /** The whole body is here, as asked for by collect(). */
  onBodyCollected(): void;
}

export class RequestBody {
  received = 0;
  isComplete = false;
  trailers: Fields | null = null;
  /** Null is off. Set when the route is known; until then nothing is read. */
  maxBytes: number | null = null;
  readonly #owner: BodyOwner;
  readonly #readers: BodyReader[] = [];
  readonly #chunks: Uint8Array[] = [];
  /** Index, in the whole body, of `#chunks[0]`. */
  #base = 0;
  #heldBytes = 0;
  #keepBytes = 0;
  #collectBytes = -1;

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

  /** Asks for the whole body before anything is sent. More than `maxBytes` is a fault of the exchange. */
  collect(maxBytes: number): void {
    this.#collectBytes = maxBytes;
    this.keep(maxBytes);
    if (this.isComplete) this.#owner.onBodyCollected();
    else this.#owner.client.resumeRequest();
  }

  /** The collected body as one piece. */
  toBytes(): Uint8Array {
    if (this.#chunks.length === 1) return this.#chunks[0]!;
    const bytes = new Uint8Array(this.#heldBytes);
    let at = 0;
    for (let i = 0; i < this.#chunks.length; i++) {
      bytes.set(this.#chunks[i]!, at);
      at += this.#chunks[i]!.length;
    }
    return bytes;
  }

  /** A new attempt wants the body from its start. The caller has checked isIntact. */
  attach(reader: BodyReader): void {
    reader.bodyCursor = 0;
    reader.bodyEnded = false;
    this.#readers.push(reader);
    this.pump(reader);
  }

  detach(reader: BodyReader): void {
    const at = this.#readers.indexOf(reader);
    if (at >= 0) this.#readers.splice(at, 1);
  }

  /** From the client. False: pause it. */
  push(chunk: Uint8Array): boolean {
    this.received += chunk.length;
    if (this.maxBytes !== null && this.received > this.maxBytes) {
      this.#owner.onBodyFault(BODY_TOO_LARGE);
      return false;
    }
    if (this.#collectBytes >= 0 && this.received > this.#collectBytes) {
      this.#owner.onBodyFault(BODY_TOO_LARGE.with("larger than a policy of the route reads"));
      return false;
    }
    this.#chunks.push(chunk);
    this.#heldBytes += chunk.length;
    for (let i = 0; i < this.#readers.length; i++) this.#feed(this.#readers[i]!);
    this.#trim();
    return this.#collectBytes >= 0 || this.#isWanted();
  }

  end(trailers: Fields | null): void {
    this.isComplete = true;
    this.trailers = trailers;
    if (this.#collectBytes >= 0) {
      this.#collectBytes = -1;
      this.#owner.onBodyCollected();
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
    for (let i = 0; i < this.#readers.length; i++) if (!this.#readers[i]!.isShadow) return !this.#readers[i]!.bodyBlocked;
    return false;
  }

  /** Lets go of chunks that every reader has passed, unless they are kept for a replay. */
  #trim(): void {
    if (this.#base === 0 && this.#heldBytes <= this.#keepBytes) return;
    if (this.#readers.length === 0) return;
    let slowest = Number.POSITIVE_INFINITY;
    for (let i = this.#readers.length - 1; i >= 0; i--) {
      const reader = this.#readers[i]!;
      if (reader.isShadow && this.#lag(reader) > MAX_SHADOW_LAG_BYTES) {
        this.#readers.splice(i, 1);
        reader.onBodyLost(MIRROR_LAG);
      } else if (reader.bodyCursor < slowest) {
        slowest = reader.bodyCursor;
      }
    }
    while (this.#base < slowest && this.#chunks.length > 0) {
      this.#heldBytes -= this.#chunks.shift()!.length;
      this.#base++;
    }
  }

  #lag(reader: BodyReader): number {
    let bytes = 0;
    for (let i = reader.bodyCursor - this.#base; i < this.#chunks.length; i++) bytes += this.#chunks[i]!.length;
    return bytes;
  }
}
