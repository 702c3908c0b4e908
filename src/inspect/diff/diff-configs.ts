// The effect of a change of configuration, as a list of sentences: two configurations in, what differs for requests out. Compares what the
// configurations mean, not how they are written: order, comments and defaults that are spelled out are no difference.

import type { GatewayConfig, Invariant, RouteConfig, UpstreamConfig } from "../../config/index.ts";
import { describeAction } from "../describe-route.ts";
import { accessLog, admin, compareListener, database, internalKeys, section, upstream } from "./compare-gateway.ts";
import { compareIdentity } from "./compare-identity.ts";
import { diffInvariants } from "./compare-invariants.ts";
import { compareLimit, counters, toLimitWords } from "./compare-limits.ts";
import { compareRoute, type Setting } from "./compare-route.ts";
import { acme } from "./compare-tls.ts";
import { compareFields } from "./comparers.ts";
import { diffRequests, type MovedRequests } from "./diff-requests.ts";
import { type Effect, Say, summarise } from "./effect.ts";
import { type Pairs, pairByName, toIdentity } from "./pair-by-name.ts";
import { isSame } from "./same.ts";
import { toAddress, toList } from "./words.ts";

export interface ConfigDiff {
  /** Those that open something first, then by kind; within these in the order of the configuration. */
  readonly effects: readonly Effect[];
  /** What several subjects share, counted: `3 routes become public`. */
  readonly summary: readonly string[];
  /** Requests that another route answers now, or none. */
  readonly requests: readonly MovedRequests[];
}

const ORDER = ["loosens", "adds", "changes", "removes", "tightens"];

const NO_INVARIANTS: readonly [readonly Invariant[], readonly Invariant[]] = [[], []];

/** `invariants` are those before and after: what guards the next change is part of this one. */
export function diffConfigs(before: GatewayConfig, after: GatewayConfig, invariants = NO_INVARIANTS): ConfigDiff {
  const effects: Effect[] = [];
  const gateway = new Say("gateway", "the gateway", effects);
  if (before.version !== after.version) gateway.that(null, "is configured in another version of the language", "are of another version");
  compareFields(before.gateway, after.gateway, section, gateway);
  if (!isSame(before.admin, after.admin)) admin(before.admin, after.admin, gateway);
  if (!isSame(before.acme, after.acme)) acme(before.acme, after.acme, new Say("acme", "the authority of certificates", effects));
  const log = new Say("access log", "the access log", effects);
  if (!isSame(before.telemetry.accessLog, after.telemetry.accessLog)) accessLog(before.telemetry.accessLog, after.telemetry.accessLog, log);
  if (!isSame(before.database, after.database)) database(before.database, after.database, gateway);
  if (!isSame(before.internalKeys, after.internalKeys)) internalKeys(before.internalKeys, after.internalKeys, gateway);
  if (!isSame(before.counters, after.counters)) counters(before.counters, after.counters, gateway);
  diffLimits(before, after, effects);
  diffListeners(before, after, effects);
  diffIdentities(before, after, effects);
  const upstreams = diffUpstreams(before, after, effects);
  const formerUpstreams = new Map(upstreams.kept.flatMap(([old, now]) => (old.name === now.name ? [] : [[now.name, old.name] as const])));
  const setting: Setting = { before, after, formerUpstreams };
  const routes = diffRoutes(setting, effects);
  const requests = diffRequests(setting, routes);
  diffInvariants(...invariants, effects);
  const rank = ({ opens, kind }: Effect) => (opens ? 0 : ORDER.length) + ORDER.indexOf(kind);
  const ordered = effects.map((effect, at) => ({ effect, at })).sort((a, b) => rank(a.effect) - rank(b.effect) || a.at - b.at);
  return { effects: ordered.map(({ effect }) => effect), summary: summarise(effects), requests };
}

/** By name alone: routes and listeners use them by it, and their counters go by it. */
function diffLimits(before: GatewayConfig, after: GatewayConfig, effects: Effect[]): void {
  const { kept, added, removed } = pairByName(before.rateLimits, after.rateLimits, ({ name }) => name);
  const say = (name: string) => new Say(`limit ${name}`, `the limit ${name}`, effects);
  for (const limit of added) say(limit.name).adds(`is new: ${toLimitWords(limit)}`, false, "are new");
  for (const { name } of removed) say(name).removes("is gone", "are gone");
  for (const [old, now] of kept) compareLimit(old, now, effects);
}

function diffListeners(before: GatewayConfig, after: GatewayConfig, effects: Effect[]): void {
  const comparers = compareListener(before, after);
  const { kept, added, removed } = pairByName(before.listeners, after.listeners, ({ address }) => toAddress(address));
  const say = (name: string, called = name) => new Say(`listener ${name}`, `the listener ${called}`, effects);
  for (const { name, address } of added) say(name).adds(`is new, at ${toAddress(address)}`, true, "are new");
  for (const { name, address } of removed) say(name).removes(`is gone, from ${toAddress(address)}`, "are gone");
  for (const [old, now] of kept) {
    if (old.name !== now.name) sayRenamed(old, now, say);
    compareFields(old, now, comparers, say(now.name));
  }
}

/** By name alone: routes say who may use them by it. */
function diffIdentities(before: GatewayConfig, after: GatewayConfig, effects: Effect[]): void {
  const { kept, added, removed } = pairByName(before.identities, after.identities, ({ name }) => name);
  const say = (name: string) => new Say(`identity ${name}`, `the identity ${name}`, effects);
  for (const { name, kind } of added) say(name).adds(`is new, of the kind ${kind}`, false, "are new");
  for (const { name } of removed) say(name).removes("is gone", "are gone");
  for (const [old, now] of kept) if (!isSame(old, now)) compareIdentity(old, now, say(now.name));
}

function diffUpstreams(before: GatewayConfig, after: GatewayConfig, effects: Effect[]): Pairs<UpstreamConfig> {
  const pairs = pairByName(before.upstreams, after.upstreams, toIdentity);
  const say = (name: string, called = name) => new Say(`upstream ${name}`, `the upstream ${called}`, effects);
  for (const { name, endpoints } of pairs.added) {
    say(name).adds(`is new, at ${toList(endpoints.map(({ address }) => toAddress(address)))}`, false, "are new");
  }
  for (const { name } of pairs.removed) say(name).removes("is gone", "are gone");
  for (const [old, now] of pairs.kept) {
    if (old.name !== now.name) sayRenamed(old, now, say);
    compareFields(old, now, upstream, say(now.name));
  }
  return pairs;
}

function diffRoutes(setting: Setting, effects: Effect[]): Pairs<RouteConfig> {
  const comparers = compareRoute(setting);
  const { formerUpstreams } = setting;
  const toName = (upstreamName: string) => formerUpstreams.get(upstreamName) ?? upstreamName;
  const pairs = pairByName(setting.before.routes, setting.after.routes, ({ match, action }) => {
    if (action.kind === "respond") return JSON.stringify([match, { ...action.respond, body: [...action.respond.body] }]);
    return JSON.stringify([match, action.kind === "upstream" ? toName(action.upstream) : action.redirect]);
  });
  const say = (name: string, called = name) => new Say(`route ${name}`, called, effects);
  for (const route of pairs.added) {
    const isClosed = route.maintenance !== null && route.maintenance.allowFrom.length === 0;
    const what = `${toReach(route)}: ${describeAction(route.action)}`;
    if (isClosed) say(route.name).adds(`is new and closed for maintenance, ${what}`, false, "are new and closed");
    else if (route.auth === null || route.auth.optional) say(route.name).adds(`is new and public, ${what}`, true, "become public");
    else say(route.name).adds(`is new, for ${toList(route.auth.identities)}, ${what}`, false, "are new");
  }
  for (const route of pairs.removed) say(route.name).removes(`is gone, ${toReach(route)}`, "are gone");
  for (const [old, now] of pairs.kept) {
    if (old.name !== now.name) sayRenamed(old, now, say);
    compareFields(old, now, comparers, say(now.name));
  }
  return pairs;
}

function sayRenamed(old: { readonly name: string }, now: { readonly name: string }, say: (name: string, called: string) => Say): void {
  say(now.name, old.name).that(null, `is called ${now.name} now`, "have another name");
}

function toReach({ match: { methods, hosts, paths } }: RouteConfig): string {
  const where = hosts.length === 0 ? "" : ` at ${toList(hosts)}`;
  return `${methods.length === 0 ? "any method" : methods.join(" ")} ${toList(paths)}${where}`;
}
