// The lines that one side of a connection has told the other to remember: RFC 7541 2.3.2 and 4. A ring, the newest line first. @hot

import type { HeaderEntry } from "./header-entry.ts";

const FIRST_SLOTS = 16;

export class DynamicTable {
  /** Lines in the table. */
  length = 0;
  #ring: (HeaderEntry | null)[] = new Array<HeaderEntry | null>(FIRST_SLOTS).fill(null);
  /** Slot of the newest line. */
  #newest = 0;
  #size = 0;
  #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The sum of the lines' sizes. */
  get size(): number {
    return this.#size;
  }

  /** The line at `place`, 0 the newest. Only for 0 <= place < length. */
  at(place: number): HeaderEntry {
    const ring = this.#ring;
    return ring[(this.#newest - place) & (ring.length - 1)]!;
  }

  /** Puts a line in front; old ones leave for it. One that is larger than the table empties it and is not kept (4.4). */
  add(entry: HeaderEntry): void {
    const size = entry.size;
    this.#evict(this.#limit - size);
    if (size > this.#limit) return;
    if (this.length === this.#ring.length) this.#grow();
    const ring = this.#ring;
    this.#newest = (this.#newest + 1) & (ring.length - 1);
    ring[this.#newest] = entry;
    this.length++;
    this.#size += size;
  }

  /** Another maximum: lines leave until the rest fits (4.3). */
  resize(limit: number): void {
    this.#limit = limit;
    this.#evict(limit);
  }

  /** Drops the oldest lines until those left take `room` at most. */
  #evict(room: number): void {
    const ring = this.#ring;
    while (this.#size > room && this.length > 0) {
      const oldest = (this.#newest - this.length + 1) & (ring.length - 1);
      this.#size -= ring[oldest]!.size;
      ring[oldest] = null;
      this.length--;
    }
  }

  /** Twice the slots. The limit bounds them: no line is smaller than 32. */
  #grow(): void {
    const wider = new Array<HeaderEntry | null>(this.#ring.length * 2).fill(null);
    for (let place = 0; place < this.length; place++) wider[this.length - 1 - place] = this.at(place);
    this.#newest = this.length - 1;
    this.#ring = wider;
  }
}
