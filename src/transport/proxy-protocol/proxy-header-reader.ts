// Takes the PROXY header off the beginning of a connection, however it is cut. Holds at most 4096 bytes, and refuses at the
// first byte that fits neither version, so that somebody who sends no header is not waited for.

import type { Fault } from "../../base/index.ts";
import { PROXY_MALFORMED, PROXY_MISSING, PROXY_TOO_LONG } from "./faults.ts";
import { MAX_V1_BYTES, MAX_V2_BYTES, NO_ENDS, type ProxyHeader, V2_PREFIX_BYTES, V2_SIGNATURE } from "./proxy-header.ts";
import { readV1 } from "./read-v1.ts";
import { checkV2Prefix, readV2, v2Length } from "./read-v2.ts";

const V1_START = Uint8Array.of(0x50, 0x52, 0x4f, 0x58, 0x59, 0x20);
const CR = 0x0d;
const LF = 0x0a;

export type ProxyReading = "more" | "done" | "fault";

export class ProxyHeaderReader {
  /** Once take() has said `done`. */
  header: ProxyHeader = NO_ENDS;
  /** What came behind the header; null for nothing. */
  rest: Uint8Array | null = null;
  /** Once take() has said `fault`. */
  fault: Fault = PROXY_MISSING;
  #held: Uint8Array | null = null;

  /** Nothing has come yet. */
  get isEmpty(): boolean {
    return this.#held === null;
  }

  /** Called until it says something else than `more`. */
  take(chunk: Uint8Array): ProxyReading {
    if (chunk.length === 0) return "more";
    const bytes = this.#held === null ? chunk : Buffer.concat([this.#held, chunk]);
    this.#held = bytes;
    if (beginsLike(bytes, V1_START)) return bytes.length <= V1_START.length ? "more" : this.#takeV1(bytes);
    if (beginsLike(bytes, V2_SIGNATURE)) return bytes.length < V2_PREFIX_BYTES ? "more" : this.#takeV2(bytes);
    return this.#refuse(PROXY_MISSING);
  }

  #takeV1(bytes: Uint8Array): ProxyReading {
    const bound = Math.min(bytes.length, MAX_V1_BYTES);
    for (let i = V1_START.length; i < bound; i++) {
      const byte = bytes[i]!;
      if (byte === CR) {
        if (i + 1 === MAX_V1_BYTES) return this.#refuse(PROXY_TOO_LONG);
        if (i + 1 === bytes.length) return "more";
        if (bytes[i + 1] !== LF) return this.#refuse(PROXY_MALFORMED.with("a CR without LF"));
        return this.#finish(readV1(Buffer.from(bytes.buffer, bytes.byteOffset, i).toString("latin1")), bytes, i + 2);
      }
      if (byte < 0x20 || byte > 0x7e) return this.#refuse(PROXY_MALFORMED.with("a byte that is no visible ASCII"));
    }
    return bytes.length >= MAX_V1_BYTES ? this.#refuse(PROXY_TOO_LONG) : "more";
  }

  #takeV2(bytes: Uint8Array): ProxyReading {
    const fault = checkV2Prefix(bytes);
    if (fault !== null) return this.#refuse(fault);
    const length = v2Length(bytes);
    if (length > MAX_V2_BYTES) return this.#refuse(PROXY_TOO_LONG);
    if (bytes.length < length) return "more";
    return this.#finish(readV2(bytes.subarray(0, length)), bytes, length);
  }

  #finish(result: ProxyHeader | Fault, bytes: Uint8Array, end: number): ProxyReading {
    if ("kind" in result) return this.#refuse(result);
    this.#held = null;
    this.header = result;
    this.rest = end < bytes.length ? bytes.subarray(end) : null;
    return "done";
  }

  #refuse(fault: Fault): ProxyReading {
    this.#held = null;
    this.fault = fault;
    return "fault";
  }
}

/** Whether the bytes there are do not contradict `start`. */
function beginsLike(bytes: Uint8Array, start: Uint8Array): boolean {
  const length = Math.min(bytes.length, start.length);
  for (let i = 0; i < length; i++) if (bytes[i] !== start[i]) return false;
  return true;
}
