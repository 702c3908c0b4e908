// Lines gathered in memory and written in few, large writes, one in flight at a time. The event loop never waits for a
// disk or a pipe: what the reader doesn't take within the bound is dropped, counted, and told by a line of its own later.
// Not a queue that survives the process: at a crash the last 200 ms of lines are lost.
//
//   text ──cut──> batches ──write──> target
//   gathering     at most 4 MiB      one write in flight
//
// States of writing: idle, writing (a write or a reopening is in flight), waiting (for a retry), gone (for good).

import { Buffer } from "node:buffer";
import type { Clock, ScheduledCall } from "../base/index.ts";
import type { LineSink } from "./line-sink.ts";
import { createFileTarget, createStdoutTarget, type LineTarget } from "./line-target.ts";

// 64 KiB: what a Linux pipe holds; larger writes gain nothing.
const BATCH_BYTES = 65_536;
const FLUSH_AFTER_MS = 200;
const MAX_BYTES = 4 * 1024 * 1024;
// A full pipe is tried again soon, as its reader may only have been busy; then less and less often.
const FIRST_RETRY_MS = 1;
const LAST_RETRY_MS = 100;
// A full disk or a failing device: each try may cost a thread of the pool some time.
const FAILURE_RETRY_MS = 1000;
const CLOSE_WITHIN_MS = 2000;

const NEWLINE = 0x0a;
const CLOSED = "the log has been closed";

/** Nobody will ever read what we write. */
const FINAL_ERRORS: readonly string[] = ["EPIPE", "EBADF", "ENXIO"];

export interface BatchedLineSinkOptions {
  /** What is held in memory at most, in bytes. */
  readonly maxBytes?: number;
  readonly flushAfterMs?: number;
  /** How long close() waits for a reader that is stuck. */
  readonly closeWithinMs?: number;
  /** The line that tells how many lines are missing before it. */
  readonly dropNotice?: (lines: number, wallMs: number) => string;
  /** Told the system's code when writing fails for another reason than a reader that is slow; once until a write succeeds. */
  readonly onTrouble?: (errorCode: string) => void;
}

interface Batch {
  readonly bytes: Buffer;
  readonly lines: number;
}

interface Waiter {
  readonly batchNumber: number;
  readonly resolve: () => void;
}

interface Reopening {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

function writeDropNotice(lines: number, wallMs: number): string {
  return `{"time":"${new Date(wallMs).toISOString()}","event":"log_lines_dropped","lines":${lines}}`;
}

export class BatchedLineSink implements LineSink {
  readonly #target: LineTarget;
  readonly #clock: Clock;
  readonly #maxBytes: number;
  readonly #flushAfterMs: number;
  readonly #closeWithinMs: number;
  readonly #dropNotice: (lines: number, wallMs: number) => string;
  readonly #onTrouble: (errorCode: string) => void;

  /** Lines not yet cut into a batch. */
  #text = "";
  #textLines = 0;
  #batches: Batch[] = [];
  /** Bytes of the batches, the part of the first that has been written included. */
  #batchBytes = 0;
  /** Bytes of the first batch that have been written. */
  #written = 0;
  /** Batches that left the queue so far, written or dropped. */
  #batchesDone = 0;

  #state: "idle" | "writing" | "waiting" | "gone" = "idle";
  #retryMs = FIRST_RETRY_MS;
  #retry: ScheduledCall | null = null;
  #flushTimer: ScheduledCall | null = null;
  /** Set while lines are being dropped, until half of the bound is free again: so that one notice stands for one gap. */
  #overflowing = false;
  #droppedLines = 0;
  #untoldLines = 0;
  #isTroubled = false;
  #waiters: Waiter[] = [];
  #reopenings: Reopening[] = [];
  #closing: Promise<void> | null = null;

  constructor(target: LineTarget, clock: Clock, options: BatchedLineSinkOptions = {}) {
    this.#target = target;
    this.#clock = clock;
    this.#maxBytes = options.maxBytes ?? MAX_BYTES;
    this.#flushAfterMs = options.flushAfterMs ?? FLUSH_AFTER_MS;
    this.#closeWithinMs = options.closeWithinMs ?? CLOSE_WITHIN_MS;
    this.#dropNotice = options.dropNotice ?? writeDropNotice;
    this.#onTrouble = options.onTrouble ?? (() => {});
  }

  get droppedLines(): number {
    return this.#droppedLines;
  }

  /** What is held in memory; a line beyond ASCII counts by its UTF-16 units until it is cut into a batch. */
  get heldBytes(): number {
    return this.#batchBytes + this.#text.length;
  }

  write(line: string): void {
    if (this.#overflowing || this.#closing !== null || this.#state === "gone") {
      this.#drop(1);
      return;
    }
    if (this.heldBytes + line.length >= this.#maxBytes) {
      this.#drop(1);
      // A line that is too long by itself leaves no gap but its own, and perhaps no write after which that could be told.
      if (this.#isHalfFree()) this.#tellDrops();
      else this.#overflowing = true;
      this.#pump();
      return;
    }
    this.#text += `${line}\n`;
    this.#textLines++;
    if (this.#text.length >= BATCH_BYTES) {
      this.#cut();
      this.#pump();
    } else if (this.#flushTimer === null) {
      this.#flushTimer = this.#clock.schedule(() => {
        this.#flushTimer = null;
        this.#cut();
        this.#pump();
      }, this.#flushAfterMs);
    }
  }

  flush(): Promise<void> {
    this.#cut();
    this.#pump();
    if (this.#batches.length === 0) return Promise.resolve();
    const batchNumber = this.#batchesDone + this.#batches.length;
    return new Promise((resolve) => this.#waiters.push({ batchNumber, resolve }));
  }

  /**
   * For logrotate: goes over to what the path names now, between two writes. Rejects when that can't be opened; the old
   * file stays in use.
   */
  reopen(): Promise<void> {
    if (this.#closing !== null) return Promise.reject(new Error(CLOSED));
    return new Promise((resolve, reject) => {
      this.#reopenings.push({ resolve, reject });
      // Neither a failing disk nor a reader that left says anything about what the path names now.
      if (this.#state !== "writing") this.#becomeIdle();
      this.#pump();
    });
  }

  close(): Promise<void> {
    if (this.#closing !== null) return this.#closing;
    // Twice: the first may free the room for the notice of what was dropped.
    const flushed = this.flush().then(() => this.flush());
    let deadline: ScheduledCall | null = null;
    const late = new Promise<void>((resolve) => {
      deadline = this.#clock.schedule(resolve, this.#closeWithinMs);
    });
    this.#closing = Promise.race([flushed, late]).then(() => {
      deadline?.cancel();
      this.#release();
    });
    return this.#closing;
  }

  #cut(): void {
    this.#flushTimer?.cancel();
    this.#flushTimer = null;
    if (this.#textLines === 0) return;
    const bytes = Buffer.from(this.#text, "utf8");
    this.#batches.push({ bytes, lines: this.#textLines });
    this.#batchBytes += bytes.length;
    this.#text = "";
    this.#textLines = 0;
  }

  #drop(lines: number): void {
    this.#droppedLines += lines;
    this.#untoldLines += lines;
  }

  // idle → (idle | writing)
  #pump(): void {
    if (this.#state !== "idle") return;
    const reopening = this.#reopenings.shift();
    const batch = this.#batches[0];
    if (reopening !== undefined) {
      this.#state = "writing";
      this.#target.reopen((errorCode) => this.#onReopened(errorCode, reopening));
    } else if (batch !== undefined) {
      this.#state = "writing";
      this.#target.write(batch.bytes, this.#written, (errorCode, written) => this.#onWritten(errorCode, written));
    }
  }

  // writing → (idle | waiting | gone)
  #onWritten(errorCode: string | null, written: number): void {
    this.#judge(errorCode);
    if (this.#state === "gone") {
      this.#target.close();
    } else if (errorCode !== null && FINAL_ERRORS.includes(errorCode)) {
      this.#giveUp();
    } else if (errorCode !== null || written === 0) {
      this.#wait(errorCode);
    } else {
      this.#becomeIdle();
      this.#retryMs = FIRST_RETRY_MS;
      this.#written += written;
      const batch = this.#batches[0];
      if (batch !== undefined && this.#written >= batch.bytes.length) this.#finishBatch(batch);
      if (this.#overflowing && this.#isHalfFree()) this.#tellDrops();
    }
    this.#pump();
  }

  #judge(errorCode: string | null): void {
    if (errorCode === null) this.#isTroubled = false;
    if (errorCode === null || errorCode === "EAGAIN" || this.#isTroubled) return;
    this.#isTroubled = true;
    this.#onTrouble(errorCode);
  }

  // writing → idle
  #onReopened(errorCode: string | null, reopening: Reopening): void {
    if (this.#state === "gone") {
      reopening.reject(new Error(CLOSED));
      this.#target.close();
      return;
    }
    this.#becomeIdle();
    if (errorCode === null) {
      this.#startLineAgain();
      if (this.#untoldLines > 0 && !this.#overflowing) this.#tellDrops();
      reopening.resolve();
    } else {
      reopening.reject(Object.assign(new Error(`the log can't be opened again: ${errorCode}`), { code: errorCode }));
    }
    this.#pump();
  }

  // writing → waiting → idle
  #wait(errorCode: string | null): void {
    this.#state = "waiting";
    const isFull = errorCode === null || errorCode === "EAGAIN";
    const delayMs = isFull ? this.#retryMs : FAILURE_RETRY_MS;
    if (isFull) this.#retryMs = Math.min(2 * this.#retryMs, LAST_RETRY_MS);
    this.#retry = this.#clock.schedule(() => {
      this.#becomeIdle();
      this.#pump();
    }, delayMs);
    // Asked for while the write was in flight; see reopen().
    if (this.#reopenings.length > 0) this.#becomeIdle();
  }

  #isHalfFree(): boolean {
    return 2 * this.heldBytes < this.#maxBytes;
  }

  #becomeIdle(): void {
    this.#retry?.cancel();
    this.#retry = null;
    this.#state = "idle";
  }

  #finishBatch(batch: Batch): void {
    this.#batches.shift();
    this.#batchBytes -= batch.bytes.length;
    this.#written = 0;
    this.#batchesDone++;
    this.#resolveWaiters();
  }

  #resolveWaiters(): void {
    for (let first = this.#waiters[0]; first !== undefined && first.batchNumber <= this.#batchesDone; first = this.#waiters[0]) {
      this.#waiters.shift();
      first.resolve();
    }
  }

  #tellDrops(): void {
    this.#overflowing = false;
    this.#text += `${this.#dropNotice(this.#untoldLines, this.#clock.wall())}\n`;
    this.#textLines++;
    this.#untoldLines = 0;
    this.#cut();
  }

  /** A line of which the old file has only a part is written whole to the new one. */
  #startLineAgain(): void {
    const batch = this.#batches[0];
    if (batch !== undefined && this.#written > 0) this.#written = batch.bytes.lastIndexOf(NEWLINE, this.#written - 1) + 1;
  }

  // (idle | writing | waiting) → gone
  #giveUp(): void {
    this.#becomeIdle();
    this.#cut();
    this.#state = "gone";
    let lines = 0;
    for (const batch of this.#batches) lines += batch.lines;
    const written = this.#batches[0]?.bytes.subarray(0, this.#written) ?? [];
    for (const byte of written) if (byte === NEWLINE) lines--;
    this.#drop(lines);
    this.#batchesDone += this.#batches.length;
    this.#batches = [];
    this.#batchBytes = 0;
    this.#written = 0;
    this.#overflowing = false;
    this.#resolveWaiters();
    // Asked for while the write was in flight; see reopen().
    if (this.#reopenings.length > 0) this.#becomeIdle();
  }

  #release(): void {
    for (const reopening of this.#reopenings.splice(0)) reopening.reject(new Error(CLOSED));
    const inFlight = this.#state === "writing";
    this.#giveUp();
    // What is in flight still uses the descriptor; its end frees it.
    if (!inFlight) this.#target.close();
  }
}

/** The sink that a configuration names: `stdout`, or the path of a file that is appended to. Throws the system's error when the file can't be opened. */
export function openLineSink(
  to: "stdout" | { readonly path: string },
  clock: Clock,
  options: BatchedLineSinkOptions = {},
): BatchedLineSink {
  return new BatchedLineSink(to === "stdout" ? createStdoutTarget() : createFileTarget(to.path), clock, options);
}
