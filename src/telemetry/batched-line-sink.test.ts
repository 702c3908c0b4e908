import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { describe, it } from "node:test";
import fc from "fast-check";
import { FakeClock } from "../base/index.ts";
import { BatchedLineSink } from "./batched-line-sink.ts";
import { MemoryLineSink } from "./line-sink.ts";
import type { LineTarget, WriteDone } from "./line-target.ts";

/** A target whose writes end when the test says so. */
class SteeredTarget implements LineTarget {
  readonly files: string[] = [""];
  writes = 0;
  closed = 0;
  reopenError: string | null = null;
  #bytes: Buffer = Buffer.alloc(0);
  #done: WriteDone | null = null;

  write(bytes: Buffer, offset: number, done: WriteDone): void {
    assert.equal(this.#done, null, "two writes in flight");
    assert.equal(this.closed, 0, "written after close");
    this.writes++;
    this.#bytes = bytes.subarray(offset);
    this.#done = done;
  }

  reopen(done: (errorCode: string | null) => void): void {
    assert.equal(this.#done, null, "reopened with a write in flight");
    if (this.reopenError === null) this.files.push("");
    queueMicrotask(() => done(this.reopenError));
  }

  close(): void {
    this.closed++;
  }

  get inFlight(): boolean {
    return this.#done !== null;
  }

  /** Ends the write in flight, after `atMost` bytes. */
  accept(atMost = Number.POSITIVE_INFINITY): void {
    const taken = this.#bytes.subarray(0, atMost);
    this.files[this.files.length - 1] += taken.toString("latin1");
    this.#finish(null, taken.length);
  }

  refuse(errorCode: string): void {
    this.#finish(errorCode, 0);
  }

  #finish(errorCode: string | null, written: number): void {
    const done = this.#done;
    this.#done = null;
    assert.ok(done !== null, "no write in flight");
    done(errorCode, written);
  }

  acceptAll(): void {
    while (this.inFlight) this.accept();
  }
}

const options = { maxBytes: 1000, flushAfterMs: 200, closeWithinMs: 2000, dropNotice: (lines: number) => `lost ${lines}` };

function create(): { clock: FakeClock; target: SteeredTarget; sink: BatchedLineSink } {
  const clock = new FakeClock();
  const target = new SteeredTarget();
  return { clock, target, sink: new BatchedLineSink(target, clock, options) };
}

describe("BatchedLineSink", () => {
  it("gathers lines and writes them at once after the flush time", () => {
    const { clock, target, sink } = create();
    sink.write("a");
    sink.write("b");
    clock.advance(199);
    assert.equal(target.writes, 0);
    clock.advance(1);
    assert.equal(target.writes, 1);
    target.accept();
    assert.equal(target.files[0], "a\nb\n");
    assert.equal(clock.pendingCalls, 0);
  });

  it("writes without waiting once a batch is full", () => {
    const clock = new FakeClock();
    const target = new SteeredTarget();
    const sink = new BatchedLineSink(target, clock);
    const line = "x".repeat(1023);
    for (let i = 0; i < 64; i++) sink.write(line);
    assert.equal(target.writes, 1);
    assert.equal(clock.pendingCalls, 0);
    target.acceptAll();
    assert.equal(target.files[0]?.length, 65_536);
  });

  it("goes on where a short write ended", () => {
    const { target, sink } = create();
    sink.write("abcdef");
    void sink.flush();
    target.accept(2);
    target.accept(3);
    target.accept();
    assert.equal(target.files[0], "abcdef\n");
  });

  it("tries a full pipe again, ever less often, and soon again once it took something", () => {
    const { clock, target, sink } = create();
    sink.write("abcdef");
    void sink.flush();
    for (const delayMs of [1, 2, 4, 8, 16, 32, 64, 100, 100]) {
      target.refuse("EAGAIN");
      assert.equal(clock.nextDueMs, clock.now() + delayMs);
      clock.advance(delayMs);
    }
    target.accept(1);
    target.refuse("EAGAIN");
    assert.equal(clock.nextDueMs, clock.now() + 1);
    clock.advance(1);
    target.accept();
    assert.equal(target.files[0], "abcdef\n");
  });

  it("waits a second after a failure of the device", () => {
    const { clock, target, sink } = create();
    sink.write("a");
    void sink.flush();
    target.refuse("ENOSPC");
    clock.advance(999);
    assert.equal(target.writes, 1);
    clock.advance(1);
    target.accept();
    assert.equal(target.files[0], "a\n");
    assert.equal(sink.droppedLines, 0);
  });

  it("tells of a failure once until a write succeeds, and of a full pipe never", () => {
    const troubles: string[] = [];
    const target = new SteeredTarget();
    const clock = new FakeClock();
    const sink = new BatchedLineSink(target, clock, { onTrouble: (code) => troubles.push(code) });
    sink.write("a");
    clock.advance(200);
    for (const code of ["EAGAIN", "ENOSPC", "ENOSPC", "EIO"]) {
      target.refuse(code);
      clock.advance(1000);
    }
    assert.deepEqual(troubles, ["ENOSPC"]);
    assert.equal(sink.heldBytes, 2);
    target.acceptAll();
    assert.equal(sink.heldBytes, 0);
    sink.write("b");
    clock.advance(200);
    target.refuse("ENOSPC");
    assert.deepEqual(troubles, ["ENOSPC", "ENOSPC"]);
  });

  it("drops and counts lines beyond the bound, and tells how many when half of it is free", () => {
    const { target, sink } = create();
    const line = "x".repeat(99);
    sink.write(line);
    void sink.flush();
    for (let i = 0; i < 20; i++) sink.write(line);
    assert.equal(sink.droppedLines, 11);
    assert.ok(sink.heldBytes <= 1000);
    target.accept();
    sink.write("still too much is held");
    assert.equal(sink.droppedLines, 12);
    void sink.flush();
    target.acceptAll();
    sink.write("after");
    void sink.flush();
    target.acceptAll();
    assert.equal(target.files[0], `${`${line}\n`.repeat(10)}lost 12\nafter\n`);
    assert.equal(sink.droppedLines, 12);
  });

  it("drops a line that is longer than the bound, and no other", () => {
    const { target, sink } = create();
    sink.write("before");
    sink.write("x".repeat(2000));
    sink.write("after");
    void sink.flush();
    target.acceptAll();
    assert.equal(target.files[0], "before\nlost 1\nafter\n");
  });

  it("stops for good when the reader is gone, and counts what it could not deliver", async () => {
    for (const errorCode of ["EPIPE", "EBADF"]) {
      const { clock, target, sink } = create();
      for (const line of ["one", "two", "three"]) sink.write(line);
      const flushed = sink.flush();
      target.accept(6);
      sink.write("four");
      target.refuse(errorCode);
      await flushed;
      // "two" was written in part only.
      assert.equal(sink.droppedLines, 3);
      sink.write("five");
      assert.equal(sink.droppedLines, 4);
      assert.equal(sink.heldBytes, 0);
      assert.equal(clock.pendingCalls, 0);
      await sink.flush();
      await sink.close();
      assert.equal(target.closed, 1);
    }
  });

  it("resolves a flush when the lines taken before it have left, not sooner", async () => {
    const { target, sink } = create();
    const order: string[] = [];
    await sink.flush();
    sink.write("a");
    const first = sink.flush().then(() => order.push("first"));
    sink.write("b");
    const second = sink.flush().then(() => order.push("second"));
    target.accept();
    await first;
    assert.deepEqual(order, ["first"]);
    target.accept();
    await second;
    assert.deepEqual(order, ["first", "second"]);
  });

  it("hands over on close what it holds, and drops what comes later", async () => {
    const { clock, target, sink } = create();
    sink.write("a");
    const closed = sink.close();
    assert.equal(sink.close(), closed);
    sink.write("b");
    target.accept();
    await closed;
    assert.equal(target.files[0], "a\n");
    assert.equal(sink.droppedLines, 1);
    assert.equal(target.closed, 1);
    assert.equal(clock.pendingCalls, 0);
  });

  it("closes in a bounded time though the reader is stuck, and leaves the descriptor to the write in flight", async () => {
    const { clock, target, sink } = create();
    sink.write("a");
    sink.write("b");
    const closed = sink.close();
    clock.advance(2000);
    await closed;
    assert.equal(sink.droppedLines, 2);
    assert.equal(target.closed, 0);
    target.accept();
    assert.equal(target.closed, 1);
    assert.equal(clock.pendingCalls, 0);
  });

  it("tells on close of the lines that were dropped", async () => {
    const { target, sink } = create();
    for (let i = 0; i < 12; i++) sink.write("x".repeat(99));
    const closed = sink.close();
    target.accept();
    await Promise.resolve();
    target.acceptAll();
    await closed;
    assert.ok(target.files[0]?.endsWith("x\nlost 2\n"));
  });

  it("goes over to the new file between two writes, with whole lines", async () => {
    const { target, sink } = create();
    sink.write("one");
    sink.write("two");
    void sink.flush();
    const reopened = sink.reopen();
    assert.deepEqual(target.files, [""]);
    target.accept(6);
    await reopened;
    target.acceptAll();
    sink.write("three");
    void sink.flush();
    target.acceptAll();
    assert.deepEqual(target.files, ["one\ntw", "two\nthree\n"]);
  });

  it("keeps the old file when the new one can't be opened", async () => {
    const { target, sink } = create();
    target.reopenError = "EACCES";
    await assert.rejects(sink.reopen(), { code: "EACCES" });
    sink.write("a");
    void sink.flush();
    target.accept();
    assert.deepEqual(target.files, ["a\n"]);
  });

  it("opens anew at once while it waits for a full disk, and comes back from a reader that had gone", async () => {
    const { clock, target, sink } = create();
    sink.write("a");
    void sink.flush();
    target.refuse("ENOSPC");
    await sink.reopen();
    target.accept();
    assert.deepEqual(target.files, ["", "a\n"]);
    assert.equal(clock.pendingCalls, 0);
    sink.write("b");
    void sink.flush();
    const reopened = sink.reopen();
    target.refuse("EPIPE");
    await reopened;
    target.acceptAll();
    sink.write("c");
    void sink.flush();
    target.acceptAll();
    assert.deepEqual(target.files, ["", "a\n", "lost 1\nc\n"]);
  });

  it("rejects to open anew what was closed", async () => {
    const { target, sink } = create();
    await sink.close();
    await assert.rejects(sink.reopen(), /closed/);
    assert.equal(target.closed, 1);
  });

  it("writes every line once and in order, or counts it, whatever the target does", async () => {
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.record({ what: fc.constant("write" as const), n: fc.integer({ min: 0, max: 300 }) }) },
      { weight: 3, arbitrary: fc.record({ what: fc.constant("accept" as const), n: fc.integer({ min: 1, max: 900 }) }) },
      { weight: 1, arbitrary: fc.record({ what: fc.constantFrom("EAGAIN" as const, "EIO" as const), n: fc.constant(0) }) },
      { weight: 2, arbitrary: fc.record({ what: fc.constant("advance" as const), n: fc.integer({ min: 1, max: 1500 }) }) },
      { weight: 1, arbitrary: fc.record({ what: fc.constant("flush" as const), n: fc.constant(0) }) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 80 }), async (steps) => {
        const { clock, target, sink } = create();
        let written = 0;
        for (const { what, n } of steps) {
          if (what === "write") sink.write(`${written++} ${"é".repeat(n)}`);
          else if (what === "advance") clock.advance(n);
          else if (what === "flush") void sink.flush();
          else if (target.inFlight) what === "accept" ? target.accept(n) : target.refuse(what);
          assert.ok(sink.heldBytes <= 2100);
        }
        const closed = sink.close();
        for (let turn = 0; turn < 20; turn++) {
          target.acceptAll();
          clock.advance(1000 / 20);
          await Promise.resolve();
        }
        clock.advance(1000);
        target.acceptAll();
        clock.advance(1000);
        await closed;
        const lines = (target.files[0] ?? "").split("\n").slice(0, -1);
        let told = 0;
        let expected = 0;
        for (const line of lines) {
          const lost = /^lost (\d+)$/.exec(line);
          if (lost !== null) {
            told += Number(lost[1]);
            continue;
          }
          const id = Number.parseInt(line, 10);
          assert.ok(id >= expected, "out of order or twice");
          expected = id + 1;
          assert.match(line, /^\d+ (Ã©)*$/);
        }
        const kept = lines.filter((line) => !line.startsWith("lost")).length;
        assert.equal(kept + sink.droppedLines, written);
        assert.equal(told, sink.droppedLines);
        assert.equal(target.closed, 1);
      }),
      { numRuns: 200 },
    );
  });
});

describe("MemoryLineSink", () => {
  it("keeps lines until it is closed and counts those that come later", async () => {
    const sink = new MemoryLineSink();
    sink.write("a");
    await sink.flush();
    await sink.close();
    sink.write("b");
    assert.deepEqual(sink.lines, ["a"]);
    assert.equal(sink.droppedLines, 1);
  });
});
