// Reads what issuers publish, for all workers: however many of them there are, who publishes it is asked once.

import type { Clock } from "../base/index.ts";
import { CallFailure, type Calls, createDocuments, type Documents } from "../calls/index.ts";
import { type DocumentAnswer, type DocumentQuestion, MOST_QUESTIONS } from "./messages.ts";

/** Who asks, as WorkerHandle does. */
export interface DocumentReader {
  onDocument: ((question: DocumentQuestion) => void) | null;
  tellDocument(answer: DocumentAnswer): void;
}

export class DocumentDesk {
  readonly #calls: Calls;
  readonly #documents: Documents;

  constructor(calls: Calls, clock: Clock) {
    this.#calls = calls;
    this.#documents = createDocuments(calls, clock);
  }

  /** Answers it from now on. */
  attend(reader: DocumentReader): void {
    let open = 0;
    reader.onDocument = (question) => {
      if (open >= MOST_QUESTIONS) {
        reader.tellDocument(toFailed(question, new CallFailure("broken", "the worker wants to read too much at once")));
        return;
      }
      open++;
      void this.#answer(question).then((answer) => {
        open--;
        reader.tellDocument(answer);
      });
    };
  }

  /** What is being read fails. */
  close(): void {
    this.#calls.close();
  }

  async #answer(question: DocumentQuestion): Promise<DocumentAnswer> {
    try {
      const reading = await this.#documents.read(question.source, question.maxAgeMs);
      return { type: "document", ask: question.ask, reading, failure: null };
    } catch (error) {
      return toFailed(question, error);
    }
  }
}

function toFailed({ ask }: DocumentQuestion, error: unknown): DocumentAnswer {
  const reason = error instanceof CallFailure ? error.reason : "broken";
  return { type: "document", ask, reading: null, failure: { reason, message: error instanceof Error ? error.message : String(error) } };
}
