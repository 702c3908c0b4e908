// From the configuration of an identity to the live one: each kind is a folder of this room.

import type { TimerWheel } from "../base/index.ts";
import type { IdentityConfig } from "../config/index.ts";
import { createApiKeyIdentity, type LookupBudget } from "./api-key/index.ts";
import { createBasicIdentity } from "./basic/index.ts";
import { createExternalIdentity } from "./external/index.ts";
import * as AUTH from "./faults.ts";
import { createHmacIdentity } from "./hmac/index.ts";
import type { Identity, IdentityHost } from "./identity.ts";
import { createInternalIdentity } from "./internal/index.ts";
import { createIntrospectionIdentity } from "./introspection/index.ts";
import { createJwtIdentity } from "./jwt/index.ts";
import { createKeySource } from "./keys/index.ts";
import { createMtlsIdentity } from "./mtls/index.ts";
import { createSessionIdentity } from "./session/index.ts";
import { VerificationBudget } from "./verification-budget.ts";

export class IdentityFactory {
  readonly #budget: VerificationBudget;

  /** One a worker: what bounds the work that one client address can cause is shared by all identities. */
  constructor(wheel: TimerWheel) {
    this.#budget = new VerificationBudget(wheel);
  }

  create(config: IdentityConfig, host: IdentityHost): Identity {
    switch (config.kind) {
      case "jwt":
        return createJwtIdentity(config, host, createKeySource(config.name, config.issuer, config.jwks, host), this.#budget);
      case "introspection":
        return createIntrospectionIdentity(config, host, this.#budget);
      case "mtls":
        return createMtlsIdentity(config, host);
      case "basic":
        return createBasicIdentity(config, host);
      case "hmac":
        return createHmacIdentity(config, host);
      case "apiKey":
        return createApiKeyIdentity(config, host, toLookupBudget(this.#budget));
      case "session":
        return createSessionIdentity(config, host, this.#budget);
      case "external":
        return createExternalIdentity(config, host, this.#budget);
      case "internal":
        return createInternalIdentity(config, host, ({ issuer, jwks }) => createKeySource(config.name, issuer, jwks, host), this.#budget);
    }
  }
}

function toLookupBudget(budget: VerificationBudget): LookupBudget {
  return {
    take(address) {
      const seconds = budget.spend(address);
      return seconds === 0 ? null : AUTH.TOO_MANY.telling({ detail: null, retryAfterSeconds: seconds });
    },
    giveBack: (address) => budget.giveBack(address, 1),
  };
}
