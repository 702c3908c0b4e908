// The configuration as users write it: every key that is built, with its type, default and documentation. The JSON Schema for editors
// and the reference pages come from this file alone. What names must agree with what else is in checks.ts, what is known but not
// built yet in not-built.ts, and what it all means in config.ts.

import * as z from "zod";
import {
  CIDR_EXPECTATION,
  ENDPOINT_EXPECTATION,
  LISTEN_EXPECTATION,
  parseEndpointUrl,
  parseListenAddress,
  parseProxyBlock,
} from "./addresses.ts";
import { choice, count, countOrOff, duration, fields, fieldsOrOff, fullList, list, only, rate, size, text } from "./fields.ts";
import { FIELD_NAME_EXPECTATION, FIELD_VALUE_EXPECTATION, parseFieldName, parseFieldValue } from "./header-text.ts";
import { parseLogTarget } from "./log-target.ts";
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

export const DEFAULT_IDENTITY_HEADERS = ["X-User-Id", "X-User-Roles", "X-Tenant-Id"];

const fieldName = (description: string) => text(parseFieldName, FIELD_NAME_EXPECTATION, description);
const fieldValue = text(parseFieldValue, FIELD_VALUE_EXPECTATION, "One line of visible ASCII. Numbers are quoted.");
const name = (description: string) => text(parseName, NAME_EXPECTATION, description);

const gateway = fields(
  {
    name: name("Stands in logs, metrics and traces.").prefault("sallyport"),
    kind: choice(["edge", "domain", "bff"], "What a gateway of this kind may do.").default("edge"),
    workers: only(1, "How many processes serve.").default(1),
    identityHeaders: fullList(
      fieldName("A header by which upstreams know who calls."),
      "Headers that carry who the caller is. They are removed from every client request, in every spelling.",
    ).prefault(DEFAULT_IDENTITY_HEADERS),
  },
  "The gateway as a whole.",
);

const headerEdits = (direction: string) =>
  fields(
    {
      set: z
        .record(fieldName("A header."), fieldValue, { error: "a map of headers" })
        .prefault({})
        .meta({ description: `Headers of the ${direction} to set; what it had under the name is gone.` }),
      add: z
        .record(fieldName("A header."), fieldValue, { error: "a map of headers" })
        .prefault({})
        .meta({ description: `Headers to add to what the ${direction} has.` }),
      remove: list(fieldName("A header."), `Headers to remove from the ${direction}, before \`set\` and \`add\`.`).prefault([]),
    },
    `Changes to the headers of the ${direction}.`,
  );

const headers = fields(
  { request: headerEdits("request to the upstream").prefault({}), response: headerEdits("response to the client").prefault({}) },
  "Changes to header fields. Framing fields, Host and identity headers are the gateway's own.",
);

const encodedSlash = choice(["reject", "keep"], "`%2F` in a path: 400, or data within its segment.");
const backslash = only("reject", "A backslash in a path, plain or encoded: 400.");
const duplicateSlashes = choice(["keep", "merge", "reject"], "`//` in a path: as it is, one slash, or 400.");
const dotSegments = choice(["resolve", "reject"], "`.` and `..` in a path, plain or encoded: resolved (400 above the root), or 400.");

const defaults = fields(
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
  },
  "For every route that does not say otherwise. A route's own edit of a header field replaces the default edits of that field.",
);

const listenAddress = text(parseListenAddress, LISTEN_EXPECTATION, "Where to listen. Port 0 takes any free port; `unix:` a socket file.");

const bounds = fields(
  {
    line: size({ example: "8KiB", off: false, max: "1MiB" }, "The request line; 414 beyond.").prefault("8KiB"),
    head: size({ example: "32KiB", off: false, max: "1MiB" }, "The whole head; 431 beyond.").prefault("32KiB"),
    fields: count(1, 10_000, "Header fields of a request; 431 beyond.").default(100),
    body: size({ example: "10MiB", off: true, max: "1024GiB" }, "A request's body; 413 beyond.").prefault("10MiB"),
    headTimeout: duration({ example: "10s", off: false, max: "1h" }, "Time for a complete head; 408 beyond.").prefault("10s"),
    idleTimeout: duration({ example: "60s", off: true, max: "1d" }, "Time that an idle connection is kept.").prefault("60s"),
    minBodyRate: rate({ example: "256B/s", off: true, max: "1GiB/s" }, "A body that comes slower is 408.").prefault("256B/s"),
    connectionsPerIp: countOrOff(1, 1_000_000, "Connections of one client address; 503 beyond.").prefault(1000),
  },
  "What one client may take.",
);

const listener = fields(
  {
    name: name("Stands in logs and metrics."),
    address: listenAddress,
    protocols: fullList(only("http/1.1", "A protocol."), "Protocols spoken here.").default(["http/1.1"]),
    trustedProxies: list(
      text(parseProxyBlock, CIDR_EXPECTATION, "An address or CIDR block."),
      "Whose X-Forwarded-* and X-Request-Id are believed.",
    ).prefault([]),
    bounds: bounds.prefault({}),
  },
  "An address where clients connect.",
);

const endpointUrl = text(parseEndpointUrl, ENDPOINT_EXPECTATION, "`http://host:port` or `unix:/path`.");
const endpoint = z
  .union(
    [
      endpointUrl.transform((url) => ({ url, weight: 1 })),
      fields({ url: endpointUrl, weight: count(1, 1000, "Its share beside the others.").default(1) }, "An endpoint with its share."),
    ],
    { error: `${ENDPOINT_EXPECTATION}, or a map of \`url\` and \`weight\`` },
  )
  .meta({ description: "A place that serves." });

const upstream = fields(
  {
    endpoints: fullList(endpoint, "The places that serve this upstream."),
    protocol: only("http/1.1", "The protocol spoken to endpoints.").default("http/1.1"),
    balance: only("roundRobin", "How an endpoint is chosen.").default("roundRobin"),
    timeouts: fields(
      {
        connect: duration({ example: "250ms", off: false, max: "1h" }, "Time to connect; 504 beyond.").prefault("1s"),
        firstByte: duration(
          { example: "2s", off: true, max: "1d" },
          "Time from the request sent to the response's head; 504 beyond. Off: the route's timeout alone bounds it.",
        ).prefault("off"),
        betweenBytes: duration({ example: "10s", off: true, max: "1d" }, "Silence inside a response that ends it.").prefault("60s"),
        idle: duration({ example: "60s", off: false, max: "1d" }, "Time that an unused connection is kept.").prefault("60s"),
      },
      "How long to wait for an endpoint.",
    ).prefault({}),
    pool: fields(
      {
        connections: count(1, 65_536, "Connections to one endpoint at most.").default(64),
        pending: count(0, 1_000_000, "Requests that may wait for a connection; 503 beyond. 0: none waits.").default(128),
      },
      "Connections that are kept and shared.",
    ).prefault({}),
  },
  "A service that is called, and how.",
);

const route = fields(
  {
    name: name("Stands in logs and metrics."),
    match: fields(
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
      },
      "Which requests are this route's.",
    ),
    public: only(true, "Everybody may use this route.").optional(),
    upstream: text(parseName, "the name of an upstream", "The upstream that answers.").optional(),
    rewrite: fields(
      {
        stripPrefix: text(parsePathPrefix, PREFIX_EXPECTATION, "Taken off the path; the route's path begins with it.").optional(),
        addPrefix: text(parsePathPrefix, PREFIX_EXPECTATION, "Put in front of the path, after stripping.").optional(),
      },
      "How the path is changed for the upstream.",
    ).prefault({}),
    headers: headers.prefault({}),
    timeout: duration({ example: "10s", off: true, max: "1d" }, "Time until the response's head; 504 beyond.").optional(),
    bounds: fields(
      { body: size({ example: "1MiB", off: true, max: "1024GiB" }, "A request's body; 413 beyond. Replaces the listener's.").optional() },
      "What one request may take.",
    ).prefault({}),
    paths: fields(
      {
        encodedSlash: encodedSlash.optional(),
        backslash: backslash.optional(),
        duplicateSlashes: duplicateSlashes.optional(),
        dotSegments: dotSegments.optional(),
      },
      "As `defaults.paths`, for this route.",
    ).prefault({}),
  },
  "Requests of one kind and what becomes of them.",
);

const telemetry = fields(
  {
    accessLog: fieldsOrOff(
      fields(
        {
          to: text(parseLogTarget, "`stdout` or a file's path", "`stdout` or a file's path.").prefault("stdout"),
          format: only("json", "One JSON object a line.").default("json"),
        },
        "The access log.",
      ),
      "One line a request, or `off`.",
    ).prefault({}),
  },
  "What can be seen of the gateway.",
);

export const configurationSchema = fields(
  {
    version: only(1, "The version of this language."),
    gateway: gateway.prefault({}),
    defaults: defaults.prefault({}),
    admin: fieldsOrOff(
      fields({ address: listenAddress }, "The admin address: metrics and health."),
      "Where operators look in; off when left out.",
    ).prefault("off"),
    listeners: fullList(listener, "Where clients connect."),
    upstreams: z
      .record(name("The upstream's name."), upstream, { error: "a map of upstreams by name" })
      .prefault({})
      .meta({ description: "Services that are called, by name." }),
    routes: list(route, "Requests and what becomes of them.").prefault([]),
    telemetry: telemetry.prefault({}),
  },
  "The configuration of one gateway.",
);

/** What `defineGateway` takes. */
export type ConfigurationInput = z.input<typeof configurationSchema>;
/** Parsed, each default filled in, not yet resolved: routes do not know the defaults yet. */
export type Configuration = z.output<typeof configurationSchema>;
