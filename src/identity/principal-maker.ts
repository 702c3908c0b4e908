// From the claims of a credential to the principal, as the configuration of its identity maps them.

import type { IdentityConfig } from "../config/index.ts";
import { type FieldName, fieldName } from "../http/index.ts";
import { type ClaimLine, type Claims, Principal } from "../pipeline/index.ts";
import { toFieldText } from "./claim-value.ts";

/** What a credential says besides its claims. */
export interface CredentialFacts {
  /** Null: it says nothing of it. */
  readonly expiresAtMs: number | null;
  readonly plan?: string | null;
}

type Part = "id" | "roles" | "tenant";

/** Where a configuration maps no headers. */
const DEFAULT_LINES: readonly (readonly [string, Part])[] = [
  ["X-User-Id", "id"],
  ["X-User-Roles", "roles"],
  ["X-Tenant-Id", "tenant"],
];

/** Far more than any service reads of one field. */
const MAX_LINE = 8192;

/** The claim of that very name, or, where there is none and the name has dots, the one that they lead to. Undefined for none. */
export function readClaim(claims: Claims, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name];
  if (!name.includes(".")) return undefined;
  let at: unknown = claims;
  for (const part of name.split(".")) {
    if (typeof at !== "object" || at === null || Array.isArray(at) || !Object.hasOwn(at, part)) return undefined;
    at = (at as Claims)[part];
  }
  return at;
}

/** A claim as a list of texts: a list of texts as it is, one text cut at white space, as `scope` is (RFC 8693 4.2). */
export function readTexts(claims: Claims, name: string): readonly string[] {
  const claim = readClaim(claims, name);
  if (typeof claim === "string") return claim.split(/[\t\n\r ]+/).filter((text) => text !== "");
  return Array.isArray(claim) ? claim.filter((each): each is string => typeof each === "string") : [];
}

export class PrincipalMaker {
  readonly #config: IdentityConfig;
  readonly #mapped: readonly (readonly [name: FieldName, claim: string])[] | null;
  readonly #default: readonly (readonly [name: FieldName, part: Part])[];

  constructor(config: IdentityConfig) {
    this.#config = config;
    this.#mapped = config.headers === null ? null : config.headers.map(([name, claim]) => [fieldName(name), claim]);
    this.#default = DEFAULT_LINES.map(([name, part]) => [fieldName(name), part]);
  }

  /** A text in place of a principal says why these claims make none: they do not say who it is, or what they say fits in no header. */
  make(claims: Claims, { expiresAtMs, plan = null }: CredentialFacts): Principal | string {
    const { principal: mapping, name, kind } = this.#config;
    const id = mapping.id.map((claim) => toScalar(readClaim(claims, claim))).find((text) => text !== null);
    if (id === undefined) return `it has no ${mapping.id.map((claim) => `\`${claim}\``).join(" and no ")}`;
    const parts = {
      id,
      tenant: toScalar(readClaim(claims, mapping.tenant)),
      roles: readTexts(claims, mapping.roles),
      scopes: readTexts(claims, mapping.scopes),
    };
    const lines = this.#toLines(claims, parts);
    if (typeof lines === "string") return lines;
    return new Principal({ identity: name, source: kind, ...parts, claims, plan, expiresAtMs, lines });
  }

  #toLines(claims: Claims, parts: Readonly<Record<Part, unknown>>): ClaimLine[] | string {
    const values =
      this.#mapped === null
        ? this.#default.map(([name, part]) => [name, parts[part]] as const)
        : this.#mapped.map(([name, claim]) => [name, readClaim(claims, claim)] as const);
    const lines: ClaimLine[] = [];
    for (const [name, claim] of values) {
      const value = claim === undefined || claim === null ? null : toFieldText(claim);
      if (value === null || value === "") continue;
      if (value.length > MAX_LINE) return `what it says for ${name.text} is too long for a header`;
      lines.push({ name, value });
    }
    return lines;
  }
}

/**
 * What names somebody: a text that is not empty, or a whole number. Several ids would be one if they were read as a number beyond 2^53, or
 * with half a surrogate pair in them.
 */
function toScalar(claim: unknown): string | null {
  if (typeof claim === "number") return Number.isSafeInteger(claim) ? String(claim) : null;
  return typeof claim === "string" && claim !== "" && claim.isWellFormed() ? claim : null;
}
