// What a route's `authorize` says of a request: its rule, then Cedar, then OPA. Each that is there must allow it, and whoever has no
// principal is told to bring one. @hot

import type { Clock } from "../../base/index.ts";
import { AUTH, MISSING_SCOPES } from "../../identity/index.ts";
import { CONTINUE, type Exchange, type Principal, type StepResult } from "../../pipeline/index.ts";
import type { CedarAuthorizer } from "./cedar.ts";
import type { Condition } from "./conditions.ts";
import type { OpaAuthorizer } from "./opa.ts";
import type { Rule } from "./rule.ts";

export interface AuthorizationParts {
  /** Null where it asks for nothing: then one of the others is there. */
  readonly rule: Rule | null;
  readonly cedar: CedarAuthorizer | null;
  readonly opa: OpaAuthorizer | null;
}

export class Authorization {
  readonly #rule: Rule | null;
  readonly #cedar: CedarAuthorizer | null;
  readonly #opa: OpaAuthorizer | null;
  readonly #clock: Clock;
  /** Filled for each request and read before the step returns. */
  readonly #surroundings = { clientAddress: "", wallMs: 0 };

  constructor({ rule, cedar, opa }: AuthorizationParts, clock: Clock) {
    this.#rule = rule;
    this.#cedar = cedar;
    this.#opa = opa;
    this.#clock = clock;
  }

  authorize(exchange: Exchange): StepResult {
    const { principal } = exchange;
    if (principal === null) return exchange.answerFault(AUTH.NO_CREDENTIAL);
    const wallMs = this.#clock.wall();
    const refused = this.#rule === null ? null : this.#judge(this.#rule, exchange, principal, wallMs);
    if (refused !== null) return refuse(exchange, principal, refused);
    if (this.#cedar !== null) {
      const why = this.#cedar.refusal(exchange, principal, wallMs);
      if (why !== null) return exchange.answerFault(AUTH.FORBIDDEN.with(why));
    }
    return this.#opa === null ? CONTINUE : this.#opa.ask(exchange, principal);
  }

  #judge(rule: Rule, exchange: Exchange, principal: Principal, wallMs: number): Condition | null {
    const surroundings = this.#surroundings;
    surroundings.clientAddress = exchange.clientAddress;
    surroundings.wallMs = wallMs;
    return rule.refusal(principal, surroundings);
  }
}

function refuse(exchange: Exchange, principal: Principal, { part, scopes }: Condition): StepResult {
  if (scopes === null) return exchange.answerFault(AUTH.FORBIDDEN.with(`rule ${part} does not hold`));
  const missing = listMissing(scopes, principal.scopes);
  exchange.memory.put(MISSING_SCOPES, { text: missing });
  return exchange.answerFault(AUTH.SCOPE_MISSING.with(`rule ${part}: ${missing} is missing`));
}

function listMissing(scopes: readonly string[], granted: readonly string[]): string {
  let missing = "";
  for (let i = 0; i < scopes.length; i++) {
    if (granted.indexOf(scopes[i]!) < 0) missing = missing === "" ? scopes[i]! : `${missing} ${scopes[i]!}`;
  }
  return missing;
}
