// A first-in-first-out queue on a ring that doubles when it is full: push and shift are O(1), and so is giving up a place in
// the middle, which leaves a hole that shift() passes over. Not bounded: who queues decides how much may wait.

const FEWEST_PLACES = 8;
// A ring wider than this is given back once the queue is empty, so that one bad minute isn't paid for ever.
const MOST_PLACES_KEPT = 1024;

export class RingQueue<T extends object> {
  #ring: (T | null)[] = new Array<T | null>(FEWEST_PLACES).fill(null);
  /** Tickets of the first place in use and of the next one to give out; a ticket's place is its low bits. */
  #head = 0;
  #tail = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Queues the value at the end and returns its ticket, by which remove() finds it. Tickets are never given out twice. */
  push(value: T): number {
    if (this.#tail - this.#head === this.#ring.length) this.#grow();
    this.#ring[this.#tail % this.#ring.length] = value;
    this.#size++;
    return this.#tail++;
  }

  /** Takes the value that has waited longest; null when none waits. */
  shift(): T | null {
    if (this.#size === 0) return null;
    const place = this.#head % this.#ring.length;
    const value = this.#ring[place] ?? null;
    this.#ring[place] = null;
    this.#head++;
    this.#size--;
    this.#passHoles();
    return value;
  }

  /** What shift() would take. */
  peek(): T | null {
    return this.#size === 0 ? null : (this.#ring[this.#head % this.#ring.length] ?? null);
  }

  /** Takes the ticket's value out of the queue and drops it; false when it had left already. */
  remove(ticket: number): boolean {
    if (ticket < this.#head || ticket >= this.#tail) return false;
    const place = ticket % this.#ring.length;
    if (this.#ring[place] === null) return false;
    this.#ring[place] = null;
    this.#size--;
    if (ticket === this.#head) this.#passHoles();
    return true;
  }

  /** The head is never a hole while anything waits: so shift() and peek() need not look for the first value. */
  #passHoles(): void {
    if (this.#size === 0) {
      this.#head = this.#tail;
      if (this.#ring.length > MOST_PLACES_KEPT) this.#ring = new Array<T | null>(FEWEST_PLACES).fill(null);
      return;
    }
    while (this.#ring[this.#head % this.#ring.length] === null) this.#head++;
  }

  #grow(): void {
    const wider = new Array<T | null>(this.#ring.length * 2).fill(null);
    for (let ticket = this.#head; ticket < this.#tail; ticket++) {
      wider[ticket % wider.length] = this.#ring[ticket % this.#ring.length] ?? null;
    }
    this.#ring = wider;
  }
}
