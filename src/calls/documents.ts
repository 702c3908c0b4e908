// Documents, over calls: each source is read once for all who ask, and no more often than they allow.

import type { Clock } from "../base/index.ts";
import { CallFailure, type Calls, type DocumentReading, type DocumentSource, type Documents } from "./call.ts";

/** Of one reading. Requests may wait for it. */
const DOCUMENT_TIMEOUT_MS = 5_000;
/** Far more than issuers publish; it goes to workers in one message. */
export const MOST_DOCUMENT_BYTES = 256 * 1024;
/**
 * A failure of a source that was never read counts for so long at most, whatever is asked: a gateway that starts before its issuer must not
 * stay closed for long once that is up.
 */
const MOST_FIRST_FAILURE_MS = 1_000;
/** Sources that are remembered: those of a configuration, and of some that came before it. */
const MOST_SOURCES = 256;

interface Kept {
  readonly reading: Promise<DocumentReading>;
  /**
   * As the clock counts: when it was over, well or not; null while it is under way. Counted from its beginning, two readings could come to
   * the other side closer together than anybody asked for.
   */
  endedAtMs: number | null;
  /** Whether this reading or one before it went well. */
  wasRead: boolean;
}

export function createDocuments(calls: Calls, clock: Clock): Documents {
  return new ReadDocuments(calls, clock);
}

class ReadDocuments implements Documents {
  readonly #calls: Calls;
  readonly #clock: Clock;
  /** The one that was read longest ago first. */
  readonly #kept = new Map<string, Kept>();

  constructor(calls: Calls, clock: Clock) {
    this.#calls = calls;
    this.#clock = clock;
  }

  read(source: DocumentSource, maxAgeMs: number): Promise<DocumentReading> {
    const key = `${source.url}\n${source.ca ?? ""}`;
    const kept = this.#kept.get(key);
    if (kept !== undefined && this.#isYoung(kept, maxAgeMs)) return kept.reading;
    const reading = this.#fetch(source);
    const next: Kept = { reading, endedAtMs: null, wasRead: kept?.wasRead === true };
    const ended = () => {
      next.endedAtMs = this.#clock.now();
    };
    const read = () => {
      next.wasRead = true;
      ended();
    };
    reading.then(read, ended);
    this.#kept.delete(key);
    this.#kept.set(key, next);
    this.#forgetOldest();
    return reading;
  }

  #isYoung({ endedAtMs, wasRead }: Kept, maxAgeMs: number): boolean {
    if (endedAtMs === null) return true;
    return this.#clock.now() - endedAtMs < (wasRead ? maxAgeMs : Math.min(maxAgeMs, MOST_FIRST_FAILURE_MS));
  }

  async #fetch({ url, ca }: DocumentSource): Promise<DocumentReading> {
    const { status, body } = await this.#calls.call({
      method: "GET",
      url,
      headers: { Accept: "application/json, application/jwk-set+json", "User-Agent": "sallyport" },
      body: null,
      timeoutMs: DOCUMENT_TIMEOUT_MS,
      maxBytes: MOST_DOCUMENT_BYTES,
      ca,
    });
    if (status !== 200) throw new CallFailure("broken", `${placeOf(url)} answered ${status}`);
    try {
      return { text: new TextDecoder("utf-8", { fatal: true }).decode(body), readAtMs: this.#clock.wall() };
    } catch {
      throw new CallFailure("broken", `${placeOf(url)} answered with what is no UTF-8`);
    }
  }

  #forgetOldest(): void {
    for (const [key, { endedAtMs }] of this.#kept) {
      if (this.#kept.size <= MOST_SOURCES) return;
      if (endedAtMs !== null) this.#kept.delete(key);
    }
  }
}

/** Of a URL what may be told. */
function placeOf(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}
