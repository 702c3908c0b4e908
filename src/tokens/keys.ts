// Public keys of issuers, from JSON Web Keys: RFC 7517, RFC 7518 6, RFC 8037 2. Each key is bound to the algorithms that it may verify here,
// once, so that no token can choose another use of it. A key that is not good is left out with a reason and the others stay; a set that
// can't be read is a problem as a whole.
//
// Two different keys of one name that an algorithm could both use are both left out: which of them a token means can't be known. Keys of
// one name for different algorithms are taken (RFC 7517 4.5), and so is the same key twice.

import { createPublicKey, type KeyObject } from "node:crypto";
import type { JwtAlg } from "./algorithms.ts";
import { decodeBase64Url } from "./base64url.ts";
import { isWeakPoint } from "./ed25519-points.ts";
import { type JsonObject, parseJsonObject } from "./strict-json.ts";
import { toThumbprint } from "./thumbprint.ts";
import { isTokenProblem, problem, type TokenProblem } from "./token-problem.ts";

export interface TokenKey {
  readonly kid: string | null;
  /** What it may verify: bound by its type and curve, and by its own `alg`. */
  readonly algorithms: readonly JwtAlg[];
  readonly object: KeyObject;
  /** RFC 7638. */
  readonly thumbprint: string;
  /** How long its signatures are; no other length is one. */
  readonly signatureBytes: number;
}

export interface SkippedKey {
  readonly kid: string | null;
  readonly reason: string;
}

export interface KeySet {
  readonly keys: readonly TokenKey[];
  readonly skipped: readonly SkippedKey[];
}

const MAX_SET = 512 * 1024;
const MAX_KEYS = 100;
const MAX_KID = 1024;
const SET_BOUNDS = { depth: 16, members: 8192 };

const MIN_RSA_BITS = 2048;
/** Verifying with more costs every request of the issuer's too much. */
const MAX_RSA_BITS = 8192;

const SET_TOO_LONG = problem("key", "the key set is longer than 512 KiB");
const SET_JSON = problem("key", "the key set is no JSON object in which each member stands once");
const SET_KEYS = problem("key", "the key set has no list `keys`");
const SET_MANY = problem("key", "the key set has more than 100 keys");
const AMBIGUOUS = "another key has the same kid and could verify the same tokens";

/** Every member that would let its reader sign. A key that shows one is everybody's. */
const PRIVATE_MEMBERS = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

const RSA_ALGORITHMS: readonly JwtAlg[] = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"];

interface Curve {
  readonly kty: "EC" | "OKP";
  readonly algorithm: JwtAlg;
  readonly coordinateBytes: number;
  readonly signatureBytes: number;
}

/** P-521 has 521 bits, which are 66 bytes. */
const CURVES: ReadonlyMap<unknown, Curve> = new Map<unknown, Curve>([
  ["P-256", { kty: "EC", algorithm: "ES256", coordinateBytes: 32, signatureBytes: 64 }],
  ["P-384", { kty: "EC", algorithm: "ES384", coordinateBytes: 48, signatureBytes: 96 }],
  ["P-521", { kty: "EC", algorithm: "ES512", coordinateBytes: 66, signatureBytes: 132 }],
  ["Ed25519", { kty: "OKP", algorithm: "EdDSA", coordinateBytes: 32, signatureBytes: 64 }],
  ["Ed448", { kty: "OKP", algorithm: "EdDSA", coordinateBytes: 57, signatureBytes: 114 }],
]);

/** A JWK Set. Never throws. */
export function readKeySet(text: string): KeySet | TokenProblem {
  if (text.length > MAX_SET) return SET_TOO_LONG;
  const set = parseJsonObject(text, SET_BOUNDS);
  if (set === null) return SET_JSON;
  const listed = set["keys"];
  if (!Array.isArray(listed)) return SET_KEYS;
  if (listed.length > MAX_KEYS) return SET_MANY;
  const found: TokenKey[] = [];
  const skipped: SkippedKey[] = [];
  for (const jwk of listed as unknown[]) {
    const key = readKey(jwk);
    if (isTokenProblem(key)) skipped.push({ kid: kidOf(jwk), reason: key.detail });
    else addKey(found, key);
  }
  const keys = found.filter((key) => !found.some((other) => other !== key && isAmbiguous(key, other)));
  for (const key of found) if (!keys.includes(key)) skipped.push({ kid: key.kid, reason: AMBIGUOUS });
  return { keys, skipped };
}

/** One JWK, or what is wrong with it. Never throws. */
export function readKey(jwk: unknown): TokenKey | TokenProblem {
  try {
    if (typeof jwk !== "object" || jwk === null || Array.isArray(jwk)) return refuse("it is no JSON object");
    return importKey(jwk as JsonObject);
  } catch {
    return refuse("the runtime can't use it: a point that is not on its curve, or a curve that it doesn't know");
  }
}

/** The same key once more only adds what it may verify. */
function addKey(keys: TokenKey[], key: TokenKey): void {
  const index = keys.findIndex((known) => known.kid === key.kid && known.thumbprint === key.thumbprint);
  const known = keys[index];
  if (known === undefined) keys.push(key);
  else keys[index] = { ...known, algorithms: [...new Set([...known.algorithms, ...key.algorithms])] };
}

function isAmbiguous(key: TokenKey, other: TokenKey): boolean {
  return key.kid !== null && key.kid === other.kid && key.algorithms.some((algorithm) => other.algorithms.includes(algorithm));
}

function importKey(jwk: JsonObject): TokenKey | TokenProblem {
  if (PRIVATE_MEMBERS.some((name) => Object.hasOwn(jwk, name))) return refuse("it shows private or symmetric parts");
  const kid = jwk["kid"];
  if (kid !== undefined && (typeof kid !== "string" || kid.length > MAX_KID))
    return refuse("its kid is no text of at most 1024 characters");
  if (jwk["use"] !== undefined && jwk["use"] !== "sig") return refuse("its use is not sig");
  if (!mayVerify(jwk["key_ops"])) return refuse("its key_ops are not for verifying");
  const material = jwk["kty"] === "RSA" ? readRsa(jwk) : readPoint(jwk);
  if (typeof material === "string") return refuse(material);
  const { algorithms, signatureBytes, members } = material;
  const bound = jwk["alg"];
  const usable = bound === undefined ? algorithms : algorithms.filter((algorithm) => algorithm === bound);
  if (usable.length === 0) return refuse("its alg is none that its type and curve can verify here");
  const object = createPublicKey({ format: "jwk", key: members });
  return { kid: kid ?? null, algorithms: usable, object, thumbprint: toThumbprint(members), signatureBytes };
}

function mayVerify(operations: unknown): boolean {
  if (operations === undefined) return true;
  return Array.isArray(operations) && operations.includes("verify") && new Set(operations).size === operations.length;
}

interface Material {
  readonly algorithms: readonly JwtAlg[];
  readonly signatureBytes: number;
  /** What makes the key, and nothing else of what its JWK says. */
  readonly members: Readonly<Record<string, string>>;
}

function readRsa(jwk: JsonObject): Material | string {
  const [modulus, exponent] = [readInteger(jwk["n"]), readInteger(jwk["e"])];
  if (modulus === null || exponent === null) return "its n or e is no base64url of an integer without leading zeros";
  const bits = modulus.length * 8 - Math.clz32(modulus[0] as number) + 24;
  if (bits < MIN_RSA_BITS) return "it has fewer than 2048 bits";
  if (bits > MAX_RSA_BITS) return "it has more than 8192 bits";
  if (!isOdd(modulus)) return "its modulus is even";
  // Small exponents have a history of forgeries with verifiers of lax padding; large ones only cost time. All in use is 65537.
  const value = exponent.length <= 4 ? exponent.readUIntBE(0, exponent.length) : 0;
  if (value < 65537 || !isOdd(exponent)) return "its exponent is even, or not between 65537 and 2^32";
  const members = { kty: "RSA", n: jwk["n"] as string, e: jwk["e"] as string };
  return { algorithms: RSA_ALGORITHMS, signatureBytes: Math.ceil(bits / 8), members };
}

/** RFC 7518 2, Base64urlUInt: as few bytes as the number needs. */
function readInteger(member: unknown): Buffer | null {
  const bytes = typeof member === "string" ? decodeBase64Url(member) : null;
  return bytes === null || bytes.length === 0 || bytes[0] === 0 ? null : bytes;
}

function isOdd(bytes: Uint8Array): boolean {
  return ((bytes.at(-1) as number) & 1) === 1;
}

function readPoint(jwk: JsonObject): Material | string {
  const curve = CURVES.get(jwk["crv"]);
  if (curve === undefined || curve.kty !== jwk["kty"]) return "its kty and crv are none that sign here";
  const members: Record<string, string> = { kty: curve.kty, crv: jwk["crv"] as string };
  for (const name of curve.kty === "EC" ? ["x", "y"] : ["x"]) {
    const member = jwk[name];
    const bytes = typeof member === "string" ? decodeBase64Url(member) : null;
    if (bytes === null || bytes.length !== curve.coordinateBytes) return "a coordinate is no base64url of the curve's length";
    if (curve.signatureBytes === 64 && curve.kty === "OKP" && isWeakPoint(bytes)) return "its point is of small order";
    members[name] = member as string;
  }
  return { algorithms: [curve.algorithm], signatureBytes: curve.signatureBytes, members };
}

function refuse(detail: string): TokenProblem {
  return { reason: "key", detail };
}

function kidOf(jwk: unknown): string | null {
  const kid = typeof jwk === "object" && jwk !== null && Object.hasOwn(jwk, "kid") ? (jwk as JsonObject)["kid"] : null;
  return typeof kid === "string" ? kid.slice(0, MAX_KID) : null;
}
