// What can be written of identities: each way to know a caller, and what upstreams are told of it. What identities must agree about with
// each other, and with the routes that name them, is in check-identities.ts.

import * as z from "zod";
import { choice, count, duration, fields, fullList, list, mapOf, oneOf, only, plainText, shapedText, text } from "./fields.ts";
import { FIELD_NAME_EXPECTATION, parseFieldName } from "./header-text.ts";
import { JWT_ALGORITHMS } from "./identity-config.ts";
import {
  AFTER_LOGOUT_EXPECTATION,
  COOKIE_EXPECTATION,
  ISSUER_URL_EXPECTATION,
  OWN_PATH_EXPECTATION,
  PUBLIC_HOST_EXPECTATION,
  parseAfterLogout,
  parseCookieName,
  parseIssuerUrl,
  parseOwnPath,
  parsePublicHost,
  parseServiceUrl,
  parseTrustedUrl,
  SERVICE_URL_EXPECTATION,
} from "./identity-values.ts";
import { NAME_EXPECTATION, parseName } from "./patterns.ts";

const path = (description: string) => plainText("a file's path", description);
const word = (description: string) => plainText("text", description);
const secret = (description: string) => plainText("text", `${description} By reference: \`\${env:NAME}\` or \`\${file:PATH}\`.`);
const header = (description: string) => text(parseFieldName, FIELD_NAME_EXPECTATION, description);
const cookie = (description: string) => text(parseCookieName, COOKIE_EXPECTATION, description);
const trustedUrl = (description: string) => text(parseTrustedUrl, SERVICE_URL_EXPECTATION, description);
const ca = path("Who signed the certificate of who is asked, as PEM; without it the authorities that the runtime ships.").optional();
const timeout = (standard: string) =>
  duration({ example: "2s", off: false, max: "1m" }, "Time for an answer; 503 beyond.").prefault(standard);
const capacity = (what: string) => count(1, 1_000_000, `The most ${what} of one worker.`).default(10_000);
const CACHE = "How much is remembered.";
const wordOrWords = (what: string, description: string) =>
  z.union([word(what), fullList(word(what), "Several.")], { error: "text, or a list of texts" }).meta({ description });
const words = (what: string, description: string) => list(word(what), description).prefault([]);
const roles = words("A role.", "Roles of it.");
const scopes = words("A scope.", "Scopes of it.");

/** What every kind may say. */
const common = {
  headers: mapOf(
    header("A header."),
    word("A claim; a dot leads into a claim that is a map."),
    "a map of headers",
    "Headers to the upstream, with the claim that each carries; X-User-Id, X-User-Roles and X-Tenant-Id when left out.",
  ).optional(),
  principal: fields(
    {
      id: wordOrWords("A claim.", "The claim that names the caller; of several the first that is there.").optional(),
      tenant: word("The claim that names its tenant.").optional(),
      roles: word("The claim with its roles.").optional(),
      scopes: word("The claim with its scopes.").optional(),
    },
    "From which claims the caller's own parts come.",
  ).optional(),
};

// ── tokens ───────────────────────────────────────────────────────────────────────────────────────────────────────────

const jwks = fields(
  {
    url: trustedUrl("Where the keys are published.").optional(),
    discovery: only(true, "`<issuer>/.well-known/openid-configuration` says where.").optional(),
    file: path("A file with the keys; read when the configuration is loaded.").optional(),
    cacheFor: duration({ example: "5m", off: false, max: "1d" }, "How long keys are used before they are fetched again.").prefault("5m"),
    gracePeriod: duration({ example: "1h", off: false, max: "30d" }, "How long a key that is published no more stays good.").prefault("1h"),
    ca,
  },
  "The issuer's keys: one of `url`, `discovery`, `file`.",
);

const jwt = fields(
  {
    issuer: word("Tokens whose `iss` is this are taken."),
    audience: wordOrWords("A name of this API.", "Whom tokens must be for: one of these must be in `aud`."),
    algorithms: fullList(
      choice(JWT_ALGORITHMS, "An algorithm."),
      "Algorithms that are taken; all of these when left out. None with a shared secret: whoever can check such a token can make one.",
    ).optional(),
    jwks,
    token: oneOf(
      { header: header("A header, with or without `Bearer`."), cookie: cookie("A cookie.") },
      "Where the token stands when that is not `Authorization: Bearer`.",
    ).optional(),
    clockSkew: duration({ example: "30s", off: false, max: "5m" }, "How far the issuer's clock may be off.").prefault("30s"),
    expiry: choice(["required", "optional"], "Whether a token must say when it ends.").default("required"),
    requiredClaims: words("A claim.", "Claims that must be there."),
    types: fullList(
      shapedText(/^[A-Za-z0-9.+-]+$/, "a type such as `at+jwt`", "A type, without `application/`."),
      "What `typ` may say; when left out any but that of another kind of token.",
    ).optional(),
    cache: fields({ tokens: capacity("verified tokens") }, CACHE).prefault({}),
    ...common,
  },
  "Bearer tokens that are signed (JWT). Taken are those whose issuer is this one.",
);

const introspection = fields(
  {
    url: trustedUrl("Where tokens are asked about (RFC 7662)."),
    clientId: word("Who asks."),
    clientSecret: secret("Its secret."),
    clientAuth: choice(["basic", "post"], "How the secret is sent: in `Authorization`, or in the body.").default("basic"),
    issuer: word("The issuer that answers must name; any when left out.").optional(),
    audience: wordOrWords("A name of this API.", "Whom tokens must be for; anybody when left out.").optional(),
    cacheFor: duration({ example: "30s", off: true, max: "1h" }, "How long it is believed that a token is good.").prefault("30s"),
    negativeCacheFor: duration({ example: "5s", off: true, max: "1m" }, "How long it is believed that one is not.").prefault("5s"),
    timeout: timeout("2s"),
    cache: fields({ tokens: capacity("answers") }, CACHE).prefault({}),
    ca,
    ...common,
  },
  "Bearer tokens that the issuer is asked about: those that no `jwt` of the route claims.",
);

const internal = fields(
  {
    trust: fullList(fields({ issuer: word("Its `internalKeys.issuer`."), jwks }, "A gateway."), "Gateways whose tokens are taken."),
    audience: wordOrWords("A name of this gateway.", "Whom tokens must be for: the `audience` of the `internalToken` there."),
    header: header("The header that the token stands in.").prefault("X-Internal-Token"),
    ...common,
  },
  "Tokens by which another Sallyport says who called it.",
);

// ── keys, certificates, passwords, signatures ────────────────────────────────────────────────────────────────────────

interface PlaceOfKey<Header, Query, Cookie> {
  readonly header: Header;
  readonly query: Query;
  readonly cookie: Cookie;
}
type WrittenPlace =
  | PlaceOfKey<string, undefined, undefined>
  | PlaceOfKey<undefined, string, undefined>
  | PlaceOfKey<undefined, undefined, string>;
type Optional<Place> = Place extends unknown
  ? { [Key in keyof Place as undefined extends Place[Key] ? never : Key]: Place[Key] } & {
      [Key in keyof Place as undefined extends Place[Key] ? Key : never]?: undefined;
    }
  : never;

const looseApiKey = fields(
  {
    header: header("The header that the key stands in.").optional(),
    query: word("The query parameter that it stands in. Addresses are kept in logs and histories: a header is better.").optional(),
    cookie: cookie("The cookie that it stands in.").optional(),
    trustWithoutStore: duration(
      { example: "5m", off: true, max: "1d" },
      "How long keys that are known are believed while the database can't be asked.",
    ).prefault("off"),
    cache: fields({ keys: capacity("keys") }, CACHE).prefault({}),
    ...common,
  },
  "Keys of partners, which `sallyport keys` makes: one of `header`, `query`, `cookie`.",
);
// To the compiler one of the three; in a file check-identities.ts says so, since it can say it in words.
const apiKey = looseApiKey as unknown as z.ZodType<
  z.output<typeof looseApiKey>,
  Omit<z.input<typeof looseApiKey>, "header" | "query" | "cookie"> & Optional<WrittenPlace>
>;

const mtls = fields(
  {
    ids: fullList(
      word("A name, or a pattern: `spiffe://example.org/ns/*`."),
      "Who may call, `*` for any part; any certificate that the listener verified when left out.",
    ).optional(),
    ...common,
  },
  "The certificate that the listener verified. Claims of it: `spiffe`, `subject`, `dns` and others.",
);

const basic = fields(
  {
    realm: shapedText(/^[ !#-[\]-~]{1,128}$/, "one line of text without quotes", "What browsers show.").optional(),
    users: mapOf(
      shapedText(/^[^:\p{Cc}]{1,256}$/u, "a name without `:`", "The user's name."),
      fields(
        {
          password: secret("A hash of the password that `sallyport hash-password` makes: `$scrypt$…` or `$argon2id$…`."),
          tenant: word("Its tenant.").optional(),
          roles,
          scopes,
        },
        "A user.",
      ),
      "a map of users by name",
      "Who may call, by name.",
    ),
    ...common,
  },
  "Names and passwords (RFC 7617).",
);

const hmac = fields(
  {
    keys: mapOf(
      word("`keyid` of signatures."),
      fields(
        {
          algorithm: choice(["hmac-sha256", "ed25519", "ecdsa-p256-sha256", "rsa-pss-sha512"], "How it signs."),
          secret: secret("The shared secret, of `hmac-sha256`.").optional(),
          publicKey: path("The public key as PEM, of the others; read when the configuration is loaded.").optional(),
          owner: word("Whose it is; the key's own name when left out.").optional(),
          tenant: word("Its tenant.").optional(),
          roles,
          scopes,
        },
        "A key.",
      ),
      "a map of keys by name",
      "Keys that sign, by `keyid`.",
    ),
    components: fullList(
      shapedText(/^@?[a-z0-9-]+$/, "a component such as `@method` or `content-digest`", "A component, in lower case."),
      "What a signature must cover. With a body `content-digest` must be covered as well.",
    ).default(["@method", "@authority", "@path", "@query"]),
    maxAge: duration({ example: "5m", off: false, max: "1h" }, "How old a signature may be.").prefault("5m"),
    nonce: choice(["required", "optional"], "Whether each must carry a `nonce`, and one that was seen is refused.").default("optional"),
    ...common,
  },
  "HTTP message signatures (RFC 9421).",
);

// ── others who know ──────────────────────────────────────────────────────────────────────────────────────────────────

const session = fields(
  {
    issuer: text(parseIssuerUrl, ISSUER_URL_EXPECTATION, "Where users log in (OpenID Connect)."),
    clientId: word("Who asks."),
    clientSecret: secret("Its secret; a public client has none.").optional(),
    scopes: fullList(word("A scope."), "What is asked for; `openid` among it.").default(["openid"]),
    cookie: cookie("The cookie's name; `__Host-` and the identity's name when left out.").optional(),
    store: choice(
      ["cookie", "database"],
      "Where the session is kept: sealed in the cookie, or in the database, where a logout ends it everywhere.",
    ).default("cookie"),
    path: text(
      parseOwnPath,
      OWN_PATH_EXPECTATION,
      "Below it stand `/login`, `/callback` and `/logout`; `/.sallyport/` and the identity's name when left out.",
    ).optional(),
    idleTimeout: duration({ example: "30m", off: false, max: "30d" }, "Without a request for so long it ends.").prefault("30m"),
    lifetime: duration({ example: "12h", off: false, max: "365d" }, "How long it lasts at most.").prefault("12h"),
    hosts: list(
      text(parsePublicHost, PUBLIC_HOST_EXPECTATION, "A host."),
      "Hosts besides the request's own to which a login may return, and whose pages may send requests that change something.",
    ).prefault([]),
    afterLogout: text(parseAfterLogout, AFTER_LOGOUT_EXPECTATION, "Where a logout leads.").prefault("/"),
    login: choice(["redirect", "refuse"], "Whether a page that is opened without a session leads to the login, or is 401.").default(
      "redirect",
    ),
    ca,
    ...common,
  },
  "Users with browsers, who log in and keep a cookie.",
);

const external = fields(
  {
    url: text(parseServiceUrl, SERVICE_URL_EXPECTATION, "The service; 2xx lets in, 401 and 403 do not."),
    sendHeaders: fullList(header("A header."), "Headers of the request that it is shown; without any of them there is no credential."),
    claimHeaders: list(header("A header."), "Headers of its answer that become claims, beside the members of a JSON body.").prefault([]),
    timeout: timeout("1s"),
    cacheFor: duration({ example: "30s", off: true, max: "1h" }, "How long an answer is believed for the same headers.").prefault("30s"),
    cache: fields({ answers: capacity("answers") }, CACHE).prefault({}),
    ca,
    ...common,
  },
  "A service of your own that is asked.",
);

const identity = oneOf({ jwt, introspection, apiKey, mtls, session, basic, hmac, external, internal }, "One way to know a caller.");

export const identities = mapOf(
  text(parseName, NAME_EXPECTATION, "The identity's name."),
  identity,
  "a map of identities by name",
  "Who may call, by name.",
);
