// What can be written of a route, and the part of it that `defaults` may say for every route.

import * as z from "zod";
import { auth, authorize, forwardCredential } from "./access-schema.ts";
import { CIDR_EXPECTATION, parseProxyBlock } from "./addresses.ts";
import {
  choice,
  count,
  countOrOff,
  duration,
  fields,
  fieldsOrOff,
  flag,
  fullList,
  jsonValue,
  list,
  mapOf,
  notBuilt,
  oneOf,
  only,
  orDefaults,
  plainText,
  shapedText,
  size,
  text,
} from "./fields.ts";
import { FIELD_NAME_EXPECTATION, FIELD_VALUE_EXPECTATION, parseConditionField, parseFieldName, parseFieldValue } from "./header-text.ts";
import { limitUses, priority } from "./limit-schema.ts";
import {
  HOST_EXPECTATION,
  METHOD_EXPECTATION,
  NAME_EXPECTATION,
  PATTERN_EXPECTATION,
  PREFIX_EXPECTATION,
  parseHostPattern,
  parseMethod,
  parseName,
  parsePathPattern,
  parsePathPrefix,
} from "./patterns.ts";
import {
  AUTHORITY_EXPECTATION,
  DATE_EXPECTATION,
  ORIGIN_EXPECTATION,
  PARAMETER_EXPECTATION,
  POINTER_EXPECTATION,
  parseContentType,
  parseDate,
  parseHostRewrite,
  parseOrigin,
  parseParameterName,
  parsePathTemplate,
  parsePointer,
  parseRedirectTarget,
  parseUrl,
  REDIRECT_EXPECTATION,
  TEMPLATE_EXPECTATION,
  URL_EXPECTATION,
} from "./route-values.ts";
import { hedge, plugins, retry, split } from "./unbuilt-schema.ts";

export const fieldName = (description: string) => text(parseFieldName, FIELD_NAME_EXPECTATION, description);
export const name = (description: string) => text(parseName, NAME_EXPECTATION, description);
const fieldValue = text(
  parseFieldValue,
  FIELD_VALUE_EXPECTATION,
  "One line of visible ASCII; `${param:id}`, `${param:*}` and `${request:id}` stand for parts of the request. Numbers are quoted.",
);
const parameterName = (description: string) => text(parseParameterName, PARAMETER_EXPECTATION, description);
const versionText = text(parseName, NAME_EXPECTATION, 'A version, quoted: `"2"`.');
const pointer = (description: string) => text(parsePointer, POINTER_EXPECTATION, description).optional();

// ── header fields ────────────────────────────────────────────────────────────────────────────────────────────────────

const headerEdits = (direction: string) =>
  fields(
    {
      set: orDefaults(
        mapOf(
          fieldName("A header."),
          fieldValue,
          "a map of headers",
          `Headers of the ${direction} to set; what it had under the name is gone.`,
        ),
      ),
      add: orDefaults(
        mapOf(
          fieldName("A header."),
          z.union([fieldValue, fullList(fieldValue, "A line for each.")], { error: "a header value as text, or a list of them" }),
          "a map of headers",
          `Headers to add to what the ${direction} has; a list adds a line for each.`,
        ),
      ),
      remove: list(fieldName("A header."), `Headers to remove from the ${direction}, before \`set\` and \`add\`.`).prefault([]),
    },
    `Changes to the headers of the ${direction}.`,
  );

const headers = fields(
  { request: orDefaults(headerEdits("request to the upstream")), response: orDefaults(headerEdits("response to the client")) },
  "Changes to header fields. Framing fields, Host and identity headers are the gateway's own.",
);

// ── paths ────────────────────────────────────────────────────────────────────────────────────────────────────────────

const encodedSlash = choice(["reject", "keep"], "`%2F` in a path: 400, or data within its segment.");
const backslash = only("reject", "A backslash in a path, plain or encoded: 400.");
const duplicateSlashes = choice(["keep", "merge", "reject"], "`//` in a path: as it is, one slash, or 400.");
const dotSegments = choice(["resolve", "reject"], "`.` and `..` in a path, plain or encoded: resolved (400 above the root), or 400.");
const methodOverride = choice(
  ["remove", "keep"],
  "Fields by which a client asks for another method than it sends (`X-HTTP-Method-Override`, `X-HTTP-Method`, `X-Method-Override`): removed, since the route's rules were chosen by the method sent, or passed on.",
);

// ── answers that pages are given ─────────────────────────────────────────────────────────────────────────────────────

const cors = fields(
  {
    origins: fullList(text(parseOrigin, ORIGIN_EXPECTATION, "An origin."), "Whose pages may read the answers."),
    methods: fullList(
      text(parseMethod, METHOD_EXPECTATION, "A method."),
      "Methods that preflights allow; when left out those of the route, or what is asked for when it takes any.",
    ).optional(),
    headers: fullList(fieldName("A header."), "Request headers that preflights allow; when left out what is asked for.").optional(),
    exposeHeaders: list(fieldName("A header."), "Response headers that pages may read besides the safelisted ones.").prefault([]),
    credentials: flag("Whether pages may send cookies and read the answer; not with `*`.").default(false),
    maxAge: duration({ example: "10m", off: false, max: "1d" }, "How long browsers may keep a preflight's answer.").optional(),
    privateNetwork: flag("Whether pages of public addresses may call this one in a private network.").default(false),
  },
  "Cross-origin requests (Fetch standard). The gateway answers preflights and is the only one to speak: `Access-Control-*` of the upstream is removed.",
);

const oneLine = (description: string) => text(parseFieldValue, FIELD_VALUE_EXPECTATION, description).optional();
const securityHeaders = fields(
  {
    hsts: fields(
      {
        maxAge: duration({ example: "365d", off: false, max: "3650d" }, "How long browsers insist on TLS."),
        includeSubDomains: flag("Subdomains as well.").default(false),
        preload: flag("May be built into browsers; needs `includeSubDomains` and a year.").default(false),
      },
      "Strict-Transport-Security, on answers over TLS (RFC 6797).",
    ).optional(),
    contentTypeOptions: only("nosniff", "X-Content-Type-Options.").optional(),
    frameOptions: choice(["deny", "sameorigin"], "X-Frame-Options.").optional(),
    referrerPolicy: choice(
      [
        "no-referrer",
        "no-referrer-when-downgrade",
        "origin",
        "origin-when-cross-origin",
        "same-origin",
        "strict-origin",
        "strict-origin-when-cross-origin",
        "unsafe-url",
      ],
      "Referrer-Policy.",
    ).optional(),
    contentSecurityPolicy: oneLine("Content-Security-Policy."),
    permissionsPolicy: oneLine("Permissions-Policy."),
    crossOriginOpenerPolicy: choice(
      ["same-origin", "same-origin-allow-popups", "noopener-allow-popups", "unsafe-none"],
      "Cross-Origin-Opener-Policy.",
    ).optional(),
    crossOriginResourcePolicy: choice(["same-origin", "same-site", "cross-origin"], "Cross-Origin-Resource-Policy.").optional(),
    crossOriginEmbedderPolicy: choice(["require-corp", "credentialless", "unsafe-none"], "Cross-Origin-Embedder-Policy.").optional(),
  },
  "Headers by which browsers protect users. What stands here replaces what the upstream says.",
);

const errors = fields(
  {
    upstream: choice(
      ["keep", "problem"],
      "What becomes of an upstream's own 4xx and 5xx: passed on as they are, or put into the shape of the gateway's own (problem+json, RFC 9457).",
    ).default("keep"),
    read: fields(
      {
        title: pointer("Where the upstream's JSON has the title."),
        detail: pointer("Where it has the detail."),
        code: pointer("Where it has its code, as `upstreamCode`."),
      },
      "Members that are taken from an upstream's JSON error, by JSON pointer. This reads bodies: not in a gateway of kind `edge`.",
    ).optional(),
    status: mapOf(
      shapedText(/^[2-5][0-9]{2}$/, 'a status such as `"404"`', "A status of the upstream."),
      count(200, 599, "The status that clients get."),
      "a map of statuses",
      'Statuses of the upstream to replace: `{ "418": 400 }`.',
    ).prefault({}),
    type: text(parseUrl, URL_EXPECTATION, "Put before a code to make a problem's `type`; `about:blank` when left out.").optional(),
  },
  "The shape of errors.",
);

const maintenance = fields(
  {
    retryAfter: duration({ example: "10m", off: false, max: "7d" }, "When clients should come again: Retry-After.").optional(),
    allowFrom: list(text(parseProxyBlock, CIDR_EXPECTATION, "An address or CIDR block."), "Who is let through all the same.").prefault([]),
    message: text(parseFieldValue, "one line of text", "What the answer's `detail` says.").optional(),
  },
  "The route is closed: 503.",
);

const date = (description: string) => text(parseDate, DATE_EXPECTATION, description).optional();
export const lifecycle = fields(
  {
    deprecated: date("Since when it should not be used: Deprecation (RFC 9745)."),
    sunset: date("When it ends: Sunset (RFC 8594)."),
    link: text(parseUrl, URL_EXPECTATION, "A page that tells what to do instead: Link.").optional(),
    afterSunset: choice(["serve", "gone"], "What becomes of requests after the sunset: answered as before, or 410.").default("serve"),
  },
  "When it goes.",
);

// ── bounds ───────────────────────────────────────────────────────────────────────────────────────────────────────────

const routeBounds = fields(
  {
    line: size({ example: "2KiB", off: false, max: "1MiB" }, "The request line; 414 beyond. Within the listener's.").optional(),
    head: size({ example: "8KiB", off: false, max: "1MiB" }, "The whole head; 431 beyond. Within the listener's.").optional(),
    fields: count(1, 10_000, "Header fields of a request; 431 beyond. Within the listener's.").optional(),
    body: size({ example: "1MiB", off: true, max: "1024GiB" }, "A request's body; 413 beyond. Replaces the listener's.").optional(),
  },
  "What one request may take.",
);

// ── WebSockets ───────────────────────────────────────────────────────────────────────────────────────────────────────

const webSocket = fields(
  {
    idleTimeout: duration(
      { example: "5m", off: true, max: "1d" },
      "Time in which nothing moves in either direction, pings included; closed with 1001 beyond. When left out the listener's `bounds.idleTimeout`.",
    ).optional(),
    maxMessage: size(
      { example: "1MiB", off: true, max: "1GiB" },
      "A message from the client, all its frames together, as long as it is sent (compressed ones compressed); closed with 1009 beyond. When left out any.",
    ).optional(),
    messagesPerSecond: countOrOff(
      1,
      1_000_000,
      "Messages from the client, pings and pongs too, with a burst of one second's; closed with 1008 beyond. When left out any.",
    ).optional(),
  },
  "What a WebSocket may do.",
);

// ── defaults and route ───────────────────────────────────────────────────────────────────────────────────────────────

export const defaults = fields(
  {
    timeout: duration({ example: "10s", off: true, max: "1d" }, "As a route's `timeout`.").prefault("10s"),
    paths: fields(
      {
        encodedSlash: encodedSlash.default("reject"),
        backslash: backslash.default("reject"),
        duplicateSlashes: duplicateSlashes.default("keep"),
        dotSegments: dotSegments.default("resolve"),
      },
      "How paths are brought into the one form that is routed and sent.",
    ).prefault({}),
    headers: headers.prefault({}),
    methodOverride: methodOverride.default("remove"),
    bounds: routeBounds.prefault({}),
    cors: fieldsOrOff(cors, "As a route's `cors`.").prefault("off"),
    securityHeaders: fieldsOrOff(securityHeaders, "As a route's `securityHeaders`.").prefault("off"),
    errors: errors.prefault({}),
    maintenance: fieldsOrOff(maintenance, "Every route is closed that does not say otherwise.").prefault("off"),
    websocket: fieldsOrOff(webSocket, "As a route's `websocket`, key by key.").prefault({}),
  },
  "For every route that does not say otherwise. A route's own edit of a header field replaces the default edits of that field; of the other keys its own word replaces the default.",
);

const value = (description: string) => z.string({ error: "the value as text" }).meta({ description, takes: "text" });
const condition = (what: string) =>
  z
    .union(
      [
        text((written) => written, "`present`, `absent` or the value", "`present`, `absent`, or the one value that will do."),
        oneOf(
          {
            is: value("The one value that will do, also where it would read as a word."),
            oneOf: fullList(value("A value."), "The values that will do."),
          },
          "A value that is no word, or several values.",
        ),
      ],
      { error: "`present`, `absent`, a value as text, `{ is: … }` or `{ oneOf: […] }`" },
    )
    .meta({ description: `What the ${what} must be: \`present\`, \`absent\`, a value, \`{ is: … }\` or \`{ oneOf: […] }\`.` });

const match = fields(
  {
    hosts: fullList(
      text(parseHostPattern, HOST_EXPECTATION, "`api.example.com` or `*.example.com`."),
      "Hosts of the request; any when left out.",
    ).optional(),
    path: text(parsePathPattern, PATTERN_EXPECTATION, "`/exact`, `/x/*` (matches `/x`, `/x/` and all below) or `/x/:id/y`."),
    methods: fullList(
      text(parseMethod, METHOD_EXPECTATION, "A method."),
      "Methods of the request; any when left out. A HEAD follows GET.",
    ).optional(),
    headers: orDefaults(
      mapOf(
        text(parseConditionField, FIELD_NAME_EXPECTATION, "A header."),
        condition("header"),
        "a map of headers",
        "Headers that the request must have, or must not. The whole value is compared.",
      ),
    ),
    query: orDefaults(
      mapOf(
        parameterName("A query parameter."),
        condition("parameter"),
        "a map of query parameters",
        "Query parameters that the request must have, or must not, compared once percent-decoded.",
      ),
    ),
  },
  "Which requests are this route's.",
);

const redirect = fields(
  {
    to: text(
      parseRedirectTarget,
      REDIRECT_EXPECTATION,
      "Where to: a path or a URL, with `:name` and `*` from the route's path.",
    ).optional(),
    scheme: choice(["http", "https"], "The same address under this scheme.").optional(),
    status: z
      .literal([301, 302, 303, 307, 308], { error: "301, 302, 303, 307 or 308" })
      .default(308)
      .meta({ description: "308 and 307 keep the method; 308 and 301 may be remembered." }),
    query: choice(["keep", "drop"], "The query of the request.").default("keep"),
  },
  "The client is sent elsewhere. Either `to` or `scheme`.",
);

const respond = fields(
  {
    status: count(200, 599, "The status.").default(200),
    body: z.string({ error: "text" }).meta({ description: "The body as text.", takes: "text" }).optional(),
    json: jsonValue("The body as a JSON value.").optional(),
    file: plainText("a file's path", "A file whose content is the body; read when the configuration is loaded, 1 MiB at most.").optional(),
    contentType: text(
      parseContentType,
      "a content type such as `application/json`",
      "Content-Type; when left out text, JSON, or by the file's name.",
    ).optional(),
  },
  "A fixed answer: one of `body`, `json`, `file`, or none.",
);

const rewrite = fields(
  {
    stripPrefix: text(parsePathPrefix, PREFIX_EXPECTATION, "Taken off the path; the route's path begins with it.").optional(),
    addPrefix: text(parsePathPrefix, PREFIX_EXPECTATION, "Put in front of the path, after stripping.").optional(),
    path: text(parsePathTemplate, TEMPLATE_EXPECTATION, "The whole path, in place of `stripPrefix` and `addPrefix`.").optional(),
    host: text(
      parseHostRewrite,
      AUTHORITY_EXPECTATION,
      "The Host that the upstream sees: the client's, the endpoint's own, or this one.",
    ).prefault("keep"),
    query: orDefaults(
      fields(
        {
          keepOnly: list(parameterName("A parameter."), "Parameters to keep; every other is removed.").optional(),
          remove: list(parameterName("A parameter."), "Parameters to remove.").prefault([]),
          set: orDefaults(
            mapOf(
              parameterName("A parameter."),
              fieldValue,
              "a map of parameters",
              "Parameters to set; what the request had under the name is gone.",
            ),
          ),
        },
        "Changes to the query.",
      ),
    ),
  },
  "How the address is changed for the upstream.",
);

export const route = fields(
  {
    name: name("Stands in logs and metrics."),
    match,
    api: fields(
      {
        name: text(parseName, "the name of an api", "One of `apis`."),
        versions: fullList(versionText, "Versions of it that this route serves."),
      },
      "The API and the versions of it that this route serves; how a request tells its version stands in `apis`.",
    ).optional(),
    public: only(true, "Everybody may use this route.").optional(),
    auth: auth.optional(),
    authorize: authorize.optional(),
    forwardCredential,
    rateLimits: limitUses("Limits that hold here, of `rateLimits`.").default([]),
    priority: priority.default("normal"),
    upstream: text(parseName, "the name of an upstream", "The upstream that answers.").optional(),
    redirect: redirect.optional(),
    respond: respond.optional(),
    split: notBuilt(split, "Upstreams that share the requests.").optional(),
    maintenance: fieldsOrOff(maintenance, "The route is closed while this stands here.").optional(),
    lifecycle: lifecycle.optional(),
    rewrite: orDefaults(rewrite),
    headers: orDefaults(headers),
    methodOverride: methodOverride.optional(),
    cors: fieldsOrOff(cors, "Cross-origin requests, or `off`.").optional(),
    securityHeaders: fieldsOrOff(securityHeaders, "Headers by which browsers protect users, or `off`.").optional(),
    errors: errors.optional(),
    grpcWeb: flag("Whether gRPC-Web calls are translated to gRPC for the upstream, which speaks `h2`.").default(false),
    websocket: fieldsOrOff(webSocket, "What a WebSocket may do, or `off`: requests to open one get 403.").optional(),
    timeout: duration({ example: "10s", off: true, max: "1d" }, "Time until the response's head; 504 beyond.").optional(),
    retry: notBuilt(retry, "Further attempts.").optional(),
    hedge: notBuilt(hedge, "A second attempt beside a slow one.").optional(),
    plugins: notBuilt(plugins, "Policies of your own, as TypeScript modules; counted against `gateway.customCode`.").optional(),
    bounds: orDefaults(routeBounds),
    paths: orDefaults(
      fields(
        {
          encodedSlash: encodedSlash.optional(),
          backslash: backslash.optional(),
          duplicateSlashes: duplicateSlashes.optional(),
          dotSegments: dotSegments.optional(),
        },
        "As `defaults.paths`, for this route.",
      ),
    ),
  },
  "Requests of one kind and what becomes of them.",
);
