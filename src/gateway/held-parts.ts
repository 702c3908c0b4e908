// Parts of a worker that several generations use: made for the first that asks, closed when the last has given it back. A reload that leaves
// a part's settings as they were keeps it, with all that it knows.

interface Held<Part> {
  readonly part: Part;
  holders: number;
}

/** Parts of one kind, by a digest of their settings. */
export class HeldParts<Part> {
  readonly #held = new Map<string, Held<Part>>();
  readonly #close: (part: Part) => void;

  constructor(close: (part: Part) => void) {
    this.#close = close;
  }

  /** Throws what `create` throws; then nothing is taken. */
  take(key: string, create: () => Part): Part {
    let held = this.#held.get(key);
    if (held === undefined) {
      held = { part: create(), holders: 0 };
      this.#held.set(key, held);
    }
    held.holders++;
    return held.part;
  }

  parts(): readonly Part[] {
    return [...this.#held.values()].map(({ part }) => part);
  }

  giveBack(key: string): void {
    const held = this.#held.get(key);
    if (held === undefined || --held.holders > 0) return;
    this.#held.delete(key);
    this.#close(held.part);
  }
}

/** What one generation has taken. */
export class Holdings {
  readonly #givings: (() => void)[] = [];

  take<Part>(parts: HeldParts<Part>, key: string, create: () => Part): Part {
    const part = parts.take(key, create);
    this.#givings.push(() => parts.giveBack(key));
    return part;
  }

  /** In the opposite order. Once; further calls do nothing. */
  giveAllBack(): void {
    for (const giveBack of this.#givings.splice(0).reverse()) giveBack();
  }
}
