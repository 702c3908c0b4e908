// Plans of what happens on many streams of one connection, and the rules that any play of them keeps: bodies both ways, narrow windows,
// pauses, resets by either side, callbacks that act on their own stream or on another's. interleavings.fuzz.ts plays them on both sides.

import assert from "node:assert/strict";
import fc from "fast-check";
import type { Fields } from "../../src/http/index.ts";
import { cutFramed } from "../../src/http2/connection/framed-pieces.ts";
import * as H2 from "../kit/h2-frames.ts";
import { block, type H2Field } from "../kit/h2-hpack.ts";
import type { H2StreamRecord } from "../kit/h2-peer.ts";
import { type ClientStage, type ServerStage, toFields } from "./stage.ts";

const CANCEL = 8;
const DEFAULT_WINDOW = 65_535;
export const MOST_STREAMS = 8;
const ENOUGH = 1 << 20;
/** More than this comes in large frames. */
const LARGE_BYTES = 5000;
const FRAMED_BYTES = 12_000;
const HEAD_BYTES = 9;

const bodyBytes = fc.oneof(
  { weight: 2, arbitrary: fc.constant(0) },
  { weight: 8, arbitrary: fc.nat(60) },
  { weight: 4, arbitrary: fc.nat(3000) },
  { weight: 1, arbitrary: fc.nat(400_000) },
);

/** What one side sends on a stream. */
const message = fc.record({
  bytes: bodyBytes,
  /** Of one frame, or one write, of a body that is not large. */
  piece: fc.integer({ min: 1, max: 700 }),
  padding: fc.constantFrom(0, 0, 0, 1, 200),
  isDeclared: fc.boolean(),
  hasTrailers: fc.boolean(),
  /** Its end is a frame of its own. */
  endsLate: fc.boolean(),
  /** It is given up when so much of it is sent. */
  cutAt: fc.oneof({ weight: 4, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: fc.nat(300) }),
});

const NOTHING = 0;
const PAUSES = 1;
const PAUSES_AND_RESUMES = 2;
const GIVES_UP = 3;
const GIVES_UP_ANOTHER = 4;
const WRITES = 5;

const stream = fc.record({
  near: message,
  far: message,
  /** On the server's side: it may answer before the request is complete. */
  isEarly: fc.boolean(),
  /** What the callback does when content comes. */
  onChunk: fc.constantFrom(NOTHING, NOTHING, NOTHING, PAUSES, PAUSES_AND_RESUMES, GIVES_UP, GIVES_UP_ANOTHER, WRITES),
});
type Plan = typeof stream extends fc.Arbitrary<infer T> ? T : never;

const action = fc.record({
  kind: fc.constantFrom(
    "far",
    "far",
    "far",
    "near",
    "near",
    "near",
    "take",
    "pause",
    "grant",
    "grant",
    "grantAll",
    "far socket",
    "settings",
    "ping",
    "net",
    "net",
  ),
  which: fc.nat(MOST_STREAMS - 1),
  amount: fc.oneof(fc.nat(20), fc.nat(2000)),
});

/** The plans of some streams, what the network and the far side's windows are like, and what happens when. */
export const interleavings = fc.record({
  plans: fc.array(stream, { minLength: 1, maxLength: 12, size: "max" }),
  network: fc.record({
    chunkBytes: fc.constantFrom(1, 9, 100, 5000, 65_536),
    windowBytes: fc.constantFrom(20, 300, 5000, 65_536),
    spuriousDrain: fc.boolean(),
  }),
  window: fc.constantFrom(0, 1, 50, 1000, DEFAULT_WINDOW, ENOUGH),
  actions: fc.array(action, { maxLength: 150, size: "max" }),
});
export type Interleaving = typeof interleavings extends fc.Arbitrary<infer T> ? T : never;

function text(seed: number, length: number): string {
  const alphabet = "abcdefghijklmnopqrstuvwxyz0123456789".slice(seed % 7);
  return alphabet.repeat(Math.ceil(length / alphabet.length)).slice(0, length);
}

const TRAILERS = { "x-sum": "1" };
const TRAILER_FIELDS: readonly H2Field[] = [["x-sum", "1"]];

/** The engine's end of one stream: an exchange or an attempt. */
export interface Near {
  readonly body: string;
  readonly events: readonly string[];
  readonly trailers: Fields | null;
  wantsMore: boolean;
  write(piece: Uint8Array): boolean;
  end(trailers: Fields | null): void;
  giveUp(): void;
  resume(): void;
  pause(): void;
}

/** Of so many bytes at most, in pieces of which there are not too many. */
function bounded(planned: Plan["near"], mostBytes: number): Plan["near"] {
  const bytes = Math.min(planned.bytes, mostBytes);
  return { ...planned, bytes, piece: Math.max(planned.piece, Math.ceil(bytes / 200)) };
}

/** One stream of a play. */
export class Played {
  readonly plan: Plan;
  readonly index: number;
  readonly farText: string;
  readonly nearText: string;
  near: Near | null = null;
  record: H2StreamRecord | null = null;
  /** The far side has sent its head, so much of its body, its end, a reset. */
  farBegun = false;
  farSent = 0;
  /** With padding, against the window. */
  farCharged = 0;
  farEnded = false;
  farReset = false;
  /** The engine's side has given its head, so much of its body, its end; has given up. */
  nearBegun = false;
  nearWritten = 0;
  nearEnded = false;
  nearGaveUp = false;
  mayWrite = true;
  /** What the engine may still send on it. */
  credit = 0;
  /** What its large body was read into. */
  #read: Buffer | null = null;
  /** Events that it had when its time was over: none may follow. */
  eventsAtEnd = -1;

  constructor({ near, far, ...rest }: Plan, index: number, mostBytes: number) {
    const plan = { near: bounded(near, mostBytes), far: bounded(far, mostBytes), ...rest };
    this.plan = plan;
    this.index = index;
    this.farText = text(index, plan.far.bytes);
    this.nearText = text(index + 3, plan.near.bytes);
  }

  /** A piece of its body; of a large one as a frame brought it, behind the place of that frame's head and before the next one. */
  cutNear(from: number, length: number): Uint8Array {
    const piece = Buffer.from(this.nearText.slice(from, from + length), "latin1");
    if (this.plan.near.bytes <= LARGE_BYTES) return piece;
    this.#read ??= Buffer.alloc(Math.ceil(this.plan.near.bytes / FRAMED_BYTES) * (HEAD_BYTES + FRAMED_BYTES), 0xee);
    const at = (from / FRAMED_BYTES) * (HEAD_BYTES + FRAMED_BYTES) + HEAD_BYTES;
    this.#read.set(piece, at);
    return cutFramed(this.#read, at, at + length);
  }

  get heardEnd(): boolean {
    return this.near?.events.includes("end") === true;
  }

  /** The engine told it that all is lost. */
  get heardFault(): boolean {
    return this.near?.events.some((event) => event.startsWith("gone") || event.startsWith("fault")) === true;
  }
}

export abstract class Play {
  readonly streams: Played[];
  connectionCredit = DEFAULT_WINDOW;
  #connectionCharged = 0;
  #window: number;
  #settingsSent = 0;
  /** Of settings that are on their way, by how much they narrow windows: they count when they are acknowledged. */
  readonly #narrowings: number[] = [];
  #acks = 0;

  constructor({ plans, window, network }: Interleaving) {
    // What goes byte by byte is not to go on for ever.
    const most = Math.min(network.chunkBytes, network.windowBytes) * 100;
    this.streams = plans.map((plan, index) => new Played(plan, index, most));
    this.#window = window;
  }

  abstract get stage(): ServerStage | ClientStage;
  abstract get farSocket(): { pause(): void; resume(): void };
  abstract beginFar(stream: Played): void;
  abstract beginNear(stream: Played): void;
  /** The engine's message may end now. */
  abstract mayEnd(stream: Played): boolean;

  get peer() {
    return this.stage.peer;
  }

  /** Looks at every frame that the engine sends; what the far side sends is gathered until it leaves in one write. */
  watch(): void {
    const { peer } = this;
    const write = peer.send.bind(peer);
    const gathered: Uint8Array[] = [];
    peer.send = (...frames) => void gathered.push(...frames);
    this.flush = () => {
      if (gathered.length > 0) write(...gathered.splice(0));
    };
    this.#acks = this.peer.settingsAcks;
    this.peer.onFrame = ({ type, flags, streamId, payload }) => {
      if (type === H2.SETTINGS && (flags & H2.ACK) !== 0) {
        if (++this.#acks > 1) this.#move(this.#narrowings.shift() ?? 0);
        return;
      }
      if (type === H2.HEADERS && this.#byId(streamId) === undefined) this.onNewStream(streamId);
      if (type !== H2.DATA) return;
      const stream = this.#byId(streamId);
      assert.ok(stream !== undefined, `DATA for stream ${streamId}`);
      stream.credit -= payload.length;
      this.connectionCredit -= payload.length;
      assert.ok(payload.length === 0 || stream.credit >= 0, `stream ${streamId} has ${stream.credit} bytes more than it may`);
      assert.ok(this.connectionCredit >= 0, `the connection has ${this.connectionCredit} bytes more than it may`);
    };
  }

  flush(): void {}

  onNewStream(_id: number): void {}

  #byId(id: number): Played | undefined {
    return this.streams.find(({ record }) => record?.id === id);
  }

  #move(step: number): void {
    for (const stream of this.streams) if (stream.record !== null) stream.credit += step;
    this.#window += step;
  }

  act({ kind, which, amount }: Interleaving["actions"][number]): void {
    const stream = this.streams[which % this.streams.length]!;
    const { record, near } = stream;
    if (amount % 4 === 0) this.flush();
    if (kind === "far") this.farStep(stream);
    else if (kind === "near" && amount % 9 === 0) {
      // Whoever was asked to stop may still have something in his hands.
      stream.mayWrite = true;
      this.nearStep(stream);
    } else if (kind === "near") this.nearStep(stream);
    else if (kind === "take" && near !== null) {
      near.wantsMore = true;
      if (!this.#isNearOver(stream)) near.resume();
    } else if (kind === "pause" && near !== null && !this.#isNearOver(stream)) near.pause();
    else if (kind === "grant" && record !== null && amount > 0) this.grant(stream, amount);
    else if (kind === "grantAll" && amount > 0) this.grantAll(amount);
    else if (kind === "far socket") {
      if (amount % 3 === 0) this.farSocket.pause();
      else this.farSocket.resume();
    } else if (kind === "settings" && this.#settingsSent++ < 8) this.#changeWindow(amount);
    else if (kind === "ping") this.peer.send(H2.ping());
    else for (let i = 0; i < amount % 40; i++) this.stage.network.step();
  }

  grant(stream: Played, amount: number): void {
    if (stream.record === null || stream.record.isOver || stream.farReset) return;
    stream.credit += amount;
    this.peer.send(H2.windowUpdate(stream.record.id, amount));
  }

  grantAll(amount: number): void {
    this.connectionCredit += amount;
    this.peer.send(H2.windowUpdate(0, amount));
  }

  #changeWindow(window: number): void {
    const before = this.#sentWindow;
    this.#sentWindow = window;
    if (window > before) this.#move(window - before);
    this.#narrowings.push(Math.min(0, window - before));
    this.peer.send(H2.settings([H2.SETTINGS_INITIAL_WINDOW_SIZE, window]));
  }

  get #sentWindow(): number {
    return this.#lastWindow ?? this.#window;
  }

  set #sentWindow(window: number) {
    this.#lastWindow = window;
  }

  #lastWindow: number | null = null;

  get initialCredit(): number {
    return this.#window;
  }

  #isNearOver(stream: Played): boolean {
    return stream.near === null || stream.nearGaveUp || stream.heardFault || this.isNearDone(stream);
  }

  abstract isNearDone(stream: Played): boolean;

  farStep(stream: Played): void {
    const { plan, record } = stream;
    if (!stream.farBegun) {
      this.beginFar(stream);
      return;
    }
    if (record === null || stream.farEnded || stream.farReset || record.resetCode !== null) return;
    const { far } = plan;
    if (far.cutAt !== null && stream.farSent >= Math.min(far.cutAt, far.bytes)) {
      stream.farReset = true;
      this.peer.send(H2.rstStream(record.id, CANCEL));
      return;
    }
    const isLarge = far.bytes > LARGE_BYTES;
    const length = Math.min(isLarge ? 16_000 : far.piece, far.bytes - stream.farSent);
    const padding = isLarge ? 0 : far.padding;
    const charged = length + (padding > 0 ? 1 + padding : 0);
    const isLast = stream.farSent + length === far.bytes;
    if (length > 0) {
      const streamRoom = this.streamWindow + record.grantedBytes - stream.farCharged;
      if (charged > streamRoom || charged > DEFAULT_WINDOW + this.peer.grantedBytes - this.#connectionCharged) return;
      stream.farCharged += charged;
      this.#connectionCharged += charged;
      const content = Buffer.from(stream.farText.slice(stream.farSent, stream.farSent + length), "latin1");
      const payload = padding === 0 ? content : Buffer.concat([Buffer.from([padding]), content, Buffer.alloc(padding)]);
      const ends = isLast && !far.endsLate && !far.hasTrailers;
      this.peer.send(H2.frame(H2.DATA, (padding > 0 ? H2.PADDED : 0) | (ends ? H2.END_STREAM : 0), record.id, payload));
      stream.farSent += length;
      stream.farEnded = ends;
    } else {
      const { id } = record;
      this.peer.send(far.hasTrailers ? H2.headers(id, block(TRAILER_FIELDS), H2.END_STREAM) : H2.data(id, "", H2.END_STREAM));
      stream.farEnded = true;
    }
  }

  /** As the near side has told. */
  get streamWindow(): number {
    return this.peer.settings?.get(H2.SETTINGS_INITIAL_WINDOW_SIZE) ?? DEFAULT_WINDOW;
  }

  nearStep(stream: Played): void {
    if (!stream.nearBegun) {
      if (stream.near === null || !this.#isNearOver(stream)) this.beginNear(stream);
      return;
    }
    const { near } = stream;
    if (near === null || stream.nearEnded || this.#isNearOver(stream)) return;
    const plan = stream.plan.near;
    if (plan.cutAt !== null && stream.nearWritten >= Math.min(plan.cutAt, plan.bytes)) {
      this.giveUp(stream);
      return;
    }
    const length = Math.min(plan.bytes > LARGE_BYTES ? FRAMED_BYTES : plan.piece, plan.bytes - stream.nearWritten);
    if (length > 0) {
      if (!stream.mayWrite) return;
      const piece = stream.cutNear(stream.nearWritten, length);
      stream.nearWritten += length;
      // Whatever a callback of this very write does counts from here.
      stream.mayWrite = near.write(piece);
    } else if (this.mayEnd(stream)) {
      stream.nearEnded = true;
      near.end(plan.hasTrailers ? toFields(TRAILERS) : null);
    }
  }

  giveUp(stream: Played): void {
    if (this.#isNearOver(stream)) return;
    stream.nearGaveUp = true;
    stream.eventsAtEnd = stream.near!.events.length;
    stream.near!.giveUp();
  }

  /** Content has come: what the plan does about it, from inside of the callback. */
  onChunk(stream: Played): void {
    const { near, plan } = stream;
    assert.ok(!stream.nearGaveUp, "content for one that has given up");
    if (near === null) return;
    if (plan.onChunk === PAUSES) near.wantsMore = false;
    else if (plan.onChunk === PAUSES_AND_RESUMES) {
      near.pause();
      near.resume();
    } else if (plan.onChunk === GIVES_UP) this.giveUp(stream);
    else if (plan.onChunk === GIVES_UP_ANOTHER) {
      this.giveUp(this.streams[(stream.index + 1) % this.streams.length]!);
    } else if (plan.onChunk === WRITES) for (let i = 0; i < 4; i++) this.nearStep(stream);
  }

  onDrain(stream: Played): void {
    stream.mayWrite = true;
    if (stream.plan.onChunk === WRITES) this.nearStep(stream);
  }

  /** Lets everything come to its end. */
  async finish(): Promise<void> {
    for (let round = 0; this.streams.some((stream) => !this.isOver(stream)); round++) {
      if (round === 3000) assert.fail(`streams do not come to an end: ${this.streams.map((stream) => this.describe(stream)).join("; ")}`);
      this.farSocket.resume();
      if (this.connectionCredit < ENOUGH) this.grantAll(ENOUGH);
      for (const stream of this.streams) {
        if (this.isOver(stream)) continue;
        if (stream.record !== null && stream.credit < ENOUGH && !stream.record.isOver) this.grant(stream, ENOUGH - stream.credit);
        if (stream.near !== null) {
          stream.near.wantsMore = true;
          if (!this.#isNearOver(stream)) stream.near.resume();
        }
        this.farStep(stream);
        this.nearStep(stream);
      }
      if (round % 2 === 0) this.flush();
      await this.stage.settle();
    }
    this.farSocket.resume();
    this.flush();
    await this.stage.settle();
  }

  abstract isOver(stream: Played): boolean;

  describe({
    index,
    farBegun,
    farSent,
    farEnded,
    farReset,
    nearBegun,
    nearWritten,
    nearEnded,
    nearGaveUp,
    mayWrite,
    near,
    record,
  }: Played): string {
    const far = `far ${farBegun ? farSent : "-"}${farEnded ? " ended" : ""}${farReset ? " reset" : ""}`;
    const mine = `near ${nearBegun ? nearWritten : "-"}${nearEnded ? " ended" : ""}${nearGaveUp ? " gave up" : ""}${mayWrite ? "" : " waits"}`;
    return `${index}: ${far}, ${mine}, heard [${near?.events.join(" ")}], record ${record?.id} ${record?.receivedBytes} ${record?.isEnded} ${record?.resetCode}`;
  }

  check(): void {
    assert.equal(this.peer.problem, null);
    for (const stream of this.streams) {
      const { near, record, plan, farText, nearText } = stream;
      const what = this.describe(stream);
      if (near !== null) {
        assert.ok(farText.startsWith(near.body), `a part of another body: ${what}`);
        if (stream.heardEnd) {
          assert.equal(near.body, farText, what);
          assert.equal(near.trailers !== null, plan.far.hasTrailers && this.carriesTrailers(stream), what);
        }
        if (stream.eventsAtEnd >= 0) assert.equal(near.events.length, stream.eventsAtEnd, `events behind the end: ${what}`);
        assert.ok(near.events.filter((event) => event === "end").length <= 1, what);
        assert.ok(near.events.filter((event) => event.startsWith("gone") || event.startsWith("fault")).length <= 1, what);
      }
      if (record !== null) {
        assert.ok(nearText.startsWith(record.body), `a part of another body: ${what}`);
        if (record.isEnded && stream.nearBegun) {
          assert.equal(record.body, nearText, what);
          assert.ok(stream.nearEnded, what);
          assert.equal(record.trailers !== null, plan.near.hasTrailers && this.sendsTrailers(stream), what);
        }
      }
      this.checkStream(stream, what);
    }
  }

  /** A message that ended with its head has none. */
  carriesTrailers(_stream: Played): boolean {
    return true;
  }

  sendsTrailers(_stream: Played): boolean {
    return true;
  }

  abstract checkStream(stream: Played, what: string): void;
}
