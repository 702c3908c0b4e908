// One write a turn. Whatever one event causes on a connection (thirty answers, a burst of small frames) is gathered, and leaves when
// the event has been dealt with: as a microtask, which both runtimes run before they look at the next socket. @hot

export interface Flushable {
  flush(): void;
}

const dirty: Flushable[] = [];

/** Calls flush() once at the end of this turn. The caller asks once a turn. */
export function flushAtTurnEnd(flushable: Flushable): void {
  if (dirty.push(flushable) === 1) queueMicrotask(flushAll);
}

function flushAll(): void {
  // What a flush causes joins the list and is dealt with in the same turn.
  for (let i = 0; i < dirty.length; i++) dirty[i]!.flush();
  dirty.length = 0;
}
