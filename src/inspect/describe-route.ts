// A route in the few words of a table's row.

import type { ActionConfig, PathTemplate, RouteConfig } from "../config/index.ts";
import type { RouteCondition } from "../router/index.ts";

export interface RouteRow {
  readonly name: string;
  readonly team: string;
  readonly methods: string;
  readonly hosts: string;
  readonly paths: string;
  readonly conditions: string;
  readonly access: string;
  readonly action: string;
  readonly timeout: string;
  readonly limits: string;
  /** Empty: `normal`. */
  readonly priority: string;
}

export function describeRoute(route: RouteConfig): RouteRow {
  const { hosts, paths, methods, conditions } = route.match;
  return {
    name: route.name,
    team: route.team ?? "",
    methods: methods.length === 0 ? "any" : methods.join(" "),
    hosts: hosts.length === 0 ? "any" : hosts.join(" "),
    paths: paths.join(" "),
    conditions: conditions.map(describeCondition).join(", "),
    access: describeAccess(route),
    action: describeAction(route.action),
    timeout: route.timeoutMs === null ? "off" : `${route.timeoutMs / 1000}s`,
    limits: route.rateLimits.map(({ limit, cost }) => (cost === null ? limit : `${limit} (${cost})`)).join(" "),
    priority: route.priority === "normal" ? "" : route.priority,
  };
}

function describeAccess({ maintenance, auth }: RouteConfig): string {
  if (maintenance !== null) return "closed";
  if (auth === null) return "public";
  return auth.identities.join(" ") + (auth.optional ? " or nobody" : "");
}

export function describeAction(action: ActionConfig): string {
  if (action.kind === "upstream") return action.upstream;
  if (action.kind === "respond") return `answers ${action.respond.status}`;
  const { status, scheme, authority, path } = action.redirect;
  const to = `${scheme === null ? "" : `${scheme}://`}${authority ?? ""}${path === null ? "" : describePath(path)}`;
  return `${status} to ${to}`;
}

function describePath(template: PathTemplate): string {
  return template.map((part) => (typeof part === "string" ? part : part.param === "*" ? "*" : `:${part.param}`)).join("");
}

function describeCondition({ on, name, absent, values }: RouteCondition): string {
  const what = on === "query" ? `?${name}` : on === "mediaType" ? `version of ${name}` : name;
  if (values === null) return absent ? what : `${what} present`;
  const named = values.join(" or ");
  return values.length === 0 ? `${what} absent` : `${what}: ${named}${absent ? " or absent" : ""}`;
}
