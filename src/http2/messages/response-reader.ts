// From a header block to a ResponseHead: what an upstream's HTTP/2 response must be for a client to see it. @hot
// RFC 9113 8.1 to 8.3. An upstream is trusted no more than a client: an HTTP/1.1 client is sent these lines as they are.

import type { FaultDefinition } from "../../base/index.ts";
import { isBodiless, ResponseHead, UNKNOWN_LENGTH } from "../../http/index.ts";
import { type HeadBounds, parseLength } from "../../http1/index.ts";
import * as H2 from "../faults.ts";
import { type EntrySink, type HeaderEntry, UNJUDGED } from "../hpack/header-entry.ts";
import * as KIND from "./field-kinds.ts";
import { FieldLines } from "./field-lines.ts";

/** One a connection, used for one block after the other. */
export class ResponseReader implements EntrySink {
  readonly #lines = new FieldLines();
  #fault: FaultDefinition | null = null;
  #status = 0;
  #contentLength = -1;
  #isPastPseudo = false;

  /** How large the list of the block is by RFC 9113 6.5.2, however much of it was kept. */
  get listBytes(): number {
    return this.#lines.listBytes;
  }

  begin(bounds: HeadBounds): void {
    this.#lines.begin(bounds);
    this.#fault = null;
    this.#status = 0;
    this.#contentLength = -1;
    this.#isPastPseudo = false;
  }

  onEntry(entry: HeaderEntry): void {
    const fits = this.#lines.count(entry);
    if (this.#fault !== null) return;
    if (!fits) this.#fault = H2.RESPONSE_HEAD_TOO_LARGE;
    else this.#fault = this.#take(entry, entry.kind === UNJUDGED ? KIND.judge(entry) : entry.kind);
  }

  /** The response, an interim one too, to a request by `method`; its first fault when it is malformed. */
  finish(method: string, endStream: boolean): ResponseHead | FaultDefinition {
    if (this.#fault !== null) return this.#fault;
    const status = this.#status;
    // RFC 9113 8.6: there is no 101; 8.1: an interim response does not end the stream.
    if (status === 0 || status === 101 || (status < 200 && endStream)) return H2.RESPONSE_BAD_HEAD;
    const length = this.#contentLength;
    // RFC 9110 8.6 forbids Content-Length on 1xx and 204; a length of 0 is common and harmless.
    if ((status < 200 || status === 204) && length > 0) return H2.RESPONSE_BAD_LENGTH;
    const bodiless = isBodiless(method, status);
    if (endStream && !bodiless && length > 0) return H2.RESPONSE_BAD_LENGTH;
    let bodyLength = 0;
    if (!bodiless && !endStream) bodyLength = length < 0 ? UNKNOWN_LENGTH : length;
    const head = new ResponseHead(status, this.#lines.take(false), bodyLength, length);
    head.version = 20;
    return head;
  }

  #take(entry: HeaderEntry, kind: number): FaultDefinition | null {
    if (kind === KIND.STATUS) {
      if (this.#isPastPseudo || this.#status !== 0) return H2.RESPONSE_BAD_HEAD;
      this.#status = entry.hash;
      return null;
    }
    if (kind >= KIND.METHOD) return H2.RESPONSE_BAD_HEAD;
    this.#isPastPseudo = true;
    switch (kind) {
      case KIND.CONTENT_LENGTH:
        if (this.#contentLength >= 0) return H2.RESPONSE_BAD_LENGTH;
        this.#contentLength = parseLength(entry.value, 0, entry.value.length);
        return this.#contentLength < 0 ? H2.RESPONSE_BAD_LENGTH : null;
      case KIND.TE_TRAILERS:
      case KIND.TE_OTHER:
        // RFC 9113 8.2.2 excepts TE in requests alone.
        return H2.RESPONSE_BAD_HEAD;
      case KIND.HOST:
      case KIND.EXPECT:
      case KIND.TRAILER:
        return null;
      default:
        return this.#lines.add(entry) ? null : H2.RESPONSE_HEAD_TOO_LARGE;
    }
  }
}
