// Identities, and what routes ask of callers, before and after. What lets more callers in loosens; nothing of a secret is ever said.

import type {
  ApiKeyIdentity,
  AuthorizeConfig,
  AuthorizeRule,
  BasicIdentity,
  CedarConfig,
  ExternalIdentity,
  HmacIdentity,
  IdentityConfig,
  InternalIdentity,
  IntrospectionIdentity,
  JwtIdentity,
  MtlsIdentity,
  OpaConfig,
  PrincipalMapping,
  RouteAuth,
  SessionIdentity,
} from "../../config/index.ts";
import { type Comparer, type Comparers, compareFields, compareSets, fields, flag, limit, optional, plain, set, text } from "./comparers.ts";
import { coversNetwork } from "./covers.ts";
import type { Say } from "./effect.ts";
import { toCount, toDuration, toList } from "./words.ts";

const same = (item: string) => item;
/** Of what is not shown: a text of a policy, a secret, a key. */
const hidden = () => "";
const list = (what: string) => plain<readonly string[]>(what, (items) => toList(items) || "none");
const file = (what: string) => plain<string | null>(what, hidden);

/** A list of which one must fit; an empty one lets all in. */
function oneOf(what: string, several: string, covers?: (outer: string, inner: string) => boolean): Comparer<readonly string[]> {
  return (before, after, say) => {
    if (after.length === 0) say.that(true, `takes any ${what}`, `take any ${what}`);
    else if (before.length === 0) say.that(false, `takes only the ${several} ${toList(after)}`, `take fewer ${several}`);
    else {
      const gains = [`takes more ${several}:`, `take more ${several}`] as const;
      const loses = [`takes fewer ${several}:`, `take fewer ${several}`] as const;
      compareSets(before, after, { more: true, gains, loses, show: same, ...(covers !== undefined && { covers }) }, say);
      if (isSameSet(before, after)) say.that(null, `orders its ${several} otherwise`, `order their ${several} otherwise`);
    }
  };
}

function isSameSet(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item) => b.includes(item));
}

/** All of a list are asked for. */
function allOf(what: string, several: string): Comparer<readonly string[]> {
  return (before, after, say) => {
    const gains = [`asks for the ${what}`, `ask for more ${several}`] as const;
    const loses = [`no longer asks for the ${what}`, `ask for fewer ${several}`] as const;
    compareSets(before, after, { more: false, gains, loses, show: same }, say);
    if (isSameSet(before, after)) say.that(null, `orders its ${several} otherwise`, `order their ${several} otherwise`);
  };
}

// ── identities ───────────────────────────────────────────────────────────────────────────────────────────────────────

const common: Comparers<{ readonly name: string; readonly headers: IdentityConfig["headers"]; readonly principal: PrincipalMapping }> = {
  // Pairs are made by name; a name that differs is told by whoever made the pair.
  name: () => undefined,
  headers: plain("mapping of claims to headers", (pairs) =>
    pairs === null ? "the defaults" : toList(pairs.map(([name, claim]) => `${name}: ${claim}`)) || "none",
  ),
  principal: fields<PrincipalMapping>({
    id: list("claim for the caller's id"),
    tenant: text("claim for the tenant"),
    roles: text("claim for roles"),
    scopes: text("claim for scopes"),
  }),
};

const keySet: Comparer<JwtIdentity["jwks"]> = fields<JwtIdentity["jwks"]>({
  source: plain("source of keys", (source) => (source.kind === "url" ? source.url : source.kind === "file" ? source.file : "discovery")),
  cacheForMs: plain("time that keys are kept", toDuration),
  graceMs: limit("time that retired keys are good", toDuration),
  ca: file("authority of the source of keys"),
});

const jwt: Comparers<JwtIdentity> = {
  ...common,
  kind: () => undefined,
  issuer: text("issuer"),
  audiences: oneOf("audience", "audiences"),
  algorithms: oneOf("algorithm", "algorithms"),
  jwks: keySet,
  from: plain("place of the token", (place) => (place.kind === "bearer" ? "Authorization" : `${place.kind} ${place.name}`)),
  clockSkewMs: limit("care for clocks that differ", toDuration),
  requireExpiry: flag(
    false,
    "asks every token when it ends",
    "takes tokens that never end",
    "ask every token when it ends",
    "take tokens that never end",
  ),
  required: allOf("claim", "claims"),
  types: (before, after, say) => oneOf("type of tokens", "types of tokens")(before ?? [], after ?? [], say),
  cachedTokens: plain("number of tokens that are remembered", toCount),
};

const introspection: Comparers<IntrospectionIdentity> = {
  ...common,
  kind: () => undefined,
  url: text("address to ask"),
  clientId: text("client id"),
  clientSecret: plain("client secret", hidden),
  clientAuth: text("way to send its secret"),
  issuer: (before, after, say) => oneOf("issuer", "issuers")(before === null ? [] : [before], after === null ? [] : [after], say),
  audiences: oneOf("audience", "audiences"),
  cacheForMs: limit("time that good answers are believed", toDuration),
  negativeCacheForMs: plain("time that bad answers are believed", toDuration),
  timeoutMs: plain("timeout", toDuration),
  cachedTokens: plain("number of answers that are remembered", toCount),
  ca: file("authority of who is asked"),
};

const apiKey: Comparers<ApiKeyIdentity> = {
  ...common,
  kind: () => undefined,
  from: plain("place of the key", ({ kind, name }) => `${kind} ${name}`),
  trustWithoutStoreMs: limit("time that keys are believed without the database", toDuration),
  cachedKeys: plain("number of keys that are remembered", toCount),
};

const mtls: Comparers<MtlsIdentity> = { ...common, kind: () => undefined, ids: oneOf("name of certificate", "names of certificates") };

const session: Comparers<SessionIdentity> = {
  ...common,
  kind: () => undefined,
  issuer: text("issuer"),
  clientId: text("client id"),
  clientSecret: plain("client secret", hidden),
  scopes: list("list of scopes"),
  cookie: text("cookie"),
  store: text("place of sessions"),
  path: text("path of its pages"),
  idleMs: limit("time without a request", toDuration),
  lifetimeMs: limit("lifetime of sessions", toDuration),
  hosts: set({
    more: true,
    gains: ["trusts pages of more hosts:", "trust pages of more hosts"],
    loses: ["trusts pages of fewer hosts:", "trust pages of fewer hosts"],
    show: same,
  }),
  afterLogout: text("page after a logout"),
  redirects: text("leading of browsers to the login"),
  ca: file("authority of the issuer"),
};

const basic: Comparers<BasicIdentity> = {
  ...common,
  kind: () => undefined,
  realm: text("realm"),
  users: (before, after, say) => compareHolders("users", before, after, ({ name }) => name, say),
};

const hmac: Comparers<HmacIdentity> = {
  ...common,
  kind: () => undefined,
  keys: (before, after, say) => compareHolders("keys", before, after, ({ id }) => id, say),
  components: allOf("signed component", "signed components"),
  maxAgeMs: limit("age of signatures", toDuration),
  requireNonce: flag(false, "asks for a nonce", "no longer asks for a nonce", "ask for a nonce", "no longer ask for a nonce"),
};

const external: Comparers<ExternalIdentity> = {
  ...common,
  kind: () => undefined,
  url: text("service"),
  timeoutMs: plain("timeout", toDuration),
  sendHeaders: list("list of headers that the service is shown"),
  cacheForMs: limit("time that answers are believed", toDuration),
  cachedAnswers: plain("number of answers that are remembered", toCount),
  claimHeaders: list("list of headers that become claims"),
  ca: file("authority of the service"),
};

const internal: Comparers<InternalIdentity> = {
  ...common,
  kind: () => undefined,
  trust: (before, after, say) => compareHolders("gateways", before, after, ({ issuer }) => issuer, say),
  audiences: oneOf("audience", "audiences"),
  header: text("header"),
};

/** Somebody who may call, one of several: more of them let more in. */
function compareHolders<Item>(
  several: string,
  before: readonly Item[],
  after: readonly Item[],
  nameOf: (item: Item) => string,
  say: Say,
): void {
  const names = (all: readonly Item[]) => all.map(nameOf);
  const gains = [`takes more ${several}:`, `take more ${several}`] as const;
  const loses = [`takes fewer ${several}:`, `take fewer ${several}`] as const;
  const start = say.effects.length;
  compareSets(names(before), names(after), { more: true, gains, loses, show: same }, say);
  // What changed of one that stayed is not shown: it may be a secret.
  if (say.effects.length === start) say.that(null, `has its ${several} otherwise`, `have their ${several} otherwise`);
}

export function compareIdentity(before: IdentityConfig, after: IdentityConfig, say: Say): void {
  if (before.kind === "jwt" && after.kind === "jwt") compareFields(before, after, jwt, say);
  else if (before.kind === "introspection" && after.kind === "introspection") compareFields(before, after, introspection, say);
  else if (before.kind === "apiKey" && after.kind === "apiKey") compareFields(before, after, apiKey, say);
  else if (before.kind === "mtls" && after.kind === "mtls") compareFields(before, after, mtls, say);
  else if (before.kind === "session" && after.kind === "session") compareFields(before, after, session, say);
  else if (before.kind === "basic" && after.kind === "basic") compareFields(before, after, basic, say);
  else if (before.kind === "hmac" && after.kind === "hmac") compareFields(before, after, hmac, say);
  else if (before.kind === "external" && after.kind === "external") compareFields(before, after, external, say);
  else if (before.kind === "internal" && after.kind === "internal") compareFields(before, after, internal, say);
  else say.that(null, `is of another kind: ${before.kind} becomes ${after.kind}`, "are of another kind");
}

// ── routes ───────────────────────────────────────────────────────────────────────────────────────────────────────────

export const auth: Comparer<RouteAuth | null> = optional(
  ({ identities, optional: isOptional }, say) => {
    if (isOptional) say.that(null, `asks who calls: ${toList(identities)}; nobody need say it`, "ask who calls");
    else say.that(false, `is no longer public: ${toList(identities)} may use it`, "are no longer public");
  },
  ({ optional: isOptional }, say) => {
    if (isOptional) say.that(null, "no longer asks who calls", "no longer ask who calls");
    else say.that(true, "becomes public", "become public");
  },
  fields<RouteAuth>({
    identities: oneOf("identity", "identities"),
    optional: flag(
      true,
      "lets callers in without a credential",
      "no longer lets callers in without a credential",
      "let callers in without a credential",
      "no longer let callers in without a credential",
    ),
  }),
);

const rule: Comparers<AuthorizeRule> = {
  scopes: allOf("scope", "scopes"),
  roles: oneOf("role", "roles"),
  claims: plain("rule about claims", (claims) => toList(claims.map(({ claim }) => claim)) || "none"),
  from: oneOf("network", "networks", coversNetwork),
  times: plain("rule about times", (times) => toCount(times.length)),
  anyOf: plain("choice of rules", (rules) => toCount(rules.length)),
  allOf: plain("list of rules", (rules) => toCount(rules.length)),
  not: plain("rule that must not hold", (one) => (one === null ? "none" : "one")),
};

const cedar: Comparers<CedarConfig> = {
  policies: plain("policies", (policies) => toList(policies.map(({ file: path }) => path))),
  entities: file("entities"),
  schema: file("schema"),
  action: text("action"),
};

const opa: Comparers<OpaConfig> = {
  url: text("agent that decides"),
  timeoutMs: plain("timeout of decisions", toDuration),
  cacheForMs: plain("time that decisions hold", toDuration),
  cachedAnswers: plain("number of decisions that are remembered", toCount),
  sendHeaders: list("list of headers that the agent is shown"),
  ca: file("authority of the agent"),
};

export const authorize: Comparer<AuthorizeConfig | null> = optional(
  (_now, say) => say.that(false, "asks for more than who calls: `authorize`", "ask for more than who calls"),
  (_was, say) => say.that(true, "lets every caller in that it knows", "let every caller in that they know"),
  fields<AuthorizeConfig>({
    rule: fields(rule),
    cedar: optional(
      (_now, say) => say.that(false, "asks policies", "ask policies"),
      (_was, say) => say.that(true, "no longer asks policies", "no longer ask policies"),
      fields(cedar),
    ),
    opa: optional(
      ({ url }, say) => say.that(false, `asks an agent: ${url}`, "ask an agent"),
      (_was, say) => say.that(true, "no longer asks an agent", "no longer ask an agent"),
      fields(opa),
    ),
  }),
);
