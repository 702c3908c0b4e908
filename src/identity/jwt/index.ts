// The door of the identity by signed tokens.

import type { JwtIdentity } from "../../config/index.ts";
import type { Identity, IdentityHost } from "../identity.ts";
import type { KeySource } from "../keys/index.ts";
import type { VerificationBudget } from "../verification-budget.ts";
import { JwtCredentials } from "./jwt-identity.ts";

/** `keys` are the identity's from here on, and end with it; `budget` is shared by all of a worker. */
export function createJwtIdentity(
  config: JwtIdentity,
  host: Pick<IdentityHost, "clock" | "watcher">,
  keys: KeySource,
  budget: VerificationBudget,
): Identity {
  return new JwtCredentials(config, host, keys, budget);
}
