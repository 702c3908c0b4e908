// Asks an introspection endpoint about tokens, and remembers what it said. No token is kept, only its digest.

import type { Fault } from "../../base/index.ts";
import type { IntrospectionIdentity } from "../../config/index.ts";
import { Principal } from "../../pipeline/index.ts";
import { BAD_CREDENTIAL, UNAVAILABLE } from "../faults.ts";
import type { IdentityHost } from "../identity.ts";
import { PrincipalMaker } from "../principal-maker.ts";
import { askEndpoint } from "./ask-endpoint.ts";
import { judgeAnswer } from "./judge-answer.ts";
import { KnownAnswers } from "./known-answers.ts";

/** What clients may have asked of others, by address. */
export interface AskBudget {
  /** A fault: there is nothing left of it. */
  take(address: string): Fault | null;
  /** The token was good: it costs nothing. */
  giveBack(address: string): void;
}

export class Asker {
  readonly good: KnownAnswers<Principal>;
  readonly bad: KnownAnswers<Fault>;
  /** By digest of the token. */
  readonly underWay = new Map<string, Promise<Principal | Fault>>();
  readonly #config: IntrospectionIdentity;
  readonly #host: IdentityHost;
  readonly #budget: AskBudget | null;
  readonly #maker: PrincipalMaker;
  #isClosed = false;

  constructor(config: IntrospectionIdentity, host: IdentityHost, budget: AskBudget | null) {
    this.#config = config;
    this.#host = host;
    this.#budget = budget;
    this.#maker = new PrincipalMaker(config);
    this.good = new KnownAnswers(config.cachedTokens);
    this.bad = new KnownAnswers(config.cachedTokens);
  }

  /** Never rejects. */
  ask(token: string, digest: string, address: string): Promise<Principal | Fault> {
    const asking = this.#ask(token, digest, address).finally(() => this.underWay.delete(digest));
    this.underWay.set(digest, asking);
    return asking;
  }

  close(): void {
    this.#isClosed = true;
    this.good.clear();
    this.bad.clear();
  }

  async #ask(token: string, digest: string, address: string): Promise<Principal | Fault> {
    const { calls, clock, watcher } = this.#host;
    const { name } = this.#config;
    try {
      const answer = await askEndpoint(calls, clock, this.#config, token);
      const judgement = judgeAnswer(answer, this.#config, clock.wall());
      if (judgement.kind === "unusable") return this.#fail(judgement.reason);
      watcher.onAsked(name, "introspection", true, "");
      if (judgement.kind === "bad") return this.#refuse(digest, judgement.fault);
      const { claims, expiresAtMs } = judgement;
      const principal = this.#maker.make(claims, { expiresAtMs });
      if (!(principal instanceof Principal)) return this.#refuse(digest, BAD_CREDENTIAL.with(`${name}: of the token: ${principal}`));
      this.#budget?.giveBack(address);
      this.#remember(digest, principal);
      return principal;
    } catch (error) {
      return this.#fail(error instanceof Error ? error.message : String(error));
    }
  }

  #remember(digest: string, principal: Principal): void {
    const { clock } = this.#host;
    const { cacheForMs } = this.#config;
    const leftMs = principal.expiresAtMs === null ? cacheForMs : principal.expiresAtMs - clock.wall();
    const forMs = Math.min(cacheForMs, leftMs);
    if (forMs > 0 && !this.#isClosed) this.good.put(digest, principal, clock.now() + forMs);
  }

  #refuse(digest: string, fault: Fault): Fault {
    const { negativeCacheForMs } = this.#config;
    if (negativeCacheForMs > 0 && !this.#isClosed) this.bad.put(digest, fault, this.#host.clock.now() + negativeCacheForMs);
    return fault;
  }

  #fail(reason: string): Fault {
    const { name } = this.#config;
    this.#host.watcher.onAsked(name, "introspection", false, reason);
    return UNAVAILABLE.with(`${name}: ${reason}`);
  }
}
