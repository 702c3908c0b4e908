// What a connection does the same on both sides: reads frames in their order, keeps the rules of RFC 9113 4 to 6, counts what costs,
// and hands header blocks and content on. Which streams there are, and what their messages mean, is the two kinds' own. @hot
//
// OPEN     frames are read                                                    → LEAVING | CLOSED
// LEAVING  GOAWAY and FIN are on their way: what still comes is thrown away   → CLOSED

import { Buffer } from "node:buffer";
import type { Fault, TimerWheel } from "../../base/index.ts";
import type { Fields } from "../../http/index.ts";
import type { Socket, SocketError, SocketHandler } from "../../transport/index.ts";
import * as CODE from "../error-codes.ts";
import * as H2 from "../faults.ts";
import type { HeaderEntry } from "../hpack/header-entry.ts";
import { HpackDecoder } from "../hpack/index.ts";
import { writeTrailers } from "../messages/index.ts";
import { type Allowance, Budgets } from "./budgets.ts";
import { ClosedStreams, ENDED } from "./closed-streams.ts";
import { ContentRun } from "./content-run.ts";
import { FrameOutput } from "./frame-output.ts";
import { FrameReader, type FrameSink } from "./frame-reader.ts";
import { cutFramed, LEAST_FRAMED_BYTES } from "./framed-pieces.ts";
import * as FRAME from "./frames.ts";
import { PeerSettings } from "./peer-settings.ts";
import type { Http2Stream } from "./stream.ts";

export const OPEN = 0;
export const LEAVING = 1;
export const CLOSED = 2;

/** The table that the far side's encoder may use of us: the default, so it needs no telling. */
const TABLE_BYTES = 4096;
/** How much a header block may decompress to, in lists that are allowed: what is too long by less is answered 431. */
const MAX_LIST_FACTOR = 8;
/** CONTINUATIONs of a block. Its bytes are bounded besides. */
const MAX_BLOCK_FRAMES = 32;

/** What we want of the far side. */
export interface Http2Terms {
  /** Bytes of each stream that we are willing to hold. */
  readonly streamWindow: number;
  /** The same of the connection. */
  readonly connectionWindow: number;
  /** Bytes of a header list (RFC 9113 6.5.2). */
  readonly headBytes: number;
  /** The far side is an upstream. */
  readonly toServer: boolean;
  /** Of the allowances. */
  readonly allowanceShare: number;
}

export abstract class Http2Connection implements FrameSink, SocketHandler {
  readonly streams = new Map<number, Http2Stream>();
  readonly output: FrameOutput;
  readonly streamWindow: number;
  protected readonly socket: Socket;
  protected readonly wheel: TimerWheel;
  protected readonly peer: PeerSettings;
  protected readonly budgets: Budgets;
  protected readonly closedStreams = new ClosedStreams();
  protected readonly decoder = new HpackDecoder(TABLE_BYTES);
  protected state = OPEN;
  /** A block is being put together, for the stream `#blockId`. */
  #block: Buffer | null = null;
  #blockBytes = 0;
  #blockFrames = 0;
  #blockId = 0;
  #blockEnds = false;
  readonly #reader = new FrameReader();
  readonly #headBytes: number;
  readonly #connectionWindow: number;
  readonly #handsFrames: boolean;
  #recvWindow: number;
  #granting = 0;
  #hasSettings = false;
  /** The DATA frame that is being read. */
  #dataStream: Http2Stream | null = null;
  #dataFlags = 0;
  #dataLength = 0;
  #dataContent = 0;
  readonly #run = new ContentRun();

  /** `open` is asked for the socket, and gets its handler. */
  constructor(open: (handler: SocketHandler) => Socket, wheel: TimerWheel, terms: Http2Terms) {
    this.socket = open(this);
    this.wheel = wheel;
    this.streamWindow = terms.streamWindow;
    this.#headBytes = terms.headBytes;
    this.#connectionWindow = terms.connectionWindow;
    this.#recvWindow = terms.connectionWindow;
    this.#handsFrames = terms.toServer;
    this.peer = new PeerSettings(terms.toServer);
    wheel.touch();
    this.budgets = new Budgets(wheel.nowMs, terms.allowanceShare);
    this.output = new FrameOutput(this.socket, this.budgets);
  }

  /** Opens our half: settings, then room for all streams together. */
  protected greet(settings: number[]): void {
    settings.push(FRAME.INITIAL_WINDOW_SIZE, this.streamWindow, FRAME.MAX_HEADER_LIST_SIZE, this.#headBytes);
    this.output.settings(settings);
    this.output.grantWindow(0, this.#connectionWindow - FRAME.DEFAULT_WINDOW);
  }

  abstract onOpen(): void;
  abstract onData(chunk: Uint8Array): void;
  abstract onEnd(): void;
  abstract onClose(error: SocketError | null): void;

  onDrain(): void {
    if (this.state === CLOSED) return;
    this.wheel.touch();
    this.output.onDrain();
  }

  // ── what the two kinds make of it ──────────────────────────────────────────────────────────────────────────────────

  /** A whole block of a stream. It must be decoded, whatever becomes of the stream. False: the connection has failed. */
  protected abstract onHeaderBlock(id: number, ends: boolean, block: Uint8Array, from: number, to: number): boolean;
  /** No stream of that id has been opened yet, by either side. */
  protected abstract isIdle(id: number): boolean;
  protected abstract onPeerSettings(isFirst: boolean): void;
  protected abstract onSettingsAck(): void;
  protected abstract onPong(): void;
  protected abstract onGoaway(lastId: number, code: number): void;
  /** RFC 9218 7.1 */
  protected abstract onPriorityUpdate(bytes: Uint8Array, from: number, to: number): boolean;
  /** The stream is no more among `streams`. */
  protected abstract onStreamClosed(stream: Http2Stream): void;
  /** The far side has reset it. False: it does that too often. */
  protected abstract onReset(stream: Http2Stream, code: number): boolean;
  /** The connection can't go on. Called once at most; everything is to be told from there. */
  protected abstract onFailure(fault: Fault): void;

  // ── streams ────────────────────────────────────────────────────────────────────────────────────────────────────────

  protected addStream(id: number, stream: Http2Stream): void {
    stream.id = id;
    stream.sendWindow = this.peer.initialWindow;
    this.streams.set(id, stream);
    this.budgets.priorities.give(2);
    this.budgets.windows.give(2);
  }

  closeStream(stream: Http2Stream, byUs: boolean): void {
    if (stream.closed) return;
    if (this.#run.stream === stream) {
      this.grant(this.#run.length);
      this.#run.drop();
    }
    stream.release();
    if (stream.id !== 0) {
      this.streams.delete(stream.id);
      this.closedStreams.add(stream.id, byUs ? stream.windowLeft : ENDED);
    }
    this.onStreamClosed(stream);
  }

  /** Ends a stream from our side. */
  resetStream(stream: Http2Stream, code: number): void {
    if (stream.closed) return;
    if (this.state === OPEN && stream.id !== 0 && !(stream.remoteEnded && stream.localEnded)) this.output.reset(stream.id, code);
    this.closeStream(stream, true);
  }

  sendTrailers(id: number, trailers: Fields): void {
    writeTrailers(this.output.beginHeaders(), trailers);
    this.output.endHeaders(id, true);
  }

  /** Content of `length` bytes has been taken by whoever read it. */
  grant(length: number): void {
    this.#granting += length;
    this.#regrant();
  }

  /**
   * Half of the window at a time. Sooner where what nobody reads holds most of the rest: else streams that stall would stop the others
   * with what is there for them.
   */
  #regrant(): void {
    const granting = this.#granting;
    if (granting === 0 || this.state !== OPEN) return;
    if (granting * 2 < this.#connectionWindow && granting < this.#recvWindow) return;
    this.output.grantWindow(0, granting);
    this.#recvWindow += granting;
    this.#granting = 0;
  }

  // ── bytes in ───────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Takes what arrived, from `from` on. */
  protected read(chunk: Uint8Array, from: number): void {
    this.#reader.take(chunk, from, this);
    this.#handRun();
  }

  /** Ends the connection because of the far side: GOAWAY, and nothing more is read. */
  protected fail(fault: Fault): false {
    if (this.state === OPEN) this.onFailure(fault);
    return false;
  }

  #spend(allowance: Allowance): boolean {
    return allowance.take(this.wheel.nowMs) || this.fail(allowance.fault);
  }

  onFrameHead(type: number, flags: number, id: number, length: number): boolean {
    if (this.state !== OPEN) return false;
    if (length > FRAME.MAX_FRAME_BYTES) return this.fail(H2.BAD_FRAME_SIZE.with(`${length} bytes`));
    if (!this.#hasSettings && (type !== FRAME.SETTINGS || (flags & FRAME.ACK) !== 0)) {
      return this.fail(H2.BAD_PREFACE.with("the first frame is not SETTINGS"));
    }
    // Between the frames of a block nothing else may stand (RFC 9113 6.10).
    if (this.#block !== null && (type !== FRAME.CONTINUATION || id !== this.#blockId))
      return this.fail(H2.BAD_FRAME.with("inside a header block"));
    if (type === FRAME.DATA) return this.#startData(flags, id, length);
    this.#handRun();
    return this.state === OPEN;
  }

  onFrame(type: number, flags: number, id: number, bytes: Uint8Array, from: number, to: number): boolean {
    switch (type) {
      case FRAME.HEADERS:
        return this.#takeHeaders(flags, id, bytes, from, to);
      case FRAME.CONTINUATION:
        return this.#takeContinuation(flags, bytes, from, to);
      case FRAME.PRIORITY:
        return this.#takePriority(id, bytes, from, to);
      case FRAME.RST_STREAM:
        return this.#takeReset(id, bytes, from, to);
      case FRAME.SETTINGS:
        return this.#takeSettings(flags, id, bytes, from, to);
      case FRAME.PUSH_PROMISE:
        return this.fail(H2.BAD_FRAME.with("PUSH_PROMISE"));
      case FRAME.PING:
        return this.#takePing(flags, id, bytes, from, to);
      case FRAME.GOAWAY:
        return this.#takeGoaway(id, bytes, from, to);
      case FRAME.WINDOW_UPDATE:
        return this.#takeWindowUpdate(id, bytes, from, to);
      case FRAME.PRIORITY_UPDATE:
        if (id !== 0 || to - from < 4) return this.fail(H2.BAD_FRAME.with("PRIORITY_UPDATE"));
        return this.#spend(this.budgets.priorities) && this.onPriorityUpdate(bytes, from, to);
      default:
        // RFC 9113 4.1: what we don't know is ignored, and costs its sender.
        return this.#spend(this.budgets.empty);
    }
  }

  // ── DATA ───────────────────────────────────────────────────────────────────────────────────────────────────────────

  #startData(flags: number, id: number, length: number): boolean {
    if (id === 0 || this.isIdle(id)) return this.fail(H2.BAD_STREAM.with(`DATA for stream ${id}`));
    this.#recvWindow -= length;
    if (this.#recvWindow < 0) return this.fail(H2.WINDOW_EXCEEDED.with("of the connection"));
    this.#regrant();
    const ends = (flags & FRAME.END_STREAM) !== 0;
    let isPaid = length > 0 || ends;
    let stream = this.streams.get(id) ?? null;
    if (stream === null) {
      if (this.closedStreams.hasEnded(id)) return this.fail(H2.STREAM_CLOSED.with(`DATA for stream ${id}`));
      isPaid = this.closedStreams.takeCrossing(id, length, ends);
    } else if (stream.remoteEnded) {
      // The stream's own half is over: RFC 9113 5.1, half-closed (remote).
      this.onBadStream(stream, CODE.STREAM_CLOSED);
      stream = null;
    } else if (!stream.charge(length)) {
      this.onBadStream(stream, CODE.FLOW_CONTROL_ERROR);
      stream = null;
    }
    if (this.state !== OPEN || (!isPaid && !this.#spend(this.budgets.empty))) return false;
    if (this.#run.stream !== stream) this.#handRun();
    this.#dataStream = stream;
    this.#dataFlags = flags;
    this.#dataLength = length;
    this.#dataContent = 0;
    return this.state === OPEN;
  }

  onDataPiece(bytes: Uint8Array, from: number, to: number): void {
    const stream = this.#dataStream;
    this.#dataContent += to - from;
    if (stream === null || stream.closed) {
      this.grant(to - from);
      return;
    }
    const length = to - from;
    // It begins its frame, whose head stands before it.
    if (this.#handsFrames && length >= LEAST_FRAMED_BYTES && length === this.#dataContent && from >= FRAME.FRAME_HEAD_BYTES) {
      this.#handRun();
      if (!stream.closed) stream.receive(cutFramed(bytes, from, to));
      else this.grant(length);
      return;
    }
    this.#run.add(stream, bytes, from, to);
  }

  onDataEnd(): boolean {
    const stream = this.#dataStream;
    this.#dataStream = null;
    const padding = this.#dataLength - this.#dataContent;
    if (stream === null || stream.closed) {
      this.grant(padding);
      return true;
    }
    if (padding > 0) {
      stream.skip(padding);
      if (this.#dataContent === 0 && (this.#dataFlags & FRAME.END_STREAM) === 0 && !this.#spend(this.budgets.empty)) return false;
    }
    if ((this.#dataFlags & FRAME.END_STREAM) !== 0) {
      this.#handRun();
      if (!stream.closed) stream.receiveEnd(null);
    }
    return this.state === OPEN;
  }

  onBadPadding(): void {
    this.fail(H2.BAD_FRAME.with("padding"));
  }

  #handRun(): void {
    const { stream } = this.#run;
    if (stream !== null) stream.receive(this.#run.take());
  }

  /** The far side has broken the rules for one stream. */
  protected abstract onBadStream(stream: Http2Stream, code: number): void;

  // ── header blocks ──────────────────────────────────────────────────────────────────────────────────────────────────

  #takeHeaders(flags: number, id: number, bytes: Uint8Array, from: number, to: number): boolean {
    if (id === 0) return this.fail(H2.BAD_STREAM.with("HEADERS for stream 0"));
    let start = from;
    let end = to;
    if ((flags & FRAME.PADDED) !== 0) {
      if (start === end) return this.fail(H2.BAD_FRAME_SIZE.with("HEADERS"));
      end -= bytes[start]!;
      start++;
    }
    if ((flags & FRAME.HAS_PRIORITY) !== 0) {
      if (end - start < 5) return this.fail(H2.BAD_FRAME.with("HEADERS"));
      if ((FRAME.readUint32(bytes, start) & 0x7fffffff) === id) return this.fail(H2.BAD_FRAME.with("a stream that depends on itself"));
      start += 5;
    }
    if (end < start) return this.fail(H2.BAD_FRAME.with("padding"));
    const ends = (flags & FRAME.END_STREAM) !== 0;
    if ((flags & FRAME.END_HEADERS) !== 0) return this.onHeaderBlock(id, ends, bytes, start, end);
    this.#blockId = id;
    this.#blockEnds = ends;
    this.#blockFrames = 1;
    this.#blockBytes = end - start;
    this.#block = Buffer.from(bytes.subarray(start, end));
    this.onBlockStart();
    return true;
  }

  /** A block has begun that CONTINUATIONs go on with. */
  protected onBlockStart(): void {}

  #takeContinuation(flags: number, bytes: Uint8Array, from: number, to: number): boolean {
    const block = this.#block;
    if (block === null) return this.fail(H2.BAD_FRAME.with("CONTINUATION"));
    const length = to - from;
    // Bounded while it comes, not only when it is whole: CVE-2024-27316.
    if (++this.#blockFrames > MAX_BLOCK_FRAMES || this.#blockBytes + length > 2 * this.#headBytes + FRAME.MAX_FRAME_BYTES) {
      return this.fail(H2.CONTINUATION_FLOOD.with(`${this.#blockFrames} frames, ${this.#blockBytes + length} bytes`));
    }
    if (length === 0 && !this.#spend(this.budgets.empty)) return false;
    this.#block = Buffer.concat([block, bytes.subarray(from, to)]);
    this.#blockBytes += length;
    if ((flags & FRAME.END_HEADERS) === 0) return true;
    const whole = this.#block;
    this.#block = null;
    return this.onHeaderBlock(this.#blockId, this.#blockEnds, whole, 0, whole.length);
  }

  /** Reads a block. Null where it decompresses at all and to no more than a few times of what is allowed. */
  protected decode(
    block: Uint8Array,
    from: number,
    to: number,
    reader: { onEntry(entry: HeaderEntry): void; readonly listBytes: number },
  ): boolean {
    const fault = this.decoder.decode(block, from, to, reader);
    if (fault !== null) return this.fail(fault);
    if (reader.listBytes > MAX_LIST_FACTOR * this.#headBytes) return this.fail(H2.HEADER_FLOOD.with(`${reader.listBytes} bytes`));
    return true;
  }

  // ── the others ─────────────────────────────────────────────────────────────────────────────────────────────────────

  #takePriority(id: number, bytes: Uint8Array, from: number, to: number): boolean {
    if (id === 0) return this.fail(H2.BAD_STREAM.with("PRIORITY for stream 0"));
    if (!this.#spend(this.budgets.priorities)) return false;
    const stream = this.streams.get(id);
    if (to - from !== 5) {
      if (stream === undefined) return this.fail(H2.BAD_FRAME_SIZE.with("PRIORITY"));
      this.onBadStream(stream, CODE.FRAME_SIZE_ERROR);
    } else if ((FRAME.readUint32(bytes, from) & 0x7fffffff) === id) {
      if (stream === undefined) return this.fail(H2.BAD_FRAME.with("a stream that depends on itself"));
      this.onBadStream(stream, CODE.PROTOCOL_ERROR);
    }
    return this.state === OPEN;
  }

  #takeReset(id: number, bytes: Uint8Array, from: number, to: number): boolean {
    if (id === 0 || this.isIdle(id)) return this.fail(H2.BAD_STREAM.with(`RST_STREAM for stream ${id}`));
    if (to - from !== 4) return this.fail(H2.BAD_FRAME_SIZE.with("RST_STREAM"));
    const stream = this.streams.get(id);
    if (stream === undefined) return this.closedStreams.takeReset(id) || this.#spend(this.budgets.empty);
    return this.onReset(stream, FRAME.readUint32(bytes, from)) && this.state === OPEN;
  }

  #takeSettings(flags: number, id: number, bytes: Uint8Array, from: number, to: number): boolean {
    const length = to - from;
    if (id !== 0) return this.fail(H2.BAD_STREAM.with(`SETTINGS for stream ${id}`));
    if ((flags & FRAME.ACK) !== 0) {
      if (length !== 0) return this.fail(H2.BAD_FRAME_SIZE.with("SETTINGS"));
      this.onSettingsAck();
      return this.#spend(this.budgets.settings);
    }
    if (length % 6 !== 0) return this.fail(H2.BAD_FRAME_SIZE.with("SETTINGS"));
    if (!this.#spend(this.budgets.settings)) return false;
    const windowBefore = this.peer.initialWindow;
    const fault = this.peer.take(bytes, from, to);
    if (fault !== null) return this.fail(fault);
    if (!this.#maySayMore()) return false;
    this.output.settings(null);
    const isFirst = !this.#hasSettings;
    this.#hasSettings = true;
    if (this.peer.initialWindow !== windowBefore && !this.#moveWindows(this.peer.initialWindow - windowBefore)) return false;
    this.onPeerSettings(isFirst);
    return this.state === OPEN;
  }

  /** RFC 9113 6.9.2: of all streams that are open, and not below zero only in what may be sent. */
  #moveWindows(step: number): boolean {
    // hot-exception: once a connection, connection.bench.ts
    for (const stream of this.streams.values()) if (!stream.growWindow(step)) return this.fail(H2.WINDOW_EXCEEDED.with("by SETTINGS"));
    // Not before: who may go on may open a stream, which begins with the new window.
    if (step > 0) this.output.pump();
    return true;
  }

  #takePing(flags: number, id: number, bytes: Uint8Array, from: number, to: number): boolean {
    if (id !== 0) return this.fail(H2.BAD_STREAM.with(`PING for stream ${id}`));
    if (to - from !== 8) return this.fail(H2.BAD_FRAME_SIZE.with("PING"));
    if (!this.#spend(this.budgets.pings)) return false;
    if ((flags & FRAME.ACK) !== 0) {
      this.onPong();
      return true;
    }
    if (!this.#maySayMore()) return false;
    this.output.ping(FRAME.ACK, bytes, from);
    return true;
  }

  /** An answer is owed to a frame. False: too much is, and the far side does not read. */
  #maySayMore(): boolean {
    return !this.output.isFull || this.fail(H2.UNREAD_FLOOD);
  }

  #takeGoaway(id: number, bytes: Uint8Array, from: number, to: number): boolean {
    if (id !== 0) return this.fail(H2.BAD_STREAM.with(`GOAWAY for stream ${id}`));
    if (to - from < 8) return this.fail(H2.BAD_FRAME_SIZE.with("GOAWAY"));
    if (!this.#spend(this.budgets.settings)) return false;
    this.onGoaway(FRAME.readUint32(bytes, from) & 0x7fffffff, FRAME.readUint32(bytes, from + 4));
    return this.state === OPEN;
  }

  #takeWindowUpdate(id: number, bytes: Uint8Array, from: number, to: number): boolean {
    if (to - from !== 4) return this.fail(H2.BAD_FRAME_SIZE.with("WINDOW_UPDATE"));
    if (id !== 0 && this.isIdle(id)) return this.fail(H2.BAD_STREAM.with(`WINDOW_UPDATE for stream ${id}`));
    if (!this.#spend(this.budgets.windows)) return false;
    const step = FRAME.readUint32(bytes, from) & 0x7fffffff;
    if (id === 0) {
      if (step === 0) return this.fail(H2.BAD_FRAME.with("WINDOW_UPDATE of 0"));
      return this.output.growWindow(step) || this.fail(H2.WINDOW_EXCEEDED.with("of the connection"));
    }
    const stream = this.streams.get(id);
    if (stream === undefined) return true;
    if (step === 0) this.onBadStream(stream, CODE.PROTOCOL_ERROR);
    else if (!stream.growWindow(step)) this.onBadStream(stream, CODE.FLOW_CONTROL_ERROR);
    else if (stream.isWaiting) this.output.pump();
    return this.state === OPEN;
  }
}
