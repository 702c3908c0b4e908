// What a rule can ask, each a condition that looks at the principal or at where and when the request comes from. @hot

import { CidrSet } from "../../base/index.ts";
import type { ClaimCondition } from "../../config/index.ts";
import { readClaim } from "../../identity/index.ts";
import type { Principal } from "../../pipeline/index.ts";
import type { TimeWindows } from "./time-windows.ts";

/** What a condition may look at besides the principal. */
export interface Surroundings {
  readonly clientAddress: string;
  /** Wall clock, in ms. */
  readonly wallMs: number;
}

export interface Condition {
  /** Where it stands in the rule, for who reads why a request was refused: `claims.tid`. */
  readonly part: string;
  /** Scopes that it asks for, all of them; null for what is no such condition. */
  readonly scopes: readonly string[] | null;
  holds(principal: Principal, surroundings: Surroundings): boolean;
}

export class ScopesCondition implements Condition {
  readonly part: string;
  readonly scopes: readonly string[];

  constructor(part: string, scopes: readonly string[]) {
    this.part = part;
    this.scopes = scopes;
  }

  holds(principal: Principal): boolean {
    for (let i = 0; i < this.scopes.length; i++) if (principal.scopes.indexOf(this.scopes[i]!) < 0) return false;
    return true;
  }
}

export class RolesCondition implements Condition {
  readonly part: string;
  readonly scopes = null;
  readonly #roles: readonly string[];

  constructor(part: string, roles: readonly string[]) {
    this.part = part;
    this.#roles = roles;
  }

  holds(principal: Principal): boolean {
    for (let i = 0; i < this.#roles.length; i++) if (principal.roles.indexOf(this.#roles[i]!) >= 0) return true;
    return false;
  }
}

/** Values are equal when they are of one type: `"1"` is not 1. */
export class ClaimsCondition implements Condition {
  readonly part: string;
  readonly scopes = null;
  readonly #claim: string;
  readonly #oneOf: readonly unknown[] | null;

  constructor(part: string, { claim, oneOf }: ClaimCondition) {
    this.part = part;
    this.#claim = claim;
    this.#oneOf = oneOf;
  }

  holds(principal: Principal): boolean {
    const value = readClaim(principal.claims, this.#claim);
    if (value === undefined || value === null) return false;
    const oneOf = this.#oneOf;
    if (oneOf === null) return true;
    if (!Array.isArray(value)) return oneOf.indexOf(value) >= 0;
    for (let i = 0; i < value.length; i++) if (oneOf.indexOf(value[i]) >= 0) return true;
    return false;
  }
}

export class FromCondition implements Condition {
  readonly part: string;
  readonly scopes = null;
  readonly #networks: CidrSet;

  constructor(part: string, networks: readonly string[]) {
    this.part = part;
    // hot-exception: once a route, authorize.bench.ts
    this.#networks = CidrSet.of(...networks);
  }

  /** A client without an address, on a unix socket, is in no network. */
  holds(_principal: Principal, { clientAddress }: Surroundings): boolean {
    return this.#networks.has(clientAddress);
  }
}

export class TimesCondition implements Condition {
  readonly part: string;
  readonly scopes = null;
  readonly #windows: TimeWindows;

  constructor(part: string, windows: TimeWindows) {
    this.part = part;
    this.#windows = windows;
  }

  holds(_principal: Principal, { wallMs }: Surroundings): boolean {
    return this.#windows.isOpen(wallMs);
  }
}
