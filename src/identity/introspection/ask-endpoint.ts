// One question to an introspection endpoint: RFC 7662 2.1, with the gateway's own credentials as RFC 6749 2.3.1 has them.

import type { Clock } from "../../base/index.ts";
import { type Call, type CallAnswer, CallFailure, type Calls } from "../../calls/index.ts";
import type { IntrospectionIdentity } from "../../config/index.ts";

/** Claims of one token. */
const MOST_BYTES = 64 * 1024;

type Endpoint = Pick<IntrospectionIdentity, "url" | "clientId" | "clientSecret" | "clientAuth" | "timeoutMs" | "ca">;

/** Rejects with a CallFailure. */
export async function askEndpoint(calls: Calls, clock: Clock, endpoint: Endpoint, token: string): Promise<CallAnswer> {
  const { timeoutMs } = endpoint;
  const startedAtMs = clock.now();
  try {
    return await calls.call(toCall(endpoint, token, timeoutMs));
  } catch (error) {
    const leftMs = startedAtMs + timeoutMs - clock.now();
    // A connection that was kept may be closed by its other side just then. A question changes nothing, so it can be asked again.
    if (!(error instanceof CallFailure) || error.reason !== "broken" || leftMs < 1) throw error;
    return calls.call(toCall(endpoint, token, leftMs));
  }
}

function toCall({ ca, clientAuth, clientId, clientSecret, url }: Endpoint, token: string, timeoutMs: number): Call {
  const form = new URLSearchParams({ token, token_type_hint: "access_token" });
  const headers: Record<string, string> = {
    Accept: "application/json",
    "Content-Type": "application/x-www-form-urlencoded",
    "User-Agent": "sallyport",
  };
  if (clientAuth === "post") {
    form.set("client_id", clientId);
    form.set("client_secret", clientSecret.reveal());
  } else {
    const pair = `${encodeForm(clientId)}:${encodeForm(clientSecret.reveal())}`;
    headers["Authorization"] = `Basic ${Buffer.from(pair).toString("base64")}`;
  }
  return { method: "POST", url, headers, body: form.toString(), timeoutMs, maxBytes: MOST_BYTES, ca };
}

/** RFC 6749, appendix B. */
function encodeForm(text: string): string {
  return new URLSearchParams({ "": text }).toString().slice(1);
}
