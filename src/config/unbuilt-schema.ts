// The parts of the language that not-built.ts refuses by name, as they will be written: editors and TypeScript know them already, so that
// what is written for them today is right when they come. Their values are never looked at.

import * as z from "zod";
import { choice, count, duration, fields, flag, fullList, list, mapOf, oneOf, only, plainText, shapedText, text } from "./fields.ts";
import { parseFieldName } from "./header-text.ts";
import { parseName } from "./patterns.ts";

const path = (description: string) => plainText("a file's path", description);
const url = (description: string) => plainText("a URL", description);
const word = (description: string) => plainText("text", description);
const percent = (description: string) => shapedText(/^(?:100|[1-9]?[0-9](?:\.[0-9]+)?)%$/, "a share such as `5%`", description);
const time = (example: string, description: string) => duration({ example, off: false, max: "3650d" }, description);
const header = (description: string) => text(parseFieldName, "a header name such as `X-Api-Key`", description);
const name = (expects: string, description: string) => text(parseName, expects, description);
const claims = (what: string) =>
  mapOf(header("A header."), word("What it carries."), "a map of headers", `Headers to the upstream, with the ${what} that each carries.`);

// ── the gateway ──────────────────────────────────────────────────────────────────────────────────────────────────────

export const counters = fields(
  {
    redis: fields(
      {
        url: url("A single server: `redis://127.0.0.1:6379`.").optional(),
        cluster: fullList(url("A node."), "Nodes of a cluster.").optional(),
        sentinel: fullList(url("A sentinel."), "Sentinels that know the server.").optional(),
        timeout: time("50ms", "Time for an answer.").optional(),
      },
      "Redis or Valkey.",
    ),
  },
  "Where shared counters are kept.",
);

export const database = oneOf(
  {
    sqlite: fields({ path: path("The file.") }, "A file beside the gateway."),
    postgres: fields({ url: url("The server.") }, "A server."),
  },
  "Where keys, plans and revisions are kept.",
);

export const tracing = fields(
  {
    otlp: fields({ url: url("The collector.") }, "Where spans are sent."),
    sample: percent("How many requests are traced.").optional(),
    propagate: fullList(choice(["w3c", "b3"], "A form."), "Headers by which traces are carried on.").optional(),
  },
  "Spans of requests.",
);

// ── identities ───────────────────────────────────────────────────────────────────────────────────────────────────────

const jwks = fields(
  {
    url: url("Where the keys are published.").optional(),
    discovery: only(true, "The issuer says where.").optional(),
    file: path("A file with the keys.").optional(),
    cacheFor: time("5m", "How long keys are used before they are fetched again.").optional(),
    gracePeriod: time("1h", "How long a retired key stays good.").optional(),
  },
  "The issuer's keys: one of `url`, `discovery`, `file`.",
);

const identity = oneOf(
  {
    jwt: fields(
      {
        issuer: word("Tokens of this issuer are taken."),
        audience: z
          .union([word("A name of this API."), fullList(word("A name of this API."), "Several names.")], {
            error: "text, or a list of texts",
          })
          .meta({ description: "Whom they are for." }),
        jwks,
        headers: claims("claim").optional(),
      },
      "Bearer tokens that are signed.",
    ),
    introspection: fields(
      {
        url: url("Where tokens are asked about (RFC 7662)."),
        clientId: word("Who asks."),
        clientSecret: word("Its secret, by reference."),
        cacheFor: time("30s", "How long an answer is believed.").optional(),
        headers: claims("member").optional(),
      },
      "Bearer tokens that the issuer is asked about.",
    ),
    apiKey: oneOf(
      {
        header: header("The header that the key stands in."),
        query: word("The query parameter that it stands in."),
        cookie: word("The cookie that it stands in."),
      },
      "Keys of partners.",
    ),
    mtls: fields({ headers: claims("part of the certificate").optional() }, "The certificate that the listener verified."),
    session: fields(
      {
        issuer: word("Where users log in."),
        clientId: word("Who asks."),
        clientSecret: word("Its secret, by reference."),
        scopes: fullList(word("A scope."), "What is asked for.").optional(),
        cookie: word("The cookie's name.").optional(),
      },
      "Users of the web, with a cookie.",
    ),
  },
  "One way to know a caller.",
);
export const identities = mapOf(name("a name", "The identity's name."), identity, "a map of identities by name", "Who may call, by name.");

export const auth = z.union(
  [
    fullList(name("the name of an identity", "An identity."), "Identities."),
    fields(
      {
        anyOf: fullList(name("the name of an identity", "An identity."), "Identities."),
        optional: flag("Whether a caller without any credential is let through as nobody.").optional(),
      },
      "Identities, and whether one is needed.",
    ),
  ],
  { error: "a list of identities, or a map with `anyOf`" },
);

export const authorize = fields(
  {
    scopes: fullList(word("A scope."), "Scopes that the principal must have.").optional(),
    roles: fullList(word("A role."), "Roles of which it must have one.").optional(),
    claims: mapOf(word("A claim."), word("Its value."), "a map of claims", "Claims that it must have, with their values.").optional(),
  },
  "What is asked of it.",
);

// ── rate limits ──────────────────────────────────────────────────────────────────────────────────────────────────────

const limitKey = z.union(
  [
    choice(["global", "ip", "route", "user", "tenant", "apiKey"], "A word."),
    fields({ header: header("What is counted apart by its value.") }, "A header."),
  ],
  { error: "`global`, `ip`, `route`, `user`, `tenant`, `apiKey` or `{ header: … }`" },
);
const limitOf = (description: string) =>
  fields({ limit: count(1, 1_000_000_000, "Requests."), window: time("1m", "The time that they are counted in.") }, description);

const rateLimit = fields(
  {
    key: z
      .union([limitKey, fullList(limitKey, "Several.")], { error: "a word, or a list of words" })
      .meta({ description: "What is counted apart. `user`, `tenant` and `apiKey` are the principal's, and need a route with `auth`." }),
    tokenBucket: fields(
      {
        rate: shapedText(/^[0-9]+\/(?:s|m|h|d)$/, "a rate such as `50/s`", "What flows back."),
        burst: count(1, 1_000_000_000, "What may be taken at once."),
      },
      "A bucket that refills.",
    ).optional(),
    slidingWindow: limitOf("A window that ends now.").optional(),
    fixedWindow: limitOf("A window that begins by the clock.").optional(),
    quota: fields(
      { limit: count(1, 1_000_000_000_000, "Requests."), per: choice(["day", "month"], "By the calendar, in UTC.") },
      "A quota that lasts.",
    ).optional(),
    store: choice(["local", "redis", "database"], "Where it is counted.").optional(),
    mode: choice(["exact", "approximate"], "Whether each request asks the store.").optional(),
    onStoreFailure: choice(["open", "closed", "local"], "What holds while the store is away.").optional(),
  },
  "A limit, with one way of counting.",
);
export const rateLimits = mapOf(name("a name", "The limit's name."), rateLimit, "a map of limits by name", "Limits, by name.");
export const limitNames = list(name("the name of a limit", "A limit."), "Limits.");

// ── upstreams ────────────────────────────────────────────────────────────────────────────────────────────────────────

export const otherBalance = z.union([
  choice(["leastRequest", "random"], "The one with the fewest requests of two, or any."),
  fields({ consistentHash: fields({ header: header("What is hashed.") }, "By what.") }, "Always the same for the same."),
]);
export const internalToken = fields({ audience: word("Whom it is for."), ttl: time("60s", "How long it is good.").optional() }, "A token.");
export const breaker = fields(
  {
    consecutiveFailures: count(1, 1_000_000, "Failures in a row.").optional(),
    errorRate: percent("The share of failures.").optional(),
    window: time("10s", "The time that they are counted in.").optional(),
    minimumRequests: count(1, 1_000_000, "Requests below which no share is judged.").optional(),
    cooldown: time("30s", "The time until it is tried again.").optional(),
  },
  "When to stop.",
);
export const passiveHealth = fields(
  {
    consecutive5xx: count(1, 1_000_000, "Errors in a row.").optional(),
    ejectFor: time("30s", "How long it is left alone.").optional(),
    maxEjected: percent("How many endpoints at most.").optional(),
  },
  "Looks at the answers.",
);

// ── routes ───────────────────────────────────────────────────────────────────────────────────────────────────────────

export const split = fullList(
  fields({ upstream: name("the name of an upstream", "An upstream."), weight: count(0, 1000, "Its share.").optional() }, "One share."),
  "Shares.",
);
export const retry = fields(
  {
    attempts: count(1, 10, "Attempts in all.").optional(),
    when: fullList(
      z.union([choice(["connect", "reset"], "A failure."), count(400, 599, "A status.")], { error: "`connect`, `reset` or a status" }),
      "What is tried again.",
    ).optional(),
    backoff: fields({ base: time("25ms", "The first wait."), max: time("250ms", "The longest.") }, "How long to wait.").optional(),
    perTry: time("3s", "Time for each attempt.").optional(),
    budget: percent("Further attempts, as a share of the requests.").optional(),
  },
  "Further attempts.",
);
export const hedge = fields(
  {
    after: shapedText(/^(?:p[0-9]{2}|[1-9][0-9]*(?:ms|s))$/, "`p95`, or a duration such as `50ms`", "When the second attempt begins."),
    budget: percent("Second attempts, as a share of the requests.").optional(),
  },
  "A second attempt.",
);
export const plugins = fullList(path("A module."), "Modules.");
