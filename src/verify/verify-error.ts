// Why a request is not let in. Messages are for the service's own log: they hold no part of a token.

/**
 * `NO_TOKEN`: it did not come through the gateway. `EXPIRED`, `WRONG_AUDIENCE` (a token that was meant for another service), `BAD_TOKEN`:
 * everything else that is wrong with one. `NO_CALLER`: it came through the gateway, and nobody is behind it.
 * `KEYS_UNAVAILABLE`: the gateway's keys could not be had, so nothing can be said.
 */
export type VerifyCode = "NO_TOKEN" | "BAD_TOKEN" | "EXPIRED" | "WRONG_AUDIENCE" | "NO_CALLER" | "KEYS_UNAVAILABLE";

export class VerifyError extends Error {
  readonly code: VerifyCode;
  /** What the service answers. */
  readonly status: 401 | 503;

  constructor(code: VerifyCode, message: string) {
    super(message);
    this.name = "VerifyError";
    this.code = code;
    this.status = code === "KEYS_UNAVAILABLE" ? 503 : 401;
  }
}
