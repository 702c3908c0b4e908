// The predicates of invariants: whether one holds for a route, and in words what a route that it doesn't hold for has instead.

import type { RouteConfig } from "./config.ts";
import { containsHost, containsPath } from "./containment.ts";
import type { DEMANDABLE, Predicate } from "./invariant-schema.ts";
import { toChoice } from "./written.ts";

type Demandable = (typeof DEMANDABLE)[number];
type Plain = Omit<Predicate, "anyOf" | "noneOf">;

/** Keys of a route, of its own or by default. What is not built no route has. */
const HAS: Readonly<Record<Demandable, (route: RouteConfig) => boolean>> = {
  auth: () => false,
  authorize: () => false,
  bounds: ({ bounds }) => Object.values(bounds).some((bound) => bound !== undefined),
  cors: ({ cors }) => cors !== null,
  errors: ({ errors }) => errors.upstream !== "keep" || errors.read !== null || errors.status.length > 0 || errors.typeBase !== null,
  hosts: ({ match }) => match.hosts.length > 0,
  lifecycle: ({ lifecycle }) => lifecycle !== null,
  maintenance: ({ maintenance }) => maintenance !== null,
  methods: ({ match }) => match.methods.length > 0,
  public: (route) => route.public,
  rateLimits: () => false,
  redirect: ({ action }) => action.kind === "redirect",
  respond: ({ action }) => action.kind === "respond",
  retry: () => false,
  securityHeaders: ({ securityHeaders }) => securityHeaders !== null,
  timeout: ({ timeoutMs }) => timeoutMs !== null,
  upstream: ({ action }) => action.kind === "upstream",
};

export function holds(predicate: Predicate, route: RouteConfig): boolean {
  return (
    holdsPlain(predicate, route) &&
    (predicate.anyOf === undefined || predicate.anyOf.some((one) => holdsPlain(one, route))) &&
    (predicate.noneOf === undefined || !predicate.noneOf.some((one) => holdsPlain(one, route)))
  );
}

function holdsPlain(predicate: Plain, route: RouteConfig): boolean {
  for (const key of KEYS) if (toBreach(key, predicate, route) !== undefined) return false;
  return true;
}

/** Each demand that the route does not fulfil: what must be, and what is. Empty when the predicate holds. */
export function brokenDemands(predicate: Predicate, route: RouteConfig): string[] {
  const demands = KEYS.flatMap((key) => toBreach(key, predicate, route)?.() ?? []);
  const { anyOf, noneOf } = predicate;
  if (anyOf !== undefined && !anyOf.some((one) => holdsPlain(one, route))) {
    const ways = anyOf.map((one) => KEYS.flatMap((key) => toBreach(key, one, route)?.() ?? []).join(", and "));
    demands.push(
      ways.length === 1 ? (ways[0] ?? "") : `one of these must be so: ${ways.map((way, index) => `(${index + 1}) ${way}`).join(", or ")}`,
    );
  }
  for (const one of noneOf ?? []) if (holdsPlain(one, route)) demands.push(`it must not be that ${toWords(one)}`);
  return demands;
}

const KEYS = ["has", "lacks", "names", "teams", "hosts", "paths", "methods", "onlyMethods", "upstreams"] as const;
type Key = (typeof KEYS)[number];

/** What is demanded and what the route has, to be told when asked; undefined when the predicate says nothing there, or it holds. */
function toBreach(key: Key, predicate: Plain, route: RouteConfig): (() => string) | undefined {
  const wanted: readonly string[] | undefined = predicate[key];
  if (wanted === undefined) return undefined;
  const { action, match } = route;
  switch (key) {
    case "has": {
      const missing = (predicate.has ?? []).filter((name) => !HAS[name](route));
      return missing.length === 0 ? undefined : () => `it must have ${toChoice(missing, "and")} and has not`;
    }
    case "lacks": {
      const present = (predicate.lacks ?? []).filter((name) => HAS[name](route));
      return present.length === 0 ? undefined : () => `it must not have ${toChoice(present)} and has`;
    }
    case "names":
      return wanted.some((pattern) => matchesName(pattern, route.name)) ? undefined : () => `it must be named ${toChoice(wanted)}`;
    case "teams": {
      const owner = route.team === null ? "no team" : `\`${route.team}\``;
      return route.team !== null && wanted.includes(route.team)
        ? undefined
        : () => `it must be of the team ${toChoice(wanted)}, but it is of ${owner}`;
    }
    case "hosts": {
      const isOutside = (host: string) => !wanted.some((outer) => containsHost(outer, host));
      if (match.hosts.length > 0 && !match.hosts.some(isOutside)) return undefined;
      return () =>
        `its hosts must be within ${toChoice(wanted)}, but it takes ${match.hosts.length === 0 ? "any host" : toChoice(match.hosts.filter(isOutside), "and")}`;
    }
    case "paths": {
      const outside = match.paths.filter((path) => !wanted.some((outer) => containsPath(outer, path)));
      return outside.length === 0
        ? undefined
        : () => `its paths must be within ${toChoice(wanted)}, but it takes ${toChoice(outside, "and")}`;
    }
    case "methods": {
      const isTaken = match.methods.length === 0 || withHead(match.methods).some((method) => wanted.includes(method));
      return isTaken ? undefined : () => `it must take ${toChoice(wanted)}, but it takes ${toChoice(match.methods, "and")} alone`;
    }
    case "onlyMethods": {
      const allowed = withHead(wanted);
      const others = match.methods.filter((method) => !allowed.includes(method));
      if (match.methods.length > 0 && others.length === 0) return undefined;
      return () =>
        `it may take ${toChoice(wanted, "and")} alone, but it takes ${others.length === 0 ? "any method" : toChoice(others, "and")}`;
    }
    case "upstreams": {
      if (action.kind === "upstream" && wanted.includes(action.upstream)) return undefined;
      return () =>
        `${toChoice(wanted)} must answer, but what answers is ${action.kind === "upstream" ? `\`${action.upstream}\`` : `a \`${action.kind}\``}`;
    }
  }
}

/** A predicate as the end of "… that". */
function toWords(predicate: Plain): string {
  const words: Readonly<Record<Key, (wanted: readonly string[]) => string>> = {
    has: (wanted) => `it has ${toChoice(wanted, "and")}`,
    lacks: (wanted) => `it lacks ${toChoice(wanted, "and")}`,
    names: (wanted) => `it is named ${toChoice(wanted)}`,
    teams: (wanted) => `it is of the team ${toChoice(wanted)}`,
    hosts: (wanted) => `its hosts are within ${toChoice(wanted)}`,
    paths: (wanted) => `its paths are within ${toChoice(wanted)}`,
    methods: (wanted) => `it takes ${toChoice(wanted)}`,
    onlyMethods: (wanted) => `it takes ${toChoice(wanted, "and")} alone`,
    upstreams: (wanted) => `${toChoice(wanted)} answers`,
  };
  return KEYS.flatMap((key) => (predicate[key] === undefined ? [] : [words[key](predicate[key])])).join(" and ");
}

/** A HEAD follows GET. */
function withHead(methods: readonly string[]): readonly string[] {
  return methods.includes("GET") ? [...methods, "HEAD"] : methods;
}

/** `*` stands for any part. */
function matchesName(pattern: string, name: string): boolean {
  const [start = "", ...rest] = pattern.split("*");
  const end = rest.pop();
  if (end === undefined) return name === pattern;
  if (!name.startsWith(start)) return false;
  let at = start.length;
  for (const part of rest) {
    const found = name.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return name.length - end.length >= at && name.endsWith(end);
}

// ── which routes a predicate names ───────────────────────────────────────────────────────────────────────────────────

/** The part of a predicate in which a word may be mistyped: names, teams, hosts, paths, upstreams. */
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
