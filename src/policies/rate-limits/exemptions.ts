// Who is not counted by a limit. @hot

import { CidrSet } from "../../base/index.ts";
import type { LimitExemptions } from "../../config/index.ts";
import type { Exchange } from "../../pipeline/index.ts";

export class Exemptions {
  readonly #from: CidrSet | null;
  readonly #users: readonly string[];
  readonly #roles: readonly string[];
  readonly #plans: readonly string[];

  constructor({ from, users, roles, plans }: LimitExemptions) {
    // hot-exception: once a limit of a route, rate-limits.bench.ts
    this.#from = from.length === 0 ? null : CidrSet.of(...from);
    this.#users = users;
    this.#roles = roles;
    this.#plans = plans;
  }

  has({ clientAddress, principal }: Exchange): boolean {
    if (this.#from?.has(clientAddress) === true) return true;
    if (principal === null) return false;
    if (this.#users.indexOf(principal.id) >= 0) return true;
    if (principal.plan !== null && this.#plans.indexOf(principal.plan) >= 0) return true;
    const { roles } = principal;
    for (let i = 0; i < roles.length; i++) if (this.#roles.indexOf(roles[i]!) >= 0) return true;
    return false;
  }
}
