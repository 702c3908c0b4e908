// Body transforms in a row. A chain is made only where a policy asked for one; without it bodies go straight through.

import type { Fields } from "../http/index.ts";
import type { BodySink, BodyTransform } from "./policy.ts";

/** Who hears of a transform that threw. */
export interface TransformOwner {
  onBug(error: unknown): void;
}

/** The transforms of `before`, then `transform`, then `sink`. */
export class TransformChain implements BodySink {
  readonly #transforms: readonly BodyTransform[];
  readonly #first: BodySink;
  readonly #owner: TransformOwner;

  constructor(transform: BodyTransform, before: TransformChain | null, sink: BodySink, owner: TransformOwner) {
    this.#transforms = before === null ? [transform] : [...before.#transforms, transform];
    this.#owner = owner;
    let next = sink;
    for (let i = this.#transforms.length - 1; i >= 0; i--) next = link(this.#transforms[i]!, next);
    this.#first = next;
  }

  write(chunk: Uint8Array): boolean {
    try {
      return this.#first.write(chunk);
    } catch (error) {
      this.#owner.onBug(error);
      return false;
    }
  }

  end(trailers: Fields | null): void {
    try {
      this.#first.end(trailers);
    } catch (error) {
      this.#owner.onBug(error);
    }
  }
}

function link(transform: BodyTransform, next: BodySink): BodySink {
  return { write: (chunk) => transform.write(chunk, next), end: (trailers) => transform.end(trailers, next) };
}
