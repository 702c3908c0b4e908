// Who may use a route: identities that there are and that can be told apart by what a request carries, and rules that say something.

import { checkCleartext } from "./check-identities.ts";
import type { Finding, IssuePath } from "./issue.ts";
import { listParams, parseTemplate } from "./templates.ts";
import {
  asMap,
  checkEntries,
  children,
  contradiction,
  get,
  has,
  keysOf,
  parsed,
  texts,
  toExact,
  toLower,
  unknownReference,
} from "./written.ts";

/** What of the gateway's own file routes are judged by; made once. */
export interface KnownIdentities {
  readonly names: ReadonlySet<string>;
  /** Those that take API keys. */
  readonly apiKeys: ReadonlySet<string>;
  /** By which words a request tells that it is this identity's: two that share one can't be told apart. */
  readonly marks: ReadonlyMap<string, readonly string[]>;
}

export function listIdentities(gateway: unknown): KnownIdentities {
  const marks = new Map(keysOf(get(gateway, "identities")).map((name) => [name, toMarks(get(gateway, "identities", name))]));
  const apiKeys = [...marks.keys()].filter((name) => has(get(gateway, "identities", name), "apiKey"));
  return { names: new Set(marks.keys()), apiKeys: new Set(apiKeys), marks };
}

export function checkAuth(route: unknown, path: IssuePath, known: KnownIdentities, findings: Finding[]): void {
  const auth = get(route, "auth");
  if (auth !== undefined) {
    const [names, at] = Array.isArray(auth) ? [auth, [...path, "auth"]] : [get(auth, "anyOf"), [...path, "auth", "anyOf"]];
    checkNames(texts(names) ?? [], at, known, findings);
    checkEntries(names, at, findings, toExact);
  }
  checkWithoutAuth(route, path, findings);
  if (has(route, "authorize")) checkAuthorize(get(route, "authorize"), [...path, "authorize"], findings);
}

function checkNames(names: readonly string[], path: IssuePath, { names: known, marks }: KnownIdentities, findings: Finding[]): void {
  const seen = new Map<string, string>();
  for (const [index, name] of names.entries()) {
    if (!known.has(name)) {
      findings.push(unknownReference([...path, index], "identity", name, known));
      continue;
    }
    for (const mark of marks.get(name) ?? []) {
      const other = seen.get(mark);
      if (other !== undefined && other !== name) {
        const message = `\`${other}\` and \`${name}\` can't be told apart: ${mark}`;
        const hint = "the first would take every such request: keep one of them on this route, or change where its credential stands";
        findings.push({ code: "SP_CONFIG_IDENTITY", path: [...path, index], at: "value", message, hint });
        break;
      }
      seen.set(mark, name);
    }
  }
}

function checkWithoutAuth(route: unknown, path: IssuePath, findings: Finding[]): void {
  if (has(route, "auth") || !has(route, "public")) return;
  for (const key of ["authorize", "forwardCredential"]) {
    if (!has(route, key)) continue;
    const why = key === "authorize" ? "says what a caller must be allowed" : "is about credentials that were judged";
    const message = `\`${key}\` ${why}, and \`public\` asks nobody who calls`;
    findings.push(contradiction([...path, key], "key", message, `write \`auth: […]\` in place of \`public\`, or remove \`${key}\``));
  }
}

// ── telling identities apart ─────────────────────────────────────────────────────────────────────────────────────────

/** Each ends the sentence "… can't be told apart". */
function toMarks(identity: unknown): readonly string[] {
  const [kind = ""] = keysOf(identity);
  const written = get(identity, kind);
  switch (kind) {
    case "jwt": {
      const issuer = get(written, "issuer");
      const place = toPlace(get(written, "token")) ?? "in `Authorization`";
      return typeof issuer === "string" ? [`both are tokens of the issuer \`${issuer}\` ${place}`] : [];
    }
    case "introspection":
      return ["both ask somebody about every bearer token that no `jwt` claims"];
    case "internal": {
      const header = get(written, "header") ?? "X-Internal-Token";
      const issuers = children(written, [], "trust").flatMap(([, trusted]) => get(trusted, "issuer") ?? []);
      return issuers.map((issuer) => `both are tokens of the issuer \`${String(issuer)}\` ${toHeader(header)}`);
    }
    case "apiKey": {
      const place = toPlace(written);
      return place === undefined ? [] : [`both are keys ${place}`];
    }
    case "external": {
      const headers = texts(get(written, "sendHeaders")) ?? [];
      return headers.length === 0 ? [] : [`both are shown ${headers.map(toLower).sort().join(", ")}`];
    }
    case "session":
      return [];
    default:
      return [`both take every request with ${OF_KIND[kind] ?? kind}`];
  }
}

const OF_KIND: Readonly<Record<string, string>> = {
  mtls: "a certificate",
  basic: "a name and a password",
  hmac: "a signature",
};

function toPlace(holder: unknown): string | undefined {
  for (const key of ["header", "query", "cookie"]) {
    const name = get(holder, key);
    if (typeof name === "string") return key === "header" ? toHeader(name) : `in the ${key === "query" ? "parameter" : key} \`${name}\``;
  }
  return undefined;
}

function toHeader(name: unknown): string {
  return `in the header \`${String(name).toLowerCase()}\``;
}

// ── rules ────────────────────────────────────────────────────────────────────────────────────────────────────────────

function checkAuthorize(authorize: unknown, path: IssuePath, findings: Finding[]): void {
  checkRule(authorize, path, findings);
  checkCleartext(get(authorize, "opa", "url"), [...path, "opa", "url"], findings);
  checkEntries(get(authorize, "opa", "sendHeaders"), [...path, "opa", "sendHeaders"], findings);
  const policies = get(authorize, "cedar", "policies");
  checkEntries(policies, [...path, "cedar", "policies"], findings, toExact);
  const action = parsed(get(authorize, "cedar", "action"), parseTemplate);
  if (action === undefined || listParams(action).length === 0) return;
  const message = "the action of a policy is made of facts of the request, not of parameters of the path";
  const hint = "resources carry the parameters; an action is `${request:method}`, or a word";
  findings.push({ code: "SP_CONFIG_BAD_TEMPLATE", path: [...path, "cedar", "action"], at: "value", message, hint });
}

function checkRule(rule: unknown, path: IssuePath, findings: Finding[]): void {
  if (asMap(rule) === undefined) return;
  if (keysOf(rule).length === 0) {
    const message = "an empty rule asks for nothing";
    const hint = "`auth` alone admits every caller whom an identity knows: remove this, or say what is asked";
    findings.push({ code: "SP_CONFIG_MISSING_KEY", path, at: "value", message, hint });
    return;
  }
  for (const key of ["scopes", "roles", "from"]) checkEntries(get(rule, key), [...path, key], findings, toExact);
  for (const [at, window] of children(rule, path, "times")) checkEntries(get(window, "days"), [...at, "days"], findings);
  const claims = asMap(get(rule, "claims"));
  if (claims !== undefined) checkClaims(claims, [...path, "claims"], findings);
  for (const key of ["anyOf", "allOf"]) for (const [at, inner] of children(rule, path, key)) checkRule(inner, at, findings);
  checkRule(get(rule, "not"), [...path, "not"], findings);
}

function checkClaims(claims: Readonly<Record<string, unknown>>, path: IssuePath, findings: Finding[]): void {
  if (Object.keys(claims).length === 0) {
    const message = "no claim is asked for";
    findings.push({ code: "SP_CONFIG_MISSING_KEY", path, at: "value", message, hint: "write `{ CLAIM: VALUE }`, or remove `claims`" });
  }
  for (const [claim, wanted] of Object.entries(claims)) {
    checkEntries(wanted, [...path, claim], findings, toExact);
    if (wanted !== "absent") continue;
    const message = `\`${claim}: absent\` would ask for the value \`absent\``;
    const hint = `that it is not there is written \`not: { claims: { ${claim}: present } }\`; the very word \`[absent]\``;
    findings.push({ code: "SP_CONFIG_BAD_VALUE", path: [...path, claim], at: "value", message, hint });
  }
}
