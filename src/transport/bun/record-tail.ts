// @hot
// Tells the end of a TLS stream from its being cut: a FIN without close_notify may be anybody's doing, so that what came before it may
// not be all. Bun tells both as an end, but it shows the ciphertext, and the last record of an orderly stream is an alert. Of TLS 1.3
// only the length of a record can be seen: an alert has 2 bytes and comes to nothing that is delivered.
import type { SocketHandler } from "../socket.ts";

const HEAD_BYTES = 5;
const ALERT = 21;
const APPLICATION_DATA = 23;
/** What TLS 1.3 adds to a record's content: its type and the tag of each of its ciphers. */
const OVERHEAD = 17;
const ALERT_BYTES = 2;

/** Hears the ciphertext of one connection, from the beginning of a record on. */
export class RecordTail implements SocketHandler {
  /** Of the record that is being read: the bytes of its head that are there, its type, its length, and what is still to come of it. */
  headLength = 0;
  type = 0;
  length = 0;
  rest = 0;
  /** Of the last record that was whole. */
  lastType = 0;
  lastLength = 0;
  /** The content of all records that became whole with the last chunk, were it all data. */
  content = 0;
  /** Data that were delivered since. */
  delivered = 0;

  onData(chunk: Uint8Array): void {
    const end = chunk.length;
    this.content = 0;
    this.delivered = 0;
    let at = 0;
    while (at < end) {
      if (this.headLength < HEAD_BYTES) {
        const byte = chunk[at] as number;
        at += 1;
        if (this.headLength === 0) this.type = byte;
        else if (this.headLength === 3) this.length = byte << 8;
        else if (this.headLength === 4) this.rest = this.length |= byte;
        this.headLength += 1;
        if (this.headLength < HEAD_BYTES || this.rest > 0) continue;
      } else {
        const step = Math.min(this.rest, end - at);
        at += step;
        this.rest -= step;
        if (this.rest > 0) return;
      }
      this.headLength = 0;
      this.lastType = this.type;
      this.lastLength = this.length;
      this.content += this.length - OVERHEAD;
    }
  }

  /** Whether what ends here was ended by the far side, and not by somebody on the way. */
  isGoodbye(version: string): boolean {
    if (this.headLength !== 0) return false;
    if (version !== "TLSv1.3") return this.lastType === ALERT;
    const isLikeAlert = this.lastType === APPLICATION_DATA && this.lastLength === OVERHEAD + ALERT_BYTES;
    return isLikeAlert && this.delivered <= this.content - ALERT_BYTES;
  }

  onOpen(): void {}
  onDrain(): void {}
  onEnd(): void {}
  onClose(): void {}
}
