// Takes the chunked transfer coding apart: RFC 9112 7.1, by the ABNF without the white space it calls bad. @hot
// It never copies data: next() says which bytes of the input are data. Sizes, extensions and trailers are judged here.
//
// States, in the order in which bytes move them on:
//   SIZE_FIRST → SIZE → (EXT_NAME_FIRST → EXT_NAME → EXT_VALUE_FIRST → EXT_VALUE | EXT_QUOTED ⇄ EXT_ESCAPE → EXT_END)* → SIZE_LF
//   SIZE_LF → DATA → DATA_CR → DATA_LF → SIZE_FIRST, or after size 0 → TRAILER → end

import type { FaultDefinition } from "../base/index.ts";
import { Fields, FOLD } from "../http/index.ts";
import { holdsFraming } from "./framing.ts";
import { DONE, type HeadBounds, HeadParser } from "./head-parser.ts";

const SIZE_FIRST = 0;
const SIZE = 1;
const EXT_NAME_FIRST = 2;
const EXT_NAME = 3;
const EXT_VALUE_FIRST = 4;
const EXT_VALUE = 5;
const EXT_QUOTED = 6;
const EXT_ESCAPE = 7;
const EXT_END = 8;
const SIZE_LF = 9;
const DATA = 10;
const DATA_CR = 11;
const DATA_LF = 12;
const TRAILER = 13;

const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SEMICOLON = 0x3b;
const EQUALS = 0x3d;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** What next() returns. */
export const CHUNK_MORE = 0;
export const CHUNK_DATA = 1;
export const CHUNK_END = 2;
export const CHUNK_FAULT = 3;

/** 2^53: beyond it a number is not exact, and no body is that long. */
const MAX_SIZE = Number.MAX_SAFE_INTEGER;
const MAX_SIZE_DIGITS = 16;
/** Extensions mean nothing to us and are dropped; more than this is an attack on whoever buffers them. */
const MAX_EXTENSION_BYTES = 256;
const TRAILER_BOUNDS: HeadBounds = { lineBytes: 8192, headBytes: 8192, fieldCount: 64 };

const trailerParser = new HeadParser("request");
const NO_TRAILERS = new Fields("");

/** Value of a hexadecimal digit, or -1. */
const HEX = new Int8Array(256).fill(-1);
for (let i = 0; i < 16; i++) {
  HEX["0123456789abcdef".charCodeAt(i)] = i;
  HEX["0123456789ABCDEF".charCodeAt(i)] = i;
}

export class ChunkedDecoder {
  /** On CHUNK_DATA: the data is `bytes[dataStart, dataEnd)`. */
  dataStart = 0;
  dataEnd = 0;
  /** Where the next call goes on; on CHUNK_END the first byte behind the body. */
  position = 0;
  /** On CHUNK_END; empty when there were none. The caller must not add to an empty one. */
  trailers: Fields = NO_TRAILERS;
  readonly #badTrailer: FaultDefinition;
  fault: FaultDefinition;
  #state = SIZE_FIRST;
  #size = 0;
  #digits = 0;
  #extensionBytes = 0;
  #trailer: Uint8Array | null = null;
  #trailerBytes = 0;

  constructor(badChunk: FaultDefinition, badTrailer: FaultDefinition) {
    this.#badTrailer = badTrailer;
    this.fault = badChunk;
  }

  /** Reads on from `at`. CHUNK_MORE means that everything up to `to` is used up. */
  next(bytes: Uint8Array, at: number, to: number): number {
    while (at < to) {
      if (this.#state === DATA) {
        const take = Math.min(this.#size, to - at);
        this.dataStart = at;
        this.dataEnd = at + take;
        this.position = at + take;
        this.#size -= take;
        if (this.#size === 0) this.#state = DATA_CR;
        return CHUNK_DATA;
      }
      const byte = bytes[at++]!;
      if (this.#state === TRAILER) {
        const result = this.#takeTrailerByte(byte);
        if (result === CHUNK_MORE) continue;
        this.position = at;
        return result;
      }
      if (!this.#step(byte)) return CHUNK_FAULT;
    }
    this.position = to;
    return CHUNK_MORE;
  }

  /** Moves on by one byte of chunk framing; false when it may not stand there. */
  #step(byte: number): boolean {
    switch (this.#state) {
      case SIZE_FIRST:
      case SIZE:
        return this.#takeSizeByte(byte);
      case SIZE_LF:
        this.#state = this.#size === 0 ? TRAILER : DATA;
        return byte === LF;
      case DATA_CR:
        this.#state = DATA_LF;
        return byte === CR;
      case DATA_LF:
        this.#state = SIZE_FIRST;
        this.#size = 0;
        this.#digits = 0;
        this.#extensionBytes = 0;
        return byte === LF;
      default:
        return this.#takeExtensionByte(byte);
    }
  }

  #takeSizeByte(byte: number): boolean {
    const digit = HEX[byte]!;
    if (digit >= 0) {
      this.#size = this.#size * 16 + digit;
      this.#state = SIZE;
      return ++this.#digits <= MAX_SIZE_DIGITS && this.#size <= MAX_SIZE;
    }
    if (this.#state === SIZE_FIRST) return false;
    if (byte === CR) this.#state = SIZE_LF;
    else if (byte === SEMICOLON) this.#state = EXT_NAME_FIRST;
    else return false;
    return true;
  }

  #takeExtensionByte(byte: number): boolean {
    if (++this.#extensionBytes > MAX_EXTENSION_BYTES) return false;
    const isTchar = FOLD[byte] !== 0;
    switch (this.#state) {
      case EXT_NAME_FIRST:
        this.#state = EXT_NAME;
        return isTchar;
      case EXT_VALUE_FIRST:
        this.#state = byte === QUOTE ? EXT_QUOTED : EXT_VALUE;
        return byte === QUOTE || isTchar;
      case EXT_QUOTED:
        if (byte === QUOTE) this.#state = EXT_END;
        else if (byte === BACKSLASH) this.#state = EXT_ESCAPE;
        return isQuotable(byte);
      case EXT_ESCAPE:
        this.#state = EXT_QUOTED;
        return isQuotable(byte);
    }
    // EXT_NAME, EXT_VALUE and EXT_END may all be followed by the next extension or the end of the line.
    if (byte === SEMICOLON) this.#state = EXT_NAME_FIRST;
    else if (byte === CR) this.#state = SIZE_LF;
    else if (byte === EQUALS && this.#state === EXT_NAME) this.#state = EXT_VALUE_FIRST;
    else return isTchar && this.#state !== EXT_END;
    return true;
  }

  /** Gathers the trailer section until its empty line, then has it parsed whole. No trailers at all cost no buffer. */
  #takeTrailerByte(byte: number): number {
    const used = this.#trailerBytes++;
    if (this.#trailer === null) {
      if (used === 0 && byte === CR) return CHUNK_MORE;
      if (used === 1) return byte === LF ? CHUNK_END : this.#refuseTrailer();
      this.#trailer = new Uint8Array(256);
    }
    if (used >= TRAILER_BOUNDS.headBytes) return this.#refuseTrailer();
    if (used === this.#trailer.length) {
      const larger = new Uint8Array(used * 2);
      larger.set(this.#trailer);
      this.#trailer = larger;
    }
    const trailer = this.#trailer;
    trailer[used] = byte;
    if (byte !== LF) return CHUNK_MORE;
    if (used === 0 || trailer[used - 1] !== CR) return this.#refuseTrailer();
    if (used < 3 || trailer[used - 2] !== LF) return CHUNK_MORE;
    if (trailerParser.parseTrailers(trailer, 0, used + 1, TRAILER_BOUNDS) !== DONE) return this.#refuseTrailer();
    if (holdsFraming(trailerParser.fields)) return this.#refuseTrailer();
    this.trailers = trailerParser.fields;
    return CHUNK_END;
  }

  #refuseTrailer(): number {
    this.fault = this.#badTrailer;
    return CHUNK_FAULT;
  }
}

/** RFC 9110 5.6.4: qdtext and quoted-pair, with the escape itself counted by the caller. */
function isQuotable(byte: number): boolean {
  return byte === TAB || (byte >= 0x20 && byte !== 0x7f);
}
