// The port between a configured identity and the policy that asks it who a request is from. Each kind of identity is a folder of this room
// and implements it; policies/auth is the only one that asks. One a worker for each identity of the configuration, alive over reloads as
// long as its settings stay the same.

import type { Clock, Fault, TimerWheel } from "../base/index.ts";
import type { Calls, Documents } from "../calls/index.ts";
import type { FieldName } from "../http/index.ts";
import type { Exchange, MemoryKey, Policy, Principal, PrincipalSource, StepResult } from "../pipeline/index.ts";
import type { Stores } from "../stores/index.ts";

/**
 * What an identity makes of a request: null when its credential is not there; a principal when it is good; a fault of faults.ts when it is
 * not. A promise where somebody else must be asked first, which never rejects. What is known already is answered at once: a promise for
 * each request is too dear.
 */
export type Outcome = Principal | Fault | Promise<Principal | Fault> | null;

/** Where credentials of an identity stand in requests: what no upstream is to see unless the route says `forwardCredential`. */
export interface Carriers {
  /** Fields of the identity's own, `Authorization` not among them: that goes on every route with `auth`. */
  readonly fields: readonly FieldName[];
  /** One that ends in `*` stands for all that begin so. */
  readonly cookies: readonly string[];
  readonly parameters: readonly string[];
}

export const NO_CARRIERS: Carriers = Object.freeze({ fields: [], cookies: [], parameters: [] });

/** Scopes that `authorize` found missing, parted by spaces, for the challenge (RFC 6750 3.1). */
export const MISSING_SCOPES: MemoryKey<{ readonly text: string }> = { name: "missing scopes" };

export interface Identity {
  readonly name: string;
  readonly source: PrincipalSource;
  readonly carriers: Carriers;
  /** What stands in WWW-Authenticate besides `error` (`Bearer realm="users"`); null: no challenge says how to get in. */
  readonly challenge: string | null;
  /** Whether browsers add the credential by themselves, also where a page of another site makes them send the request. */
  readonly isAmbient?: boolean;
  identify(exchange: Exchange): Outcome;
  /** Answers a request that nobody vouches for, where there is a better answer than 401: a browser is sent to the login. Null: there is none. */
  greet?(exchange: Exchange): StepResult | null;
  /** What an upstream gets as a bearer token on routes with `forwardCredential`, where the credential itself is none: what a session stands for. */
  forwardedToken?(exchange: Exchange): string | null;
  /** Steps on every listener: pages of the identity's own. In the phase `guard`. */
  readonly listenerPolicies?: readonly Policy[];
  /** Steps on each route that names the identity; they look whether the principal is theirs. */
  readonly routePolicies?: readonly Policy[];
  /** Nobody will ask it any more. */
  close(): void;
}

/** What identities are given of the process around them. */
export interface IdentityHost {
  readonly clock: Clock;
  readonly wheel: TimerWheel;
  readonly calls: Calls;
  readonly documents: Documents;
  /** Null where the configuration needs none; then no identity that needs one is there. */
  readonly stores: Stores | null;
  /** Keys that seal what leaves the gateway for it to read again, the newest first; 32 bytes each. Needs a promise: they may be in the store. */
  readonly sealKeys: () => Promise<readonly Uint8Array[]>;
  readonly watcher: IdentityWatcher;
}

/** Hears what operators want to see: metrics, and a line on standard error where something is wrong. */
export interface IdentityWatcher {
  /** Somebody else was asked (a key set, an introspection, a store, a login), and whether that went well. `what` is a word of a fixed few. */
  onAsked(identity: string, what: string, isGood: boolean, detail: string): void;
  /** A credential was found in the cache, or not. */
  onLookup(identity: string, isHit: boolean): void;
}
