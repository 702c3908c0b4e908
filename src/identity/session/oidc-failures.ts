// What went wrong between the gateway, a provider and a browser, in words that hold nothing that any of them wrote freely: codes of standards,
// and what the library says.

import type { Configuration } from "openid-client";
import { CallFailure } from "../../calls/index.ts";

/** Codes of error answers, as RFC 6749 writes them. */
const ERROR_CODE = /^[a-z_]{1,40}$/;
/** Of them, those that say the gateway's configuration is wrong. */
const ABOUT_US = new Set(["invalid_client", "unauthorized_client", "unsupported_grant_type"]);

/** What counts of the query that a browser came back with; a text says why it is no way back. */
export function readCallback(query: string, configuration: Configuration): URLSearchParams | string {
  const all = new URLSearchParams(query);
  const error = all.get("error");
  if (error !== null) return `the provider says ${ERROR_CODE.test(error) ? error : "something that is no error code"}`;
  const came = new URLSearchParams();
  for (const name of ["code", "state", "iss"]) {
    const values = all.getAll(name);
    if (values.length > 1) return "the browser came back with more than one `code`, `state` or `iss`";
    if (values.length === 1) came.set(name, values[0]!);
  }
  if (!came.has("code")) return "the browser came back without a code";
  // RFC 9207: a code of another provider is not shown to this one.
  const { authorization_response_iss_parameter_supported: saysIssuer = false, issuer } = configuration.serverMetadata();
  if (came.has("iss") ? came.get("iss") !== issuer : saysIssuer) return "the code is another provider's";
  return came;
}

/** The provider could not be asked or was not able to answer, or takes the gateway for no client of its own. */
export function isUnreachable(error: unknown): boolean {
  if (failureOf(error) !== null || ABOUT_US.has(errorCodeOf(error) ?? "")) return true;
  const status = statusOf(error);
  return isChallenge(error) || (status !== null && status >= 500);
}

/** As invalid_client is told to who authenticates by Basic (RFC 6749 5.2): the library reads no further. */
function isChallenge(error: unknown): boolean {
  return ((error ?? {}) as { code?: unknown }).code === "OAUTH_WWW_AUTHENTICATE_CHALLENGE";
}

function failureOf(error: unknown): CallFailure | null {
  for (let at = error; at instanceof Error; at = at.cause) if (at instanceof CallFailure) return at;
  return null;
}

/** Of an answer that the library took for an error, or refused to read. */
function statusOf(error: unknown): number | null {
  for (let at = error; typeof at === "object" && at !== null; at = (at as { cause?: unknown }).cause) {
    const { status } = at as { status?: unknown };
    if (typeof status === "number") return status;
  }
  return null;
}

export function errorCodeOf(error: unknown): string | null {
  const { error: code } = (error ?? {}) as { error?: unknown };
  return typeof code === "string" && ERROR_CODE.test(code) ? code : null;
}

/** Words of the library's own and codes of standards; never what an answer says in free text, nor a value of a claim. */
export function describe(error: unknown, what = ""): string {
  const failure = failureOf(error);
  if (failure !== null) return failure.message;
  const code = errorCodeOf(error);
  const status = statusOf(error);
  const isAboutUs = code === null ? isChallenge(error) : ABOUT_US.has(code);
  // Userinfo judges the access token, and not the gateway.
  if (isAboutUs && what !== "userinfo")
    return `the provider does not take the gateway's \`clientId\` and \`clientSecret\` (${code ?? status})`;
  if (code !== null) return `the provider says ${code}`;
  const text = error instanceof Error ? `${error.name}: ${firstLine(error.message)}` : "an unknown error";
  return status === null ? text : `${text} (status ${status})`;
}

function firstLine(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, "?").slice(0, 120);
}
