// What was expected of a request beside what became of it.

import { isDeepStrictEqual } from "node:util";
import type { RouteTest } from "../../config/index.ts";
import type { TestHeaders, TestResponse, UpstreamRequest } from "../../testing/index.ts";

/** One thing that is not as expected, as a person reads it. */
export interface RouteTestFailure {
  /** `status`, `headers.X-Edge`, `upstream.path`. */
  readonly what: string;
  readonly expected: string;
  readonly actual: string;
}

type Expectation = RouteTest["expect"];

/** What differs; empty when all is as expected. `requests` are those that reached upstreams. */
export function compare(expect: Expectation, response: TestResponse, requests: readonly UpstreamRequest[]): RouteTestFailure[] {
  const failures: RouteTestFailure[] = [];
  const check = (what: string, expected: string | number | undefined, actual: string | number) => {
    if (expected !== undefined && expected !== actual) failures.push({ what, expected: String(expected), actual: String(actual) });
  };
  const { record } = response;
  check("route", expect.route, record?.route ?? "none");
  check("status", expect.status, response.status);
  check("fault", expect.fault, record?.fault ?? "none");
  failures.push(...compareHeaders("headers", expect.headers, response.headers));
  failures.push(...compareBody(expect.body, response));
  // With attempts, the last one is what its answer came from.
  const request = requests.at(-1);
  const { upstream } = expect;
  if (upstream === "none") check("upstream", "none", request?.upstream ?? "none");
  else if (upstream !== undefined && request === undefined) check("upstream", upstream.name ?? "any", record?.upstream ?? "none");
  else if (upstream !== undefined && request !== undefined) {
    check("upstream.name", upstream.name, request.upstream);
    check("upstream.method", upstream.method, request.method);
    check("upstream.path", upstream.path, request.path);
    check("upstream.query", upstream.query, request.query);
    check("upstream.host", upstream.host, request.host);
    check("upstream.body", upstream.body, request.text());
    failures.push(...compareHeaders("upstream.headers", upstream.headers, request.headers));
  }
  return failures;
}

function compareHeaders(where: string, expected: Expectation["headers"], headers: TestHeaders): RouteTestFailure[] {
  return Object.entries(expected ?? {}).flatMap(([name, wanted]) => {
    const actual = headers.get(name);
    const holds = wanted === "absent" ? actual === null : wanted === "present" ? actual !== null : actual === wanted;
    return holds ? [] : [{ what: `${where}.${name}`, expected: wanted, actual: actual ?? "absent" }];
  });
}

function compareBody(expected: Expectation["body"], response: TestResponse): RouteTestFailure[] {
  if (expected === undefined) return [];
  const actual = response.text();
  if ("equals" in expected) return expected.equals === actual ? [] : [{ what: "body", expected: expected.equals, actual }];
  if ("contains" in expected) {
    return actual.includes(expected.contains)
      ? []
      : [{ what: "body", expected: `a text with ${JSON.stringify(expected.contains)} in it`, actual }];
  }
  const wanted = JSON.stringify(expected.json);
  try {
    // Through JSON, so that maps without a prototype are like others.
    return isDeepStrictEqual(JSON.parse(actual), JSON.parse(wanted)) ? [] : [{ what: "body", expected: wanted, actual }];
  } catch {
    return [{ what: "body", expected: wanted, actual }];
  }
}
