// An issuer, made at run time, with a key of each type and some that are no good, and an attacker beside it with keys of its own. What
// attack-cases.ts forges its tokens with.

import { constants, createHmac, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import type { ProblemReason } from "../../src/tokens/index.ts";

export type Json = Readonly<Record<string, unknown>>;

/** Name, token, and what must come of it. */
export type AttackRow = readonly [name: string, token: string, expected: ProblemReason | "good"];

/** What signs a text; no algorithm of a header is looked at. */
export type Signer = (text: string) => Buffer;

export interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
  readonly jwk: Readonly<Record<string, string>>;
}

export interface Forged {
  readonly header?: Json;
  /** The header as text, where an object can't say it. */
  readonly headerText?: string;
  readonly claims?: Json;
  readonly claimsText?: string;
  readonly signer?: Signer;
}

function createPair(pair: { publicKey: KeyObject; privateKey: KeyObject }): KeyPair {
  return { ...pair, jwk: pair.publicKey.export({ format: "jwk" }) as Record<string, string> };
}

const rsa = (modulusLength = 2048) => createPair(generateKeyPairSync("rsa", { modulusLength }));
const ec = (namedCurve: string) => createPair(generateKeyPairSync("ec", { namedCurve }));

export class AttackKit {
  readonly issuer = "https://id.example.com";
  readonly audience = "orders-api";
  readonly nowMs: number;
  readonly rsa = rsa();
  readonly p256 = ec("P-256");
  readonly p384 = ec("P-384");
  readonly p521 = ec("P-521");
  readonly ed25519 = createPair(generateKeyPairSync("ed25519"));
  readonly weakRsa = rsa(1024);
  readonly twins = [ec("P-256"), ec("P-256")] as const;
  readonly attackerRsa = rsa();
  readonly attackerEc = ec("P-256");
  readonly attackerEd = createPair(generateKeyPairSync("ed25519"));

  constructor(nowMs: number) {
    this.nowMs = nowMs;
  }

  get nowSeconds(): number {
    return Math.floor(this.nowMs / 1000);
  }

  /** What the issuer publishes. */
  get keySetText(): string {
    const keys = [
      { ...this.rsa.jwk, kid: "rsa" },
      { ...this.rsa.jwk, kid: "rs512-only", alg: "RS512" },
      { ...this.p256.jwk, kid: "p256", use: "sig" },
      { ...this.p384.jwk, kid: "p384" },
      { ...this.p521.jwk, kid: "p521" },
      { ...this.ed25519.jwk, kid: "ed25519" },
      { ...this.weakRsa.jwk, kid: "weak" },
      { ...this.p256.jwk, kid: "encrypts", use: "enc" },
      { ...this.p256.jwk, kid: "derives", key_ops: ["deriveBits"] },
      { ...this.twins[0].jwk, kid: "twins" },
      { ...this.twins[1].jwk, kid: "twins" },
      { kty: "oct", kid: "shared", k: Buffer.from("a secret that everybody reads here").toString("base64url") },
    ];
    return JSON.stringify({ keys });
  }

  /** Claims of a token that is good. */
  get claims(): Json {
    return {
      iss: this.issuer,
      sub: "alice",
      aud: this.audience,
      iat: this.nowSeconds - 60,
      exp: this.nowSeconds + 600,
      tenant: "acme",
      roles: ["reader"],
    };
  }

  /** Left alone, a good token. */
  forge({ header = { alg: "RS256", kid: "rsa" }, headerText, claims, claimsText, signer = this.signerOf("RS256") }: Forged = {}): string {
    const text = `${encode(headerText ?? JSON.stringify(header))}.${encode(claimsText ?? JSON.stringify(claims ?? this.claims))}`;
    return `${text}.${signer(text).toString("base64url")}`;
  }

  /** A good token with some claims of its own; undefined takes one out. */
  withClaims(claims: Json): string {
    return this.forge({ claims: { ...this.claims, ...claims } });
  }

  /** A good token whose header says more. */
  withHeader(header: Json): string {
    return this.forge({ header: { alg: "RS256", kid: "rsa", ...header } });
  }

  signerOf(algorithm: string, pair: KeyPair = this.pairOf(algorithm), saltLength?: number): Signer {
    const digest = `sha${algorithm.slice(2)}`;
    const key = pair.privateKey;
    if (algorithm === "EdDSA") return (text) => sign(null, Buffer.from(text), key);
    if (algorithm.startsWith("ES")) return (text) => sign(digest, Buffer.from(text), { key, dsaEncoding: "ieee-p1363" });
    if (algorithm.startsWith("RS")) return (text) => sign(digest, Buffer.from(text), key);
    const salt = saltLength ?? Number(algorithm.slice(2)) / 8;
    return (text) => sign(digest, Buffer.from(text), { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: salt });
  }

  pairOf(algorithm: string): KeyPair {
    if (algorithm === "EdDSA") return this.ed25519;
    if (algorithm === "ES256") return this.p256;
    if (algorithm === "ES384") return this.p384;
    return algorithm === "ES512" ? this.p521 : this.rsa;
  }

  kidOf(algorithm: string): string {
    if (algorithm === "EdDSA") return "ed25519";
    if (algorithm === "ES256") return "p256";
    if (algorithm === "ES384") return "p384";
    return algorithm === "ES512" ? "p521" : "rsa";
  }
}

export function encode(text: string | Uint8Array): string {
  return Buffer.from(text as string).toString("base64url");
}

export function hmacWith(secret: string | Uint8Array, digest = "sha256"): Signer {
  return (text) => createHmac(digest, secret).update(text).digest();
}

/** What its signer makes, changed. */
export function changed(signer: Signer, change: (signature: Buffer) => Uint8Array): Signer {
  return (text) => Buffer.from(change(signer(text)));
}
