// `sallyport check FILE --bypass`: which endpoints of upstreams answer somebody who goes past the gateway. Each is asked twice: without a
// token, and with one that is right in everything but its key.

import { generateKeyPairSync } from "node:crypto";
import { systemClock, TimerWheel } from "../base/index.ts";
import type { EndpointConfig, GatewayConfig, UpstreamConfig } from "../config/index.ts";
import { TOKEN_TYPE } from "../policies/index.ts";
import { signToken } from "../tokens/index.ts";
import { defaultTransport } from "../transport/index.ts";
import { askPast, type BypassAnswer, type BypassQuestion } from "./bypass-request.ts";

export interface BypassFinding {
  readonly upstream: string;
  readonly endpoint: string;
  /** `open`: it answers. `refuses`: it asks for more. `unknown`: it can't be reached. */
  readonly verdict: "open" | "refuses" | "unknown";
  /** Null for one that refuses. Where the gateway signs, an endpoint that answers all the same is an error. */
  readonly severity: "error" | "warning" | null;
  readonly detail: string;
}

type AskEndpoint = (upstream: UpstreamConfig, endpoint: EndpointConfig, question: BypassQuestion) => Promise<BypassAnswer>;

/** Endpoints that are asked at once. */
const MOST_AT_ONCE = 16;
/** It says neither yes nor no: its own way to judge, or what stands behind it, is away. */
const UNDECIDED: readonly number[] = [502, 503, 504];
const UNAUTHENTICATED = "16";
const PERMISSION_DENIED = "7";

/** Asks every endpoint of every upstream of the configuration; `path` null: the path of its health checks, or `/`. */
export async function findBypasses(config: GatewayConfig, path: string | null): Promise<BypassFinding[]> {
  const wheel = new TimerWheel(systemClock);
  const transport = defaultTransport();
  try {
    return await judgeEndpoints(config, path, (upstream, endpoint, question) => askPast(upstream, endpoint, question, transport, wheel));
  } finally {
    wheel.stop();
  }
}

async function judgeEndpoints(config: GatewayConfig, path: string | null, ask: AskEndpoint): Promise<BypassFinding[]> {
  const all = config.upstreams.flatMap((upstream) => upstream.endpoints.map((endpoint) => ({ upstream, endpoint })));
  const findings: BypassFinding[] = [];
  for (let start = 0; start < all.length; start += MOST_AT_ONCE) {
    const some = all.slice(start, start + MOST_AT_ONCE);
    findings.push(...(await Promise.all(some.map(({ upstream, endpoint }) => judgeEndpoint(config, upstream, endpoint, path, ask)))));
  }
  return findings;
}

async function judgeEndpoint(
  config: GatewayConfig,
  upstream: UpstreamConfig,
  endpoint: EndpointConfig,
  givenPath: string | null,
  ask: AskEndpoint,
): Promise<BypassFinding> {
  const { active } = upstream.health;
  const path = givenPath ?? (active?.ask.kind === "http" ? active.ask.path : "/");
  const place = { upstream: upstream.name, endpoint: endpoint.authority };
  const severity = upstream.internalToken === null ? "warning" : "error";
  const bare = { path, credential: null, withCertificate: false };
  const answer = await ask(upstream, endpoint, bare);
  if ("failure" in answer) {
    // Who is refused in the handshake for having no certificate sees a connection that breaks. With ours it does not.
    const hasCertificate = upstream.tls !== null && upstream.tls.identity !== null;
    const trusted = hasCertificate ? await ask(upstream, endpoint, { ...bare, withCertificate: true }) : answer;
    if (!("failure" in trusted)) return { ...place, verdict: "refuses", severity: null, detail: "it asks for a certificate" };
    return { ...place, verdict: "unknown", severity: "warning", detail: answer.failure };
  }
  const told = (status: number, whom: string) => `answers GET ${path} with ${status} to ${whom}`;
  const judge = ({ status }: { readonly status: number }, whom: string): BypassFinding =>
    UNDECIDED.includes(status)
      ? { ...place, verdict: "unknown", severity: "warning", detail: told(status, whom) }
      : { ...place, verdict: "open", severity, detail: told(status, whom) };
  if (!isRefusal(answer)) return judge(answer, "anybody in the network");
  const credential = forgeCredential(config, upstream);
  const forged = credential === null ? answer : await ask(upstream, endpoint, { ...bare, credential });
  if ("failure" in forged) return { ...place, verdict: "unknown", severity: "warning", detail: forged.failure };
  if (!isRefusal(forged)) return judge(forged, "a token that a stranger signed");
  return { ...place, verdict: "refuses", severity: null, detail: `answers GET ${path} with ${answer.status}` };
}

function isRefusal(answer: Exclude<BypassAnswer, { failure: string }>): boolean {
  const { status, grpcStatus } = answer;
  return status === 401 || status === 403 || grpcStatus === UNAUTHENTICATED || grpcStatus === PERMISSION_DENIED;
}

/** What a stranger can make: all that is public of a token, and a signature of his own. */
function forgeCredential({ internalKeys }: GatewayConfig, { internalToken }: UpstreamConfig): BypassQuestion["credential"] {
  if (internalToken === null || internalKeys === null) return null;
  const { audience, header } = internalToken;
  const algorithm = internalKeys.algorithm;
  const pair = algorithm === "EdDSA" ? generateKeyPairSync("ed25519") : generateKeyPairSync("ec", { namedCurve: "P-256" });
  const seconds = Math.floor(systemClock.wall() / 1000);
  const claims = { iss: internalKeys.issuer, aud: audience, sub: "sallyport-check", iat: seconds, exp: seconds + 60 };
  const token = signToken(claims, { type: TOKEN_TYPE }, { kid: "sallyport-check", algorithm, object: pair.privateKey });
  return { name: header, value: header.toLowerCase() === "authorization" ? `Bearer ${token}` : token };
}
