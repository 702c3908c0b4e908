// Makes one internal token: how long it is good, and who signs it. Not hot: a cache stands before it (kept-tokens.ts), unless each request
// carries its own deadline.

import { Buffer } from "node:buffer";
import type { Fault } from "../../base/index.ts";
import type { InternalTokenConfig } from "../../config/index.ts";
import { AUTH } from "../../identity/index.ts";
import type { SigningKeys } from "../../identity/internal-keys/index.ts";
import type { Principal } from "../../pipeline/index.ts";
import { signToken } from "../../tokens/index.ts";
import { TOO_LARGE } from "./faults.ts";
import { type ShownClaims, TOKEN_TYPE, toTokenClaims } from "./token-claims.ts";

/** What the payload may hold at most: a head has room for it beside everything else, in whatever serves behind the gateway. */
const MAX_PAYLOAD = 4096;

/** A credential about to end leaves a service this long to look at the token that was made of it. */
const LEAST_LIFE_MS = 10_000;

/** Between this and a tenth more of its life is left when a token is made anew: not all of them at one moment. */
const RENEW_LEFT = 0.2;

export interface KeptToken {
  /** As it stands in the field. */
  readonly value: string;
  readonly mintedAtMs: number;
  readonly renewAtMs: number;
  readonly expiresAtMs: number;
}

export interface Mint {
  readonly config: InternalTokenConfig;
  readonly keys: SigningKeys;
  readonly shown: ShownClaims;
  /** In [0, 1). */
  readonly random: () => number;
}

const NO_KEY = AUTH.UNAVAILABLE.with("there is no key to sign an internal token with: the store of keys could not be asked for too long");

/** A fault: there is none to be had. `deadlineMs` is wall clock. */
export function mintToken(mint: Mint, principal: Principal | null, nowMs: number, deadlineMs: number | null): KeptToken | Fault {
  const { config, keys, shown, random } = mint;
  const signer = keys.current();
  if (signer === null) return NO_KEY;
  const credentialEndMs = principal?.expiresAtMs ?? Number.POSITIVE_INFINITY;
  const lifeMs = Math.min(config.ttlMs, Math.max(LEAST_LIFE_MS, credentialEndMs - nowMs), signer.expiresAtMs - nowMs);
  const expiresAt = Math.floor((nowMs + lifeMs) / 1000);
  const frame = { issuer: keys.issuer, audience: config.audience, issuedAt: Math.floor(nowMs / 1000), expiresAt, deadlineMs };
  const claims = toTokenClaims(principal, frame, shown);
  if (Buffer.byteLength(JSON.stringify(claims)) > MAX_PAYLOAD) return TOO_LARGE.with(`caller of identity ${principal?.identity ?? ""}`);
  const token = signToken(claims, { type: TOKEN_TYPE }, signer);
  return {
    value: config.header.toLowerCase() === "authorization" ? `Bearer ${token}` : token,
    mintedAtMs: nowMs,
    renewAtMs: nowMs + lifeMs * (1 - RENEW_LEFT - random() / 10),
    expiresAtMs: expiresAt * 1000,
  };
}
