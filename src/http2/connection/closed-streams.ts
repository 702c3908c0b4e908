// Which streams ended how, the last few of them: a frame for one that we reset may still have been on its way and means nothing, one for
// a stream that the far side itself has ended is a breach (RFC 9113 5.1). @hot

/** More than can be on the way at once with the streams that are allowed; what is older is told apart by nobody. */
const REMEMBERED = 256;

export class ClosedStreams {
  readonly #ids: number[] = [];
  readonly #wasResetByUs: boolean[] = [];
  #next = 0;

  add(id: number, wasResetByUs: boolean): void {
    this.#ids[this.#next] = id;
    this.#wasResetByUs[this.#next] = wasResetByUs;
    this.#next = (this.#next + 1) % REMEMBERED;
  }

  wasResetByUs(id: number): boolean {
    const at = this.#ids.indexOf(id);
    return at >= 0 && this.#wasResetByUs[at]!;
  }

  /** It ended in order, or by the far side's own doing, not long ago. */
  hasEnded(id: number): boolean {
    const at = this.#ids.indexOf(id);
    return at >= 0 && !this.#wasResetByUs[at]!;
  }
}
