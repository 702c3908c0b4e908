// The step that shows an upstream the gateway's signature: before each attempt, a lookup of the token that was made for this principal and
// this upstream, and another token when little of its life is left. @hot

import type { Clock, Fault } from "../../base/index.ts";
import { type FieldName, fieldName } from "../../http/index.ts";
import { isSecretName } from "../../http2/index.ts";
import { ANSWERED, type Attempt, CONTINUE, type Exchange, type Principal, type StepResult } from "../../pipeline/index.ts";
import { type KeptToken, type Mint, mintToken } from "./mint.ts";

/** One that has less left could end on its way. */
const LEAST_LEFT_MS = 2000;
/** A clock that was set back further than this makes tokens that are not good yet. */
const SET_BACK_MS = 1000;

export class KeptTokens {
  readonly #upstream: string;
  readonly #mint: Mint;
  readonly #clock: Clock;
  readonly #name: FieldName;
  /** What HPACK must never index; null: it knows that by itself, and its lines go the quick way. */
  readonly #secrets: string[] | null;
  /** As long as somebody holds the principal: the cache of its credential. */
  readonly #kept = new WeakMap<Principal, KeptToken>();
  #anonymous: KeptToken | null = null;

  constructor(upstream: string, mint: Mint, clock: Clock) {
    this.#upstream = upstream;
    this.#mint = mint;
    this.#clock = clock;
    this.#name = fieldName(mint.config.header);
    this.#secrets = isSecretName(this.#name.lower) ? null : [this.#name.lower];
  }

  show(attempt: Attempt): StepResult {
    // A mirror of another upstream takes part in the same plan: what is for one audience is not for it.
    if (attempt.upstream.name !== this.#upstream) return CONTINUE;
    const token = this.#obtain(attempt.exchange);
    if (!("value" in token)) {
      attempt.onUpstreamFault(token);
      return ANSWERED;
    }
    attempt.setField(this.#name, token.value);
    if (this.#secrets !== null) {
      const fields = attempt.fields;
      // The list of others may be theirs: it is never changed.
      fields.secrets = fields.secrets === null ? this.#secrets : fields.secrets.concat(this.#secrets);
    }
    return CONTINUE;
  }

  #obtain(exchange: Exchange): KeptToken | Fault {
    const principal = exchange.principal;
    const nowMs = this.#clock.wall();
    if (this.#mint.config.deadline) return mintToken(this.#mint, principal, nowMs, deadlineOf(exchange, nowMs));
    const kept = principal === null ? this.#anonymous : this.#kept.get(principal);
    const isKept = kept !== null && kept !== undefined && nowMs >= kept.mintedAtMs - SET_BACK_MS;
    if (isKept && nowMs < kept.renewAtMs) return kept;
    const token = mintToken(this.#mint, principal, nowMs, null);
    // Without a key the old one is as good as it ever was.
    if (!("value" in token)) return isKept && nowMs < kept.expiresAtMs - LEAST_LEFT_MS ? kept : token;
    if (principal === null) this.#anonymous = token;
    else this.#kept.set(principal, token);
    return token;
  }
}

/** Until when the client, or the route, waits for the answer; wall clock, null for ever. */
function deadlineOf(exchange: Exchange, nowMs: number): number | null {
  const { answersByMs, endsByMs } = exchange;
  const byMs = answersByMs === 0 ? endsByMs : endsByMs === 0 ? answersByMs : Math.min(answersByMs, endsByMs);
  return byMs === 0 ? null : Math.floor(nowMs + byMs - exchange.runtime.wheel.nowMs);
}
