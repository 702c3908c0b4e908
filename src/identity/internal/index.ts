// The door of the identity by another gateway's tokens.

import type { InternalIdentity } from "../../config/index.ts";
import type { Identity, IdentityHost } from "../identity.ts";
import type { KeySource } from "../keys/index.ts";
import type { VerificationBudget } from "../verification-budget.ts";
import { InternalCredentials } from "./internal-identity.ts";

/** The sources that `keysOf` gives are the identity's from here on, and end with it; `budget` is shared by all of a worker. */
export function createInternalIdentity(
  config: InternalIdentity,
  host: Pick<IdentityHost, "clock" | "watcher">,
  keysOf: (trust: InternalIdentity["trust"][number]) => KeySource,
  budget: VerificationBudget,
): Identity {
  return new InternalCredentials(config, host, new Map(config.trust.map((trust) => [trust.issuer, keysOf(trust)])), budget);
}
