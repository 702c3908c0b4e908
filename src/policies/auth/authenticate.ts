// Finds out who a request is from: the first identity of the route whose credential is there decides, and its no is final. @hot
// What has to be asked of somebody else first is waited for with a ticket; whoever is known already costs no promise.

import type { Fault } from "../../base/index.ts";
import { FIELD, FOLD } from "../../http/index.ts";
import { AUTH, type Identity, MISSING_SCOPES } from "../../identity/index.ts";
import { CONTINUE, type Exchange, type MemoryKey, PENDING, Principal, REQUEST, type StepResult } from "../../pipeline/index.ts";
import { addChallenges, schemeOf } from "./challenges.ts";
import type { OtherSites } from "./other-sites.ts";
import { type AuthMetrics, type OutcomeCounter, outcomeOf } from "./outcomes.ts";

/** Which identity refused a credential. */
const JUDGE: MemoryKey<Identity> = { name: "auth judge" };

export interface AuthenticateOptions {
  readonly identities: readonly Identity[];
  readonly isOptional: boolean;
  readonly otherSites: OtherSites;
  readonly metrics: AuthMetrics;
}

export class Authentication {
  readonly #identities: readonly Identity[];
  readonly #isOptional: boolean;
  readonly #otherSites: OtherSites;
  readonly #metrics: AuthMetrics;
  readonly #verified: readonly OutcomeCounter[];
  readonly #anonymous: OutcomeCounter;
  /** Schemes of Authorization that identities of the route take, in lower case. */
  readonly #schemes: readonly string[];
  readonly #missing: Fault;
  readonly #unknown: Fault;

  constructor({ identities, isOptional, otherSites, metrics }: AuthenticateOptions) {
    this.#identities = identities;
    this.#isOptional = isOptional;
    this.#otherSites = otherSites;
    this.#metrics = metrics;
    // hot-exception: once a route, auth.bench.ts
    this.#verified = identities.map(({ name }) => metrics.counter(name, "verified"));
    this.#anonymous = metrics.counter("", "anonymous");
    // hot-exception: once a route, auth.bench.ts
    this.#schemes = identities.flatMap(({ challenge }) => (challenge === null ? [] : [schemeOf(challenge)]));
    // hot-exception: once a route, auth.bench.ts
    const names = identities.map(({ name }) => name).join(", ");
    this.#missing = AUTH.NO_CREDENTIAL.with(`nothing in it is for ${names}`);
    this.#unknown = AUTH.BAD_CREDENTIAL.with(`not for ${names}: \`iss\` is no \`issuer\` to the letter, or it has a form that none reads`);
  }

  authenticate(exchange: Exchange): StepResult {
    const identities = this.#identities;
    for (let i = 0; i < identities.length; i++) {
      const outcome = identities[i]!.identify(exchange);
      if (outcome === null) continue;
      if (identities[i]!.isAmbient === true && this.#otherSites.hasForged(exchange)) {
        return this.#refuse(exchange, identities[i]!, AUTH.CROSS_SITE.with(`${identities[i]!.name}: a page of another site sent it`));
      }
      if (outcome instanceof Principal) return this.#admit(exchange, i, outcome);
      if (outcome instanceof Promise) return this.#wait(exchange, i, outcome);
      return this.#refuse(exchange, identities[i]!, outcome);
    }
    return this.#takeUnknown(exchange);
  }

  #admit(exchange: Exchange, index: number, principal: Principal): StepResult {
    this.#verified[index]!.add(1);
    exchange.principal = principal;
    if (principal.expiresAtMs !== null && exchange.head.upgrade !== null) endWithCredential(exchange, principal.expiresAtMs);
    return CONTINUE;
  }

  #refuse(exchange: Exchange, judge: Identity, fault: Fault): StepResult {
    exchange.memory.put(JUDGE, judge);
    return exchange.answerFault(fault);
  }

  /** Nobody's credential is there, or it is of a kind that the route takes and none of its identities knows it. */
  #takeUnknown(exchange: Exchange): StepResult {
    const authorization = exchange.head.fields.get(FIELD.AUTHORIZATION);
    if (authorization !== null && this.#takesScheme(authorization)) {
      return exchange.answerFault(this.#unknown);
    }
    if (this.#isOptional) {
      this.#anonymous.add(1);
      return CONTINUE;
    }
    const identities = this.#identities;
    for (let i = 0; i < identities.length; i++) {
      const greeting = identities[i]!.greet?.(exchange) ?? null;
      if (greeting !== null) return greeting;
    }
    return exchange.answerFault(this.#missing);
  }

  #takesScheme(authorization: string): boolean {
    // Services part the scheme from what follows at more than a space, and so it ends at whatever a token can't hold.
    let end = 0;
    while (end < authorization.length && FOLD[authorization.charCodeAt(end) & 0xff] !== 0) end++;
    return this.#schemes.indexOf(authorization.slice(0, end).toLowerCase()) >= 0;
  }

  #wait(exchange: Exchange, index: number, outcome: Promise<Principal | Fault>): StepResult {
    const ticket = exchange.suspend();
    const judge = this.#identities[index]!;
    // hot-exception: only where somebody else must be asked, auth.bench.ts
    const settle = (settled: Principal | Fault) => {
      if (settled instanceof Principal) {
        // One that has its answer by now, its time being over, stays without a principal.
        if (exchange.stage === REQUEST) this.#admit(exchange, index, settled);
        exchange.resume(ticket);
        return;
      }
      exchange.memory.put(JUDGE, judge);
      exchange.fail(ticket, settled);
    };
    // hot-exception: only where somebody else must be asked, auth.bench.ts
    outcome.then(settle, (error: unknown) => settle(AUTH.UNAVAILABLE.with(`${judge.name}: ${describe(error)}`)));
    return PENDING;
  }

  /** Response step: what answers of ours say about credentials, and the count of those that were refused. */
  tell(exchange: Exchange): StepResult {
    const { fault } = exchange;
    if (fault === null || exchange.winner !== null) return CONTINUE;
    const outcome = outcomeOf(fault.kind);
    if (outcome === null) return CONTINUE;
    const judge = exchange.memory.get(JUDGE);
    this.#metrics.counter(judge?.name ?? exchange.principal?.identity ?? "", outcome).add(1);
    // A browser may have been sent to a login in its place, and a gRPC call has a status of its own.
    if (exchange.response!.status !== fault.kind.status) return CONTINUE;
    const scopes = exchange.memory.get(MISSING_SCOPES)?.text ?? "";
    addChallenges(exchange.response!.fields, this.#identities, fault, judge, scopes);
    return CONTINUE;
  }
}

/** A WebSocket is open for as long as the credential that opened it is good. */
function endWithCredential(exchange: Exchange, expiresAtMs: number): void {
  const { clock, wheel } = exchange.runtime;
  const limits = exchange.webSocket;
  exchange.webSocket = {
    idleMs: limits === null ? undefined : limits.idleMs,
    messageBytes: limits === null ? null : limits.messageBytes,
    messagesPerSecond: limits === null ? null : limits.messagesPerSecond,
    untilMs: wheel.nowMs + Math.max(0, expiresAtMs - clock.wall()),
  };
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
