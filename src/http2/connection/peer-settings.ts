// What the far side's SETTINGS allow us: RFC 9113 6.5.2. Of those that we don't know nothing is kept. @hot

import type { FaultDefinition } from "../../base/index.ts";
import * as H2 from "../faults.ts";
import {
  DEFAULT_WINDOW,
  ENABLE_CONNECT_PROTOCOL,
  ENABLE_PUSH,
  INITIAL_WINDOW_SIZE,
  MAX_CONCURRENT_STREAMS,
  MAX_FRAME_BYTES,
  MAX_FRAME_SIZE,
  MAX_WINDOW,
  readUint32,
} from "./frames.ts";

export class PeerSettings {
  initialWindow = DEFAULT_WINDOW;
  /** Streams that we may open. */
  maxStreams = Number.POSITIVE_INFINITY;
  takesExtendedConnect = false;
  readonly #isServer: boolean;

  /** `isServer`: the far side is one. */
  constructor(isServer: boolean) {
    this.#isServer = isServer;
  }

  /** Takes the payload of a SETTINGS frame, whose length is a multiple of 6. */
  take(bytes: Uint8Array, from: number, to: number): FaultDefinition | null {
    for (let at = from; at < to; at += 6) {
      const value = readUint32(bytes, at + 2);
      switch ((bytes[at]! << 8) | bytes[at + 1]!) {
        case ENABLE_PUSH:
          // RFC 9113 6.5.2: a server that says 1 is in breach.
          if (value > 1 || (value === 1 && this.#isServer)) return H2.BAD_SETTING;
          break;
        case MAX_CONCURRENT_STREAMS:
          this.maxStreams = value;
          break;
        case INITIAL_WINDOW_SIZE:
          if (value > MAX_WINDOW) return H2.WINDOW_EXCEEDED;
          this.initialWindow = value;
          break;
        case MAX_FRAME_SIZE:
          // We send none that everybody would not take: larger ones save nothing, and keep other streams waiting.
          if (value < MAX_FRAME_BYTES || value > 0xffffff) return H2.BAD_SETTING;
          break;
        case ENABLE_CONNECT_PROTOCOL:
          // RFC 8441 3: once said, it is not taken back.
          if (value > 1 || (value === 0 && this.takesExtendedConnect)) return H2.BAD_SETTING;
          this.takesExtendedConnect = value === 1;
      }
    }
    return null;
  }
}
