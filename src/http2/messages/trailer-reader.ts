// From a header block behind a body to its trailers, of requests and of responses: RFC 9113 8.1, RFC 9110 6.5.1. @hot
// Nothing in them may be taken for part of the head by whoever merges the two.

import type { FaultDefinition } from "../../base/index.ts";
import type { Fields } from "../../http/index.ts";
import type { HeadBounds } from "../../http1/index.ts";
import * as H2 from "../faults.ts";
import { type EntrySink, type HeaderEntry, UNJUDGED } from "../hpack/header-entry.ts";
import * as KIND from "./field-kinds.ts";
import { FieldLines } from "./field-lines.ts";

/** One a connection, used for one block after the other. */
export class TrailerReader implements EntrySink {
  readonly #lines = new FieldLines();
  #isMalformed = false;
  #isTooLarge = false;

  /** How large the list of the block is by RFC 9113 6.5.2, however much of it was kept. */
  get listBytes(): number {
    return this.#lines.listBytes;
  }

  begin(bounds: HeadBounds): void {
    this.#lines.begin(bounds);
    this.#isMalformed = false;
    this.#isTooLarge = false;
  }

  onEntry(entry: HeaderEntry): void {
    if (!this.#lines.count(entry)) this.#isTooLarge = true;
    if (this.#isMalformed || this.#isTooLarge) return;
    const kind = entry.kind === UNJUDGED ? KIND.judge(entry) : entry.kind;
    if (kind !== KIND.PLAIN && kind !== KIND.COOKIE) this.#isMalformed = true;
    else if (!this.#lines.add(entry)) this.#isTooLarge = true;
  }

  /** The trailers of a request or a response; the fault is the one of that side. */
  finish(side: "request" | "response"): Fields | FaultDefinition {
    if (side === "response") {
      if (this.#isMalformed) return H2.RESPONSE_BAD_HEAD;
      if (this.#isTooLarge) return H2.RESPONSE_HEAD_TOO_LARGE;
    } else if (this.#isMalformed || this.#isTooLarge) return this.#isMalformed ? H2.BAD_TRAILER : H2.HEAD_TOO_LARGE;
    return this.#lines.take(false);
  }
}
