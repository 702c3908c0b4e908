// What a change does to requests: for each route of both sides requests that it wins, and who answers them before and after. Samples,
// not a proof: a request that is no route's sample may move too.

import type { GatewayConfig, RouteConfig } from "../../config/index.ts";
import {
  type CompiledRouter,
  compileRouter,
  METHOD_NOT_ALLOWED,
  NO_VARIANT,
  ROUTE_FOUND,
  type RouteDefinition,
  type SampleRequest,
  toHead,
} from "../../router/index.ts";
import { compareRoute, type Setting } from "./compare-route.ts";
import { type Comparers, compareFields } from "./comparers.ts";
import { Say, toPrintable } from "./effect.ts";
import type { Pairs } from "./pair-by-name.ts";
import { isSame } from "./same.ts";
import { sampleRequests } from "./sample-requests.ts";

export interface MovedRequests {
  /** The route's name, or null when none takes them. */
  readonly before: string | null;
  readonly after: string | null;
  /** How many of the samples moved in this way. */
  readonly count: number;
  /** A few of them: `GET http://api.example.com/orders/1`. */
  readonly samples: readonly string[];
  readonly sentence: string;
  /** Whether what the new route does to them is looser anywhere than what the old one did; true where none took them. */
  readonly opens: boolean;
}

const SHOWN = 3;

interface Answerer {
  readonly name: string | null;
  readonly words: string;
}

/** Those that open first. A move to a route that was renamed, or from none to none, is none. */
export function diffRequests(setting: Setting, { kept }: Pairs<RouteConfig>): MovedRequests[] {
  const isRouted = (config: GatewayConfig) => config.routes.map(({ name, match }) => ({ name, ...match, value: null }));
  const [oldRoutes, newRoutes] = [isRouted(setting.before), isRouted(setting.after)];
  if (isSameTable(oldRoutes, newRoutes)) return [];
  const [old, now] = [compileRouter(oldRoutes), compileRouter(newRoutes)];
  if (old.router === null || now.router === null) return [];
  const formerNames = new Map(kept.map(([before, after]) => [after.name, before.name]));
  const groups = new Map<string, { from: Answerer; to: Answerer; samples: Set<string> }>();
  const asBefore = new Map(
    kept.filter(([before, after]) => isSame(before.match, after.match)).map(([before, after]) => [after.name, before.name]),
  );
  const stayed = new Set(asBefore.values());
  for (const alike of [
    ...sampleRequests(oldRoutes, (name) => stayed.has(name)),
    ...sampleRequests(newRoutes, (name) => asBefore.has(name)),
  ]) {
    const told = new Set<string>();
    for (const request of alike) {
      const [from, to] = [answer(old, request), answer(now, request)];
      const isKept = to.name === null ? from.name === null && from.words === to.words : formerNames.get(to.name) === from.name;
      const key = `${from.name ?? `:${from.words}`} ${to.name ?? `:${to.words}`}`;
      if (isKept || told.has(key)) continue;
      told.add(key);
      const group = groups.get(key) ?? { from, to, samples: new Set<string>() };
      groups.set(key, group);
      group.samples.add(toText(request));
    }
  }
  const comparers = compareRoute(setting);
  const [before, after] = [byName(setting.before), byName(setting.after)];
  const moved = [...groups.values()].map(({ from, to, samples }) => {
    const shown = [...samples].slice(0, SHOWN);
    const route = { old: before.get(from.name ?? ""), now: after.get(to.name ?? "") };
    const sentence = toSentence(from, to, shown, samples.size);
    return {
      before: from.name,
      after: to.name,
      count: samples.size,
      samples: shown,
      sentence,
      opens: isLooser(route.old, route.now, comparers),
    };
  });
  return [...moved.filter(({ opens }) => opens), ...moved.filter(({ opens }) => !opens)];
}

function isSameTable(a: readonly RouteDefinition<null>[], b: readonly RouteDefinition<null>[]): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

const byName = (config: GatewayConfig) => new Map(config.routes.map((route) => [route.name, route]));

/** Where both are routes: whether anything but where they match is looser in the new one. */
function isLooser(old: RouteConfig | undefined, now: RouteConfig | undefined, comparers: Comparers<RouteConfig>): boolean {
  if (now === undefined) return false;
  if (old === undefined) return now.maintenance === null || now.maintenance.allowFrom.length > 0;
  const say = new Say("", "", []);
  compareFields({ ...old, match: now.match }, now, comparers, say);
  return say.effects.some(({ opens }) => opens);
}

function answer({ router }: CompiledRouter<null>, request: SampleRequest): Answerer {
  const match = router?.match(request.host, request.path, request.method, toHead(request.headers, request.query));
  if (match?.outcome === ROUTE_FOUND) return { name: match.name, words: match.name };
  if (match?.outcome === METHOD_NOT_ALLOWED) return { name: null, words: "no route for their method" };
  if (match?.outcome === NO_VARIANT) return { name: null, words: "no route whose conditions hold" };
  return { name: null, words: "no route" };
}

function toSentence(from: Answerer, to: Answerer, shown: readonly string[], count: number): string {
  const requests = `${shown.join(", ")}${count > shown.length ? ` and ${count - shown.length} more` : ""}`;
  const was = from.name === null ? `found ${from.words}` : `went to ${from.words}`;
  const verb = count === 1 ? ["goes", "finds"] : ["go", "find"];
  const is = to.name === null ? `${verb[1]} ${to.words}` : `${verb[0]} to ${to.words}`;
  return toPrintable(`${requests} ${was}, ${is} now`.replaceAll("their method", count === 1 ? "its method" : "their method"));
}

function toText({ method, host, anyHost, path, query, headers }: SampleRequest): string {
  const target = `${anyHost ? "" : `http://${host}`}${path}${query}`;
  return `${method} ${target}${headers.map(([name, value]) => ` with ${name}: ${value}`).join("")}`;
}
