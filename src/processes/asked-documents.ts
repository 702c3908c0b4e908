// Documents as a worker has them: read by its supervisor, which reads them for all workers.

import { CallFailure, type DocumentReading, type DocumentSource, type Documents } from "../calls/index.ts";
import { type DocumentAnswer, type DocumentQuestion, MOST_QUESTIONS } from "./messages.ts";

type Waiting = ReturnType<typeof Promise.withResolvers<DocumentReading>>;

export class AskedDocuments implements Documents {
  readonly #send: (question: DocumentQuestion) => void;
  /** By the number of the question. */
  readonly #waiting = new Map<number, Waiting>();
  #asks = 0;
  #isAlone = false;

  constructor(send: (question: DocumentQuestion) => void) {
    this.#send = send;
  }

  read(source: DocumentSource, maxAgeMs: number): Promise<DocumentReading> {
    if (this.#isAlone) return Promise.reject(alone());
    if (this.#waiting.size >= MOST_QUESTIONS) return Promise.reject(new CallFailure("broken", "too much is to be read at once"));
    const ask = ++this.#asks;
    const waiting: Waiting = Promise.withResolvers();
    this.#waiting.set(ask, waiting);
    const { url, ca } = source;
    this.#send({ type: "document", ask, source: { url, ca }, maxAgeMs });
    return waiting.promise;
  }

  hear({ ask, failure, reading }: DocumentAnswer): void {
    const waiting = this.#waiting.get(ask);
    this.#waiting.delete(ask);
    if (reading !== null) waiting?.resolve(reading);
    else waiting?.reject(new CallFailure(failure?.reason ?? "broken", failure?.message ?? "there is no answer"));
  }

  /** Nobody answers any more. */
  close(): void {
    this.#isAlone = true;
    for (const { reject } of this.#waiting.values()) reject(alone());
    this.#waiting.clear();
  }
}

function alone(): CallFailure {
  return new CallFailure("broken", "the gateway's first process is gone, which reads for all workers");
}
