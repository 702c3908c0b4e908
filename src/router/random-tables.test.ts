// The router and its proofs against a second reading of the rule that shares no code with it, on random tables.
// The words are few, so that tables overlap in every way that the language allows.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Fields, fieldName } from "../http/index.ts";
import {
  compileRouter,
  explainMatch,
  findWitnesses,
  NO_VARIANT,
  ROUTE_FOUND,
  ROUTE_NOT_FOUND,
  type RouteDefinition,
  type RouteIssue,
  type RouteMatch,
} from "./index.ts";
import { matchByReference, type ReferenceRequest } from "./router.reference.ts";

// The whole proof over 10,000 tables takes minutes: `PROOF_TABLES=10000`.
const { PROOF_TABLES } = process.env;
const TABLES = Number(PROOF_TABLES ?? 100);

type Table = readonly RouteDefinition<number>[];

const patternSegment = fc.constantFrom("a", "a", "b", ":", ":");
const path = fc.tuple(fc.array(patternSegment, { maxLength: 3 }), fc.constantFrom("", "", "/", "/*")).map(([segments, end]) => {
  const text = segments.map((part, index) => (part === ":" ? `/:p${index}` : `/${part}`)).join("");
  return text + end === "" ? "/" : text + end;
});
const hosts = fc.uniqueArray(fc.constantFrom("a.x", "*.x", "*.a.x"), { maxLength: 2 });
const methods = fc.uniqueArray(fc.constantFrom("GET", "HEAD", "POST"), { maxLength: 2 });
const wanted = fc.constantFrom(
  { absent: true, values: [] as string[] },
  { absent: false, values: null },
  { absent: false, values: ["1"] },
  { absent: false, values: ["2"] },
  { absent: false, values: ["1", "2"] },
  { absent: true, values: ["1"] },
);
const SUBJECTS = [
  { on: "header", name: "X-A" },
  { on: "header", name: "x-b" },
  { on: "query", name: "q" },
  { on: "mediaType", name: "application/vnd.a" },
] as const;
const conditions = fc
  .uniqueArray(fc.tuple(fc.constantFrom(0, 0, 1, 2, 2, 3), wanted), { maxLength: 2, selector: ([subject]) => subject })
  .map((list) => list.map(([subject, what]) => ({ ...(SUBJECTS[subject] ?? SUBJECTS[0]), ...what })));
const shape = fc.record({ hosts, paths: fc.uniqueArray(path, { minLength: 1, maxLength: 2 }), methods, conditions });
/** Many routes of one path, so that conditions meet. */
const crowded = fc.record({
  hosts: fc.constant([] as string[]),
  paths: fc.constant(["/a"]),
  methods: fc.constantFrom([], ["GET"], ["GET", "HEAD"]),
  conditions,
});
const table = fc
  .oneof(
    fc.array(shape, { minLength: 1, maxLength: 10 }),
    fc.array(crowded, { minLength: 2, maxLength: 12 }),
    fc.array(fc.oneof(shape, crowded), { minLength: 1, maxLength: 14 }),
  )
  .map((routes): Table => routes.map((route, index) => ({ ...route, name: `r${index}`, value: index })));

const request = fc.record({
  host: fc.constantFrom("", "a.x", "b.a.x", "c.x", "q"),
  path: fc.array(fc.constantFrom("a", "b", "c", ""), { minLength: 1, maxLength: 4 }).map((parts) => `/${parts.join("/")}`),
  method: fc.constantFrom("GET", "HEAD", "POST", "PUT"),
  headers: fc.record(
    {
      "x-a": fc.constantFrom("1", "2", "3"),
      "x-b": fc.constantFrom("1", "9"),
      accept: fc.constantFrom("application/vnd.a.v1+json", "application/vnd.a.v2", "text/html"),
    },
    { requiredKeys: [] },
  ),
  query: fc.array(fc.tuple(fc.constantFrom("q", "q", "r"), fc.constantFrom("1", "2", "3")), { maxLength: 3 }),
});

function toHead({ headers, query }: ReferenceRequest) {
  const fields = new Fields("");
  for (const [name, value] of Object.entries(headers)) fields.add(fieldName(name), value);
  return { fields, query: query.length === 0 ? "" : `?${query.map(([name, value]) => `${name}=${value}`).join("&")}` };
}

/** The table without the routes that the router complains of. */
function mend(routes: Table): Table {
  let kept = routes;
  for (;;) {
    const { issues } = compileRouter(kept);
    if (issues.length === 0) return kept;
    const losers = new Set(issues.map((issue) => issue.routes[issue.code === "SP_ROUTE_CONFLICT" ? 1 : 0]));
    kept = kept.filter(({ name }) => !losers.has(name));
  }
}

/** What a request may have for one subject: only of those that the table speaks of. */
function optionsFor<V>(routes: Table, index: number, options: readonly V[]): readonly V[] {
  const subject = SUBJECTS[index];
  return routes.some((route) => route.conditions.some(({ on, name }) => on === subject?.on && name === subject.name))
    ? options
    : options.slice(0, 1);
}

/** Every request that can make a difference to the table. */
function* enumerateRequests(routes: Table): Generator<ReferenceRequest> {
  const values = [undefined, "1", "2", "9"];
  const named = new Set(routes.flatMap((route) => route.methods));
  const asked = [...named, "PUT", ...(named.has("GET") ? ["HEAD"] : [])];
  const everyHost = routes.some((route) => route.hosts.length > 0) ? ["", "a.x", "z.a.x", "z.x"] : [""];
  for (const host of everyHost) {
    for (const at of listPaths(routes)) {
      for (const method of new Set(asked)) {
        for (const a of optionsFor(routes, 0, values)) {
          for (const b of optionsFor(routes, 1, values)) {
            for (const q of optionsFor(routes, 2, [[], ["1"], ["2"], ["9"], ["1", "2"]])) {
              for (const v of optionsFor(routes, 3, values)) {
                const headers: Record<string, string> = {};
                if (a !== undefined) headers["x-a"] = a;
                if (b !== undefined) headers["x-b"] = b;
                if (v !== undefined) headers["accept"] = `application/vnd.a.v${v}+json`;
                yield { host, path: at, method, headers, query: q.map((value) => ["q", value] as const) };
              }
            }
          }
        }
      }
    }
  }
}

/** Paths that the patterns tell apart: their own, with a fresh word for each hole, and what a tail may take. */
function listPaths(routes: Table): string[] {
  const found = new Set<string>();
  for (const text of routes.flatMap((route) => route.paths)) {
    const fixed = text.replace(/:p\d/g, "z");
    if (!fixed.endsWith("/*")) found.add(fixed);
    else for (const tail of ["", "/", "/z", "/z/z", "//z"]) found.add(fixed.slice(0, -2) + tail === "" ? "/" : fixed.slice(0, -2) + tail);
  }
  return [...found];
}

/** By trying every request: who ties with whom, and who wins anything. */
function bruteForce(routes: Table): { ties: Set<string>; winners: Set<string> } {
  const ties = new Set<string>();
  const winners = new Set<string>();
  for (const asked of enumerateRequests(routes)) {
    const answer = matchByReference(routes, asked);
    for (const name of answer.winners) winners.add(name);
    for (const [index, a] of answer.winners.entries()) for (const b of answer.winners.slice(index + 1)) ties.add(`${a} ${b}`);
  }
  return { ties, winners };
}

function checkProofs(routes: Table): void {
  const { issues } = compileRouter(routes);
  const { ties, winners } = bruteForce(routes);
  const conflicts = issues.filter((issue) => issue.code === "SP_ROUTE_CONFLICT");
  for (const { routes: names, sample } of conflicts) {
    assert.ok(ties.has(names.join(" ")), `${names.join(" and ")} do not tie`);
    assert.ok(sample !== null);
    const query = [...new URLSearchParams(sample.query)];
    const headers = Object.fromEntries(sample.headers.map(([name, value]) => [name.toLowerCase(), value]));
    const answer = matchByReference(routes, { ...sample, headers, query });
    for (const name of names) assert.ok(answer.winners.includes(name), `${JSON.stringify(sample)} is not won by ${name}`);
  }
  // Each later route is told once, with the first that it ties with.
  const later = new Set([...ties].map((pair) => pair.split(" ")[1] ?? ""));
  assert.deepEqual([...new Set(conflicts.map((issue: RouteIssue) => issue.routes[1] ?? ""))].sort(), [...later].sort());
  const dead = routes.map(({ name }) => name).filter((name) => !winners.has(name));
  const told = issues.filter((issue) => issue.code === "SP_ROUTE_UNREACHABLE").map((issue) => issue.routes[0] ?? "");
  assert.deepEqual(told.sort(), dead.sort(), "unreachable");
}

describe("the router on random tables", () => {
  it("agrees with the reference on 100,000 random requests", () => {
    fc.assert(
      fc.property(table, fc.array(request, { minLength: 50, maxLength: 50 }), (parts, asked) => {
        const routes = mend(parts);
        const { router } = compileRouter(routes);
        assert.ok(router !== null);
        for (const one of asked) {
          const expected = matchByReference(routes, one);
          assert.ok(expected.winners.length <= 1, "a table that compiles has no ties");
          const match: RouteMatch<number> = router.match(one.host, one.path, one.method, toHead(one));
          const other = expected.isVariant ? "variant" : expected.allow === "" ? "404" : `405 ${expected.allow}`;
          const answer: string =
            match.outcome === ROUTE_FOUND
              ? match.name
              : match.outcome === NO_VARIANT
                ? "variant"
                : match.outcome === ROUTE_NOT_FOUND
                  ? "404"
                  : `405 ${match.allow}`;
          assert.equal(answer, expected.winners[0] ?? other, JSON.stringify(one));
        }
      }),
      { numRuns: 2000 },
    );
  });

  it("proves clashes and unreachable routes as trying every request does", () => {
    fc.assert(fc.property(table, checkProofs), { numRuns: TABLES });
  });

  it("has a witness for each route, which it wins", () => {
    fc.assert(
      fc.property(table, (parts) => {
        const routes = mend(parts);
        const witnesses = findWitnesses(routes);
        for (const { name } of routes) {
          const sample = witnesses.get(name);
          assert.ok(sample !== undefined, name);
          const headers = Object.fromEntries(sample.headers.map(([key, value]) => [key.toLowerCase(), value]));
          const answer = matchByReference(routes, { ...sample, headers, query: [...new URLSearchParams(sample.query)] });
          assert.deepEqual(answer.winners, [name], JSON.stringify(sample));
        }
      }),
      { numRuns: 1000 },
    );
  });

  it("is explained by exactly one winner, the router's own, and a reason for every other route", () => {
    fc.assert(
      fc.property(table, request, (parts, one) => {
        const routes = mend(parts);
        const { router } = compileRouter(routes);
        assert.ok(router !== null);
        const head = toHead(one);
        const match = router.match(one.host, one.path, one.method, head);
        const verdicts = explainMatch(routes, { host: one.host, path: one.path, method: one.method, head });
        assert.equal(verdicts.length, routes.length);
        assert.deepEqual(
          verdicts.filter(({ outcome }) => outcome === "won").map(({ name }) => name),
          match.outcome === ROUTE_FOUND ? [match.name] : [],
        );
        for (const { detail } of verdicts) assert.match(detail, /\S/);
      }),
      { numRuns: 3000 },
    );
  });
});
