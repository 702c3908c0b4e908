// Body transforms in a row. A chain is made only where a policy asked for one; without it bodies go straight through.

import type { Fields } from "../http/index.ts";
import type { BodySink, BodyTransform } from "./policy.ts";

/** The transforms of `before`, then `transform`, then `sink`. */
export class TransformChain implements BodySink {
  readonly #transforms: readonly BodyTransform[];
  readonly #first: BodySink;

  constructor(transform: BodyTransform, before: TransformChain | null, sink: BodySink) {
    this.#transforms = before === null ? [transform] : [...before.#transforms, transform];
    let next = sink;
    for (let i = this.#transforms.length - 1; i >= 0; i--) next = link(this.#transforms[i]!, next);
    this.#first = next;
  }

  write(chunk: Uint8Array): boolean {
    return this.#first.write(chunk);
  }

  end(trailers: Fields | null): void {
    this.#first.end(trailers);
  }
}

function link(transform: BodyTransform, next: BodySink): BodySink {
  return { write: (chunk) => transform.write(chunk, next), end: (trailers) => transform.end(trailers, next) };
}
