// What the gateway asks other services on its own behalf: key sets, introspection, policies. Never a client's request, which goes through
// upstreams/. Promises, since none of this happens for a request whose answer is known already.

export interface Call {
  readonly method: "GET" | "POST";
  /** Absolute, `http:` or `https:`. Redirects are not followed. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  /** Until the whole answer is there. */
  readonly timeoutMs: number;
  /** Of the answer's body; a larger one is a failure. */
  readonly maxBytes: number;
  /** PEM of who signed the service's certificate; null: the authorities that the runtime ships. */
  readonly ca: string | null;
}

export interface CallAnswer {
  readonly status: number;
  /** Names in lower case; lines of one name joined by `, `. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** There is no answer: a message for the operator, without anything secret. */
export class CallFailure extends Error {
  readonly reason: "connect" | "timeout" | "too-large" | "broken";

  constructor(reason: CallFailure["reason"], message: string) {
    super(message);
    this.name = "CallFailure";
    this.reason = reason;
  }
}

export interface Calls {
  /** Rejects with a CallFailure alone. */
  call(call: Call): Promise<CallAnswer>;
  /** Closes what is kept open. */
  close(): void;
}

/** A small text that is published at a URL: a key set, a discovery document. */
export interface DocumentSource {
  readonly url: string;
  readonly ca: string | null;
}

export interface DocumentReading {
  readonly text: string;
  /** Wall clock, in ms. */
  readonly readAtMs: number;
}

/**
 * Documents, read once for a whole gateway however many workers and requests ask. A reading that is young enough is given as it is; else all
 * who ask share one fetch. A failure counts as a reading of that moment, so that who can't be reached is not asked all the time.
 */
export interface Documents {
  /** Rejects with a CallFailure, also with that of the last attempt when it is younger than `maxAgeMs`. */
  read(source: DocumentSource, maxAgeMs: number): Promise<DocumentReading>;
}
