// File descriptors that lines are written to: a path, or the process's standard output. Writing happens on the runtime's
// thread pool and never on the event loop. Batching, retrying and dropping are the sink's work.

import type { Buffer } from "node:buffer";
import * as fs from "node:fs";

export type WriteDone = (errorCode: string | null, written: number) => void;

export interface LineTarget {
  /** Starts one write of `bytes` from `offset` on and returns; `done` comes later, once. The bytes must not change until then. */
  write(bytes: Buffer, offset: number, done: WriteDone): void;
  /** Opens the target anew and leaves the old one; `done` gets the error's code when that failed and the old one stays. */
  reopen(done: (errorCode: string | null) => void): void;
  /** Frees the descriptor. No write may be in flight. */
  close(): void;
}

function toCode(error: NodeJS.ErrnoException): string {
  return error.code ?? "EOTHER";
}

function writeTo(fd: number, bytes: Buffer, offset: number, done: WriteDone): void {
  fs.write(fd, bytes, offset, bytes.length - offset, null, (error, written) => {
    if (error) done(toCode(error), 0);
    else done(null, written);
  });
}

// Appending keeps lines whole when several processes share the file. 0640: logs are for the operator and his group.
const FILE_FLAGS = "a";
const FILE_MODE = 0o640;

/** A file that is appended to and made when missing. Throws the system's error when it can't be opened. */
export function createFileTarget(path: string): LineTarget {
  let fd = fs.openSync(path, FILE_FLAGS, FILE_MODE);
  return {
    write: (bytes, offset, done) => writeTo(fd, bytes, offset, done),
    reopen: (done) =>
      fs.open(path, FILE_FLAGS, FILE_MODE, (error, opened) => {
        if (error) {
          done(toCode(error));
          return;
        }
        fs.close(fd);
        fd = opened;
        done(null);
      }),
    close: () => fs.close(fd),
  };
}

/**
 * Opens our end of a pipe once more, for us alone, without blocking: a write to a full pipe then fails with EAGAIN and
 * does not hold a thread of the pool, which would also keep the process from exiting. Null where that can't be had.
 */
function openWithoutBlocking(fd: number): number | null {
  try {
    if (process.platform !== "linux" || !fs.fstatSync(fd).isFIFO()) return null;
    return fs.openSync(`/proc/self/fd/${fd}`, fs.constants.O_WRONLY | fs.constants.O_NONBLOCK);
  } catch {
    // No reader any more, or a pipe of another user: the descriptor as it is still tells which.
    return null;
  }
}

/**
 * A descriptor that the process was born with, 1 unless told. It is never closed. Known limit: when it is a socket or a
 * terminal whose reader is stuck, one thread of the pool is stuck with it, and Node waits for that thread when it exits.
 */
export function createStdoutTarget(fd = 1): LineTarget {
  const own = openWithoutBlocking(fd);
  return {
    write: (bytes, offset, done) => writeTo(own ?? fd, bytes, offset, done),
    reopen: (done) => queueMicrotask(() => done(null)),
    close: () => {
      if (own !== null) fs.close(own);
    },
  };
}
