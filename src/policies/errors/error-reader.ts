// Reads an upstream's JSON error on its way and writes the problem in its place. Bounded: of what is longer, or can't be read, nothing
// is taken, and the problem says only that there was an error.

import type { ErrorsConfig } from "../../config/index.ts";
import type { Fields } from "../../http/index.ts";
import type { BodySink, BodyTransform } from "../../pipeline/index.ts";
import { compilePointer, readPointer } from "./pointer.ts";
import { SILENT, type UpstreamWords } from "./problem.ts";

export const MAX_ERROR_BYTES = 64 * 1024;
const MAX_TITLE = 200;
const MAX_DETAIL = 2000;
const MAX_CODE = 100;

/** The pointers of a route, compiled. */
export class ErrorPointers {
  readonly #title: readonly string[] | null;
  readonly #detail: readonly string[] | null;
  readonly #code: readonly string[] | null;

  constructor(read: NonNullable<ErrorsConfig["read"]>) {
    this.#title = read.title === null ? null : compilePointer(read.title);
    this.#detail = read.detail === null ? null : compilePointer(read.detail);
    this.#code = read.code === null ? null : compilePointer(read.code);
  }

  read(body: Uint8Array): UpstreamWords {
    let value: unknown;
    try {
      value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
    } catch {
      return SILENT;
    }
    return {
      title: this.#title === null ? null : readPointer(value, this.#title, MAX_TITLE),
      detail: this.#detail === null ? null : readPointer(value, this.#detail, MAX_DETAIL),
      code: this.#code === null ? null : readPointer(value, this.#code, MAX_CODE),
    };
  }
}

/** One error on its way. */
export class ErrorReader implements BodyTransform {
  readonly #pointers: ErrorPointers;
  readonly #write: (words: UpstreamWords) => Uint8Array;
  readonly #onTooLong: () => void;
  #chunks: Uint8Array[] = [];
  #bytes = 0;
  #isTooLong = false;

  /** `onTooLong` is called once, when there is no use in the rest of the body: it may end it. */
  constructor(pointers: ErrorPointers, write: (words: UpstreamWords) => Uint8Array, onTooLong: () => void) {
    this.#pointers = pointers;
    this.#write = write;
    this.#onTooLong = onTooLong;
  }

  write(chunk: Uint8Array): boolean {
    if (this.#isTooLong) return true;
    this.#bytes += chunk.length;
    if (this.#bytes <= MAX_ERROR_BYTES) {
      // What was received may be written over once it has been handed on.
      this.#chunks.push(chunk.slice());
      return true;
    }
    this.#isTooLong = true;
    this.#chunks = [];
    this.#onTooLong();
    return true;
  }

  /** Trailers are about the body that is gone. */
  end(_trailers: Fields | null, next: BodySink): void {
    const words = this.#isTooLong ? SILENT : this.#pointers.read(join(this.#chunks, this.#bytes));
    next.write(this.#write(words));
    next.end(null);
  }
}

function join(chunks: readonly Uint8Array[], bytes: number): Uint8Array {
  const whole = new Uint8Array(bytes);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
