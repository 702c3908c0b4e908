// Limits where listeners and routes name them: ones that there are, each once, which know there what they count by.

import type { KnownIdentities } from "./check-auth.ts";
import { checkUnits } from "./check-limits.ts";
import type { Finding, IssuePath } from "./issue.ts";
import { type LimitNeeds, listNeeds, toMostDelayMs } from "./limit-facts.ts";
import { parseDuration } from "./quantities.ts";
import { children, duplicateEntry, get, has, parsed, texts, unknownReference } from "./written.ts";

interface KnownLimit {
  readonly written: unknown;
  readonly needs: LimitNeeds;
  /** Undefined: it holds no request. */
  readonly mostDelayMs: number | undefined;
}

/** The limits of the gateway's own file, by name; made once. */
export type KnownLimits = ReadonlyMap<string, KnownLimit>;

export function listLimits(gateway: unknown): KnownLimits {
  return new Map(
    children(gateway, [], "rateLimits").map(([path, written]) => {
      return [String(path.at(-1)), { written, needs: listNeeds(written), mostDelayMs: toMostDelayMs(written) }];
    }),
  );
}

interface Use extends KnownLimit {
  readonly name: string;
  /** Of the name. */
  readonly path: IssuePath;
}

/** Before routing nobody knows which route it will be, nor who calls. */
export function checkListenerLimits(listener: unknown, path: IssuePath, known: KnownLimits, findings: Finding[]): void {
  for (const { name, path: at, needs } of listUses(listener, path, known, findings)) {
    const need = needs.ofRoute[0] ?? needs.ofCaller[0];
    if (need === undefined) continue;
    const what = needs.ofRoute.length > 0 ? "which route a request takes" : "who calls";
    const message = `the limit \`${name}\` ${need}, and before routing nobody knows ${what}`;
    const hint = "a listener's limits count by `global`, `ip` or a header: name this one on routes";
    findings.push({ code: "SP_CONFIG_LIMIT", path: at, at: "value", message, hint });
  }
}

export interface RouteLimits {
  readonly known: KnownLimits;
  readonly identities: KnownIdentities;
  readonly defaults: unknown;
}

export function checkRouteLimits(route: unknown, path: IssuePath, { known, identities, defaults }: RouteLimits, findings: Finding[]): void {
  if (!has(route, "rateLimits")) return;
  for (const use of listUses(route, path, known, findings)) {
    checkCaller(route, use, identities, findings);
    checkDelay(route, use, defaults, findings);
  }
}

/** Those that there are. */
function listUses(holder: unknown, path: IssuePath, known: KnownLimits, findings: Finding[]): Use[] {
  const uses: Use[] = [];
  const seen = new Set<string>();
  for (const [at, use] of children(holder, path, "rateLimits")) {
    const isName = typeof use === "string";
    const name = isName ? use : get(use, "limit");
    if (typeof name !== "string") continue;
    const namePath = isName ? at : [...at, "limit"];
    const limit = known.get(name);
    if (limit === undefined) {
      findings.push(unknownReference(namePath, "limit", name, [...known.keys()]));
      continue;
    }
    if (seen.has(name))
      findings.push(duplicateEntry(namePath, name, "take one out; a request that costs more is written `{ limit: …, cost: 2 }`"));
    seen.add(name);
    const cost = get(use, "cost");
    if (typeof cost === "number") checkUnits(cost, limit.written, [...at, "cost"], findings);
    uses.push({ ...limit, name, path: namePath });
  }
  return uses;
}

function checkCaller(route: unknown, { name, path, needs }: Use, identities: KnownIdentities, findings: Finding[]): void {
  const put = (message: string, hint: string) => findings.push({ code: "SP_CONFIG_LIMIT", path, at: "value", message, hint });
  const [need] = needs.ofCaller;
  if (need !== undefined && has(route, "public") && !has(route, "auth")) {
    put(
      `the limit \`${name}\` ${need}, and \`public\` asks nobody who calls`,
      "count by `ip` here, or write `auth: […]` in place of `public`",
    );
    return;
  }
  const [ofKey] = needs.ofKey;
  const auth = get(route, "auth");
  const asked = texts(Array.isArray(auth) ? auth : get(auth, "anyOf")) ?? [];
  // One that there is not is told elsewhere, and could be of any kind.
  if (ofKey === undefined || asked.length === 0 || asked.some((one) => !identities.names.has(one) || identities.apiKeys.has(one))) return;
  const message = `the limit \`${name}\` ${ofKey}, which API keys have, and no identity of this route takes any`;
  put(message, "add an identity with `apiKey` to `auth`, or count by `user`, `tenant` or a claim");
}

function checkDelay(route: unknown, { name, path, mostDelayMs }: Use, defaults: unknown, findings: Finding[]): void {
  if (mostDelayMs === undefined) return;
  const form = { example: "10s", off: true, max: "1d" } as const;
  const timeoutMs = parsed(get(route, "timeout") ?? get(defaults, "timeout") ?? "10s", (text) => parseDuration(text, form));
  if (timeoutMs === undefined || timeoutMs === null || mostDelayMs < timeoutMs) return;
  const message = `the limit \`${name}\` may hold a request for ${mostDelayMs / 1000} s, and the route ends it after ${timeoutMs / 1000} s`;
  findings.push({ code: "SP_CONFIG_LIMIT", path, at: "value", message, hint: "shorten `maxDelay`, or give the route a longer `timeout`" });
}
