// Who holds a place of a shedder. A place is for work: a request that waits for its own client's body, or for its turn in a leaky bucket, does
// none, and a few of them would keep everybody out for as long as they like. So where places are short, theirs go to others; when they go on,
// they count again, and nobody asks whether there is room for them. @hot

import type { Exchange } from "../../pipeline/index.ts";

/** Most bodies come with their heads, or a round trip behind them: until then nobody is looked at. */
export const PATIENCE_MS = 100;
/** Places are many, and those who are refused more. */
export const REVIEW_EVERY_MS = 10;

export class Place {
  readonly exchange: Exchange;
  readonly sinceMs: number;
  /** Counted as under way. */
  isHeld = true;
  earlier: Place | null = null;
  later: Place | null = null;

  constructor(exchange: Exchange, sinceMs: number) {
    this.exchange = exchange;
    this.sinceMs = sinceMs;
  }

  /** Nothing works on it: what is sent to is not asked yet, or the body is not all there. */
  get isResting(): boolean {
    const { attempts, requestBody } = this.exchange;
    return attempts.length === 0 || (requestBody !== null && requestBody.arrivedMs === 0);
  }
}

export class Places {
  #last: Place | null = null;
  #reviewedMs = Number.NEGATIVE_INFINITY;

  add(exchange: Exchange, nowMs: number): Place {
    const place = new Place(exchange, nowMs);
    const before = this.#last;
    place.earlier = before;
    if (before !== null) before.later = place;
    this.#last = place;
    return place;
  }

  remove({ earlier, later }: Place): void {
    if (earlier !== null) earlier.later = later;
    if (later !== null) later.earlier = earlier;
    else this.#last = earlier;
  }

  /** Takes places from who rests and gives them to who rests no more; by how many fewer are held now. Looks now and then only. */
  review(nowMs: number): number {
    if (nowMs - this.#reviewedMs < REVIEW_EVERY_MS) return 0;
    this.#reviewedMs = nowMs;
    let fewer = 0;
    for (let place = this.#last; place !== null; place = place.earlier) {
      if (nowMs - place.sinceMs < PATIENCE_MS) continue;
      const isHeld = !place.isResting;
      if (isHeld === place.isHeld) continue;
      place.isHeld = isHeld;
      fewer += isHeld ? -1 : 1;
    }
    return fewer;
  }
}
