// Content of one stream that came together, in whatever frames: it becomes one chunk, so that whoever writes it on does it once. @hot

import { cutPiece, joinRanges } from "../../base/index.ts";
import type { Http2Stream } from "./stream.ts";

export class ContentRun {
  /** Whose it is; null: there is none. */
  stream: Http2Stream | null = null;
  length = 0;
  #bytes: Uint8Array | null = null;
  /** Where it stands in the bytes: from to from to … */
  readonly #ranges: number[] = [];

  /** `bytes[from, to)`, behind what is there: the same stream's, in the same bytes. */
  add(stream: Http2Stream, bytes: Uint8Array, from: number, to: number): void {
    this.stream = stream;
    this.#bytes = bytes;
    this.length += to - from;
    this.#ranges.push(from, to);
  }

  /** The chunk; nothing is left. */
  take(): Uint8Array {
    const ranges = this.#ranges;
    const bytes = this.#bytes!;
    const chunk = ranges.length === 2 ? cutPiece(bytes, ranges[0]!, ranges[1]!) : joinRanges(bytes, ranges, this.length);
    this.drop();
    return chunk;
  }

  drop(): void {
    this.stream = null;
    this.#bytes = null;
    this.#ranges.length = 0;
    this.length = 0;
  }
}
