// What OPA is told of a request: the `input` of its policies.

import type { FieldName } from "../../http/index.ts";
import type { Exchange, Principal } from "../../pipeline/index.ts";

export interface InputField {
  /** Lower case. */
  readonly key: string;
  readonly name: FieldName;
}

export interface OpaInput {
  readonly method: string;
  /** Segments, decoded. Those that decode to no text stay as they are. */
  readonly path: readonly string[];
  /** As it was routed, with its escapes. */
  readonly rawPath: string;
  readonly host: string;
  /** Every value of each parameter, decoded. */
  readonly query: Readonly<Record<string, readonly string[]>>;
  /** Those that the configuration names, lines of one name joined. */
  readonly headers: Readonly<Record<string, string>>;
  readonly route: string;
  readonly principal: {
    readonly id: string;
    readonly identity: string;
    readonly tenant: string | null;
    readonly roles: readonly string[];
    readonly scopes: readonly string[];
    readonly claims: Readonly<Record<string, unknown>>;
  };
  /** The client's address; null for a client on a unix socket. */
  readonly ip: string | null;
}

export function createInput(exchange: Exchange, principal: Principal, fields: readonly InputField[]): OpaInput {
  const { clientAddress, head, plan, routedPath } = exchange;
  const { claims, id, identity, roles, scopes, tenant } = principal;
  return {
    method: head.method,
    path: toSegments(routedPath),
    rawPath: routedPath,
    host: head.host,
    query: readQuery(head.query),
    headers: readFields(exchange, fields),
    route: plan.route,
    principal: { id, identity, tenant, roles, scopes, claims },
    ip: clientAddress === "" ? null : clientAddress,
  };
}

function readFields({ head }: Exchange, fields: readonly InputField[]): Record<string, string> {
  const headers: Record<string, string> = Object.create(null);
  for (const { key, name } of fields) {
    const value = head.fields.getCombined(name);
    if (value !== null) headers[key] = value;
  }
  return headers;
}

/** A path in normal form, `/a/b%20c/`, as `["a", "b c", ""]`: a slash at its end is a segment, since such a path may be another route's. */
export function toSegments(path: string): string[] {
  return path === "/" ? [] : path.slice(1).split("/").map(decode);
}

export function readQuery(query: string): Record<string, readonly string[]> {
  const parameters: Record<string, string[]> = Object.create(null);
  for (const [name, value] of new URLSearchParams(query)) {
    const values = parameters[name];
    if (values === undefined) parameters[name] = [value];
    else values.push(value);
  }
  return parameters;
}

export function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
