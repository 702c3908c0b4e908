// Where log lines go: the port, and the sink that a test reads. The sink that writes is batched-line-sink.ts.

export interface LineSink {
  /** Takes one line without its end. Never waits and never throws; a line that can't be kept is counted and gone. */
  write(line: string): void;
  /** Resolves once every line taken so far was handed to the system or dropped. It may wait as long as the reader of a full pipe does. */
  flush(): Promise<void>;
  /** Hands over what it can in a bounded time and frees what the sink holds. Lines that come afterwards are dropped. Idempotent. */
  close(): Promise<void>;
  /** Lines lost since the sink was made. */
  readonly droppedLines: number;
  /** Bytes in memory that nobody has taken yet. */
  readonly heldBytes: number;
  /** For logrotate: goes over to what the path names now. Rejects when that can't be opened; the old file stays in use. */
  reopen(): Promise<void>;
}

/** Keeps every line in memory, for tests. */
export class MemoryLineSink implements LineSink {
  readonly lines: string[] = [];
  droppedLines = 0;
  readonly heldBytes = 0;
  #closed = false;

  write(line: string): void {
    if (this.#closed) this.droppedLines++;
    else this.lines.push(line);
  }

  flush(): Promise<void> {
    return Promise.resolve();
  }

  reopen(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.#closed = true;
    return Promise.resolve();
  }
}
