// The turn in which events are delivered: all that the kernel had ready when it was asked, one after the other. Whoever gathers what
// many of them cause (thirty answers, a burst of small frames) sends it when the turn ends, in one write. @hot
// With many connections busy at once that is a third of the writes that the end of each event would make (h2load, 8 × 16 streams).

import { reportHandlerError } from "./handler-error.ts";

export interface TurnListener {
  onTurnEnd(): void;
}

export class Turn {
  readonly #atEnd: (callback: () => void) => void;
  readonly #listeners: TurnListener[] = [];
  readonly #end: () => void;

  /** `atEnd` calls back once, behind all events that are ready now and before anything is waited for. */
  constructor(atEnd: (callback: () => void) => void) {
    this.#atEnd = atEnd;
    // hot-exception: one a process, socket.bench.ts
    this.#end = () => this.#tell();
  }

  /** Calls the listener once when the turn ends; it asks once a turn. */
  add(listener: TurnListener): void {
    if (this.#listeners.push(listener) === 1) this.#atEnd(this.#end);
  }

  #tell(): void {
    const listeners = this.#listeners;
    // What one causes joins the list and is dealt with in the same turn.
    for (let i = 0; i < listeners.length; i++) {
      try {
        listeners[i]!.onTurnEnd();
      } catch (error) {
        // A bug of one connection must not keep the others from sending.
        reportHandlerError(error);
      }
    }
    listeners.length = 0;
  }
}

/** Of both runtimes' event loops: immediates run behind the events of a poll and before the next one. */
export const loopTurn = new Turn(setImmediate);
