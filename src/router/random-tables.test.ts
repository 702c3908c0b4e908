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

// More tables, for a long run: `PROOF_TABLES=10000`.
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
/** Fields that say a version and can be asked for as they are. */
const TELLING = ["Accept", "content-type"] as const;
const told = fc.record({
  on: fc.constant("header" as const),
  name: fc.constantFrom(...TELLING),
  absent: fc.boolean(),
  values: fc.constantFrom(null, ["text/html"], ["application/vnd.a.v1"], ["text/html", "application/vnd.a.v2"]),
});
const plain = fc
  .tuple(fc.constantFrom(0, 0, 1, 2, 2, 3), wanted)
  .map(([subject, what]) => ({ ...(SUBJECTS[subject] ?? SUBJECTS[0]), ...what }));
const conditions = fc.uniqueArray(fc.oneof({ weight: 5, arbitrary: plain }, { weight: 1, arbitrary: told }), {
  maxLength: 3,
  selector: ({ on, name }) => `${on} ${name}`,
});
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
      "content-type": fc.constantFrom("application/vnd.a.v1", "text/html"),
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
function optionsFor<V>(routes: Table, { on, name }: { readonly on: string; readonly name: string }, options: readonly V[]): readonly V[] {
  return routes.some((route) => route.conditions.some((condition) => condition.on === on && condition.name === name))
    ? options
    : options.slice(0, 1);
}

const VALUES = [undefined, "1", "2", "9"];
const OCCURRENCES = [[], ["1"], ["2"], ["9"], ["1", "2"]];
const MEDIA = [
  undefined,
  "text/html",
  "application/vnd.a.v1",
  "application/vnd.a.v2",
  "text/x",
  "application/vnd.a.v1+json",
  "application/vnd.a.v2+json",
  "application/vnd.a.v9",
];

/** Every request that can make a difference to the table, each with the routes that differ in nothing but conditions over it. */
function* enumerateRequests(routes: Table): Generator<{ rivals: Table; asked: ReferenceRequest }> {
  const named = new Set(routes.flatMap((route) => route.methods));
  const methods = new Set([...named, "PUT", ...(named.has("GET") ? ["HEAD"] : [])]);
  const everyHost = routes.some((route) => route.hosts.length > 0) ? ["", "a.x", "z.a.x", "z.x"] : [""];
  const seen = new Set<string>();
  for (const host of everyHost) {
    for (const at of listPaths(routes)) {
      for (const method of methods) {
        const bare = { host, path: at, method, headers: {}, query: [] };
        const rivals = routes.filter((route) => matchByReference([{ ...route, conditions: [] }], bare).winners.length > 0);
        const order = toOrder(rivals, bare);
        if (rivals.length === 0 || seen.has(order)) continue;
        seen.add(order);
        for (const head of enumerateHeads(rivals)) yield { rivals, asked: { ...bare, ...head } };
      }
    }
  }
}

/** Equal for two requests that bring the same routes together, in the same order but for their conditions. */
function toOrder(rivals: Table, bare: ReferenceRequest): string {
  const free = rivals.map((route) => ({ ...route, conditions: [] }));
  const pairs = free.flatMap((a, index) => free.slice(index + 1).map((b) => matchByReference([a, b], bare).winners.join("=")));
  return `${free.map(({ name }) => name).join()} ${pairs.join()}`;
}

function* enumerateHeads(routes: Table): Generator<Pick<ReferenceRequest, "headers" | "query">> {
  const asksVersion = routes.some((route) => route.conditions.some(({ on }) => on === "mediaType"));
  const [accept, content] = TELLING.map((name) => optionsFor(routes, { on: "header", name }, MEDIA));
  for (const a of optionsFor(routes, SUBJECTS[0], VALUES)) {
    for (const b of optionsFor(routes, SUBJECTS[1], VALUES)) {
      for (const q of optionsFor(routes, SUBJECTS[2], OCCURRENCES)) {
        for (const v of asksVersion ? MEDIA : (accept ?? [])) {
          for (const c of asksVersion && (accept?.length ?? 0) > 1 ? MEDIA : (content ?? [])) {
            const all = { "x-a": a, "x-b": b, accept: v, "content-type": c };
            const headers: Record<string, string> = {};
            for (const [name, value] of Object.entries(all)) if (value !== undefined) headers[name] = value;
            yield { headers, query: q.map((value) => ["q", value] as const) };
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
  for (const { rivals, asked } of enumerateRequests(routes)) {
    const answer = matchByReference(rivals, asked);
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
