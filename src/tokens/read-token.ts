// Reads signed tokens in the compact form: RFC 7515 7.1, RFC 7519, with the advice of RFC 8725. Nothing that comes out of here is to be
// believed before verify.ts has seen the signature. What is refused although a library may take it:
//
//   crit, b64      we understand no extension, so one that must be understood is refused (RFC 7515 4.1.11), and so is a payload that is
//                  not encoded (RFC 7797)
//   enc, zip       belong to what is encrypted
//   cty: JWT       a token within a token
//   jwk, jku, x5u, x5c, x5t   are not looked at: keys come from the issuer's own set and from nowhere else, so a token that brings its
//                  key is verified with ours, and fails

import { type AlgorithmFacts, findAlgorithm, type JwtAlg } from "./algorithms.ts";
import { hasOwnSpelling } from "./base64url.ts";
import { type JsonBounds, type JsonObject, readJsonObject } from "./strict-json.ts";
import { problem, type TokenProblem } from "./token-problem.ts";

/** Characters, as many as bytes. */
export const MAX_TOKEN = 16 * 1024;
const MAX_HEADER = 2 * 1024;
const JSON_BOUNDS: JsonBounds = { depth: 16, members: 512 };

/** What RFC 7515 calls a JWS; its payload is any bytes. */
export interface UnverifiedJws {
  readonly facts: AlgorithmFacts;
  readonly algorithm: JwtAlg;
  readonly kid: string | null;
  /** `typ` in lower case, without `application/` (RFC 7515 4.1.9). */
  readonly type: string | null;
  readonly header: JsonObject;
  /** What the signature is over: header and payload as they were sent. */
  readonly signedText: string;
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
}

export interface UnverifiedToken extends UnverifiedJws {
  readonly claims: JsonObject;
  readonly issuer: string | null;
}

const TOO_LONG = problem("malformed", "the token is longer than 16 KiB");
const NOT_COMPACT = problem("malformed", "the token is not three parts of base64url");
const SPELLING = problem("malformed", "a part of the token is not strict base64url");
const HEADER_TOO_LONG = problem("malformed", "the token's header is longer than 2 KiB");
const HEADER_JSON = problem("malformed", "the token's header is no JSON object in which each member stands once");
const HEADER_MEMBER = problem("malformed", "a member of the token's header is of the wrong type");
const EXTENSION = problem("malformed", "the token's header asks for an extension (crit, b64)");
const ENCRYPTED = problem("malformed", "the token's header is of an encrypted or compressed token");
const NESTED = problem("malformed", "the token holds another token");
const ALGORITHM = problem("algorithm", "the token's algorithm is none that is taken");
const CLAIMS_JSON = problem("malformed", "the token's claims are no JSON object in which each member stands once");

/** No flags: `$` is the very end, and letters are ASCII. */
const COMPACT = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*$/;

/** A JWS whose payload may be anything. Never throws. */
export function readJws(text: string): UnverifiedJws | TokenProblem {
  if (text.length > MAX_TOKEN) return TOO_LONG;
  if (!COMPACT.test(text)) return NOT_COMPACT;
  const first = text.indexOf(".");
  const second = text.indexOf(".", first + 1);
  const [headerText, payloadText, signatureText] = [text.slice(0, first), text.slice(first + 1, second), text.slice(second + 1)];
  if (!hasOwnSpelling(headerText) || !hasOwnSpelling(payloadText) || !hasOwnSpelling(signatureText)) return SPELLING;
  if (headerText.length > MAX_HEADER) return HEADER_TOO_LONG;
  const header = readJsonObject(Buffer.from(headerText, "base64url"), JSON_BOUNDS);
  if (header === null) return HEADER_JSON;
  const refusal = judgeHeader(header);
  if (refusal !== null) return refusal;
  const facts = findAlgorithm(header["alg"]);
  if (facts === null) return ALGORITHM;
  return {
    facts,
    algorithm: facts.name,
    kid: (header["kid"] as string | undefined) ?? null,
    type: toType(header["typ"] as string | undefined),
    header,
    signedText: text.slice(0, second),
    payload: Buffer.from(payloadText, "base64url"),
    signature: Buffer.from(signatureText, "base64url"),
  };
}

/** A JWS whose payload is claims. Never throws. */
export function readToken(text: string): UnverifiedToken | TokenProblem {
  const jws = readJws(text);
  if ("reason" in jws) return jws;
  if (jws.header["cty"] !== undefined && toType(jws.header["cty"] as string) === "jwt") return NESTED;
  const claims = readJsonObject(jws.payload, JSON_BOUNDS);
  if (claims === null) return CLAIMS_JSON;
  const issuer = claims["iss"];
  return { ...jws, claims, issuer: typeof issuer === "string" ? issuer : null };
}

function judgeHeader(header: JsonObject): TokenProblem | null {
  // JSON.parse gives each object the members of Object.prototype too; none of them is among the names here.
  if (header["crit"] !== undefined || header["b64"] !== undefined) return EXTENSION;
  if (header["enc"] !== undefined || header["zip"] !== undefined) return ENCRYPTED;
  if (!isTextOrNothing(header["kid"]) || !isTextOrNothing(header["typ"]) || !isTextOrNothing(header["cty"])) return HEADER_MEMBER;
  return null;
}

function isTextOrNothing(value: unknown): boolean {
  return value === undefined || typeof value === "string";
}

function toType(text: string | undefined): string | null {
  if (text === undefined) return null;
  const lower = text.toLowerCase();
  return lower.startsWith("application/") ? lower.slice("application/".length) : lower;
}
