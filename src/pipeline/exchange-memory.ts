// What policies keep of an exchange from one of their steps to the next: a lookup's result for the response step, a timer or
// a reservation for the end step. Few entries, so a list is searched and not a Map. @hot

/** Under which a policy keeps something. Made once, when its configuration compiles: two instances have a key each. */
export interface MemoryKey<T extends object> {
  readonly name: string;
  /** Never set: it ties the type of the value to the key. */
  readonly value?: T;
}

export class ExchangeMemory {
  /** key value key value …; null as long as nobody keeps anything. */
  #entries: (object | null)[] | null = null;

  /** What was put under the key; null when nothing was. */
  get<T extends object>(key: MemoryKey<T>): T | null {
    const entries = this.#entries;
    if (entries === null) return null;
    for (let i = 0; i < entries.length; i += 2) if (entries[i] === key) return entries[i + 1] as T | null;
    return null;
  }

  /** Null takes back what was put there. */
  put<T extends object>(key: MemoryKey<T>, value: T | null): void {
    const entries = this.#entries;
    if (entries === null) {
      this.#entries = [key, value];
      return;
    }
    for (let i = 0; i < entries.length; i += 2) {
      if (entries[i] !== key) continue;
      entries[i + 1] = value;
      return;
    }
    entries.push(key, value);
  }
}
