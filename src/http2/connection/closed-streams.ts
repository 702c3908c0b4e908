// Which streams ended how, the last few of them: a frame for one that we reset may still have been on its way and means nothing, one for
// a stream that the far side itself has ended is a breach (RFC 9113 5.1). @hot
//
// What crosses our reset costs its sender nothing, as nobody can help it: as much content as its window still allowed, one end, one reset
// of its own. A call that is cancelled may have thousands of small messages on their way.

/** More than can be on the way at once with the streams that are allowed; what is older is told apart by nobody. */
const REMEMBERED = 256;
/** The far side had ended it, or reset it. */
export const ENDED = -1;
/** We reset it, and what may have crossed that has come. */
const USED_UP = -2;

export class ClosedStreams {
  readonly #ids: number[] = [];
  /** Bytes that may still come, ENDED or USED_UP. */
  readonly #left: number[] = [];
  readonly #wasReset: boolean[] = [];
  #next = 0;

  /** `left` is what its window still allows the far side where we ended it, ENDED where the far side did. */
  add(id: number, left: number): void {
    this.#ids[this.#next] = id;
    this.#left[this.#next] = left;
    this.#wasReset[this.#next] = false;
    this.#next = (this.#next + 1) % REMEMBERED;
  }

  wasResetByUs(id: number): boolean {
    const at = this.#ids.indexOf(id);
    return at >= 0 && this.#left[at] !== ENDED;
  }

  /** It ended in order, or by the far side's own doing, not long ago. */
  hasEnded(id: number): boolean {
    const at = this.#ids.indexOf(id);
    return at >= 0 && this.#left[at] === ENDED;
  }

  /** Whether a frame with so much content, or one that ends the stream, can have crossed our reset. */
  takeCrossing(id: number, length: number, ends: boolean): boolean {
    const at = this.#ids.indexOf(id);
    if (at < 0 || this.#left[at]! < length || (length === 0 && !ends)) return false;
    this.#left[at] = ends ? USED_UP : this.#left[at]! - length;
    return true;
  }

  /** Whether a reset can have crossed its end: each stream has one. */
  takeReset(id: number): boolean {
    const at = this.#ids.indexOf(id);
    if (at < 0 || this.#wasReset[at]!) return false;
    this.#wasReset[at] = true;
    return true;
  }
}
