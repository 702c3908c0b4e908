// What becomes of the two bodies of a gRPC-Web call. Messages are framed as in gRPC and pass as they are; only base64 comes off or on,
// and the trailers go into the response's body. Chunks come out as they come in, so that a stream stays one.

import { Buffer } from "node:buffer";
import type { Fault } from "../../base/index.ts";
import { Fields, fieldName } from "../../http/index.ts";
import { type BodySink, type BodyTransform, GRPC_STATUS } from "../../pipeline/index.ts";
import { Base64Decoder } from "./base64-decoder.ts";
import { BAD_BASE64 } from "./faults.ts";
import { MessageBoundary } from "./message-boundary.ts";
import { encodeTrailerFrame } from "./trailer-frame.ts";

export const GRPC_MESSAGE = fieldName("Grpc-Message");

/** An upstream that ends a call without saying how: clients that hear nothing take it for a success. */
export const UNKNOWN = "2";
export const NO_STATUS = "The service ended the call without a status.";

/** A request in base64 on its way to the upstream. */
export class TextRequest implements BodyTransform {
  readonly #decoder = new Base64Decoder();
  readonly #onFault: (fault: Fault) => void;
  #isBroken = false;

  constructor(onFault: (fault: Fault) => void) {
    this.#onFault = onFault;
  }

  write(chunk: Uint8Array, next: BodySink): boolean {
    if (this.#isBroken) return false;
    const bytes = this.#decoder.decode(chunk);
    if (bytes === null) return this.#refuse("a character that is not of its alphabet, or out of place");
    return bytes.length === 0 || next.write(bytes);
  }

  end(trailers: Fields | null, next: BodySink): void {
    if (this.#isBroken) return;
    if (this.#decoder.isInside) this.#refuse("it ends inside of a group of four");
    else next.end(trailers);
  }

  #refuse(why: string): false {
    this.#isBroken = true;
    this.#onFault(BAD_BASE64.with(why));
    return false;
  }
}

/** A response on its way to the client. */
export class WebResponse implements BodyTransform {
  readonly #isText: boolean;
  /** The head has none: the trailers must. */
  readonly #needsStatus: boolean;
  readonly #onCut: () => void;
  readonly #boundary = new MessageBoundary();

  /** `onCut` ends the response in place of its end where that lies inside of a message. */
  constructor(isText: boolean, needsStatus: boolean, onCut: () => void) {
    this.#isText = isText;
    this.#needsStatus = needsStatus;
    this.#onCut = onCut;
  }

  write(chunk: Uint8Array, next: BodySink): boolean {
    this.#boundary.pass(chunk);
    return this.#pass(chunk, next);
  }

  end(trailers: Fields | null, next: BodySink): void {
    // The client would take the trailers for what is missing of the message, find no status, and take that for success.
    if (this.#boundary.isInside) {
      this.#onCut();
      return;
    }
    const told = this.#complete(trailers);
    if (told !== null) this.#pass(encodeTrailerFrame(told), next);
    next.end(null);
  }

  #pass(chunk: Uint8Array, next: BodySink): boolean {
    return chunk.length === 0 || next.write(this.#isText ? toBase64(chunk) : chunk);
  }

  #complete(trailers: Fields | null): Fields | null {
    if (!this.#needsStatus || trailers?.has(GRPC_STATUS)) return trailers;
    const told = trailers ?? new Fields("");
    told.add(GRPC_STATUS, UNKNOWN);
    told.add(GRPC_MESSAGE, NO_STATUS);
    return told;
  }
}

/** With its padding: what is sent now can be read now, and the next piece begins anew. */
function toBase64(chunk: Uint8Array): Uint8Array {
  return Buffer.from(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString("base64"), "latin1");
}
