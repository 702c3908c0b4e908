// What one part of a configuration says about another: references, names and addresses that must differ, headers that contradict.
// Reads the values as written, not the schema's output, so that its findings stand beside the schema's in one list; whatever has
// the wrong type is passed over here, since the schema says so.

import { foldName } from "../http/index.ts";
import { isSamePlace, parseListenAddress, toAddressText } from "./addresses.ts";
import type { AddressConfig } from "./config.ts";
import { parseFieldName } from "./header-text.ts";
import type { Finding, IssuePath } from "./issue.ts";
import { selectNearest } from "./nearest.ts";
import { isPrefixOfPattern, parsePathPattern, parsePathPrefix } from "./patterns.ts";
import { Refusal, type ValueParser } from "./refusal.ts";
import { DEFAULT_IDENTITY_HEADERS } from "./schema.ts";

type Place = readonly [path: IssuePath, value: unknown];

/** Findings about how the parts of `root` fit together. */
export function checkReferences(root: unknown): Finding[] {
  const findings: Finding[] = [];
  checkNames(children(root, [], "listeners"), "listener", findings);
  checkNames(children(root, [], "routes"), "route", findings);
  checkAddresses(root, findings);
  checkUpstreams(root, findings);
  checkIdentityHeaders(root, findings);
  const identity = new Set(texts(get(get(root, "gateway"), "identityHeaders")) ?? DEFAULT_IDENTITY_HEADERS);
  const folded = new Map([...identity].map((name) => [foldName(name), name]));
  checkHeaders(get(get(root, "defaults"), "headers"), ["defaults", "headers"], folded, findings);
  const upstreams = Object.keys(asMap(get(root, "upstreams")) ?? {});
  for (const [path, route] of children(root, [], "routes")) {
    if (asMap(route) === undefined) continue;
    checkRoute(route, path, upstreams, findings);
    checkHeaders(get(route, "headers"), [...path, "headers"], folded, findings);
  }
  return findings;
}

function checkRoute(route: unknown, path: IssuePath, upstreams: readonly string[], findings: Finding[]): void {
  if (!has(route, "public") && !has(route, "auth")) {
    const message = "a route must say who may use it";
    findings.push({ code: "SP_CONFIG_NO_ACCESS", path, at: "value", message, hint: "for everybody write `public: true`" });
  }
  const name = get(route, "upstream");
  if (!has(route, "upstream") && !has(route, "redirect") && !has(route, "split")) {
    const hint = upstreams.length === 0 ? undefined : `known: ${upstreams.slice(0, 8).join(", ")}`;
    const message = "a route must say what answers: `upstream` is missing";
    findings.push({ code: "SP_CONFIG_MISSING_KEY", path: [...path, "upstream"], at: "value", message, hint });
  } else if (typeof name === "string" && !upstreams.includes(name)) {
    const nearest = selectNearest(name, upstreams);
    const message = `no upstream is named \`${name}\``;
    const known = upstreams.length === 0 ? "there are no `upstreams` yet" : `known: ${upstreams.slice(0, 8).join(", ")}`;
    const hint = nearest === undefined ? known : `did you mean \`${nearest}\`?`;
    findings.push({ code: "SP_CONFIG_UNKNOWN_REFERENCE", path: [...path, "upstream"], at: "value", message, hint });
  }
  const prefix = get(get(route, "rewrite"), "stripPrefix");
  const pattern = get(get(route, "match"), "path");
  if (isWell(prefix, parsePathPrefix) && isWell(pattern, parsePathPattern) && !isPrefixOfPattern(prefix, pattern)) {
    const message = `the route's path \`${pattern}\` does not begin with the prefix \`${prefix}\` that is to be stripped`;
    findings.push({ code: "SP_CONFIG_REWRITE_MISMATCH", path: [...path, "rewrite", "stripPrefix"], at: "value", message });
  }
  checkEntries(get(get(route, "match"), "hosts"), [...path, "match", "hosts"], findings);
  checkEntries(get(get(route, "match"), "methods"), [...path, "match", "methods"], findings);
}

function checkNames(places: readonly Place[], kind: string, findings: Finding[]): void {
  const seen = new Map<string, IssuePath>();
  for (const [path, value] of places) {
    const name = get(value, "name");
    if (typeof name !== "string") continue;
    const first = seen.get(name);
    if (first === undefined) seen.set(name, path);
    else {
      const message = `two ${kind}s are named \`${name}\`; the other is the ${toOrdinal(first)}`;
      findings.push({ code: "SP_CONFIG_DUPLICATE_NAME", path: [...path, "name"], at: "value", message });
    }
  }
}

function checkAddresses(root: unknown, findings: Finding[]): void {
  const places: [IssuePath, unknown, string][] = children(root, [], "listeners").map(([path, listener]) => [
    [...path, "address"],
    get(listener, "address"),
    typeof get(listener, "name") === "string" ? `listener \`${get(listener, "name")}\`` : `the ${toOrdinal(path)} listener`,
  ]);
  places.unshift([["admin", "address"], get(get(root, "admin"), "address"), "admin"]);
  const taken: { address: AddressConfig; by: string }[] = [];
  for (const [path, value, by] of places) {
    const address = typeof value === "string" ? parseListenAddress(value) : undefined;
    if (address === undefined || address instanceof Refusal) continue;
    const other = taken.find((one) => isSamePlace(one.address, address));
    taken.push({ address, by });
    if (other === undefined) continue;
    const message = `the address \`${toAddressText(address)}\` is taken already: ${other.by} listens on \`${toAddressText(other.address)}\``;
    findings.push({ code: "SP_CONFIG_DUPLICATE_ADDRESS", path, at: "value", message });
  }
}

function checkUpstreams(root: unknown, findings: Finding[]): void {
  for (const [path, upstream] of children(root, [], "upstreams")) {
    const seen = new Set<string>();
    for (const [endpointPath, endpoint] of children(upstream, path, "endpoints")) {
      const isText = typeof endpoint === "string";
      const url = isText ? endpoint : get(endpoint, "url");
      if (typeof url !== "string") continue;
      const urlPath = isText ? endpointPath : [...endpointPath, "url"];
      if (seen.has(url)) findings.push(duplicateEntry(urlPath, url, "a bigger share is written `{ url: …, weight: 2 }`"));
      seen.add(url);
    }
  }
}

function checkIdentityHeaders(root: unknown, findings: Finding[]): void {
  checkEntries(get(get(root, "gateway"), "identityHeaders"), ["gateway", "identityHeaders"], findings);
}

/** A list of words in which case doesn't matter. */
function checkEntries(value: unknown, path: IssuePath, findings: Finding[]): void {
  if (!Array.isArray(value)) return;
  const seen = new Set<string>();
  for (const [index, entry] of value.entries()) {
    if (typeof entry !== "string") continue;
    if (seen.has(entry.toLowerCase())) findings.push(duplicateEntry([...path, index], entry, undefined));
    seen.add(entry.toLowerCase());
  }
}

function duplicateEntry(path: IssuePath, entry: string, hint: string | undefined): Finding {
  return { code: "SP_CONFIG_DUPLICATE_ENTRY", path, at: "value", message: `\`${entry}\` stands twice in this list`, hint };
}

function checkHeaders(headers: unknown, path: IssuePath, identity: ReadonlyMap<string, string>, findings: Finding[]): void {
  for (const direction of ["request", "response"]) {
    const edits = get(headers, direction);
    const seen = new Map<string, string>();
    for (const [verb, name, at] of listEdits(edits, [...path, direction])) {
      if (parseFieldName(name) instanceof Refusal) continue;
      const owned = direction === "request" && verb !== "remove" ? identity.get(foldName(name)) : undefined;
      if (owned !== undefined) {
        const message = `\`${name}\` is an identity header (\`${owned}\`): only the gateway writes it`;
        findings.push({ code: "SP_CONFIG_HEADER_REFUSED", path: at, at: "key", message, hint: "choose another name" });
      }
      const before = seen.get(name.toLowerCase());
      // `set` and then `add` makes two lines of one field, which is what it says.
      if (before !== undefined && !(before === "set" && verb === "add")) {
        const message =
          before === verb ? `\`${name}\` stands twice in \`${verb}\`` : `\`${name}\` stands in \`${before}\` and in \`${verb}\``;
        findings.push({ code: "SP_CONFIG_HEADER_CONFLICT", path: at, at: "key", message, hint: "`set` replaces what was there" });
      }
      seen.set(name.toLowerCase(), verb);
    }
  }
}

function listEdits(edits: unknown, path: IssuePath): [verb: string, name: string, at: IssuePath][] {
  const removed = children(edits, path, "remove").flatMap(([at, name]): [string, string, IssuePath][] =>
    typeof name === "string" ? [["remove", name, at]] : [],
  );
  const written = ["set", "add"].flatMap((verb) =>
    Object.keys(asMap(get(edits, verb)) ?? {}).map((name): [string, string, IssuePath] => [verb, name, [...path, verb, name]]),
  );
  return [...removed, ...written];
}

function isWell(value: unknown, parse: ValueParser<unknown>): value is string {
  return typeof value === "string" && !(parse(value) instanceof Refusal);
}

function toOrdinal(path: IssuePath): string {
  const number = Number(path.at(-1)) + 1;
  const tail = number % 100 >= 11 && number % 100 <= 13 ? "th" : (["th", "st", "nd", "rd"][number % 10] ?? "th");
  return `${number}${tail}`;
}

function asMap(value: unknown): Record<string, unknown> | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
}

function has(value: unknown, key: string): boolean {
  const map = asMap(value);
  return map !== undefined && Object.hasOwn(map, key);
}

function get(value: unknown, key: string): unknown {
  return has(value, key) ? asMap(value)?.[key] : undefined;
}

function texts(value: unknown): string[] | undefined {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : undefined;
}

/** The entries of the list or map under `key`, each with its path. */
function children(value: unknown, path: IssuePath, key: string): Place[] {
  const held = get(value, key);
  if (Array.isArray(held)) return held.map((item, index) => [[...path, key, index], item]);
  return Object.entries(asMap(held) ?? {}).map(([name, item]) => [[...path, key, name], item]);
}
