// Where messages of a gRPC body end: a byte of flags, four of length, and so many bytes (PROTOCOL-HTTP2, Length-Prefixed-Message). @hot

const PREFIX_BYTES = 5;

export class MessageBoundary {
  #inPrefix = 0;
  #length = 0;
  #remaining = 0;

  /** A message is begun and not complete. */
  get isInside(): boolean {
    return this.#inPrefix > 0 || this.#remaining > 0;
  }

  pass(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; ) {
      if (this.#remaining > 0) {
        const taken = Math.min(this.#remaining, chunk.length - at);
        this.#remaining -= taken;
        at += taken;
        continue;
      }
      // The flags are shifted out of it by the bytes that follow.
      this.#length = ((this.#length << 8) | chunk[at++]!) >>> 0;
      if (++this.#inPrefix < PREFIX_BYTES) continue;
      this.#remaining = this.#length;
      this.#inPrefix = 0;
      this.#length = 0;
    }
  }
}
