// The sending half of a connection: frames are gathered and leave in one write a turn, DATA as far as both windows and the socket
// allow, and streams that have to wait take turns. RFC 9113 5.2 and 6.9. @hot

import { CORK_BYTES, type Socket, type TurnListener } from "../../transport/index.ts";
import { writeNoTable } from "../hpack/index.ts";
import { OutBuffer } from "../out-buffer.ts";
import type { Budgets } from "./budgets.ts";
import { LEAST_FRAMED_BYTES, takeFraming } from "./framed-pieces.ts";
import {
  CONTINUATION,
  DATA,
  DEFAULT_WINDOW,
  END_HEADERS,
  END_STREAM,
  FRAME_HEAD_BYTES,
  HEADERS,
  MAX_FRAME_BYTES,
  MAX_WINDOW,
  putFrameHead,
  RST_STREAM,
  WINDOW_UPDATE,
  writeGoaway,
  writeNumberFrame,
  writePing,
  writeSettings,
} from "./frames.ts";

/** Leaves at once when so much has been gathered. */
const FLUSH_BYTES = 64 * 1024;
/** The same over TLS, where all that leaves is copied: with one more frame it still fits into what a cork takes. */
const FLUSH_TLS_BYTES = 40 * 1024;
/** Below this a cork's copy is cheaper than to find a new buffer where the socket takes only a part. */
const CORKED_BYTES = 16 * 1024;
/** What may wait for a far side that reads nothing: DATA waits elsewhere, but heads of answers, acknowledgements and resets do here. */
const MAX_QUEUED_BYTES = 1024 * 1024;
/** A narrow window cuts frames off; one of this size was worth something nevertheless. */
const WORTHY_BYTES = 1024;
/** What a waiting stream may send before the next one has its turn. */
const TURN_BYTES = 16 * 1024;

const WAITS = 0;
const MOVED = 1;
const DONE = 2;
/** What became of a waiting stream's turn. */
export type TurnResult = typeof WAITS | typeof MOVED | typeof DONE;
export const TURN = { WAITS, MOVED, DONE } as const;

/** A stream as its connection's output sees it. */
export interface Sender {
  readonly id: number;
  sendWindow: number;
  isWaiting: boolean;
  /** Sends up to `maxBytes` of what waits. */
  takeTurn(maxBytes: number): TurnResult;
  /** Nothing of it waits any more. */
  onSent(): void;
}

/** Buffers that nobody writes to now: of a turn in which so many connections have something to send. */
const spare: OutBuffer[] = [];
const MAX_SPARE = 32;

export class FrameOutput implements TurnListener {
  /** The socket has not taken what was sent: DATA waits until onDrain. */
  isBlocked = false;
  /** Of the connection. */
  sendWindow = DEFAULT_WINDOW;
  /** Handed to the socket since the connection began. */
  bytesOut = 0;
  /** Content of DATA frames, of all streams. */
  contentOut = 0;
  readonly #socket: Socket;
  readonly #budgets: Budgets;
  readonly #waiting: Sender[] = [];
  #buffer: OutBuffer | null = null;
  #hasSaidNoTable = false;
  #headersAt = 0;
  /** Where the last frame of the buffer begins, if it is the DATA of that stream. */
  #lastDataAt = -1;
  #lastDataId = 0;
  /** Frames that stand one behind the other where they arrived, `#run[#runFrom, #runTo)`. There is a run or a buffer, never both. */
  #run: Uint8Array | null = null;
  #runFrom = 0;
  #runTo = 0;
  #flushBytes = FLUSH_BYTES;

  constructor(socket: Socket, budgets: Budgets) {
    this.#socket = socket;
    this.#budgets = budgets;
  }

  /** The far side takes nothing, and too much waits for it. */
  get isFull(): boolean {
    return this.isBlocked && this.#socket.queuedBytes > MAX_QUEUED_BYTES;
  }

  get #out(): OutBuffer {
    this.#lastDataAt = -1;
    return this.#buffer ?? this.#begin();
  }

  #begin(): OutBuffer {
    if (this.#run !== null) this.flush();
    this.#flushBytes = this.#socket.tls === null ? FLUSH_BYTES : FLUSH_TLS_BYTES;
    const buffer = spare.pop() ?? new OutBuffer();
    this.#buffer = buffer;
    this.#socket.turn.add(this);
    return buffer;
  }

  onTurnEnd(): void {
    this.flush();
  }

  /** Sends what has been gathered. */
  flush(): void {
    this.#lastDataAt = -1;
    const buffer = this.#buffer;
    if (buffer !== null) {
      this.#buffer = null;
      this.#sendBuffer(buffer);
    } else if (this.#run !== null) {
      const run = this.#run.subarray(this.#runFrom, this.#runTo);
      this.#run = null;
      this.bytesOut += run.length;
      this.#socket.write(run);
      this.isBlocked = this.#socket.queuedBytes > 0;
    }
  }

  #sendBuffer(buffer: OutBuffer): void {
    const { length } = buffer;
    this.bytesOut += length;
    const socket = this.#socket;
    const isCorked = length <= CORKED_BYTES || (socket.tls !== null && length <= CORK_BYTES);
    if (isCorked) socket.cork();
    socket.write(buffer.bytes.subarray(0, length));
    if (isCorked) socket.uncork();
    this.isBlocked = socket.queuedBytes > 0;
    // Of what was not corked the socket may still read; over TLS nobody can tell.
    if (!isCorked && (this.isBlocked || socket.tls !== null)) return;
    buffer.length = 0;
    if (spare.length < MAX_SPARE) spare.push(buffer);
  }

  // ── header blocks ──────────────────────────────────────────────────────────────────────────────────────────────────

  /** Whoever calls this writes fields behind what is there, then calls endHeaders. */
  beginHeaders(): OutBuffer {
    const out = this.#out;
    this.#headersAt = out.length;
    out.ensure(FRAME_HEAD_BYTES);
    out.length += FRAME_HEAD_BYTES;
    // Our encoder keeps no table, whatever the far side would keep: said once, before the first field.
    if (!this.#hasSaidNoTable) writeNoTable(out);
    this.#hasSaidNoTable = true;
    return out;
  }

  endHeaders(id: number, endStream: boolean): void {
    const out = this.#buffer!;
    const at = this.#headersAt;
    const length = out.length - at - FRAME_HEAD_BYTES;
    const ends = endStream ? END_STREAM : 0;
    if (length <= MAX_FRAME_BYTES) putFrameHead(out.bytes, at, length, HEADERS, ends | END_HEADERS, id);
    else this.#cutHeaders(out, at, length, ends, id);
    if (out.length >= this.#flushBytes) this.flush();
  }

  /** RFC 9113 6.10: what a frame does not hold goes on in CONTINUATIONs. */
  #cutHeaders(out: OutBuffer, at: number, length: number, ends: number, id: number): void {
    const block = out.bytes.subarray(at + FRAME_HEAD_BYTES, at + FRAME_HEAD_BYTES + length).slice();
    out.length = at;
    const max = MAX_FRAME_BYTES;
    for (let from = 0; from < length; from += max) {
      const take = Math.min(max, length - from);
      out.ensure(FRAME_HEAD_BYTES + take);
      const isLast = from + take === length ? END_HEADERS : 0;
      putFrameHead(out.bytes, out.length, take, from === 0 ? HEADERS : CONTINUATION, (from === 0 ? ends : 0) | isLast, id);
      out.length += FRAME_HEAD_BYTES;
      out.push(block.subarray(from, from + take));
    }
  }

  // ── DATA ───────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Sends of `chunk[from …]` what may be sent now, `maxBytes` at most; returns how much. */
  sendData(stream: Sender, chunk: Uint8Array, from: number, maxBytes: number): number {
    const { length } = chunk;
    const isFrame =
      from === 0 && length >= LEAST_FRAMED_BYTES && length <= Math.min(MAX_FRAME_BYTES, maxBytes, stream.sendWindow, this.sendWindow);
    if (isFrame && !this.isBlocked && takeFraming(chunk)) {
      this.#extendRun(stream.id, chunk);
      this.#charge(stream, length, true);
      return length;
    }
    const end = Math.min(length, from + maxBytes);
    let at = from;
    while (at < end && !this.isBlocked) {
      const take = Math.min(end - at, MAX_FRAME_BYTES, stream.sendWindow, this.sendWindow);
      if (take <= 0) break;
      const out = this.#out;
      out.ensure(FRAME_HEAD_BYTES + take);
      this.#lastDataAt = out.length;
      this.#lastDataId = stream.id;
      putFrameHead(out.bytes, out.length, take, DATA, 0, stream.id);
      out.length += FRAME_HEAD_BYTES;
      if (take === length) out.bytes.set(chunk, out.length);
      else out.bytes.set(chunk.subarray(at, at + take), out.length);
      out.length += take;
      at += take;
      this.#charge(stream, take, at === end);
      if (out.length >= this.#flushBytes) this.flush();
    }
    return at - from;
  }

  #charge(stream: Sender, length: number, isWhole: boolean): void {
    stream.sendWindow -= length;
    this.sendWindow -= length;
    this.contentOut += length;
    // Who opens a window byte by byte does not pay for that with the frames that come of it.
    if (!isWhole && length < WORTHY_BYTES) return;
    this.#budgets.windows.give(2 + (length >> 11));
    this.#budgets.pings.give(1);
  }

  /** Content that stands behind the head of the frame in which it came: ours takes that one's place. */
  #extendRun(id: number, chunk: Uint8Array): void {
    const at = chunk.byteOffset - FRAME_HEAD_BYTES;
    if (this.#run === null || this.#run.buffer !== chunk.buffer || this.#runTo !== at) {
      this.flush();
      this.#run = new Uint8Array(chunk.buffer);
      this.#runFrom = at;
      this.#socket.turn.add(this);
    }
    putFrameHead(this.#run, at, chunk.length, DATA, 0, id);
    this.#runTo = chunk.byteOffset + chunk.length;
    this.#lastDataAt = at;
    this.#lastDataId = id;
  }

  /** The stream has nothing more: its last DATA says so if it has not left yet, else an empty one. */
  endStream(id: number): void {
    if (this.#lastDataAt >= 0 && this.#lastDataId === id) {
      const bytes = this.#run ?? this.#buffer!.bytes;
      bytes[this.#lastDataAt + 4]! |= END_STREAM;
      return;
    }
    const out = this.#out;
    out.ensure(FRAME_HEAD_BYTES);
    putFrameHead(out.bytes, out.length, 0, DATA, END_STREAM, id);
    out.length += FRAME_HEAD_BYTES;
  }

  /** It has more to send than it may. */
  addWaiting(stream: Sender): void {
    if (stream.isWaiting) return;
    stream.isWaiting = true;
    this.#waiting.push(stream);
  }

  removeWaiting(stream: Sender): void {
    if (!stream.isWaiting) return;
    stream.isWaiting = false;
    this.#waiting.splice(this.#waiting.indexOf(stream), 1);
  }

  get waiting(): readonly Sender[] {
    return this.#waiting;
  }

  /** A window has opened, or the socket takes more. */
  pump(): void {
    const waiting = this.#waiting;
    let stalled = 0;
    for (let i = 0; stalled < waiting.length && !this.isBlocked; ) {
      if (i >= waiting.length) i = 0;
      const stream = waiting[i]!;
      const result = stream.takeTurn(TURN_BYTES);
      if (result === DONE) {
        this.removeWaiting(stream);
        stalled = 0;
        stream.onSent();
      } else if (result === MOVED) {
        // To the end of the line: where windows open in small steps, the first one would have them all.
        waiting.splice(i, 1);
        waiting.push(stream);
        stalled = 0;
      } else {
        stalled++;
        i++;
      }
    }
  }

  onDrain(): void {
    this.isBlocked = this.#socket.queuedBytes > 0;
    this.pump();
  }

  /** False: the far side may not grant so much (RFC 9113 6.9.1). */
  growWindow(step: number): boolean {
    this.sendWindow += step;
    if (this.sendWindow > MAX_WINDOW) return false;
    this.pump();
    return true;
  }

  // ── the small ones ─────────────────────────────────────────────────────────────────────────────────────────────────

  reset(id: number, code: number): void {
    writeNumberFrame(this.#out, RST_STREAM, id, code);
  }

  grantWindow(id: number, step: number): void {
    writeNumberFrame(this.#out, WINDOW_UPDATE, id, step);
  }

  settings(pairs: readonly number[] | null): void {
    writeSettings(this.#out, pairs);
  }

  ping(flags: number, payload: Uint8Array, from: number): void {
    writePing(this.#out, flags, payload, from);
  }

  goaway(lastId: number, code: number): void {
    writeGoaway(this.#out, lastId, code);
  }

  preface(bytes: Uint8Array): void {
    this.#out.push(bytes);
  }
}
