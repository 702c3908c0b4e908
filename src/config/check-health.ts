// What must agree in an upstream's `health`, and about gRPC with the protocol that is spoken to the upstream.

import { CHECK_INTERVAL, CHECK_TIMEOUT, DEFAULT_INTERVAL, DEFAULT_TIMEOUT } from "./health-schema.ts";
import type { Finding, IssuePath } from "./issue.ts";
import { parseDuration } from "./quantities.ts";
import { asMap, contradiction, get, has, parsed } from "./written.ts";

export function checkHealth(upstream: unknown, path: IssuePath, findings: Finding[]): void {
  const active = asMap(get(upstream, "health", "active"));
  if (active === undefined) return;
  const at = [...path, "health", "active"];
  const [hasPath, hasGrpc] = [has(active, "path"), has(active, "grpc")];
  if (hasPath && hasGrpc) {
    const message = "an endpoint is asked in one way: `grpc` can't stand beside `path`";
    findings.push(contradiction([...at, "grpc"], "key", message, "remove one of the two"));
  } else if (!hasPath && !hasGrpc) {
    const message = "`active` does not say what endpoints are asked";
    const hint = "write `path: /healthz`, or `grpc: {}` where they have grpc.health.v1.Health";
    findings.push({ code: "SP_CONFIG_MISSING_KEY", path: at, at: "value", message, hint });
  }
  if (hasGrpc && !speaksHttp2(upstream)) {
    const message = "`grpc` asks over HTTP/2, and this upstream is not spoken to in HTTP/2";
    findings.push(contradiction([...at, "grpc"], "key", message, "add `protocol: h2`, or ask by `path`"));
  }
  const interval = parsed(get(active, "interval") ?? DEFAULT_INTERVAL, (text) => parseDuration(text, CHECK_INTERVAL));
  const timeout = parsed(get(active, "timeout") ?? DEFAULT_TIMEOUT, (text) => parseDuration(text, CHECK_TIMEOUT));
  if (interval === undefined || timeout === undefined || timeout <= interval) return;
  const message = "a check may take longer than the interval after which the next one begins";
  const isTimeout = has(active, "timeout");
  const hint = isTimeout ? "write a `timeout` within `interval`" : `its \`timeout\` is \`${DEFAULT_TIMEOUT}\` unless you write one`;
  findings.push(contradiction([...at, isTimeout ? "timeout" : "interval"], "value", message, hint));
}

/** `holders` are the files whose upstreams the route may name. */
export function checkGrpcWeb(route: unknown, path: IssuePath, holders: readonly unknown[], findings: Finding[]): void {
  const name = get(route, "upstream");
  if (get(route, "grpcWeb") !== true || typeof name !== "string") return;
  const upstream = holders.map((holder) => get(holder, "upstreams", name)).find((each) => each !== undefined);
  if (upstream === undefined || speaksHttp2(upstream)) return;
  const message = `\`grpcWeb\` calls \`${name}\` in gRPC, which is HTTP/2, and it is not spoken to in HTTP/2`;
  findings.push(contradiction([...path, "grpcWeb"], "key", message, `add \`protocol: h2\` to the upstream \`${name}\``));
}

/** What has the wrong type is the schema's to refuse. */
function speaksHttp2(upstream: unknown): boolean {
  return has(upstream, "protocol") && get(upstream, "protocol") !== "http/1.1";
}
