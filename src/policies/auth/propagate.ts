// What an upstream learns of who calls: the lines of the principal, and nothing of the credentials that the gateway judges. Runs on every
// route, public ones too, where identities have credentials of their own to hide. @hot

import { FIELD, type FieldName, FoldedNames, ParameterNames } from "../../http/index.ts";
import { type Carriers, type Identity, NO_CARRIERS } from "../../identity/index.ts";
import { CONTINUE, type Exchange, type Policy, type StepResult } from "../../pipeline/index.ts";
import { OwnCookies } from "./own-cookies.ts";

export interface PropagateOptions {
  /** Of all identities of the configuration. */
  readonly carriers: Carriers;
  /** Whether the route asks who calls. */
  readonly authenticates: boolean;
  readonly forwardsCredential: boolean;
  /** Of the route. */
  readonly identities: readonly Identity[];
}

class Propagation {
  readonly #fields: FoldedNames | null;
  /** Those that the upstream is to see, in the one spelling that was judged. */
  readonly #forwarded: FoldedNames | null;
  readonly #cookies: OwnCookies | null;
  readonly #parameters: ParameterNames | null;
  readonly #authenticates: boolean;
  readonly #forwards: boolean;
  readonly #identities: readonly Identity[];

  constructor({ carriers, authenticates, forwardsCredential, identities }: PropagateOptions) {
    // What a browser's session stands in is never the upstream's: in its place goes the token that it stands for.
    this.#cookies = carriers.cookies.length === 0 ? null : new OwnCookies(carriers.cookies);
    const shown = forwardsCredential ? listShown(carriers, authenticates, identities) : NO_CARRIERS;
    this.#fields = toNames(without(carriers.fields, shown.fields));
    this.#forwarded = toNames(shown.fields);
    // hot-exception: once a route, auth.bench.ts
    const parameters = carriers.parameters.filter((name) => !shown.parameters.includes(name));
    this.#parameters = parameters.length === 0 ? null : new ParameterNames(parameters);
    this.#authenticates = authenticates;
    this.#forwards = forwardsCredential;
    this.#identities = identities;
  }

  run(exchange: Exchange): StepResult {
    const { head, principal } = exchange;
    const { fields } = head;
    if (this.#authenticates && !this.#forwards) fields.remove(FIELD.AUTHORIZATION);
    if (this.#fields !== null) fields.removeFolded(this.#fields);
    if (this.#forwarded !== null) fields.removeLookAlikes(this.#forwarded);
    if (this.#cookies !== null) this.#cookies.removeFrom(fields);
    if (this.#parameters !== null && head.query !== "") head.query = removeParameters(head.query, this.#parameters);
    if (principal === null) return CONTINUE;
    const { lines } = principal;
    for (let i = 0; i < lines.length; i++) fields.add(lines[i]!.name, lines[i]!.value);
    if (this.#forwards) this.#forwardToken(exchange, principal.identity);
    return CONTINUE;
  }

  #forwardToken(exchange: Exchange, name: string): void {
    for (let i = 0; i < this.#identities.length; i++) {
      const identity = this.#identities[i]!;
      if (identity.name !== name) continue;
      const token = identity.forwardedToken?.(exchange) ?? null;
      if (token !== null) exchange.head.fields.set(FIELD.AUTHORIZATION, `Bearer ${token}`);
    }
  }
}

/** Null where there is nothing to hide and nobody to tell of. */
export function propagate(options: PropagateOptions): Policy | null {
  const { carriers, authenticates } = options;
  const hides = carriers.cookies.length + carriers.fields.length + carriers.parameters.length > 0;
  if (!authenticates && !hides) return null;
  const propagation = new Propagation(options);
  // hot-exception: once a route, auth.bench.ts
  return { name: "propagate", phase: "authenticate", request: (exchange) => propagation.run(exchange) };
}

/** What a route with `forwardCredential` lets pass: what its own identities judge, or, where nobody is asked for, whatever there is. */
function listShown(all: Carriers, authenticates: boolean, identities: readonly Identity[]): Carriers {
  if (!authenticates) return all;
  // hot-exception: once a route, auth.bench.ts
  const own = identities.map(({ carriers }) => carriers);
  // hot-exception: once a route, auth.bench.ts
  return { fields: own.flatMap(({ fields }) => fields), cookies: [], parameters: own.flatMap(({ parameters }) => parameters) };
}

function without(all: readonly FieldName[], shown: readonly FieldName[]): readonly FieldName[] {
  // hot-exception: once a route, auth.bench.ts
  return all.filter(({ folded }) => !shown.some((each) => each.folded === folded));
}

function toNames(names: readonly FieldName[]): FoldedNames | null {
  return names.length === 0 ? null : new FoldedNames(names);
}

/** The query without the parameters of these names, its `?` gone with the last one. */
function removeParameters(query: string, names: ParameterNames): string {
  let kept = "";
  let isChanged = false;
  for (let start = 1; start <= query.length; ) {
    const mark = query.indexOf("&", start);
    const end = mark < 0 ? query.length : mark;
    const equals = query.indexOf("=", start);
    if (names.holds(query, start, equals < 0 || equals > end ? end : equals)) isChanged = true;
    else kept = kept === "" ? `?${query.slice(start, end)}` : `${kept}&${query.slice(start, end)}`;
    start = end + 1;
  }
  return isChanged ? kept : query;
}
