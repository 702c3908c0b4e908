// How long requests of one route take when nothing makes them wait: what their latency is compared with. @hot
//
// Latencies are kept as logarithms of base 2 ("bits"), so that a mean of them is a geometric one: a slow minority moves it little. Of a batch
// of requests the mean is taken; a lower one is believed at once, a higher one only where the caller knows that no queue of ours made it.

/** Requests that a batch has at least; one makes the first value. */
const BATCH = 32;
/** A batch is no shorter: at high rates many requests make a mean with little noise, and the lowest of many noisy ones would be too low. */
const BATCH_MS = 1000;
/** A single request is off the mean by about as many bits, by chance; the mean of n by this over the root of n. */
const NOISE = 2;
/** Of the way down to a mean that is lower than chance makes it, for each batch. */
const FALL = 0.3;
/** In which two thirds of the way up to a higher mean are gone. */
const RISE_MS = 300_000;
/** What is known counts for as many requests of a measurement. */
const DOUBT = 4;
/** Requests that a measurement has at least where nothing is known. */
const MEASURED = 8;

export class UsualLatency {
  isKnown = false;
  /** log2 of milliseconds. */
  bits = 0;
  /** When the batch began, and what was usual then. */
  #sinceMs = 0;
  #before = 0;
  #epoch = -1;
  #sum = 0;
  #count = 0;

  /** Counts a request. A batch of another `epoch` is thrown away: it was made under other conditions. */
  add(bits: number, epoch: number, nowMs: number): void {
    if (this.#epoch !== epoch) this.#begin(epoch, nowMs);
    this.#sum += bits;
    this.#count++;
  }

  /** Takes a finished batch in. */
  learn(nowMs: number): void {
    if (!this.isKnown) {
      if (this.#count < BATCH) return;
      this.isKnown = true;
      this.bits = this.#sum / this.#count;
      this.#begin(this.#epoch, nowMs);
      return;
    }
    const tookMs = nowMs - this.#sinceMs;
    if (this.#count < BATCH || tookMs < BATCH_MS) return;
    const change = this.#sum / this.#count - this.bits;
    if (change < 0) this.bits += FALL * Math.min(0, change + NOISE / Math.sqrt(this.#count));
    else this.bits += Math.min(0.5, tookMs / RISE_MS) * change;
    this.#begin(this.#epoch, nowMs);
  }

  /** Takes the batch so far for the truth, as far as there is enough of it. */
  adopt(): void {
    const mean = this.#sum / this.#count;
    if (this.isKnown) this.bits = this.#before + ((mean - this.#before) * this.#count) / (this.#count + DOUBT);
    else if (this.#count >= MEASURED) {
      this.isKnown = true;
      this.bits = mean;
      this.#before = mean;
    }
  }

  #begin(epoch: number, nowMs: number): void {
    this.#epoch = epoch;
    this.#sinceMs = nowMs;
    this.#before = this.bits;
    this.#sum = 0;
    this.#count = 0;
  }
}
