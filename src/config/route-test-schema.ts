// A file of route tests as users write it: a request each, and what must become of it. Parsed like a configuration, with the same words for
// mistakes; what runs it is inspect/route-tests.

import * as z from "zod";
import { parseDocument } from "./document.ts";
import { choice, count, duration, fields, fullList, list, only, text } from "./fields.ts";
import type { Issue } from "./issue.ts";
import { toPlainJsonSchema } from "./json-schema.ts";
import { Refusal } from "./refusal.ts";
import { fieldName } from "./route-schema.ts";

const REQUEST_EXPECTATION = "a method and a URL, such as `GET http://api.example.com/orders/1`";
const REQUEST = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+ (?:https?:\/\/[^\s/?#\\]+.*|[/*].*)$/s;

const string = (description: string, expects = "text; numbers are quoted") => z.string({ error: expects }).meta({ description });
const headerLines = (description: string) =>
  z.record(fieldName("A header."), string("Its value."), { error: "a map of headers" }).meta({ description });
const expectedHeaders = (description: string) =>
  z
    .record(fieldName("A header."), string("Its value, or `absent`, or `present`."), { error: "a map of headers" })
    .optional()
    .meta({ description });

const requestLine = text(
  (written) => (REQUEST.test(written) ? written : new Refusal("SP_CONFIG_BAD_VALUE", REQUEST_EXPECTATION)),
  REQUEST_EXPECTATION,
  "The method and the URL; it arrives byte for byte as written.",
);

const principal = fields(
  {
    identity: string("The identity that knows who it is, one of the route's; the first when left out.").optional(),
    id: string("Who it is.").min(1, { error: "text" }),
    tenant: string("Its tenant.").optional(),
    roles: list(string("A role."), "Its roles.").optional(),
    scopes: list(string("A scope."), "Its scopes.").optional(),
    claims: z
      .record(z.string(), z.json().meta({ description: "Its value." }), { error: "a map of claims" })
      .optional()
      .meta({ description: "What else its credential says." }),
    plan: string("The plan of its API key.").optional(),
    expiresIn: duration({ example: "10m", off: false, max: "3650d" }, "When the credential ends; never when left out.").optional(),
  },
  "Who the request is from, on a route with `auth`, as if an identity had verified a credential.",
);

const request = z
  .union(
    [
      requestLine.transform((line) => ({ line })),
      fields(
        {
          line: requestLine,
          headers: headerLines("Headers to send.").optional(),
          body: string("The body to send.").optional(),
          from: string("The client's IP address; `203.0.113.10` when left out.").optional(),
          via: string(
            "The address of a proxy through which it comes; it says whose the request is and that it came by the URL's scheme.",
          ).optional(),
          listener: string("The listener's name; the first one when left out.").optional(),
          as: principal.optional(),
        },
        "A request with more than its line.",
      ),
    ],
    { error: `${REQUEST_EXPECTATION}, or a map with a \`line\`` },
  )
  .meta({ description: "What is sent." });

const reply = fields(
  {
    status: count(200, 599, "The status.").default(200),
    headers: headerLines("Headers.").optional(),
    body: string("The body.").optional(),
    delay: duration({ example: "2s", off: false, max: "1h" }, "How long it takes; no time passes for whoever runs the tests.").optional(),
    fail: choice(["refuse", "reset", "hang"], "Refuses the connection, breaks it, or never answers.").optional(),
  },
  "What the upstream answers.",
);

const body = z
  .union(
    [
      string("The whole body.").transform((equals) => ({ equals })),
      fields({ contains: string("A part of it.") }, "A body with this in it."),
      fields({ json: z.json().meta({ description: "The value." }) }, "A body that is this JSON value, however spelt."),
    ],
    { error: "the whole body as text, `{ contains: … }` or `{ json: … }`" },
  )
  .optional()
  .meta({ description: "What the body must be." });

const atUpstream = z
  .union(
    [
      only("none", "No upstream is asked."),
      fields(
        {
          name: string("Which upstream is asked.").optional(),
          method: string("The method that reaches it.").optional(),
          path: string("The path that reaches it, without the query.").optional(),
          query: string("The query that reaches it, without `?`; empty for none.").optional(),
          host: string("The Host that reaches it.").optional(),
          headers: expectedHeaders("Headers that reach it: a value, `absent` or `present`."),
          body: string("The body that reaches it.").optional(),
        },
        "The request as it reaches the upstream.",
      ),
    ],
    { error: "`none`, or a map of what must reach the upstream" },
  )
  .optional()
  .meta({ description: "What must reach the upstream, or `none`." });

const expectation = fields(
  {
    route: string("The route's name, or `none`.").optional(),
    status: count(100, 599, "The status of the answer.").optional(),
    headers: expectedHeaders("Headers of the answer: a value, `absent` or `present`."),
    fault: string("The fault's code, such as `SP_ROUTE_NOT_FOUND`, or `none`.").optional(),
    body,
    upstream: atUpstream,
  },
  "What must become of the request. What is not named is not looked at.",
);

const routeTest = fields(
  {
    name: string("What the test shows, in a sentence.").min(1, { error: "a sentence" }),
    request,
    repeat: count(
      1,
      10_000,
      "How often the request is sent, one after the other; what is expected is of the last. Limits count anew in each test.",
    ).default(1),
    upstream: reply.optional().meta({ description: "What the upstream answers in this test." }),
    expect: expectation,
  },
  "One request and what must become of it.",
);

export const routeTestsSchema = fields(
  {
    version: only(1, "The version of this language."),
    config: string("The gateway's configuration; relative to this file.").min(1, { error: "a path" }),
    env: z
      .record(z.string(), string("Its value."), { error: "a map of variables" })
      .prefault({})
      .meta({ description: "The environment: what `${env:NAME}` in the configuration stands for." }),
    now: string("The gateway's date: `2026-01-01T00:00:00Z`, which it is when left out.").optional(),
    upstreams: z
      .record(z.string(), reply, { error: "a map of upstreams by name" })
      .prefault({})
      .meta({ description: "What upstreams answer where a test does not say it; 200 without a body when left out, and OK to gRPC calls." }),
    tests: fullList(routeTest, "The tests, each for itself."),
  },
  "Tests of a gateway's routes.",
);

export type RouteTestsFile = z.output<typeof routeTestsSchema>;
export type RouteTest = RouteTestsFile["tests"][number];
export type RouteTestPrincipal = z.output<typeof principal>;
export type RouteTestReply = z.output<typeof reply>;

/** `file` is null exactly when there are issues; `lines` has the line on which each test begins. */
export function parseRouteTests(content: string, name: string): { file: RouteTestsFile | null; lines: number[]; issues: Issue[] } {
  const { value, source, issues } = parseDocument(content, name, routeTestsSchema);
  if (value === null) return { file: null, lines: [], issues };
  const lines = value.tests.map(
    (_, index) => source.locate({ code: "SP_CONFIG_BAD_VALUE", path: ["tests", index], at: "value", message: "" }).line,
  );
  return { file: value, lines, issues };
}

/** For editors. */
export function routeTestsJsonSchema(): object {
  return toPlainJsonSchema(routeTestsSchema);
}
