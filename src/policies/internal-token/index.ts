// Signed internal tokens: an upstream is told who calls in words that only the gateway can write, so that services can refuse whatever did
// not come through it. The keys are in identity/internal-keys/.

import type { Clock } from "../../base/index.ts";
import type { IdentityConfig, UpstreamConfig } from "../../config/index.ts";
import type { SigningKeys } from "../../identity/internal-keys/index.ts";
import type { Policy } from "../../pipeline/index.ts";
import { KeptTokens } from "./kept-tokens.ts";
import { readShownClaims } from "./token-claims.ts";

export { KEYS_PATH, publishKeys } from "./publish-keys.ts";
export { TOKEN_TYPE } from "./token-claims.ts";

export interface InternalTokenHost {
  readonly keys: SigningKeys;
  readonly clock: Clock;
  /** Of the whole configuration: which claims each of them shows. */
  readonly identities: readonly IdentityConfig[];
  /** In [0, 1); left out: the runtime's own, since nothing but the spread of renewals hangs on it. */
  readonly random?: () => number;
}

/** One for an upstream, shared by its routes: tokens are kept in it. Null where the upstream wants none. */
export function compileInternalToken(
  { name, internalToken }: Pick<UpstreamConfig, "name" | "internalToken">,
  { keys, clock, identities, random = Math.random }: InternalTokenHost,
): Policy | null {
  if (internalToken === null) return null;
  const tokens = new KeptTokens(name, { config: internalToken, keys, shown: readShownClaims(identities), random }, clock);
  return { name: "internal-token", phase: "authorise", attempt: (attempt) => tokens.show(attempt) };
}
