// How a test is somebody without a credential: `as` of a request. The kit says who in a field of its own, which the identities that it put
// around the gateway's take for a credential, and which no upstream sees. A gateway outside of the kit knows nothing of that field.

import { Buffer } from "node:buffer";
import type { IdentityConfig } from "../config/index.ts";
import { fieldName } from "../http/index.ts";
import { AUTH, type Identity, type Outcome, PrincipalMaker } from "../identity/index.ts";
import type { Exchange } from "../pipeline/index.ts";
import { type Duration, toMilliseconds } from "./duration.ts";
import type { Wiring } from "./wiring.ts";

/** Who a request is from. Claims are mapped as the identity's configuration says. */
export interface TestPrincipal {
  /** One of the route's; the first that is asked when left out. */
  readonly identity?: string;
  readonly id: string;
  readonly tenant?: string;
  readonly roles?: readonly string[];
  readonly scopes?: readonly string[];
  readonly claims?: Readonly<Record<string, unknown>>;
  /** Of an API key. */
  readonly plan?: string;
  /** When the credential ends; never when left out. */
  readonly expiresIn?: Duration;
}

/** The field that the kit says it in. */
export const TEST_PRINCIPAL_HEADER = "Sallyport-Test-Principal";
const TEST_PRINCIPAL = fieldName(TEST_PRINCIPAL_HEADER);

export function toPrincipalLine(principal: TestPrincipal): readonly [name: string, value: string] {
  return [TEST_PRINCIPAL.text, Buffer.from(JSON.stringify(principal)).toString("base64")];
}

/** The identity, which takes `as` of a test's request for a credential of its own. */
export function playIdentity(identity: Identity, config: IdentityConfig, wiring: Wiring): Identity {
  const maker = new PrincipalMaker(config);
  const identify = (exchange: Exchange): Outcome => {
    const written = exchange.head.fields.get(TEST_PRINCIPAL);
    if (written === null) {
      const outcome = identity.identify(exchange);
      // What it leads to has been done before the test goes on.
      if (outcome instanceof Promise) wiring.track(outcome);
      return outcome;
    }
    const played = JSON.parse(Buffer.from(written, "base64").toString()) as TestPrincipal;
    if (played.identity !== undefined && played.identity !== config.name) return null;
    const expiresAtMs = played.expiresIn === undefined ? null : exchange.runtime.clock.wall() + toMilliseconds(played.expiresIn);
    const principal = maker.make(toClaims(played, config), { expiresAtMs, plan: played.plan ?? null });
    return typeof principal === "string" ? AUTH.BAD_CREDENTIAL.with(principal) : principal;
  };
  const { fields, cookies, parameters } = identity.carriers;
  const { name, source, challenge, listenerPolicies, routePolicies } = identity;
  return {
    name,
    source,
    challenge,
    isAmbient: identity.isAmbient === true,
    carriers: { fields: [...fields, TEST_PRINCIPAL], cookies, parameters },
    identify,
    greet: (exchange) => identity.greet?.(exchange) ?? null,
    forwardedToken: (exchange) => identity.forwardedToken?.(exchange) ?? null,
    ...(listenerPolicies !== undefined && { listenerPolicies }),
    ...(routePolicies !== undefined && { routePolicies }),
    close: () => identity.close(),
  };
}

function toClaims({ id, tenant, roles, scopes, claims }: TestPrincipal, { principal }: IdentityConfig): Readonly<Record<string, unknown>> {
  const [idClaim = "sub"] = principal.id;
  return {
    [idClaim]: id,
    ...(tenant !== undefined && { [principal.tenant]: tenant }),
    ...(roles !== undefined && { [principal.roles]: roles }),
    ...(scopes !== undefined && { [principal.scopes]: [scopes].flat().join(" ") }),
    ...claims,
  };
}
