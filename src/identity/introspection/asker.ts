// Asks an introspection endpoint about tokens, and remembers what it said. No token is kept, only its digest.

import type { Fault } from "../../base/index.ts";
import type { IntrospectionIdentity } from "../../config/index.ts";
import { Principal } from "../../pipeline/index.ts";
import { BAD_CREDENTIAL, UNAVAILABLE } from "../faults.ts";
import type { IdentityHost } from "../identity.ts";
import { PrincipalMaker } from "../principal-maker.ts";
import { TokenCache } from "../token-cache.ts";
import type { VerificationBudget } from "../verification-budget.ts";
import { askEndpoint } from "./ask-endpoint.ts";
import { judgeAnswer } from "./judge-answer.ts";

/** What a remembered answer holds of our memory, beside what its claims say. */
const ENTRY_BYTES = 1024;
/** Memory for each of the answers that may be remembered, on the average; a few large ones leave room for fewer. */
const BYTES_EACH = 4096;
const REFUSAL_BYTES = 256;

export class Asker {
  /** Until when answers are believed counts by the monotonic clock. */
  readonly good: TokenCache<Principal>;
  readonly bad: TokenCache<Fault>;
  /** By digest of the token. */
  readonly underWay = new Map<string, Promise<Principal | Fault>>();
  readonly #config: IntrospectionIdentity;
  readonly #host: IdentityHost;
  readonly #budget: VerificationBudget;
  readonly #maker: PrincipalMaker;

  constructor(config: IntrospectionIdentity, host: IdentityHost, budget: VerificationBudget) {
    this.#config = config;
    this.#host = host;
    this.#budget = budget;
    this.#maker = new PrincipalMaker(config);
    const tokens = config.cachedTokens;
    this.good = new TokenCache({ tokens, bytes: tokens * BYTES_EACH });
    this.bad = new TokenCache({ tokens, bytes: tokens * REFUSAL_BYTES });
  }

  /** Never rejects. */
  ask(token: string, digest: string, address: string): Promise<Principal | Fault> {
    const asking = this.#ask(token, digest, address).finally(() => this.underWay.delete(digest));
    this.underWay.set(digest, asking);
    return asking;
  }

  async #ask(token: string, digest: string, address: string): Promise<Principal | Fault> {
    const { calls, clock, watcher } = this.#host;
    const { name } = this.#config;
    try {
      const answer = await askEndpoint(calls, clock, this.#config, token);
      const judgement = judgeAnswer(answer, this.#config, clock.wall());
      if (judgement.kind === "unusable") return this.#fail(judgement.reason, address);
      watcher.onAsked(name, "introspection", true, "");
      if (judgement.kind === "bad") return this.#refuse(digest, judgement.fault);
      const { claims, expiresAtMs } = judgement;
      const principal = this.#maker.make(claims, { expiresAtMs });
      if (!(principal instanceof Principal)) return this.#refuse(digest, BAD_CREDENTIAL.with(`${name}: of the token: ${principal}`));
      this.#budget.giveBack(address, 1);
      this.#remember(digest, principal, answer.body.length);
      return principal;
    } catch (error) {
      return this.#fail(error instanceof Error ? error.message : String(error), address);
    }
  }

  #remember(digest: string, principal: Principal, length: number): void {
    const { clock } = this.#host;
    const { cacheForMs } = this.#config;
    const leftMs = principal.expiresAtMs === null ? cacheForMs : principal.expiresAtMs - clock.wall();
    const forMs = Math.min(cacheForMs, leftMs);
    if (forMs > 0) this.good.keep(digest, principal, clock.now() + forMs, ENTRY_BYTES + 4 * length);
  }

  #refuse(digest: string, fault: Fault): Fault {
    const { negativeCacheForMs } = this.#config;
    if (negativeCacheForMs > 0) this.bad.keep(digest, fault, this.#host.clock.now() + negativeCacheForMs, REFUSAL_BYTES);
    return fault;
  }

  #fail(reason: string, address: string): Fault {
    const { name } = this.#config;
    // It is not the client's fault, and would keep its other tokens out.
    this.#budget.giveBack(address, 1);
    this.#host.watcher.onAsked(name, "introspection", false, reason);
    return UNAVAILABLE.with(`${name}: ${reason}`);
  }
}
