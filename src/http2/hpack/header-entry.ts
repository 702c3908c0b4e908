// One field line as HTTP/2 carries it. The dynamic table keeps these, so whatever is worked out about a line is worked out once and not
// for each request that names it by its index. @hot

/** `kind` of an entry that nobody has judged yet. */
export const UNJUDGED = -1;

export class HeaderEntry {
  /** As it came, one UTF-16 unit a byte; not checked by the decoder. */
  readonly name: string;
  readonly value: string;
  /** It came as a literal that no hop may ever index (RFC 7541 6.2.3): it must be sent on as one. */
  readonly isSecret: boolean;
  /** What messages/ makes of it, the three together: which field it is or why it can't stand, its line `name: value\r\n`, and the folded hash of its name. */
  kind = UNJUDGED;
  line = "";
  hash = 0;

  constructor(name: string, value: string, isSecret: boolean) {
    this.name = name;
    this.value = value;
    this.isSecret = isSecret;
  }

  /** RFC 7541 4.1, and how RFC 9113 6.5.2 counts a header list. */
  get size(): number {
    return this.name.length + this.value.length + 32;
  }
}

/** Takes the lines of a block in their order. */
export interface EntrySink {
  onEntry(entry: HeaderEntry): void;
}
