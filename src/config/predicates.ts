// The predicates of invariants: whether one holds for a route, and in words what a route that it doesn't hold for has instead.

import type { RouteConfig } from "./config.ts";
import { containsHost, containsPath, overlapsPath } from "./containment.ts";
import type { DEMANDABLE, Predicate } from "./invariant-schema.ts";
import { matchesStars } from "./star-pattern.ts";
import { toChoice } from "./written.ts";

type Demandable = (typeof DEMANDABLE)[number];
type Plain = Omit<Predicate, "anyOf" | "noneOf">;

/** Keys of a route, of its own or by default. What is not built no route has. */
const HAS: Readonly<Record<Demandable, (route: RouteConfig) => boolean>> = {
  auth: ({ auth }) => auth !== null,
  authorize: ({ authorize }) => authorize !== null,
  bounds: ({ bounds }) => Object.values(bounds).some((bound) => bound !== undefined),
  cors: ({ cors }) => cors !== null,
  errors: ({ errors }) => errors.upstream !== "keep" || errors.read !== null || errors.status.length > 0 || errors.typeBase !== null,
  hosts: ({ match }) => match.hosts.length > 0,
  lifecycle: ({ lifecycle }) => lifecycle !== null,
  maintenance: ({ maintenance }) => maintenance !== null,
  methods: ({ match }) => match.methods.length > 0,
  public: ({ auth }) => auth === null,
  rateLimits: ({ rateLimits }) => rateLimits.length > 0,
  redirect: ({ action }) => action.kind === "redirect",
  respond: ({ action }) => action.kind === "respond",
  retry: () => false,
  securityHeaders: ({ securityHeaders }) => securityHeaders !== null,
  timeout: ({ timeoutMs }) => timeoutMs !== null,
  upstream: ({ action }) => action.kind === "upstream",
};

/** One thing that a predicate says. */
interface Demand {
  readonly holds: (route: RouteConfig) => boolean;
  /** As the end of "… that". */
  readonly says: string;
  /** What must be and what is, of a route that it does not hold for. */
  readonly toBreach: (route: RouteConfig) => string;
}

/** A predicate that is asked of many routes. */
export interface CompiledPredicate {
  readonly holds: (route: RouteConfig) => boolean;
  /** Each demand that the route does not fulfil: what must be, and what is. Empty when the predicate holds. */
  readonly listBreaches: (route: RouteConfig) => string[];
}

export function compilePredicate(predicate: Predicate): CompiledPredicate {
  const demands = compileAll(predicate);
  if (predicate.anyOf !== undefined) demands.push(compileAnyOf(predicate.anyOf.map(compileAll)));
  for (const one of predicate.noneOf ?? []) demands.push(compileNot(compileAll(one)));
  return { holds: (route) => isAll(demands, route), listBreaches: (route) => toBreaches(demands, route) };
}

function compileAll(predicate: Plain): Demand[] {
  const { has, lacks, names, teams, hosts, paths, takes, methods, onlyMethods, upstreams } = predicate;
  return [
    ...(has === undefined ? [] : [compileHas(has)]),
    ...(lacks === undefined ? [] : [compileLacks(lacks)]),
    ...(names === undefined ? [] : [compileNames(names)]),
    ...(teams === undefined ? [] : [compileTeams(teams)]),
    ...(hosts === undefined ? [] : [compileHosts(hosts)]),
    ...(paths === undefined ? [] : [compilePaths(paths)]),
    ...(takes === undefined ? [] : [compileTakes(takes)]),
    ...(methods === undefined ? [] : [compileMethods(methods)]),
    ...(onlyMethods === undefined ? [] : [compileOnlyMethods(onlyMethods)]),
    ...(upstreams === undefined ? [] : [compileUpstreams(upstreams)]),
  ];
}

function isAll(demands: readonly Demand[], route: RouteConfig): boolean {
  for (const demand of demands) if (!demand.holds(route)) return false;
  return true;
}

function toBreaches(demands: readonly Demand[], route: RouteConfig): string[] {
  return demands.filter((demand) => !demand.holds(route)).map((demand) => demand.toBreach(route));
}

function toWords(demands: readonly Demand[]): string {
  return demands.map(({ says }) => says).join(" and ");
}

function compileAnyOf(branches: readonly (readonly Demand[])[]): Demand {
  return {
    holds: (route) => branches.some((demands) => isAll(demands, route)),
    says: branches.map(toWords).join(", or "),
    toBreach: (route) => {
      const ways = branches.map((demands) => toBreaches(demands, route).join(", and "));
      return ways.length === 1
        ? (ways[0] ?? "")
        : `one of these must be so: ${ways.map((way, index) => `(${index + 1}) ${way}`).join(", or ")}`;
    },
  };
}

function compileNot(demands: readonly Demand[]): Demand {
  const says = toWords(demands);
  return { holds: (route) => !isAll(demands, route), says: `not ${says}`, toBreach: () => `it must not be that ${says}` };
}

// ── each key ─────────────────────────────────────────────────────────────────────────────────────────────────────────

function compileHas(keys: readonly Demandable[]): Demand {
  return {
    holds: (route) => keys.every((key) => HAS[key](route)),
    says: `it has ${toChoice(keys, "and")}`,
    toBreach: (route) =>
      `it must have ${toChoice(
        keys.filter((key) => !HAS[key](route)),
        "and",
      )} and has not`,
  };
}

function compileLacks(keys: readonly Demandable[]): Demand {
  return {
    holds: (route) => !keys.some((key) => HAS[key](route)),
    says: `it lacks ${toChoice(keys, "and")}`,
    toBreach: (route) => `it must not have ${toChoice(keys.filter((key) => HAS[key](route)))} and has`,
  };
}

function compileNames(patterns: readonly string[]): Demand {
  return {
    holds: ({ name }) => patterns.some((pattern) => matchesStars(pattern, name)),
    says: `it is named ${toChoice(patterns)}`,
    toBreach: () => `it must be named ${toChoice(patterns)}`,
  };
}

function compileTeams(teams: readonly string[]): Demand {
  return {
    holds: ({ team }) => team !== null && teams.includes(team),
    says: `it is of the team ${toChoice(teams)}`,
    toBreach: ({ team }) => `it must be of the team ${toChoice(teams)}, but it is of ${team === null ? "no team" : `\`${team}\``}`,
  };
}

function compileHosts(hosts: readonly string[]): Demand {
  const isOutside = (host: string) => !hosts.some((outer) => containsHost(outer, host));
  return {
    holds: ({ match }) => match.hosts.length > 0 && !match.hosts.some(isOutside),
    says: `its hosts are within ${toChoice(hosts)}`,
    toBreach: ({ match }) => {
      const taken = match.hosts.length === 0 ? "any host" : toChoice(match.hosts.filter(isOutside), "and");
      return `its hosts must be within ${toChoice(hosts)}, but it takes ${taken}`;
    },
  };
}

function compilePaths(paths: readonly string[]): Demand {
  const isOutside = (path: string) => !paths.some((outer) => containsPath(outer, path));
  return {
    holds: ({ match }) => !match.paths.some(isOutside),
    says: `its paths are within ${toChoice(paths)}`,
    toBreach: ({ match }) => `its paths must be within ${toChoice(paths)}, but it takes ${toChoice(match.paths.filter(isOutside), "and")}`,
  };
}

function compileTakes(paths: readonly string[]): Demand {
  return {
    holds: ({ match }) => match.paths.some((path) => paths.some((wanted) => overlapsPath(wanted, path))),
    says: `it takes paths of ${toChoice(paths)}`,
    toBreach: ({ match }) => `it must take paths of ${toChoice(paths)}, but it takes ${toChoice(match.paths, "and")}`,
  };
}

function compileMethods(methods: readonly string[]): Demand {
  // Whoever takes a GET takes a HEAD.
  const taken = methods.includes("HEAD") ? [...methods, "GET"] : methods;
  return {
    holds: ({ match }) => match.methods.length === 0 || match.methods.some((method) => taken.includes(method)),
    says: `it takes ${toChoice(methods)}`,
    toBreach: ({ match }) => `it must take ${toChoice(methods)}, but it takes ${toChoice(match.methods, "and")} alone`,
  };
}

function compileOnlyMethods(methods: readonly string[]): Demand {
  const allowed = methods.includes("GET") ? [...methods, "HEAD"] : methods;
  const isOutside = (method: string) => !allowed.includes(method);
  return {
    holds: ({ match }) => match.methods.length > 0 && !match.methods.some(isOutside),
    says: `it takes ${toChoice(methods, "and")} alone`,
    toBreach: ({ match }) => {
      const taken = match.methods.length === 0 ? "any method" : toChoice(match.methods.filter(isOutside), "and");
      return `it may take ${toChoice(methods, "and")} alone, but it takes ${taken}`;
    },
  };
}

function compileUpstreams(upstreams: readonly string[]): Demand {
  return {
    holds: ({ action }) => action.kind === "upstream" && upstreams.includes(action.upstream),
    says: `${toChoice(upstreams)} answers`,
    toBreach: ({ action }) => {
      const answers = action.kind === "upstream" ? `\`${action.upstream}\`` : `a \`${action.kind}\``;
      return `${toChoice(upstreams)} must answer, but what answers is ${answers}`;
    },
  };
}

// ── which routes a predicate names ───────────────────────────────────────────────────────────────────────────────────

/** The part of a predicate in which a word may be mistyped. `takes` is no such part: it guards what nobody may serve yet. */
export function onlyNames(predicate: Predicate): Predicate {
  const { anyOf, ...plain } = predicate;
  const branches = anyOf?.map(toNames);
  const isTelling = branches?.every((branch) => isAboutNames(branch)) ?? false;
  return { ...toNames(plain), ...(isTelling && { anyOf: branches }) };
}

export function isAboutNames(predicate: Predicate): boolean {
  return Object.values(predicate).some((wanted) => wanted !== undefined);
}

function toNames({ names, teams, hosts, paths, upstreams }: Plain): Plain {
  return { names, teams, hosts, paths, upstreams };
}
