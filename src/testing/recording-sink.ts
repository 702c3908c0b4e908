// The access log of a test gateway, kept in memory and found again by request id.

import type { LineSink } from "../telemetry/index.ts";

/** One line of the access log. Durations are in milliseconds; what did not happen is absent. */
export interface AccessRecord {
  readonly time: string;
  readonly requestId: string;
  readonly listener: string;
  readonly client: string;
  readonly method: string;
  readonly host: string;
  readonly path: string;
  readonly protocol: string;
  readonly status: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly durationMs: number;
  readonly headMs?: number;
  readonly route?: string;
  readonly identity?: string;
  readonly principal?: string;
  readonly tenant?: string;
  readonly plan?: string;
  readonly upstream?: string;
  readonly attempts?: number;
  readonly endpoint?: string;
  readonly reused?: boolean;
  readonly connectMs?: number;
  readonly firstByteMs?: number;
  readonly upstreamStatus?: number;
  readonly fault?: string;
  readonly blame?: "client" | "upstream" | "operator" | "gateway";
  readonly detail?: string;
  readonly refusedBy?: readonly string[];
  readonly wouldRefuse?: readonly string[];
  readonly delayMs?: number;
  readonly userAgent?: string;
  readonly generation: string;
}

export class RecordingSink implements LineSink {
  readonly lines: string[] = [];
  readonly #byId = new Map<string, string>();
  readonly droppedLines = 0;
  readonly heldBytes = 0;

  write(line: string): void {
    this.lines.push(line);
    this.#byId.set((JSON.parse(line) as AccessRecord).requestId, line);
  }

  /** The last line of the request; without an id, the first of those that came after `since` lines. */
  find(requestId: string | null, since: number): AccessRecord | null {
    const line = requestId === null ? this.lines[since] : this.#byId.get(requestId);
    return line === undefined ? null : (JSON.parse(line) as AccessRecord);
  }

  flush(): Promise<void> {
    return Promise.resolve();
  }

  reopen(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
