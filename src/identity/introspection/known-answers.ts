// Answers that are believed for a while, by the digest of what they are about; the one that was used longest ago goes first. @hot

interface Kept<Answer> {
  readonly answer: Answer;
  readonly untilMs: number;
}

export class KnownAnswers<Answer> {
  readonly #most: number;
  readonly #kept = new Map<string, Kept<Answer>>();

  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#kept.size;
  }

  get(digest: string, nowMs: number): Answer | null {
    const kept = this.#kept.get(digest);
    if (kept === undefined) return null;
    this.#kept.delete(digest);
    if (nowMs >= kept.untilMs) return null;
    this.#kept.set(digest, kept);
    return kept.answer;
  }

  put(digest: string, answer: Answer, untilMs: number): void {
    this.#kept.delete(digest);
    if (this.#kept.size >= this.#most) {
      const oldest = this.#kept.keys().next();
      if (oldest.done !== true) this.#kept.delete(oldest.value);
    }
    this.#kept.set(digest, { answer, untilMs });
  }

  clear(): void {
    this.#kept.clear();
  }
}
