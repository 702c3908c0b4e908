// What must agree within counters and limits: one place of counters, one way of counting, a store that can count so, costs that can be
// admitted. Where limits are used is in check-limit-uses.ts.

import { foldName } from "../http/index.ts";
import { checkConditionName } from "./check-conditions.ts";
import type { CheckContext } from "./check-context.ts";
import { checkSecret } from "./check-identities.ts";
import type { Finding, IssuePath } from "./issue.ts";
import type { JudgedNames } from "./judged-names.ts";
import { listNumbers, toLeastUnits, WAYS, wayOf } from "./limit-facts.ts";
import { MOST_LOGGED, MOST_UNITS } from "./limit-schema.ts";
import { parseShare, splitRedisUrl } from "./limit-values.ts";
import { asMap, checkEntries, checkOne, children, contradiction, get, has, keysOf, parsed, toChoice, toExact } from "./written.ts";

/** Ways that a count can be told by from time to time; of the others each request matters by itself. */
const APPROXIMATE = ["fixedWindow", "slidingWindow", "tokenBucket"];

const ON_FAILURE =
  "write `onStoreFailure: open` to let everybody pass while the store is away, `closed` to refuse everybody, or `local` to have each gateway count by itself";

/** Of the gateway's own file. */
export function checkLimits(root: unknown, context: CheckContext, names: JudgedNames, findings: Finding[]): void {
  if (has(root, "counters")) checkCounters(get(root, "counters", "redis"), ["counters", "redis"], context, findings);
  const hasRedis = has(root, "counters");
  const credentials = listCredentialHeaders(root);
  for (const [path, limit] of children(root, [], "rateLimits")) {
    if (asMap(limit) === undefined) continue;
    checkOne(limit, path, WAYS, "a limit has one way of counting", findings);
    checkKey(get(limit, "key"), [...path, "key"], findings);
    checkKeyHeaders(get(limit, "key"), [...path, "key"], names, credentials, findings);
    checkStore(limit, path, hasRedis, findings);
    checkTiers(limit, path, findings);
    checkCost(limit, path, findings);
    checkExempt(get(limit, "exempt"), [...path, "exempt"], findings);
    checkWarnings(get(limit, "quota", "warnAt"), [...path, "quota", "warnAt"], findings);
  }
}

/** Of what has a `loadShedding`. */
export function checkShedding(holder: unknown, path: IssuePath, findings: Finding[]): void {
  const written = get(holder, "loadShedding");
  if (asMap(written) === undefined) return;
  const [minimum, maximum] = [get(written, "minimum") ?? 20, get(written, "maximum") ?? 1000];
  if (typeof minimum !== "number" || typeof maximum !== "number" || minimum <= maximum) return;
  const at = has(written, "maximum") ? "maximum" : "minimum";
  const message = `\`maximum\` (${maximum}) must not be less than \`minimum\` (${minimum})`;
  const hint = "`minimum` is 20 and `maximum` is 1000 where they are left out";
  findings.push(contradiction([...path, "loadShedding", at], "value", message, hint));
}

// ── counters ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Messages here hold no part of a URL: there may be a password in it. */
function checkCounters(redis: unknown, path: IssuePath, context: CheckContext, findings: Finding[]): void {
  checkOne(redis, path, ["url", "cluster", "sentinel"], "counters are in one place", findings);
  checkRedisUrl(redis, path, "url", context, findings);
  const sentinel = get(redis, "sentinel");
  checkRedisUrl(sentinel, [...path, "sentinel"], "url", context, findings);
  checkNodes(get(redis, "cluster"), [...path, "cluster"], context, findings);
  checkNodes(get(sentinel, "nodes"), [...path, "sentinel", "nodes"], context, findings);
  const urls = [get(redis, "url"), get(redis, "cluster"), get(sentinel, "nodes"), get(sentinel, "url")].flat();
  const isTls = urls.some((url) => typeof url === "string" && url.startsWith("rediss://"));
  if (!has(redis, "ca") || isTls || urls.every((url) => url === undefined)) return;
  const message = "`ca` says who signed certificates, and no server is asked for one";
  findings.push(contradiction([...path, "ca"], "key", message, "write `rediss://` for TLS, or remove `ca`"));
}

function checkNodes(nodes: unknown, path: IssuePath, context: CheckContext, findings: Finding[]): void {
  if (!Array.isArray(nodes)) return;
  const seen = new Map<unknown, number>();
  for (const [index, url] of nodes.entries()) {
    const at = [...path, index];
    checkRedisUrl(nodes, path, index, context, findings);
    const first = seen.get(url);
    if (first === undefined) seen.set(url, index);
    else {
      const message = `entry ${index + 1} of the list says the same as entry ${first + 1}`;
      findings.push({ code: "SP_CONFIG_DUPLICATE_ENTRY", path: at, at: "value", message, hint: "take one out" });
    }
    if (index === 0 || toScheme(url) === undefined || toScheme(nodes[0]) === undefined || toScheme(url) === toScheme(nodes[0])) continue;
    findings.push(contradiction(at, "value", "all nodes are asked over TLS, or none is", "write `rediss://` everywhere, or `redis://`"));
  }
}

function toScheme(url: unknown): string | undefined {
  return typeof url === "string" ? /^rediss?(?=:)/.exec(url)?.[0] : undefined;
}

/** A URL that holds a password comes from elsewhere. */
function checkRedisUrl(holder: unknown, path: IssuePath, key: string | number, context: CheckContext, findings: Finding[]): void {
  const url = typeof key === "number" ? (holder as readonly unknown[])[key] : get(holder, key);
  const hasPassword = parsed(url, splitRedisUrl)?.credentials?.includes(":") === true;
  if (hasPassword) checkSecret(holder, path, key, context, findings);
}

// ── limits ───────────────────────────────────────────────────────────────────────────────────────────────────────────

function checkKey(key: unknown, path: IssuePath, findings: Finding[]): void {
  if (!Array.isArray(key) || key.length < 2) return;
  const seen = new Set<string>();
  for (const [index, part] of key.entries()) {
    const word = toPartWord(part);
    if (word === undefined) continue;
    const at = [...path, index];
    if (word === "global") {
      const message = "`global` counts everybody together, and stands beside what tells them apart";
      findings.push(contradiction(at, "value", message, "remove `global`, or all but it"));
    } else if (seen.has(word)) {
      const message = `the key says ${word === "ip" ? "`ip`" : word} twice`;
      findings.push({ code: "SP_CONFIG_DUPLICATE_ENTRY", path: at, at: "value", message, hint: "take one out" });
    }
    seen.add(word);
  }
}

/** Folded: fields that callers show credentials in. */
function listCredentialHeaders(root: unknown): ReadonlySet<string> {
  const found = ["authorization", "cookie", "proxy-authorization"];
  for (const [, identity] of children(root, [], "identities")) {
    for (const header of [get(identity, "apiKey", "header"), get(identity, "jwt", "token", "header")]) {
      if (typeof header === "string") found.push(foldName(header));
    }
  }
  return new Set(found);
}

function checkKeyHeaders(key: unknown, path: IssuePath, names: JudgedNames, credentials: ReadonlySet<string>, findings: Finding[]): void {
  const parts = Array.isArray(key) ? key.map((part, index) => [[...path, index], part] as const) : [[path, key] as const];
  for (const [at, part] of parts) {
    const name = get(part, "header");
    if (typeof name !== "string") continue;
    checkConditionName(name, [...at, "header"], "value", names, findings, "no limit can count by");
    if (!credentials.has(names.of(name).folded)) continue;
    const message = `\`${name}\` carries credentials, and what a limit counts by stands in its store as it is`;
    const hint = "count by `user` or `apiKey`, on routes";
    findings.push({ code: "SP_CONFIG_HEADER_REFUSED", path: [...at, "header"], at: "value", message, hint });
  }
}

function toPartWord(part: unknown): string | undefined {
  if (typeof part === "string") return part === "global" || part === "ip" ? part : `\`${part}\``;
  if (has(part, "ip")) return "ip";
  const [header, claim] = [get(part, "header"), get(part, "claim")];
  if (typeof header === "string") return `the header \`${header.toLowerCase()}\``;
  return typeof claim === "string" ? `the claim \`${claim}\`` : undefined;
}

function checkStore(limit: unknown, path: IssuePath, hasRedis: boolean, findings: Finding[]): void {
  const way = wayOf(limit);
  if (way === undefined) return;
  const put = toPut(findings);
  const store = get(limit, "store") ?? (way === "quota" ? "database" : "local");
  const storePath = [...path, "store"];
  if (way === "quota" && (store === "local" || store === "redis")) {
    const message = `a quota outlasts restarts and is kept in the database, not in \`${store}\``;
    put(storePath, "value", message, "write `store: database`, or leave `store` out");
  } else if (way !== "quota" && store === "database") {
    const message = `\`${way}\` is counted for each request, and the database is for quotas alone`;
    put(storePath, "value", message, "write `store: redis` for several gateways, or `store: local`");
  } else {
    if (store === "redis" && !hasRedis) {
      const hint = "add `counters: { redis: { url: redis://127.0.0.1:6379 } }` at the top, or write `store: local`";
      put(storePath, "value", "the limit is counted in Redis, and nothing says where that is", hint);
    }
    checkFailure(limit, path, store, findings);
    checkMode(limit, path, way, store, findings);
  }
}

/** Words of the language alone stand in what is said: a URL that came from elsewhere may use the same, and nothing of it is told. */
function toPut(findings: Finding[]) {
  return (path: IssuePath, at: Finding["at"], message: string, hint: string) => {
    findings.push({ code: "SP_CONFIG_COUNTERS", path, at, message, hint });
  };
}

function checkFailure(limit: unknown, path: IssuePath, store: unknown, findings: Finding[]): void {
  const put = toPut(findings);
  const isSaid = has(limit, "onStoreFailure");
  if (store === "local" && isSaid) {
    const message = "`onStoreFailure` is for stores that may be away, and `local` is in the gateway itself";
    put([...path, "onStoreFailure"], "key", message, "remove it, or write `store: redis`");
  } else if ((store === "redis" || store === "database") && !isSaid) {
    const what = store === "redis" ? "Redis" : "the database";
    const message = `what holds while ${what} is away is not said: \`onStoreFailure\` is missing`;
    put([...path, has(limit, "store") ? "store" : "quota"], "key", message, ON_FAILURE);
  }
}

function checkMode(limit: unknown, path: IssuePath, way: string, store: unknown, findings: Finding[]): void {
  if (!has(limit, "mode")) return;
  const put = toPut(findings);
  const at = [...path, "mode"];
  if (store === "local" || store === "database") {
    const message = `\`mode\` says how Redis is asked, and the store is \`${store}\``;
    put(at, "key", message, store === "local" ? "remove it, or write `store: redis`" : "remove it");
  } else if (get(limit, "mode") === "approximate" && !APPROXIMATE.includes(way)) {
    const message = `\`${way}\` can't be counted approximately: each request matters by itself`;
    put(at, "value", message, `write \`mode: exact\`, or count by ${toChoice(APPROXIMATE)}`);
  }
}

function checkTiers(limit: unknown, path: IssuePath, findings: Finding[]): void {
  const tiers = get(limit, "tiers");
  if (asMap(tiers) === undefined) return;
  const way = wayOf(limit);
  const of = get(tiers, "of");
  if (asMap(of) !== undefined && keysOf(of).length === 0) {
    const at = [...path, "tiers", "of"];
    const hint = "write `{ gold: { limit: 1000 } }`, or remove `tiers`";
    findings.push({ code: "SP_CONFIG_MISSING_KEY", path: at, at: "value", message: "there is no tier", hint });
  }
  if (way === undefined) return;
  const own = listNumbers(way);
  for (const [at, tier] of children(tiers, [...path, "tiers"], "of")) {
    for (const key of keysOf(tier)) {
      if (own.includes(key) || !EVERY_NUMBER.has(key)) continue;
      const message = `\`${key}\` is no number of a \`${way}\`, which the limit is`;
      findings.push(contradiction([...at, key], "key", message, `a tier of it may say ${toChoice(own, "and")}`));
    }
    const [most, units] = [way === "slidingWindowLog" ? MOST_LOGGED : MOST_UNITS, get(tier, "limit")];
    if (way === "quota" || typeof units !== "number" || units <= most) continue;
    const message = `the limit of a \`${way}\` is ${most} at the most`;
    findings.push({ code: "SP_CONFIG_BAD_VALUE", path: [...at, "limit"], at: "value", message, hint: "write less" });
  }
}

const EVERY_NUMBER = new Set(WAYS.flatMap(listNumbers));

function checkCost(limit: unknown, path: IssuePath, findings: Finding[]): void {
  const cost = get(limit, "cost");
  const at = [...path, "cost"];
  if (typeof cost === "number") checkUnits(cost, limit, at, findings);
  if (asMap(cost) === undefined) return;
  const [estimate, most] = [get(cost, "estimate") ?? 1, get(cost, "most") ?? 1000];
  if (typeof estimate === "number") checkUnits(estimate, limit, [...at, "estimate"], findings);
  if (typeof estimate === "number" && typeof most === "number" && estimate > most) {
    const message = `\`estimate\` (${estimate}) must not be more than \`most\` (${most})`;
    const key = has(cost, "most") ? "most" : "estimate";
    findings.push(contradiction([...at, key], "value", message, "`estimate` is 1 and `most` is 1000 where they are left out"));
  }
  if (!has(limit, "concurrency")) return;
  const message = "what is under way is given back as it was taken, and a response says its cost when that is over";
  findings.push(contradiction(at, "key", message, "write a number, or choose another way of counting"));
}

/** A request that could never be admitted, whoever sends it or whoever is of some tier. */
export function checkUnits(units: number, limit: unknown, path: IssuePath, findings: Finding[]): void {
  const least = toLeastUnits(limit);
  if (least === undefined || units <= least.units) return;
  const whose = least.tier === undefined ? "the limit" : `its tier \`${least.tier}\``;
  const message = `a request that costs ${units} could never be admitted: ${whose} is ${least.units} in all`;
  findings.push({ code: "SP_CONFIG_LIMIT", path, at: "value", message, hint: "let it cost less, or raise the limit" });
}

function checkExempt(exempt: unknown, path: IssuePath, findings: Finding[]): void {
  if (asMap(exempt) === undefined) return;
  if (keysOf(exempt).length === 0) {
    const hint = "write `{ from: [10.0.0.0/8] }`, `users`, `roles` or `plans`; or remove `exempt`";
    findings.push({ code: "SP_CONFIG_MISSING_KEY", path, at: "value", message: "nobody is exempt", hint });
  }
  for (const key of ["from", "users", "roles", "plans"]) checkEntries(get(exempt, key), [...path, key], findings, toExact);
}

function checkWarnings(shares: unknown, path: IssuePath, findings: Finding[]): void {
  if (!Array.isArray(shares)) return;
  let last = 0;
  for (const [index, share] of shares.entries()) {
    const value = parsed(share, parseShare);
    if (value === undefined) continue;
    if (value <= last) {
      const message = `\`${share}\` stands behind a share that is not less`;
      findings.push({
        code: "SP_CONFIG_BAD_VALUE",
        path: [...path, index],
        at: "value",
        message,
        hint: "write the least first: `[80%, 95%]`",
      });
    }
    last = value;
  }
}
