// What a limit counts apart, each a part of its key: `user=partners:alice|route=orders`. The word before the sign keeps apart what takes
// the place of a fact that is missing. @hot

import type { LimitKeyPart } from "../../config/index.ts";
import { type FieldName, fieldName } from "../../http/index.ts";
import { readClaim } from "../../identity/index.ts";
import type { Exchange, Principal } from "../../pipeline/index.ts";
import { type AddressKeys, addressKeys } from "./address-keys.ts";
import { keyText, SEPARATOR } from "./key-text.ts";

export interface KeyPart {
  read(exchange: Exchange): string;
}

/** The whole key. */
export class LimitKey implements KeyPart {
  readonly #parts: readonly KeyPart[];

  constructor(parts: readonly KeyPart[]) {
    this.#parts = parts;
  }

  read(exchange: Exchange): string {
    const parts = this.#parts;
    let key = parts[0]!.read(exchange);
    for (let i = 1; i < parts.length; i++) key += SEPARATOR + parts[i]!.read(exchange);
    return key;
  }
}

class ConstantPart implements KeyPart {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  read(): string {
    return this.#text;
  }
}

class AddressPart implements KeyPart {
  readonly #keys: AddressKeys;

  constructor(v4: number, v6: number) {
    this.#keys = addressKeys(v4, v6);
  }

  read(exchange: Exchange): string {
    return `ip=${this.#keys.of(exchange.clientAddress)}`;
  }
}

/** Methods that are counted apart. A client may send any word as a method, and would have a count of its own for each. */
const METHODS: readonly string[] = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE"];

class EndpointPart implements KeyPart {
  read({ head, pattern }: Exchange): string {
    const { method } = head;
    // A HEAD is a GET of which nobody wants the body.
    const counted = method === "HEAD" ? "GET" : METHODS.indexOf(method) >= 0 ? method : "other";
    return `endpoint=${counted} ${pattern === null ? "" : keyText(pattern.text)}`;
  }
}

class HeaderPart implements KeyPart {
  readonly #name: FieldName;

  constructor(name: string) {
    this.#name = fieldName(name);
  }

  read({ head }: Exchange): string {
    const value = head.fields.getCombined(this.#name);
    return value === null ? "no-header" : `header=${keyText(value)}`;
  }
}

/** One client's share of the network, as limits by address take it where they are not told otherwise. */
const ONE_CLIENT = addressKeys(32, 64);

/** A part that is the principal's. Who comes without one is counted by address. */
abstract class PrincipalPart implements KeyPart {
  read({ principal, clientAddress }: Exchange): string {
    return principal === null ? `anonymous=${ONE_CLIENT.of(clientAddress)}` : this.of(principal);
  }

  protected abstract of(principal: Principal): string;
}

class UserPart extends PrincipalPart {
  protected of(principal: Principal): string {
    return userText(principal);
  }
}

/** Ids are unique within an identity only. */
function userText({ identity, id }: Principal): string {
  return `user=${identity}:${keyText(id)}`;
}

/** The key itself, of which an owner may have several; of whoever comes by another credential, the caller. */
class ApiKeyPart extends PrincipalPart {
  protected of(principal: Principal): string {
    if (principal.source !== "apiKey") return userText(principal);
    const key = readClaim(principal.claims, "key");
    return typeof key === "string" ? `apiKey=${principal.identity}:${keyText(key)}` : userText(principal);
  }
}

class TenantPart extends PrincipalPart {
  protected of(principal: Principal): string {
    return principal.tenant === null ? userText(principal) : `tenant=${keyText(principal.tenant)}`;
  }
}

class PlanPart extends PrincipalPart {
  protected of({ plan }: Principal): string {
    return plan === null ? "no-plan" : `plan=${keyText(plan)}`;
  }
}

class ClaimPart extends PrincipalPart {
  readonly #name: string;

  constructor(name: string) {
    super();
    this.#name = name;
  }

  protected of({ claims }: Principal): string {
    const value = readClaim(claims, this.#name);
    if (value === undefined || value === null) return "no-claim";
    if (typeof value === "string") return `claim=${keyText(value)}`;
    // hot-exception: a claim that is no text is rarely counted by, rate-limits.bench.ts
    return `claim-json=${keyText(JSON.stringify(value))}`;
  }
}

/** `route` is null for a listener, where no route is known yet. Throws on parts that are known too late there. */
export function compileKey(parts: readonly LimitKeyPart[], route: string | null): KeyPart {
  const compiled: KeyPart[] = [];
  for (let i = 0; i < parts.length; i++) compiled.push(compilePart(parts[i]!, route));
  if (compiled.length === 0) throw new Error("a limit's key has no parts");
  return compiled.length === 1 ? compiled[0]! : new LimitKey(compiled);
}

function compilePart(part: LimitKeyPart, route: string | null): KeyPart {
  switch (part.kind) {
    case "global":
      return new ConstantPart("global");
    case "ip":
      return new AddressPart(part.v4, part.v6);
    case "header":
      return new HeaderPart(part.name);
  }
  if (route === null) throw new Error(`a listener can't count by ${part.kind}, which is not known yet`);
  switch (part.kind) {
    case "route":
      return new ConstantPart(`route=${keyText(route)}`);
    case "endpoint":
      return new EndpointPart();
    case "user":
      return new UserPart();
    case "apiKey":
      return new ApiKeyPart();
    case "tenant":
      return new TenantPart();
    case "plan":
      return new PlanPart();
    case "claim":
      return new ClaimPart(part.name);
  }
}

/** Whether a part is the principal's. */
export function isPrincipals({ kind }: LimitKeyPart): boolean {
  return kind === "user" || kind === "apiKey" || kind === "tenant" || kind === "plan" || kind === "claim";
}
