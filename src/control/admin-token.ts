// `Authorization: Bearer TOKEN` compared with the configured token, in a time that tells nothing about either. No rate limit: a wrong
// one is answered late (admin-plan.ts).

import { createHash, timingSafeEqual } from "node:crypto";
import type { Secret } from "../base/index.ts";

// RFC 6750 2.1, the scheme in any case (RFC 9110 11.1); which characters a token is of is the operator's business.
const BEARER = /^bearer +([\x21-\x7e]+)$/i;

export class AdminToken {
  readonly #digest: Buffer;

  constructor(token: Secret) {
    this.#digest = digest(token.reveal());
  }

  /** `authorization` is every line of that name together: two of them are never right. */
  admits(authorization: string): boolean {
    const sent = BEARER.exec(authorization)?.[1];
    // What is no bearer token at all takes as long.
    const isEqual = timingSafeEqual(digest(sent ?? ""), this.#digest);
    return isEqual && sent !== undefined;
  }
}

/** Equal length whatever was sent, so that the comparison tells no length either. */
function digest(text: string): Buffer {
  return createHash("sha256").update(text, "latin1").digest();
}
