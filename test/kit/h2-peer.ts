// One end of an HTTP/2 connection that keeps what comes and does by itself only what it is told to: acknowledge, answer pings, open
// windows. Everything else, right or wrong, is frames that a test sends. The far side's half of a good engine, without an engine.

import * as H2 from "./h2-frames.ts";
import { block, type H2Field, H2HpackDecoder } from "./h2-hpack.ts";

export interface H2PeerOptions {
  /** True unless said: acknowledges the far side's settings, answers its pings, gives windows back as DATA comes. */
  readonly acksSettings?: boolean;
  readonly acksPings?: boolean;
  readonly opensWindows?: boolean;
  /** Of each body so many bytes are kept; the rest is counted. 1 MiB unless said. */
  readonly keepBytes?: number;
  /** The far side is a client, whose bytes begin with the preface. */
  readonly isServer?: boolean;
}

/** What has come on one stream. */
export class H2StreamRecord {
  readonly id: number;
  /** The head: of a request on a server's side, of the final response on a client's. */
  head: readonly H2Field[] | null = null;
  readonly interim: (readonly H2Field[])[] = [];
  trailers: readonly H2Field[] | null = null;
  readonly chunks: Buffer[] = [];
  receivedBytes = 0;
  /** END_STREAM came. */
  isEnded = false;
  /** The code of RST_STREAM; null when none came. */
  resetCode: number | null = null;
  /** What the far side's WINDOW_UPDATEs for it came to. */
  grantedBytes = 0;

  constructor(id: number) {
    this.id = id;
  }

  get isOver(): boolean {
    return this.isEnded || this.resetCode !== null;
  }

  get status(): number {
    return Number(valueIn(this.head, ":status") ?? 0);
  }

  get body(): string {
    return Buffer.concat(this.chunks).toString("latin1");
  }

  field(name: string): string | null {
    return valueIn(this.head, name);
  }

  trailer(name: string): string | null {
    return valueIn(this.trailers, name);
  }

  /** The fault code of an answer of the gateway's own. */
  get code(): string {
    return /"code":"(SP_\w+)"/.exec(this.body)?.[1] ?? "";
  }
}

function valueIn(fields: readonly H2Field[] | null, name: string): string | null {
  return fields?.find(([candidate]) => candidate === name)?.[1] ?? null;
}

export interface H2Goodbye {
  readonly lastStreamId: number;
  readonly code: number;
  readonly debug: string;
}

export class H2Peer {
  readonly #write: (bytes: Uint8Array) => void;
  readonly #options: H2PeerOptions;
  readonly #reader = new H2.H2FrameReader();
  readonly #decoder = new H2HpackDecoder();
  #prefaceLeft: number;
  #blockParts: Buffer[] = [];
  readonly streams = new Map<number, H2StreamRecord>();
  /** How many frames of each type came. */
  readonly counts: number[] = new Array<number>(256).fill(0);
  /** What the far side has set; null until its first SETTINGS. */
  settings: Map<number, number> | null = null;
  settingsAcks = 0;
  /** What the far side's WINDOW_UPDATEs for the connection came to, beyond the 65,535 of its beginning. */
  grantedBytes = 0;
  pingAcks = 0;
  goodbye: H2Goodbye | null = null;
  /** The far side broke the protocol, in words. */
  problem: string | null = null;
  /** Called for each frame, behind what this class does with it. */
  onFrame: (frame: H2.H2Frame) => void = () => {};
  #nextStreamId = 1;

  constructor(write: (bytes: Uint8Array) => void, options: H2PeerOptions = {}) {
    this.#write = write;
    this.#options = options;
    this.#prefaceLeft = options.isServer === true ? H2.PREFACE.length : 0;
  }

  send(...frames: readonly Uint8Array[]): void {
    this.#write(frames.length === 1 && frames[0] !== undefined ? frames[0] : Buffer.concat(frames));
  }

  /** The client's preface with its settings. */
  begin(...pairs: readonly (readonly [number, number])[]): void {
    this.send(H2.PREFACE, H2.settings(...pairs));
  }

  /** Takes the next id of a client. */
  nextStreamId(): number {
    const id = this.#nextStreamId;
    this.#nextStreamId += 2;
    return id;
  }

  /** Sends the head of a request; the stream's record fills with what comes of it. */
  request(fields: readonly H2Field[], flags: number = H2.END_STREAM): H2StreamRecord {
    const id = this.nextStreamId();
    this.send(H2.headers(id, block(fields), flags));
    return this.stream(id);
  }

  stream(id: number): H2StreamRecord {
    let record = this.streams.get(id);
    if (record === undefined) {
      record = new H2StreamRecord(id);
      this.streams.set(id, record);
    }
    return record;
  }

  receive(chunk: Uint8Array): void {
    let bytes = chunk;
    if (this.#prefaceLeft > 0) {
      const take = Math.min(this.#prefaceLeft, bytes.length);
      const expected = H2.PREFACE.subarray(H2.PREFACE.length - this.#prefaceLeft).subarray(0, take);
      if (!expected.equals(bytes.subarray(0, take))) this.problem ??= "the preface is not one";
      this.#prefaceLeft -= take;
      bytes = bytes.subarray(take);
    }
    for (const frame of this.#reader.push(bytes)) {
      this.counts[frame.type] = (this.counts[frame.type] ?? 0) + 1;
      try {
        this.#take(frame);
      } catch (error) {
        this.problem ??= String(error);
      }
      this.onFrame(frame);
    }
  }

  #take(frame: H2.H2Frame): void {
    const { type, flags, streamId, payload } = frame;
    if (this.#blockParts.length > 0 && type !== H2.CONTINUATION) throw new Error("a header block is broken off by another frame");
    switch (type) {
      case H2.DATA:
        this.#takeData(frame);
        return;
      case H2.HEADERS:
      case H2.CONTINUATION:
        this.#blockParts.push(type === H2.HEADERS ? H2.unpadded(frame) : payload);
        if (type === H2.HEADERS && (flags & H2.END_STREAM) !== 0) this.stream(streamId).isEnded = true;
        if ((flags & H2.END_HEADERS) !== 0) this.#takeBlock(streamId);
        return;
      case H2.RST_STREAM:
        this.stream(streamId).resetCode = payload.readUInt32BE(0);
        return;
      case H2.SETTINGS:
        this.#takeSettings(flags, payload);
        return;
      case H2.PING:
        if ((flags & H2.ACK) !== 0) this.pingAcks++;
        else if (this.#options.acksPings !== false) this.send(H2.frame(H2.PING, H2.ACK, 0, payload));
        return;
      case H2.WINDOW_UPDATE:
        (streamId === 0 ? this : this.stream(streamId)).grantedBytes += payload.readUInt32BE(0);
        return;
      case H2.GOAWAY:
        this.goodbye = {
          lastStreamId: payload.readUInt32BE(0) & 0x7fffffff,
          code: payload.readUInt32BE(4),
          debug: payload.toString("latin1", 8),
        };
    }
  }

  #takeData(frame: H2.H2Frame): void {
    const stream = this.stream(frame.streamId);
    if (stream.isEnded) throw new Error(`DATA behind the end of stream ${frame.streamId}`);
    const bytes = H2.unpadded(frame);
    if (stream.receivedBytes < (this.#options.keepBytes ?? 1 << 20)) stream.chunks.push(bytes);
    stream.receivedBytes += bytes.length;
    if ((frame.flags & H2.END_STREAM) !== 0) stream.isEnded = true;
    const { length } = frame.payload;
    if (length === 0 || this.#options.opensWindows === false) return;
    const forStream = stream.isEnded ? [] : [H2.windowUpdate(frame.streamId, length)];
    this.send(H2.windowUpdate(0, length), ...forStream);
  }

  #takeBlock(streamId: number): void {
    const fields = this.#decoder.decode(Buffer.concat(this.#blockParts));
    this.#blockParts = [];
    const stream = this.stream(streamId);
    if (valueIn(fields, ":status")?.startsWith("1") === true) stream.interim.push(fields);
    else if (stream.head === null) stream.head = fields;
    else stream.trailers = fields;
  }

  #takeSettings(flags: number, payload: Buffer): void {
    if ((flags & H2.ACK) !== 0) {
      this.settingsAcks++;
      return;
    }
    this.settings ??= new Map();
    for (let at = 0; at < payload.length; at += 6) this.settings.set(payload.readUInt16BE(at), payload.readUInt32BE(at + 2));
    if (this.#options.acksSettings !== false) this.send(H2.settingsAck());
  }
}
