// What leaves, in how many writes, and from where: content that came in frames is sent on in the memory in which it arrived.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemoryNetwork, type Socket } from "../../transport/index.ts";
import { Budgets } from "./budgets.ts";
import { FrameOutput, type Sender, TURN } from "./frame-output.ts";
import { FrameReader, type FrameSink } from "./frame-reader.ts";
import { cutFramed, takeFraming } from "./framed-pieces.ts";
import { DATA, END_STREAM, MAX_FRAME_BYTES, putFrameHead } from "./frames.ts";

const ADDRESS = { host: "10.0.0.1", port: 80 };

/** The far side: frames in short, with their content. */
class Received implements FrameSink {
  readonly frames: string[] = [];
  content = "";
  #head = "";
  #length = 0;

  onFrameHead(type: number, flags: number, id: number, length: number): boolean {
    this.#head = `${type === DATA ? "DATA" : type} ${id}${(flags & END_STREAM) !== 0 && type === DATA ? " ends" : ""}`;
    this.#length = length;
    return true;
  }

  onFrame(): boolean {
    this.frames.push(this.#head);
    return true;
  }

  onDataPiece(bytes: Uint8Array, from: number, to: number): void {
    this.content += Buffer.from(bytes.subarray(from, to)).toString("latin1");
  }

  onDataEnd(): boolean {
    this.frames.push(`${this.#head} ${this.#length}`);
    return true;
  }

  onBadPadding(): void {
    throw new Error("padding");
  }
}

class Stage {
  readonly network: MemoryNetwork;
  readonly received = new Received();
  readonly writes: Uint8Array[] = [];
  readonly output: FrameOutput;

  constructor(windowBytes = 1 << 20) {
    this.network = new MemoryNetwork({ schedule: null, windowBytes });
    const reader = new FrameReader();
    void this.network.transport.listen(ADDRESS, () => ({
      onOpen() {},
      onData: (chunk) => void reader.take(chunk, 0, this.received),
      onDrain() {},
      onEnd() {},
      onClose() {},
    }));
    const handler = { onOpen() {}, onData() {}, onDrain: () => this.output.onDrain(), onEnd() {}, onClose() {} };
    const socket = this.network.transport.connect(ADDRESS, handler);
    this.network.pump();
    const { writes } = this;
    const watched = new Proxy(socket, {
      get(target, name) {
        if (name === "write") {
          return (chunk: Uint8Array) => {
            writes.push(chunk);
            return target.write(chunk);
          };
        }
        const value = Reflect.get(target, name, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    }) as Socket;
    this.output = new FrameOutput(watched, new Budgets(0, 1));
    this.output.sendWindow = 1 << 24;
  }
}

function sender(id: number, sendWindow = 1 << 24): Sender {
  return { id, sendWindow, isWaiting: false, takeTurn: () => TURN.DONE, onSent() {} };
}

/** A read of whole frames of stream 9, cut as a connection cuts it. */
function readOf(...contents: readonly string[]): { read: Uint8Array; pieces: Uint8Array[] } {
  const read = new Uint8Array(contents.reduce((sum, { length }) => sum + 9 + length, 7));
  const pieces: Uint8Array[] = [];
  let at = 7;
  for (const content of contents) {
    putFrameHead(read, at, content.length, DATA, 0, 9);
    read.set(Buffer.from(content, "latin1"), at + 9);
    pieces.push(cutFramed(read, at + 9, at + 9 + content.length));
    at += 9 + content.length;
  }
  return { read, pieces };
}

const A = "a".repeat(MAX_FRAME_BYTES);
const B = "b".repeat(10_000);
const C = "c".repeat(5000);

describe("content that came in frames", () => {
  it("leaves in one write from where it stands, under the head of its new stream", () => {
    const stage = new Stage();
    const { read, pieces } = readOf(A, B, C);
    const stream = sender(5);
    for (const piece of pieces) assert.equal(stage.output.sendData(stream, piece, 0, piece.length), piece.length);
    stage.output.endStream(5);
    stage.network.pump();
    assert.deepEqual(stage.received.frames, ["DATA 5 16384", "DATA 5 10000", "DATA 5 ends 5000"]);
    assert.equal(stage.received.content, A + B + C);
    assert.equal(stage.writes.length, 1);
    assert.equal(stage.writes[0]?.buffer, read.buffer);
    assert.equal(stream.sendWindow, (1 << 24) - A.length - B.length - C.length);
  });

  it("keeps its place among what else is sent", () => {
    const stage = new Stage();
    const { pieces } = readOf(B, C);
    stage.output.grantWindow(3, 1);
    stage.output.sendData(sender(5), pieces[0]!, 0, B.length);
    stage.output.reset(3, 8);
    stage.output.sendData(sender(7), pieces[1]!, 0, C.length);
    stage.output.endStream(5);
    stage.network.pump();
    assert.deepEqual(stage.received.frames, ["8 3", "DATA 5 10000", "3 3", "DATA 7 5000", "DATA 5 ends 0"]);
    assert.equal(stage.received.content, B + C);
  });

  it("is copied for whoever comes second: there is one place for one head", () => {
    const [first, second] = [new Stage(), new Stage()];
    const { pieces } = readOf(A, B);
    for (const piece of pieces) {
      first.output.sendData(sender(5), piece, 0, piece.length);
      second.output.sendData(sender(77), piece, 0, piece.length);
    }
    second.network.pump();
    first.network.pump();
    assert.deepEqual(first.received.frames, ["DATA 5 16384", "DATA 5 10000"]);
    assert.deepEqual(second.received.frames, ["DATA 77 16384", "DATA 77 10000"]);
    assert.equal(first.received.content, A + B);
    assert.equal(second.received.content, A + B);
  });

  it("is copied where a window lets only a part of it go", () => {
    const stage = new Stage();
    const { pieces } = readOf(B);
    const piece = pieces[0]!;
    assert.equal(stage.output.sendData(sender(5, 6000), piece, 0, piece.length), 6000);
    assert.equal(takeFraming(piece), true, "nobody has written there");
    stage.network.pump();
    assert.deepEqual(stage.received.frames, ["DATA 5 6000"]);
    assert.equal(stage.received.content, B.slice(0, 6000));
  });

  it("waits in the socket as it is when the far side does not read", () => {
    const stage = new Stage(1024);
    const { pieces } = readOf(A, B);
    stage.output.sendData(sender(5), pieces[0]!, 0, A.length);
    stage.output.flush();
    assert.equal(stage.output.isBlocked, true);
    assert.equal(stage.output.sendData(sender(5), pieces[1]!, 0, B.length), 0);
    stage.network.pump();
    assert.equal(stage.output.isBlocked, false);
    assert.equal(stage.output.sendData(sender(5), pieces[1]!, 0, B.length), B.length);
    stage.network.pump();
    assert.equal(stage.received.content, A + B);
  });
});
