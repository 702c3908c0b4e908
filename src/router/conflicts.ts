// Routes that tie, and routes that never win. Only routes of one host pattern whose paths match the same can do either to one another:
// a request with fresh words in place of every parameter, with an empty segment under a `/*`, and under a fresh label of a `*.` host is
// out of reach of every more specific pattern. So both are questions about methods and conditions within such a group.

import { findAssignment, mergeConditions, SearchBudget } from "./assignment.ts";
import { findCommonSubject } from "./compile-list.ts";
import type { Condition } from "./conditions.ts";
import { FreshWords } from "./fresh-words.ts";
import type { RouteIssue } from "./issue.ts";
import { compareConditions, type RouteFound } from "./leaf.ts";
import type { HostPattern } from "./pattern.ts";
import type { Router } from "./router.ts";
import { toSample } from "./sample.ts";

/** The routes of one host pattern (null: every host) whose paths match the same. */
export interface Group<T> {
  readonly host: HostPattern | null;
  readonly routes: RouteFound<T>[];
}

const NO_CONDITIONS: readonly Condition[] = [];
/** Of a route that wins nothing, named in its issue: more help nobody. */
const MAX_TAKERS = 8;

/** A method of a request and what the routes of a group that take it are to one another. */
interface Contest<T> {
  readonly method: string;
  /** Those that name the method; for a method that nobody names, those that take any. The most specific first. */
  readonly ranks: readonly Rank<T>[];
}

/** Routes that have as many conditions, and name as many values. */
interface Rank<T> {
  /** In the order of the table. */
  readonly routes: readonly RouteFound<T>[];
  readonly index: MeetingIndex<T>;
}

/** What all questions about one table share. */
interface Proof<T> {
  readonly router: Router<T>;
  readonly fresh: FreshWords;
  readonly budget: SearchBudget;
}

/** Conflicts, each later route with the first that it ties with, and routes that win nothing. */
export function findConflicts<T>(groups: readonly Group<T>[], router: Router<T>): RouteIssue[] {
  const issues: RouteIssue[] = [];
  let proof: Proof<T> | null = null;
  // A route of several hosts or paths stands in several groups: one that it wins a request of will do.
  const alive = new Set<string>();
  const takers = new Map<string, Set<string>>();
  for (const group of groups) {
    const [first] = group.routes;
    if (group.routes.length === 1 && first?.conditions === null) {
      alive.add(first.name);
      continue;
    }
    proof ??= { router, fresh: new FreshWords(groups), budget: new SearchBudget() };
    const contests = listContests(group, proof.fresh);
    for (const conflict of findTies(group, contests, proof)) issues.push(conflict);
    const winners = listWinners(contests, proof);
    for (const route of winners) alive.add(route.name);
    for (const route of group.routes) {
      if (alive.has(route.name)) continue;
      takers.set(route.name, new Set([...(takers.get(route.name) ?? []), ...listTakers(route, contests, proof)]));
    }
  }
  for (const [name, others] of takers) if (!alive.has(name)) issues.push(toUnreachable(name, [...others].slice(0, MAX_TAKERS)));
  return issues;
}

function listContests<T>(group: Group<T>, fresh: FreshWords): Contest<T>[] {
  const named = new Set(group.routes.flatMap((route) => route.methods));
  const contests = [...named].map(
    (method): Contest<T> => ({ method, ranks: toRanks(group.routes.filter((route) => route.methods.includes(method))) }),
  );
  const any = group.routes.filter((route) => route.methods.length === 0);
  if (any.length > 0) contests.push({ method: fresh.methodBeside(named), ranks: toRanks(any) });
  return contests;
}

function* findTies<T>(group: Group<T>, contests: readonly Contest<T>[], proof: Proof<T>): Generator<RouteIssue> {
  const { router, fresh } = proof;
  const told = new Set<RouteFound<T>>();
  for (const contest of contests) {
    for (const [at, { routes }] of contest.ranks.entries()) {
      const above = contest.ranks.slice(0, at);
      const seen = new MeetingIndex(routes);
      for (const route of routes) {
        if (!told.has(route)) {
          for (const earlier of seen.candidates(route)) {
            const conditions = tie(earlier, route, above, proof);
            if (conditions === null) continue;
            told.add(route);
            if (conditions === "unknown") {
              const message = `whether routes ${earlier.name} and ${route.name} can both match one request takes too long to prove: their conditions, and those of routes beside them, differ in too many ways`;
              yield { code: "SP_ROUTE_OVERLAP", routes: [earlier.name, route.name], message, sample: null };
              break;
            }
            const sample = toSample({
              group,
              route,
              method: contest.method,
              choices: conditions,
              router,
              fresh,
              isWon: (match) => match === earlier || match === route,
            });
            const message = `routes ${earlier.name} and ${route.name} both match ${sample.text} and neither is more specific`;
            yield { code: "SP_ROUTE_CONFLICT", routes: [earlier.name, route.name], message, sample: sample.request };
            break;
          }
        }
        seen.add(route);
      }
    }
  }
}

/** What a request must have that both match and nobody more specific takes; null when there is none; or it took too long to tell. */
function tie<T>(a: RouteFound<T>, b: RouteFound<T>, above: readonly Rank<T>[], { fresh, budget }: Proof<T>) {
  const both = mergeConditions(a.conditions ?? NO_CONDITIONS, b.conditions ?? NO_CONDITIONS);
  if (both === null) return null;
  const found = findAssignment(both, listRivals(a, above), fresh.value, budget);
  return found === "none" ? null : found === "unknown" ? found : found.choices;
}

/** Those that win a request of one of the contests, as far as is known: a search that was cut off proves nothing. */
function listWinners<T>(contests: readonly Contest<T>[], { fresh, budget }: Proof<T>): ReadonlySet<RouteFound<T>> {
  const winners = new Set<RouteFound<T>>();
  for (const { ranks } of contests) {
    for (const [at, { routes }] of ranks.entries()) {
      const above = ranks.slice(0, at);
      for (const route of routes) {
        if (winners.has(route)) continue;
        if (findAssignment(route.conditions ?? NO_CONDITIONS, listRivals(route, above), fresh.value, budget) !== "none") winners.add(route);
      }
    }
  }
  return winners;
}

/** The conditions of those in the ranks above `route`, as far as they could hold beside its own. */
function listRivals<T>(route: RouteFound<T>, above: readonly Rank<T>[]): (readonly Condition[])[] {
  const own = route.conditions ?? NO_CONDITIONS;
  return above.flatMap(({ index }) =>
    index.candidates(route).flatMap((rival) => {
      const conditions = rival.conditions ?? NO_CONDITIONS;
      return mergeConditions(own, conditions) === null ? [] : [conditions];
    }),
  );
}

function toRanks<T>(routes: readonly RouteFound<T>[]): Rank<T>[] {
  const ranks: RouteFound<T>[][] = [];
  for (const route of routes) {
    const same = ranks.find(([first]) => first !== undefined && compareConditions(first, route) === 0);
    if (same === undefined) ranks.push([route]);
    else same.push(route);
  }
  ranks.sort(([a], [b]) => (a === undefined || b === undefined ? 0 : compareConditions(a, b)));
  return ranks.map((same) => {
    const index = new MeetingIndex(same);
    for (const route of same) index.add(route);
    return { routes: same, index };
  });
}

/**
 * Keeps ten thousand routes that differ by one value from being compared with one another: of those that name values of the subject
 * that most of them name values of, only such as share one can be met by one request.
 */
class MeetingIndex<T> {
  readonly #places = new Map<RouteFound<T>, number>();
  readonly #subject: string | null;
  readonly #byValue = new Map<string, RouteFound<T>[]>();
  readonly #all: RouteFound<T>[] = [];
  readonly #open: RouteFound<T>[] = [];

  constructor(routes: readonly RouteFound<T>[]) {
    this.#subject = routes.length < 9 ? null : findCommonSubject(routes);
  }

  add(route: RouteFound<T>): void {
    this.#places.set(route, this.#all.length);
    this.#all.push(route);
    const values = this.#valuesOf(route);
    if (values === null) this.#open.push(route);
    for (const value of values ?? []) {
      const same = this.#byValue.get(value);
      if (same === undefined) this.#byValue.set(value, [route]);
      else same.push(route);
    }
  }

  /** Routes that one request might meet beside this one, in the order in which they were added. */
  candidates(route: RouteFound<T>): readonly RouteFound<T>[] {
    const values = this.#valuesOf(route);
    if (values === null) return this.#all;
    const found = new Set([...this.#open, ...values.flatMap((value) => this.#byValue.get(value) ?? [])]);
    if (found.size === this.#open.length) return this.#open;
    return [...found].sort((a, b) => (this.#places.get(a) ?? 0) - (this.#places.get(b) ?? 0));
  }

  #valuesOf(route: RouteFound<T>): readonly string[] | null {
    const condition = route.conditions?.find(({ subject }) => subject === this.#subject);
    return condition === undefined || condition.absent ? null : condition.values;
  }
}

/** Who wins requests that meet the conditions of a route that wins none; a few of them when there are many. */
function listTakers<T>(route: RouteFound<T>, contests: readonly Contest<T>[], { fresh, budget }: Proof<T>): string[] {
  const takers = new Set<string>();
  for (const { ranks } of contests) {
    const own = ranks.findIndex(({ routes }) => routes.includes(route));
    for (let at = 0; at < own; at++) {
      for (const rival of ranks[at]?.index.candidates(route) ?? []) {
        if (takers.size === MAX_TAKERS) return [...takers];
        const both = mergeConditions(route.conditions ?? NO_CONDITIONS, rival.conditions ?? NO_CONDITIONS);
        if (both === null) continue;
        if (findAssignment(both, listRivals(rival, ranks.slice(0, at)), fresh.value, budget) !== "none") takers.add(rival.name);
      }
    }
  }
  return [...takers];
}

function toUnreachable(name: string, takers: readonly string[]): RouteIssue {
  const taken = `each of its requests is taken by ${takers.join(" or ")}${takers.length < MAX_TAKERS ? "" : " or others"}, which ${takers.length === 1 ? "is" : "are"} more specific`;
  const message = `route ${name} can never match: ${takers.length === 0 ? "its own conditions exclude one another" : taken}`;
  return { code: "SP_ROUTE_UNREACHABLE", routes: [name, ...takers], message, sample: null };
}
