// Tables that were costly to prove: large ones as people write them, and small ones that somebody makes to keep the gateway from starting.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { compileRouter, type RouteCondition, type RouteDefinition, type RouteIssue } from "./index.ts";

function route(name: string, ...conditions: RouteCondition[]): RouteDefinition<null> {
  return { name, hosts: [], paths: ["/a"], methods: [], conditions, value: null };
}

function names(name: string, ...values: string[]): RouteCondition {
  return { on: "header", name, absent: false, values };
}

const present = (name: string): RouteCondition => ({ on: "header", name, absent: false, values: null });
const absent = (name: string): RouteCondition => ({ on: "header", name, absent: true, values: [] });

/** The limit is far above what is taken, and far below what was. */
function compileWithin(ms: number, table: readonly RouteDefinition<null>[]): readonly RouteIssue[] {
  const start = performance.now();
  const { issues } = compileRouter(table);
  const took = performance.now() - start;
  assert.ok(took < ms, `took ${took.toFixed(0)} ms`);
  return issues;
}

describe("a table of many routes with one path", () => {
  it("is proven where each has a value of its own", () => {
    const table = Array.from({ length: 10_000 }, (_, i) => route(`t${i}`, names("X-Tenant", `t${i}`)));
    assert.deepEqual(compileWithin(4000, table), []);
  });

  it("is proven where each tenant has a route for a beta, which is said the same way for all", () => {
    const table = Array.from({ length: 5000 }, (_, i) => [
      route(`t${i}`, names("X-Tenant", `t${i}`)),
      route(`b${i}`, names("X-Tenant", `t${i}`), names("X-Beta", "1")),
    ]).flat();
    assert.deepEqual(compileWithin(4000, table), []);
    const dead = [...table, route("dead", names("X-Tenant", "t7"), names("X-Beta", "1"))];
    assert.deepEqual(
      compileWithin(4000, dead).map(({ code, routes }) => `${code} ${routes.join(" ")}`),
      ["SP_ROUTE_CONFLICT b7 dead"],
    );
  });
});

describe("a table that is made to be hard to prove", () => {
  it("is given up after a while, however many of its routes need a proof", () => {
    // Nine pigeons in eight holes, which no search by trial decides quickly: is there a request that none of these takes?
    const holes = [0, 1, 2, 3, 4, 5, 6, 7];
    const pigeons = [...holes, 8];
    const homeless = pigeons.map((p) => route(`p${p}`, ...holes.map((h) => absent(`X-${p}-${h}`))));
    const shared = holes.flatMap((h) =>
      pigeons.flatMap((p) => pigeons.slice(0, p).map((q) => route(`s${h}-${p}-${q}`, present(`X-${p}-${h}`), present(`X-${q}-${h}`)))),
    );
    const general = Array.from({ length: 30 }, (_, i) => route(`g${i}`, names("Tag", `t${i}`)));
    const issues = compileWithin(15_000, [...general, ...homeless, ...shared]);
    assert.deepEqual(
      issues.filter(({ code }) => code === "SP_ROUTE_UNREACHABLE"),
      [],
    );
    // What can't be told is refused, not let pass: these two tie, but for all that is known somebody takes each of their requests.
    const tied = compileWithin(15_000, [...general, ...homeless, ...shared, route("again", names("Tag", "t0"))]);
    const told = tied.map(({ code, routes }) => `${code} ${routes.join(" ")}`);
    assert.ok(told.includes("SP_ROUTE_OVERLAP g0 again"), told.join("\n"));
  });
});
