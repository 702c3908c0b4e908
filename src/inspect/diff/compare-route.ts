// One route before and after. Which two are the same route is pair-by-name.ts's to say.

import type {
  ActionConfig,
  GatewayConfig,
  MatchConfig,
  PathsConfig,
  RedirectConfig,
  RespondConfig,
  RouteBoundsConfig,
  RouteConfig,
} from "../../config/index.ts";
import type { RouteCondition } from "../../router/index.ts";
import { describeAction } from "../describe-route.ts";
import { cors } from "./compare-cors.ts";
import { headers, securityHeaders } from "./compare-headers.ts";
import { auth, authorize } from "./compare-identity.ts";
import { limitUses } from "./compare-limits.ts";
import {
  type Comparer,
  type Comparers,
  compareFields,
  compareSets,
  fields,
  flag,
  ladder,
  limit,
  plain,
  sayLimit,
  text,
} from "./comparers.ts";
import { coversHost, coversPath } from "./covers.ts";
import type { Say } from "./effect.ts";
import { errors, lifecycle, maintenance, rewrite, webSocket } from "./route-parts.ts";
import { toCount, toDuration, toList, toPath, toSize, toText } from "./words.ts";

const same = (item: string) => item;

/** An empty list takes all. */
function orAny(what: string, covers: (outer: string, inner: string) => boolean): Comparer<readonly string[]> {
  return (before, after, say) => {
    if (after.length === 0) say.that(true, `becomes reachable by any ${what}`, `become reachable by any ${what}`);
    else if (before.length === 0) say.that(false, `is reachable only by the ${what} ${toList(after)}`, `name the ${what}s that they take`);
    else {
      const gains = [`becomes reachable by the ${what}`, `become reachable by more ${what}s`] as const;
      const loses = [`is no longer reachable by the ${what}`, `are reachable by fewer ${what}s`] as const;
      compareSets(before, after, { more: true, gains, loses, show: same, covers }, say);
    }
  };
}

const subjectOf = ({ on, name }: RouteCondition) =>
  `${on === "mediaType" ? "media type" : on} ${on === "header" ? name.toLowerCase() : name}`;

function conditions(before: readonly RouteCondition[], after: readonly RouteCondition[], say: Say): void {
  const [old, now] = [new Map(before.map((one) => [subjectOf(one), one])), new Map(after.map((one) => [subjectOf(one), one]))];
  for (const [subject, condition] of now) {
    const was = old.get(subject);
    if (was === undefined) say.that(false, `asks for a condition more, on the ${subject}`, "ask for a condition more");
    else compareCondition(subject, was, condition, say);
  }
  for (const subject of old.keys()) {
    if (!now.has(subject)) say.that(true, `drops its condition on the ${subject}`, "drop a condition");
  }
}

/** What `a` takes that `b` doesn't. */
function countMore(a: RouteCondition, b: RouteCondition): boolean {
  if (a.absent && !b.absent) return true;
  if (b.values === null) return false;
  return a.values === null || a.values.some((value) => b.values?.includes(value) === false);
}

function compareCondition(subject: string, before: RouteCondition, after: RouteCondition, say: Say): void {
  const change = `on the ${subject}: ${toTaken(before)} becomes ${toTaken(after)}`;
  const [isWider, isNarrower] = [countMore(after, before), countMore(before, after)];
  if (isWider) say.that(true, `takes requests that its condition kept out, ${change}`, "widen a condition");
  if (isNarrower) say.that(false, `no longer takes requests that its condition took, ${change}`, "narrow a condition");
  if (before.name !== after.name) say.that(null, `spells its condition on the ${subject} otherwise`, "spell a condition otherwise");
}

function toTaken({ absent, values }: RouteCondition): string {
  if (values === null) return absent ? "anything" : "present";
  if (values.length === 0) return "absent";
  return `${values.join(" or ")}${absent ? " or absent" : ""}`;
}

const match: Comparers<MatchConfig> = {
  hosts: orAny("host", coversHost),
  paths: orAny("path", coversPath),
  methods: orAny("method", (outer, inner) => outer === "GET" && inner === "HEAD"),
  conditions,
};

const redirect: Comparers<RedirectConfig> = {
  status: text("status of its redirect"),
  scheme: text("scheme of its redirect"),
  authority: text("host of its redirect"),
  path: plain("path of its redirect", toPath),
  query: text("query of its redirect"),
};

const respond: Comparers<RespondConfig> = {
  status: text("status"),
  contentType: text("content type"),
  body: plain("body", (body) => toSize(body.length)),
};

export interface Setting {
  readonly before: GatewayConfig;
  readonly after: GatewayConfig;
  /** The old name of upstreams that are only called otherwise now, by the new one. */
  readonly formerUpstreams: ReadonlyMap<string, string>;
}

const action = (setting: Setting): Comparer<ActionConfig> => {
  return (before, after, say) => {
    if (before.kind === "redirect" && after.kind === "redirect") compareFields(before.redirect, after.redirect, redirect, say);
    else if (before.kind === "respond" && after.kind === "respond") compareFields(before.respond, after.respond, respond, say);
    else if (before.kind === "upstream" && after.kind === "upstream") {
      if (setting.formerUpstreams.get(after.upstream) === before.upstream) return;
      say.that(null, `goes to the upstream ${after.upstream}, no longer to ${before.upstream}`, "go to another upstream");
    } else {
      const [old, now] = [toDeed(before), toDeed(after)];
      say.that(null, `${now}; it ${old} before`, "do something else");
    }
  };
};

function toDeed(deed: ActionConfig): string {
  if (deed.kind === "upstream") return `goes to the upstream ${deed.upstream}`;
  return deed.kind === "redirect" ? `redirects: ${describeAction(deed)}` : describeAction(deed);
}

type BoundName = keyof RouteBoundsConfig;

/** Where the route leaves a bound to its listeners, it is whatever they have: the least and the most of it. */
function bound(
  what: string,
  key: BoundName,
  setting: Setting,
  show: (value: number | null) => string,
): Comparer<number | null | undefined> {
  const range = (value: number | null | undefined, config: GatewayConfig): readonly [number, number] => {
    if (value !== undefined) return [value ?? Number.POSITIVE_INFINITY, value ?? Number.POSITIVE_INFINITY];
    const all = config.listeners.map(({ bounds }) => bounds[key] ?? Number.POSITIVE_INFINITY);
    return [Math.min(...all), Math.max(...all)];
  };
  const toShown = (value: number | null | undefined) => (value === undefined ? "the listener's" : show(value));
  return (before, after, say) => {
    const [old, now] = [range(before, setting.before), range(after, setting.after)];
    const [was, is] = [toShown(before), toShown(after)];
    const isWider = now[0] > old[0] || now[1] > old[1];
    const isNarrower = now[0] < old[0] || now[1] < old[1];
    // Both, where several listeners have bounds on both sides of the route's own.
    if (isWider) sayLimit(what, true, after === null, `${was} becomes ${is}`, say);
    if (isNarrower) sayLimit(what, false, false, `${was} becomes ${is}`, say);
    if (!isWider && !isNarrower)
      say.that(null, `leaves its ${what} as wide as it was: ${was} becomes ${is}`, `write their ${what} otherwise`);
  };
}

export function compareRoute(setting: Setting): Comparers<RouteConfig> {
  return {
    // Pairs are made by name; a name that differs is told by whoever made the pair.
    name: () => undefined,
    team: text("team"),
    match: fields(match),
    auth,
    authorize,
    forwardCredential: flag(
      true,
      "shows its upstream the credential",
      "no longer shows its upstream the credential",
      "show the credential",
      "no longer show the credential",
    ),
    action: action(setting),
    rateLimits: limitUses(setting.before, setting.after),
    priority: text("priority"),
    maintenance,
    lifecycle,
    rewrite,
    headers,
    methodOverride: ladder("care for method overrides", ["remove", "keep"]),
    cors,
    securityHeaders,
    errors,
    grpcWeb: flag(true, "takes gRPC-Web calls", "no longer takes gRPC-Web calls", "take gRPC-Web calls", "no longer take gRPC-Web calls"),
    webSocket,
    timeoutMs: limit("timeout", toDuration),
    bounds: fields<RouteBoundsConfig>({
      lineBytes: bound("request line bound", "lineBytes", setting, toSize),
      headBytes: bound("head bound", "headBytes", setting, toSize),
      fieldCount: bound("bound of fields", "fieldCount", setting, toCount),
      bodyBytes: bound("body bound", "bodyBytes", setting, toSize),
    }),
    paths: fields<PathsConfig>({
      encodedSlash: ladder("care for encoded slashes", ["reject", "keep"]),
      backslash: plain("rule for backslashes", toText),
      duplicateSlashes: ladder("care for doubled slashes", ["reject", "merge", "keep"]),
      dotSegments: ladder("care for dot segments", ["reject", "resolve"]),
    }),
  };
}
