// Who a request is from: what authentication found, and all that later steps read of it. Made once for a credential and shared by every
// request that carries it, so nothing here may change.

import type { FieldName } from "../http/index.ts";

export type PrincipalSource = "jwt" | "introspection" | "apiKey" | "mtls" | "session" | "basic" | "hmac" | "external" | "internal";

/** Claims by name, as their source said them. */
export type Claims = Readonly<Record<string, unknown>>;

/** One field that tells an upstream of the principal; its value is encoded for a header. */
export interface ClaimLine {
  readonly name: FieldName;
  readonly value: string;
}

export interface PrincipalFacts {
  /** Name of the identity in the configuration that vouches for it. */
  readonly identity: string;
  readonly source: PrincipalSource;
  /** Never empty; unique within the identity. */
  readonly id: string;
  readonly tenant: string | null;
  readonly roles: readonly string[];
  readonly scopes: readonly string[];
  readonly claims: Claims;
  /** Of an API key: the usage plan that its requests are counted under. */
  readonly plan: string | null;
  /** Wall clock, in ms: from when on the credential is no longer good. Null: it says nothing of it. */
  readonly expiresAtMs: number | null;
  /** What upstreams are told. */
  readonly lines: readonly ClaimLine[];
}

export class Principal {
  readonly identity: string;
  readonly source: PrincipalSource;
  readonly id: string;
  readonly tenant: string | null;
  readonly roles: readonly string[];
  readonly scopes: readonly string[];
  readonly claims: Claims;
  readonly plan: string | null;
  readonly expiresAtMs: number | null;
  readonly lines: readonly ClaimLine[];

  constructor(facts: PrincipalFacts) {
    this.identity = facts.identity;
    this.source = facts.source;
    this.id = facts.id;
    this.tenant = facts.tenant;
    this.roles = facts.roles;
    this.scopes = facts.scopes;
    this.claims = facts.claims;
    this.plan = facts.plan;
    this.expiresAtMs = facts.expiresAtMs;
    this.lines = facts.lines;
  }
}
