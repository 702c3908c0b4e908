// What answers a route: exactly one of the actions, and nothing that another action would need. Also who may use it.

import { selectNearest } from "../base/index.ts";
import { selectHabitual } from "./habits.ts";
import type { Finding, IssuePath } from "./issue.ts";
import { asMap, contradiction, get, has, keysOf, toChoice, unknownReference } from "./written.ts";

const ACTIONS = ["upstream", "redirect", "respond", "split"];
/** What changes a request to an upstream, so that it says nothing where none is called. */
const OF_UPSTREAMS = ["rewrite", "forwardCredential", "grpcWeb", "websocket", "retry", "hedge"];
// RFC 9110 15.3.5, 15.3.6, 15.4.5.
const BODILESS = new Set([204, 205, 304]);
const REDIRECTS = new Set<unknown>([301, 302, 303, 307, 308]);

export function checkAccess(route: unknown, path: IssuePath, findings: Finding[]): void {
  const isPublic = has(route, "public");
  if (!isPublic && !has(route, "auth") && !hasMistyped(route, ["public", "auth"])) {
    const message = "a route must say who may use it";
    findings.push({
      code: "SP_CONFIG_NO_ACCESS",
      path,
      at: "value",
      message,
      hint: "write `auth: [IDENTITY]`, or for everybody `public: true`",
    });
  }
  if (isPublic && has(route, "auth")) {
    const message = "`public` lets everybody in and `auth` only some: keep one of them";
    findings.push(contradiction([...path, "public"], "key", message, "without `public` the identities of `auth` alone may use the route"));
  }
}

/** Whether a key was probably meant to be one of `words`: the schema tells so, and to miss that word as well says nothing more. */
function hasMistyped(route: unknown, words: readonly string[]): boolean {
  return keysOf(route).some((key) => selectNearest(key, words) !== undefined);
}

/** `upstreams` are the names of those that there are. */
export function checkAction(route: unknown, path: IssuePath, upstreams: ReadonlySet<string>, findings: Finding[]): void {
  const written = keysOf(route).filter((key) => ACTIONS.includes(key));
  const [first, ...others] = written;
  if (first === undefined) {
    if (hasMistyped(route, ACTIONS)) return;
    const known = upstreams.size === 0 ? "" : `; upstreams: ${[...upstreams].slice(0, 8).join(", ")}`;
    const message = "a route must say what answers: `upstream`, `redirect` or `respond` is missing";
    const hint = `write \`upstream: NAME\`${known}`;
    findings.push({ code: "SP_CONFIG_MISSING_KEY", path: [...path, "upstream"], at: "value", message, hint });
    return;
  }
  for (const other of others) {
    const message = `one thing answers a route: \`${other}\` can't stand beside \`${first}\``;
    findings.push(contradiction([...path, other], "key", message, "keep one of the two, or write two routes"));
  }
  const name = get(route, "upstream");
  if (typeof name === "string" && !upstreams.has(name)) {
    findings.push(unknownReference([...path, "upstream"], "upstream", name, upstreams));
  }
  if (has(route, "redirect")) checkRedirect(route, [...path, "redirect"], findings);
  if (has(route, "respond")) checkRespond(get(route, "respond"), [...path, "respond"], findings);
  if (!has(route, "upstream") && !has(route, "split")) checkIdle(route, path, first, findings);
}

function checkIdle(route: unknown, path: IssuePath, action: string, findings: Finding[]): void {
  const places = OF_UPSTREAMS.filter((key) => has(route, key)).map((key) => [key]);
  if (has(get(route, "headers"), "request")) places.push(["headers", "request"]);
  for (const keys of places) {
    const message = `\`${keys.join(".")}\` is about the request to an upstream, and this route has none: \`${action}\` answers`;
    findings.push(contradiction([...path, ...keys], "key", message, `remove \`${keys.join(".")}\``));
  }
}

function checkRedirect(route: unknown, path: IssuePath, findings: Finding[]): void {
  const redirect = get(route, "redirect");
  if (asMap(redirect) === undefined) return;
  const hasTo = has(redirect, "to");
  const hasScheme = has(redirect, "scheme");
  if (hasTo && hasScheme) {
    const message = "a redirect has either `to` or `scheme`";
    findings.push(
      contradiction([...path, "scheme"], "key", message, "with `to` the scheme stands in the URL: `to: https://www.example.com/*`"),
    );
  } else if (!hasTo && !hasScheme && !keysOf(redirect).some((key) => selectHabitual(["redirect"], key, ["to"]) !== undefined)) {
    const message = "a redirect must say where to: `to` or `scheme` is missing";
    const hint = "`to: /v2/*` leads to a path, `to: https://…` to a URL, `scheme: https` to the same address over TLS";
    findings.push({ code: "SP_CONFIG_MISSING_KEY", path: [...path, "to"], at: "value", message, hint });
  }
  const target = get(redirect, "to");
  if (typeof target === "string" && target === get(route, "match", "path")) {
    const message = `the redirect leads back to the route itself: \`${target}\``;
    findings.push(contradiction([...path, "to"], "value", message, "clients would go round in circles; name another path or a URL"));
  }
}

function checkRespond(respond: unknown, path: IssuePath, findings: Finding[]): void {
  const [body, ...others] = keysOf(respond).filter((key) => key === "body" || key === "json" || key === "file");
  for (const other of others) {
    const message = `an answer has one body: \`${other}\` can't stand beside \`${body}\``;
    findings.push(contradiction([...path, other], "key", message, `keep one of ${toChoice(["body", "json", "file"])}`));
  }
  const status = get(respond, "status");
  if (body !== undefined && typeof status === "number" && BODILESS.has(status)) {
    const message = `an answer with status ${status} has no body (RFC 9110), but \`${body}\` gives it one`;
    findings.push(contradiction([...path, body], "key", message, `remove \`${body}\`, or choose another status`));
  }
  if (REDIRECTS.has(status)) {
    const message = `an answer with status ${status} must say where to go, which \`respond\` can't`;
    findings.push({
      code: "SP_CONFIG_BAD_VALUE",
      path: [...path, "status"],
      at: "value",
      message,
      hint: `write \`redirect: { to: …, status: ${status} }\``,
    });
  }
}
