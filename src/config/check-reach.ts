// Whether a request that matches the route's own path can get as far as the route: path rules and the bound of the request line
// judge it first. What other routes take from it is the router's to prove.

import { type Bounds, toBound } from "./check-bounds.ts";
import type { Finding, IssuePath } from "./issue.ts";
import { get } from "./written.ts";

// ` HTTP/1.1` and the space behind the method; the shortest method that people use has three letters.
const LINE_REST = "GET  HTTP/1.1".length;

/** `effectivePaths` are the route's paths once an API version stands in them; `widest` is undefined when no listener can be read. */
export function checkReach(
  route: unknown,
  path: IssuePath,
  around: { readonly effectivePaths: readonly string[]; readonly defaults: unknown; readonly widest: Bounds | undefined },
  findings: Finding[],
): void {
  const { defaults, widest } = around;
  const at = [...path, "match", "path"];
  const encodedSlash = get(route, "paths", "encodedSlash") ?? get(defaults, "paths", "encodedSlash") ?? "reject";
  const ownLine = toBound(get(route, "bounds", "line") ?? get(defaults, "bounds", "line")) ?? Number.POSITIVE_INFINITY;
  const bound = Math.min(ownLine, widest?.line ?? Number.POSITIVE_INFINITY);
  for (const pattern of around.effectivePaths) {
    if (encodedSlash === "reject" && pattern.includes("%2F")) {
      const message = `no request reaches \`${pattern}\`: one with \`%2F\` in its path is refused (\`paths.encodedSlash: reject\`)`;
      const hint = "add `paths: { encodedSlash: keep }` to the route";
      findings.push({ code: "SP_CONFIG_ROUTE_UNREACHABLE", path: at, at: "value", message, hint });
    }
    if (pattern.length + LINE_REST <= bound) continue;
    const shortest = pattern.replaceAll(/\/:[^/]+/g, "/x").replace(/\/\*$/, "").length + LINE_REST;
    if (shortest <= bound) continue;
    const message = `no request reaches this path: its request line has ${shortest} bytes at least, and the bound is ${bound} (\`bounds.line\`)`;
    findings.push({ code: "SP_CONFIG_ROUTE_UNREACHABLE", path: at, at: "value", message, hint: "raise `bounds.line`" });
  }
}
