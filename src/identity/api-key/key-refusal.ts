// Why something that was asked of keys is not done, in words for who asked.

export type KeyRefusalReason =
  /** What was asked for is not of the form that it should be. */
  | "invalid"
  /** There is no such key. */
  | "absent"
  /** The key is at its end: revoked, expired or replaced. */
  | "ended";

export class KeyRefusal extends Error {
  readonly reason: KeyRefusalReason;

  constructor(reason: KeyRefusalReason, message: string) {
    super(message);
    this.name = "KeyRefusal";
    this.reason = reason;
  }
}
