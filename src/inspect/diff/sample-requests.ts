// Requests that show where a route begins to lose or win: not one for each route, but one for each of the hosts, paths, methods and values
// that it names, and some below and beside it. A route that gives up one host of two leaves its requests to whichever is next,
// and that one may ask for less.

import { findWitnesses, type RouteDefinition, type SampleRequest } from "../../router/index.ts";

/** Beyond this a route that names very many of everything is sampled in part. */
const MOST_PIECES = 500;
const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
const DEEPER = ["/x", "/x/y"];

/**
 * Groups of requests, each around one that a route of the table wins: what a group's requests have in common need be told once. Routes for which
 * `isWhole` have one request alone.
 */
export function sampleRequests(routes: readonly RouteDefinition<null>[], isWhole: (name: string) => boolean): SampleRequest[][] {
  const table: RouteDefinition<null>[] = [];
  const originals = new Map<string, RouteDefinition<null>>();
  for (const route of routes) {
    const pieces = isWhole(route.name) ? [route] : split(route);
    for (const [at, piece] of pieces.entries()) {
      const name = `${route.name} ${at}`;
      table.push({ ...piece, name });
      originals.set(name, piece);
    }
  }
  return [...findWitnesses(table)].map(([name, request]) => {
    const piece = originals.get(name);
    return piece === undefined || isWhole(name.slice(0, name.lastIndexOf(" "))) ? [request] : [request, ...vary(piece, request)];
  });
}

/** Routes that name one of everything, and together match what the route matches. */
function split(route: RouteDefinition<null>): RouteDefinition<null>[] {
  let pieces: RouteDefinition<null>[] = [route];
  const by = (cut: (piece: RouteDefinition<null>) => RouteDefinition<null>[]) => {
    const cuts = pieces.flatMap(cut);
    if (cuts.length <= MOST_PIECES) pieces = cuts;
  };
  if (route.hosts.length > 1) by((piece) => route.hosts.map((host) => ({ ...piece, hosts: [host] })));
  if (route.paths.length > 1) by((piece) => route.paths.map((path) => ({ ...piece, paths: [path] })));
  if (route.methods.length > 1) by((piece) => route.methods.map((method) => ({ ...piece, methods: [method] })));
  for (const [at, condition] of route.conditions.entries()) {
    const { absent, values } = condition;
    if (values === null || values.length + Number(absent) < 2) continue;
    const choices = values.map((value) => ({ ...condition, absent: false, values: [value] }));
    if (absent) choices.push({ ...condition, absent: true, values: [] });
    by((piece) => choices.map((choice) => ({ ...piece, conditions: piece.conditions.with(at, choice) })));
  }
  return pieces;
}

/** Other requests that the piece takes, unless something more specific does. */
function vary({ methods, paths }: RouteDefinition<null>, request: SampleRequest): SampleRequest[] {
  const base = request.path.endsWith("/") ? request.path.slice(0, -1) : request.path;
  const others = paths[0]?.endsWith("/*") === true ? DEEPER.map((below) => ({ ...request, path: `${base}${below}` })) : [];
  if (methods.length === 0) others.push(...METHODS.map((method) => ({ ...request, method })));
  return others;
}
