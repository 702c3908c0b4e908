// The attack table: tokens by name, each with what must come of it. src/tokens/attacks.test.ts judges them with the room of tokens alone; whoever takes tokens
// runs the same through what it has. An answer of `issuer` or `malformed` may also be that nobody takes the token;
// over HTTP some can't be sent, those with a character that no field has, the empty one, and those that are longer than a field may be.

import type { ProblemReason } from "../../src/tokens/index.ts";
import { type AttackKit, encode, hmacWith, type Json, type AttackRow as Row, type Signer } from "./attack-kit.ts";
import { listSignatures } from "./attack-signatures.ts";

export interface AttackCase {
  readonly name: string;
  readonly token: string;
  readonly expected: ProblemReason | "good";
}

export function listAttacks(kit: AttackKit): AttackCase[] {
  const groups: Readonly<Record<string, readonly Row[]>> = {
    good: listGood(kit),
    algorithm: listAlgorithms(kit),
    confusion: listConfusions(kit),
    "key of its own": listEmbedded(kit),
    kid: listKids(kit),
    "key that is no good": listBadKeys(kit),
    header: listHeaders(kit),
    time: listTimes(kit),
    audience: listAudiences(kit),
    issuer: listIssuers(kit),
    claims: listClaims(kit),
    form: listForms(kit),
    base64url: listSpellings(kit),
    unicode: listUnicode(kit),
    signature: listSignatures(kit),
  };
  return Object.entries(groups).flatMap(([group, rows]) =>
    rows.map(([name, token, expected]) => ({ name: `${group}: ${name}`, token, expected })),
  );
}

const NOTHING: Signer = () => Buffer.alloc(0);
const ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"];

function listGood(kit: AttackKit): Row[] {
  const rows = ALGORITHMS.map((alg): Row => [alg, kit.forge({ header: { alg, kid: kit.kidOf(alg) }, signer: kit.signerOf(alg) }), "good"]);
  return [
    ...rows,
    ["no kid", kit.forge({ header: { alg: "RS256" } }), "good"],
    ["typ in any case", kit.withHeader({ typ: "aT+jWt" }), "good"],
    ["typ with application/", kit.withHeader({ typ: "application/at+jwt" }), "good"],
    ["members that nobody knows", kit.withHeader({ "x-mark": { deep: [1, 2] } }), "good"],
    ["white space in the JSON", kit.forge({ headerText: ' {\t"alg" : "RS256",\r\n"kid":"rsa" } ' }), "good"],
  ];
}

function listAlgorithms(kit: AttackKit): Row[] {
  const none = ["none", "None", "NONE", "nOnE", "none ", " none", "nonė", "none\u0000", ""].map(
    (alg): Row => [`none as ${JSON.stringify(alg)}, unsigned`, kit.forge({ header: { alg, kid: "rsa" }, signer: NOTHING }), "algorithm"],
  );
  const odd = [null, true, 0, 256, ["RS256"], { name: "RS256" }].map(
    (alg): Row => [`no text: ${JSON.stringify(alg)}`, kit.withHeader({ alg }), "algorithm"],
  );
  const names = ["rs256", "RS-256", "RS256 ", "RS1", "RSA", "SHA256", "HS256", "ES256K", "ED25519", "Ed25519", "constructor", "toString"];
  return [
    ...none,
    ...odd,
    ...names.map((alg): Row => [`unknown: ${alg}`, kit.withHeader({ alg }), "algorithm"]),
    ["none with a good signature", kit.withHeader({ alg: "none" }), "algorithm"],
    ["missing", kit.forge({ header: { kid: "rsa" } }), "algorithm"],
    ["that of another family of the same key", kit.withHeader({ alg: "PS256" }), "signature"],
    ["another digest of the same key", kit.withHeader({ alg: "RS512" }), "signature"],
    ["unsigned with a real name", kit.forge({ signer: NOTHING }), "signature"],
  ];
}

/** The public key as the secret of an HMAC (CVE-2015-9235), in each form a verifier may have it in. */
function listConfusions(kit: AttackKit): Row[] {
  const { publicKey, jwk } = kit.rsa;
  const pem = publicKey.export({ format: "pem", type: "spki" }) as string;
  const secrets: readonly (readonly [string, string | Uint8Array])[] = [
    ["PEM", pem],
    ["PEM without its last line end", pem.trimEnd()],
    ["PEM with CRLF", pem.replaceAll("\n", "\r\n")],
    ["PKCS #1 PEM", publicKey.export({ format: "pem", type: "pkcs1" })],
    ["DER", publicKey.export({ format: "der", type: "spki" })],
    ["PKCS #1 DER", publicKey.export({ format: "der", type: "pkcs1" })],
    ["JWK", JSON.stringify(jwk)],
    ["modulus", Buffer.from(jwk["n"] ?? "", "base64url")],
    ["nothing", ""],
  ];
  const rows = secrets.flatMap(([form, secret]): Row[] => [
    [`HS256 with the ${form}`, kit.forge({ header: { alg: "HS256", kid: "rsa" }, signer: hmacWith(secret) }), "algorithm"],
    [`RS256 that is an HMAC with the ${form}`, kit.forge({ signer: hmacWith(secret) }), "signature"],
  ]);
  const shared = hmacWith("a secret that everybody reads here");
  return [
    ...rows,
    ["HS512 with the PEM", kit.forge({ header: { alg: "HS512", kid: "rsa" }, signer: hmacWith(pem, "sha512") }), "algorithm"],
    ["HS256 with a published secret", kit.forge({ header: { alg: "HS256", kid: "shared" }, signer: shared }), "algorithm"],
    ["RS256 with a published secret", kit.forge({ header: { alg: "RS256", kid: "shared" }, signer: shared }), "key"],
    ["ES256 that names the RSA key", kit.forge({ header: { alg: "ES256", kid: "rsa" }, signer: kit.signerOf("ES256") }), "key"],
    ["RS256 that names the P-256 key", kit.forge({ header: { alg: "RS256", kid: "p256" } }), "key"],
    ["EdDSA that names the P-256 key", kit.forge({ header: { alg: "EdDSA", kid: "p256" }, signer: kit.signerOf("EdDSA") }), "key"],
    ["ES384 with the P-256 key", kit.forge({ header: { alg: "ES384", kid: "p256" }, signer: kit.signerOf("ES384", kit.p256) }), "key"],
    ["ES256 with the P-384 key", kit.forge({ header: { alg: "ES256", kid: "p384" }, signer: kit.signerOf("ES256", kit.p384) }), "key"],
    ["ES256 with the P-521 key", kit.forge({ header: { alg: "ES256", kid: "p521" }, signer: kit.signerOf("ES256", kit.p521) }), "key"],
    [
      "ES512 with the P-521 key and SHA-256",
      kit.forge({ header: { alg: "ES512", kid: "p521" }, signer: kit.signerOf("ES256", kit.p521) }),
      "signature",
    ],
    ["RS256 of a key that is for RS512", kit.forge({ header: { alg: "RS256", kid: "rs512-only" } }), "key"],
  ];
}

/** Keys that the token brings along, each with a signature that they verify. */
function listEmbedded(kit: AttackKit): Row[] {
  const signer = kit.signerOf("RS256", kit.attackerRsa);
  const url = "https://attacker.example/jwks.json";
  const certificate = [Buffer.from("a certificate").toString("base64")];
  const headers: readonly (readonly [string, Json])[] = [
    ["jwk", { jwk: kit.attackerRsa.jwk }],
    ["jwk with the issuer's kid", { jwk: { ...kit.attackerRsa.jwk, kid: "rsa" } }],
    ["jku", { jku: url }],
    ["jku below the issuer", { jku: `${kit.issuer}@attacker.example/jwks.json` }],
    ["jku to this machine", { jku: "http://127.0.0.1:9901/jwks" }],
    ["x5u", { x5u: url }],
    ["x5u of a file", { x5u: "file:///etc/passwd" }],
    ["x5c", { x5c: certificate }],
    ["x5t", { x5t: "AAAA", "x5t#S256": "AAAA" }],
    ["all of them", { jwk: kit.attackerRsa.jwk, jku: url, x5u: url, x5c: certificate }],
  ];
  const ecHeader = { alg: "ES256", jwk: kit.attackerEc.jwk };
  return [
    ...headers.map(([name, more]): Row => [name, kit.forge({ header: { alg: "RS256", kid: "rsa", ...more }, signer }), "signature"]),
    ["jwk and no kid", kit.forge({ header: { alg: "RS256", jwk: kit.attackerRsa.jwk }, signer }), "signature"],
    ["jwk of a curve and no kid", kit.forge({ header: ecHeader, signer: kit.signerOf("ES256", kit.attackerEc) }), "signature"],
    ["jwk, and a kid of its own", kit.forge({ header: { alg: "RS256", kid: "mine", jwk: kit.attackerRsa.jwk }, signer }), "key"],
    ["jwk beside a good signature is not looked at", kit.withHeader({ jwk: kit.attackerRsa.jwk }), "good"],
    ["jku beside a good signature is not fetched", kit.withHeader({ jku: url }), "good"],
  ];
}

function listKids(kit: AttackKit): Row[] {
  const texts = [
    "../../../../dev/null",
    "/dev/null",
    "' UNION SELECT 'key' --",
    "rsa' OR '1'='1",
    "rsa; rm -rf /",
    "$(id)",
    "rsa\u0000",
    "rsa\r\nX-Admin: 1",
    "RSA",
    " rsa",
    "",
    "*",
    "0",
    "__proto__",
    "constructor",
    "hasOwnProperty",
    "http://attacker.example/key",
    "k".repeat(1200),
  ];
  const odd = [0, 1.5, true, null, ["rsa"], { kid: "rsa" }];
  return [
    ...texts.map((kid): Row => [`${JSON.stringify(kid).slice(0, 40)}`, kit.withHeader({ kid }), "key"]),
    ...odd.map((kid): Row => [`no text: ${JSON.stringify(kid)}`, kit.withHeader({ kid }), "malformed"]),
    ["longer than a header may be", kit.withHeader({ kid: "k".repeat(4000) }), "malformed"],
    ["that of another good key", kit.withHeader({ kid: "rs512-only" }), "key"],
  ];
}

function listBadKeys(kit: AttackKit): Row[] {
  const es256 = kit.signerOf("ES256");
  return [
    ["RSA of 1024 bits", kit.forge({ header: { alg: "RS256", kid: "weak" }, signer: kit.signerOf("RS256", kit.weakRsa) }), "key"],
    ["of use enc", kit.forge({ header: { alg: "ES256", kid: "encrypts" }, signer: es256 }), "key"],
    ["of key_ops deriveBits", kit.forge({ header: { alg: "ES256", kid: "derives" }, signer: es256 }), "key"],
    ["one of two with its name", kit.forge({ header: { alg: "ES256", kid: "twins" }, signer: kit.signerOf("ES256", kit.twins[0]) }), "key"],
    ["the other of two", kit.forge({ header: { alg: "ES256", kid: "twins" }, signer: kit.signerOf("ES256", kit.twins[1]) }), "key"],
    ["the attacker's RSA", kit.forge({ signer: kit.signerOf("RS256", kit.attackerRsa) }), "signature"],
    [
      "the attacker's curve",
      kit.forge({ header: { alg: "ES256", kid: "p256" }, signer: kit.signerOf("ES256", kit.attackerEc) }),
      "signature",
    ],
    [
      "the attacker's Ed25519",
      kit.forge({ header: { alg: "EdDSA", kid: "ed25519" }, signer: kit.signerOf("EdDSA", kit.attackerEd) }),
      "signature",
    ],
    [
      "the attacker's RSA without kid",
      kit.forge({ header: { alg: "RS256" }, signer: kit.signerOf("RS256", kit.attackerRsa) }),
      "signature",
    ],
  ];
}

function listHeaders(kit: AttackKit): Row[] {
  const text = (headerText: string): string => kit.forge({ headerText });
  return [
    ["crit of b64", kit.withHeader({ crit: ["b64"], b64: false }), "malformed"],
    ["crit of something unknown", kit.withHeader({ crit: ["x-mark"], "x-mark": 1 }), "malformed"],
    ["crit of something known", kit.withHeader({ crit: ["alg"] }), "malformed"],
    ["crit that is empty", kit.withHeader({ crit: [] }), "malformed"],
    ["crit that is no list", kit.withHeader({ crit: null }), "malformed"],
    ["b64 false without crit", kit.withHeader({ b64: false }), "malformed"],
    ["b64 true", kit.withHeader({ b64: true }), "malformed"],
    ["zip", kit.withHeader({ zip: "DEF" }), "malformed"],
    ["enc", kit.withHeader({ enc: "A256GCM" }), "malformed"],
    ["cty of a token", kit.withHeader({ cty: "JWT" }), "malformed"],
    ["typ that is no text", kit.withHeader({ typ: ["JWT"] }), "malformed"],
    ["typ of a logout token", kit.withHeader({ typ: "logout+jwt" }), "type"],
    ["typ of a DPoP proof", kit.withHeader({ typ: "dpop+jwt" }), "type"],
    ["typ of an event", kit.withHeader({ typ: "application/secevent+jwt" }), "type"],
    ["typ of a request object", kit.withHeader({ typ: "oauth-authz-req+jwt" }), "type"],
    ["alg twice, good last", text('{"alg":"none","kid":"rsa","alg":"RS256"}'), "malformed"],
    ["alg twice, good first", text('{"alg":"RS256","kid":"rsa","alg":"none"}'), "malformed"],
    ["alg twice, once with an escape", text('{"alg":"RS256","kid":"rsa","\\u0061lg":"RS256"}'), "malformed"],
    ["kid twice", text('{"alg":"RS256","kid":"a","kid":"rsa"}'), "malformed"],
    ["a member twice within one that nobody knows", text('{"alg":"RS256","kid":"rsa","x":{"a":1,"a":1}}'), "malformed"],
    ["alg in __proto__", text('{"__proto__":{"alg":"RS256"},"kid":"rsa"}'), "malformed"],
    ["a list", text('["RS256"]'), "malformed"],
    ["text", text('"RS256"'), "malformed"],
    ["null", text("null"), "malformed"],
    ["nothing in it", text("{}"), "algorithm"],
    ["no JSON", text("alg=RS256"), "malformed"],
    ["a comma too many", text('{"alg":"RS256","kid":"rsa",}'), "malformed"],
    ["a comment", text('{"alg":"RS256","kid":"rsa"/**/}'), "malformed"],
    ["single quotes", text("{'alg':'RS256'}"), "malformed"],
    ["something behind it", text('{"alg":"RS256","kid":"rsa"}{"alg":"none"}'), "malformed"],
    ["nested deeply", text(`{"alg":"RS256","kid":"rsa","x":${"[".repeat(200)}${"]".repeat(200)}}`), "malformed"],
  ];
}

function listTimes(kit: AttackKit): Row[] {
  const now = kit.nowSeconds;
  const raw = (name: string, value: string): string =>
    kit.forge({ claimsText: `${JSON.stringify({ ...kit.claims, [name]: undefined }).slice(0, -1)},"${name}":${value}}` });
  const forms = ['"9999999999"', "-1", "1e400", "-1e400", "[9999999999]", "null", "true", "{}", '"never"', "1e300", String(kit.nowMs)];
  return [
    ["expired an hour ago", kit.withClaims({ exp: now - 3600 }), "expired"],
    ["expired just beyond the skew", kit.withClaims({ exp: now - 60 }), "expired"],
    ["expired within the skew", kit.withClaims({ exp: now - 59 }), "good"],
    ["exp of zero", kit.withClaims({ exp: 0 }), "expired"],
    ["exp with a fraction", kit.withClaims({ exp: now + 0.5 }), "good"],
    ["no exp", kit.withClaims({ exp: undefined }), "claim"],
    ...forms.map((form): Row => [`exp of ${form}`, raw("exp", form), "claim"]),
    ["nbf to come", kit.withClaims({ nbf: now + 3600 }), "not-yet-valid"],
    ["nbf just beyond the skew", kit.withClaims({ nbf: now + 61 }), "not-yet-valid"],
    ["nbf within the skew", kit.withClaims({ nbf: now + 60 }), "good"],
    ["nbf as text", kit.withClaims({ nbf: String(now) }), "claim"],
    ["nbf of 1e400", raw("nbf", "1e400"), "claim"],
    ["nbf of null", raw("nbf", "null"), "claim"],
    ["iat to come", kit.withClaims({ iat: now + 3600 }), "not-yet-valid"],
    ["iat as text", kit.withClaims({ iat: String(now) }), "claim"],
    ["iat below zero", kit.withClaims({ iat: -5 }), "claim"],
  ];
}

function listAudiences(kit: AttackKit): Row[] {
  const { audience } = kit;
  return [
    ["another", kit.withClaims({ aud: "billing-api" }), "audience"],
    ["others", kit.withClaims({ aud: ["billing-api", "users-api"] }), "audience"],
    ["ours among others", kit.withClaims({ aud: ["billing-api", audience] }), "good"],
    ["none", kit.withClaims({ aud: undefined }), "audience"],
    ["an empty list", kit.withClaims({ aud: [] }), "audience"],
    ["empty text", kit.withClaims({ aud: "" }), "audience"],
    ["in other letters", kit.withClaims({ aud: audience.toUpperCase() }), "audience"],
    ["the beginning of ours", kit.withClaims({ aud: audience.slice(0, -1) }), "audience"],
    ["ours and more in one text", kit.withClaims({ aud: `${audience} billing-api` }), "audience"],
    ["ours by commas", kit.withClaims({ aud: `billing-api,${audience}` }), "audience"],
    ["*", kit.withClaims({ aud: "*" }), "audience"],
    ["a list in a list", kit.withClaims({ aud: [[audience]] }), "claim"],
    ["ours and a number", kit.withClaims({ aud: [audience, 1] }), "claim"],
    ["a map", kit.withClaims({ aud: { [audience]: true } }), "claim"],
    ["a number", kit.withClaims({ aud: 1 }), "claim"],
    ["null", kit.withClaims({ aud: null }), "claim"],
  ];
}

function listIssuers(kit: AttackKit): Row[] {
  const { issuer } = kit;
  const texts = [
    `${issuer}/`,
    issuer.toUpperCase(),
    issuer.replace("https", "HTTPS"),
    issuer.replace("https", "http"),
    `${issuer}:443`,
    `${issuer}.attacker.example`,
    `${issuer}@attacker.example`,
    ` ${issuer}`,
    `${issuer}\u0000`,
    `${issuer}#`,
    issuer.slice(0, -1),
    issuer.replace("example", "exаmple"),
    "",
  ];
  const odd = [undefined, null, 1, [issuer], { iss: issuer }];
  return [
    ...texts.map((iss): Row => [JSON.stringify(iss), kit.withClaims({ iss }), "issuer"]),
    ...odd.map((iss): Row => [`no text: ${JSON.stringify(iss)}`, kit.withClaims({ iss }), "issuer"]),
  ];
}

function listClaims(kit: AttackKit): Row[] {
  const open = JSON.stringify(kit.claims).slice(0, -1);
  const twice = (more: string): string => kit.forge({ claimsText: `${open},${more}}` });
  return [
    ["sub twice", twice('"sub":"admin"'), "malformed"],
    ["sub twice, once with an escape", twice('"s\\u0075b":"admin"'), "malformed"],
    ["exp twice", twice('"exp":9999999999'), "malformed"],
    ["aud twice", twice('"aud":"billing-api"'), "malformed"],
    ["a member twice in a map in a list", twice('"x":[{"a":1,"b":{"c":1,"c":2}}]'), "malformed"],
    ["__proto__", twice('"__proto__":{"roles":["admin"]}'), "malformed"],
    ["__proto__ with an escape", twice('"\\u005f_proto__":{"roles":["admin"]}'), "malformed"],
    ["the same name at two depths", twice('"x":{"sub":"admin"}'), "good"],
    ["sub that is a number", kit.withClaims({ sub: 1 }), "claim"],
    ["sub that is a list", kit.withClaims({ sub: ["alice", "admin"] }), "claim"],
    ["sub that is null", kit.withClaims({ sub: null }), "claim"],
    ["jti that is a number", kit.withClaims({ jti: 1 }), "claim"],
    ["no tenant", kit.withClaims({ tenant: undefined }), "claim"],
    ["tenant that is null", kit.withClaims({ tenant: null }), "claim"],
    ["a list", kit.forge({ claimsText: "[]" }), "malformed"],
    ["text", kit.forge({ claimsText: '"alice"' }), "malformed"],
    ["nothing", kit.forge({ claimsText: "" }), "malformed"],
    ["no JSON", kit.forge({ claimsText: "sub=alice" }), "malformed"],
    ["nested deeply", twice(`"x":${"[".repeat(2000)}${"]".repeat(2000)}`), "malformed"],
    ["nested deeply and never closed", kit.forge({ claimsText: `{"x":${"[".repeat(5000)}` }), "malformed"],
    ["closed more often than opened", kit.forge({ claimsText: "}}}}{" }), "malformed"],
    ["thousands of members", twice(Array.from({ length: 900 }, (_, i) => `"m${i}":0`).join(",")), "malformed"],
    ["a token", kit.forge({ claimsText: kit.forge() }), "malformed"],
    ["a token in a JSON text", kit.forge({ claimsText: JSON.stringify(kit.forge()) }), "malformed"],
  ];
}

function listForms(kit: AttackKit): Row[] {
  const good = kit.forge();
  const [header = "", payload = "", signature = ""] = good.split(".");
  const json = JSON.stringify({ protected: header, payload, signature });
  return [
    ["nothing", "", "malformed"],
    ["1 part", header, "malformed"],
    ["2 parts", `${header}.${payload}`, "malformed"],
    ["4 parts", `${good}.${signature}`, "malformed"],
    [
      "5 parts, as what is encrypted has",
      `${encode('{"alg":"RSA-OAEP","enc":"A256GCM"}')}.${signature}.${header}.${payload}.${header}`,
      "malformed",
    ],
    ["5 good parts", `${good}.${payload}.${signature}`, "malformed"],
    ["10 parts", Array.from({ length: 10 }, () => header).join("."), "malformed"],
    ["1000 parts", Array.from({ length: 1000 }, () => "eyJh").join("."), "malformed"],
    ["dots", "..", "malformed"],
    ["a dot in front", `.${good}`, "malformed"],
    ["a dot behind", `${good}.`, "malformed"],
    ["no header", `.${payload}.${signature}`, "malformed"],
    ["no payload", `${header}..${signature}`, "malformed"],
    ["no signature", `${header}.${payload}.`, "signature"],
    ["parts in another order", `${payload}.${header}.${signature}`, "algorithm"],
    ["JSON serialisation", json, "malformed"],
    ["JSON serialisation in base64url", encode(json), "malformed"],
    ["scheme in front", `Bearer.${good}`, "malformed"],
    ["two tokens", `${good},${good}`, "malformed"],
    ["longer than 16 KiB", kit.withClaims({ note: "n".repeat(13_000) }), "malformed"],
    ["just below 16 KiB", kit.withClaims({ note: "n".repeat(11_500) }), "good"],
    ["a megabyte", `${header}.${"A".repeat(1 << 20)}.${signature}`, "malformed"],
    ["a header of 3 KiB", kit.withHeader({ note: "n".repeat(3000) }), "malformed"],
    ["payload of another token", `${header}.${kit.withClaims({ sub: "admin" }).split(".")[1]}.${signature}`, "signature"],
    ["header of another token", `${kit.withHeader({ typ: "JWT" }).split(".")[0]}.${payload}.${signature}`, "signature"],
    ["signature of another token", `${header}.${payload}.${kit.withClaims({ sub: "admin" }).split(".")[2]}`, "signature"],
  ];
}

function listSpellings(kit: AttackKit): Row[] {
  const good = kit.forge();
  const [header = "", payload = "", signature = ""] = good.split(".");
  const join = (h: string, p: string, s: string): string => `${h}.${p}.${s}`;
  const insert = (text: string, what: string): string => `${text.slice(0, 8)}${what}${text.slice(8)}`;
  const pad = (text: string): string => text.padEnd(Math.ceil(text.length / 4) * 4, "=");
  const strange = [" ", "\t", "\r\n", "\u0000", "=", "%2e", "é", "\u200b", "+", "/", "*", "Ａ"];
  return [
    ...strange.flatMap((what): Row[] => [
      [`${JSON.stringify(what)} in the header`, join(insert(header, what), payload, signature), "malformed"],
      [`${JSON.stringify(what)} in the payload`, join(header, insert(payload, what), signature), "malformed"],
      [`${JSON.stringify(what)} in the signature`, join(header, payload, insert(signature, what)), "malformed"],
    ]),
    ["padding everywhere", join(pad(`${header}A`), pad(payload), pad(signature)), "malformed"],
    ["one = behind", `${good}=`, "malformed"],
    ["a line end behind", `${good}\n`, "malformed"],
    // 256 bytes end in a letter of which four bits say nothing.
    ["bits behind the last byte", `${good.slice(0, -1)}${nextLetter(good.at(-1) as string)}`, "malformed"],
    ["a letter too many", `${good}AAA`, "malformed"],
    ["standard base64", join(header, payload, toStandard(signature)), "malformed"],
  ];
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

function nextLetter(letter: string): string {
  return ALPHABET[ALPHABET.indexOf(letter) + 1] as string;
}

/** With a letter of the other alphabet in any case. */
function toStandard(text: string): string {
  return `+${text.replaceAll("-", "+").replaceAll("_", "/").slice(1)}`;
}

function listUnicode(kit: AttackKit): Row[] {
  const bytes = (claims: Uint8Array): string => {
    const text = `${encode('{"alg":"RS256","kid":"rsa"}')}.${encode(claims)}`;
    return `${text}.${kit.signerOf("RS256")(text).toString("base64url")}`;
  };
  const json = JSON.stringify(kit.claims);
  const utf16 = Buffer.from(json, "utf16le");
  const withByte = (byte: number): Uint8Array =>
    Buffer.concat([Buffer.from(`${json.slice(0, -1)},"x":"`), Buffer.of(byte), Buffer.from('"}')]);
  return [
    ["a byte order mark", bytes(Buffer.from(`\ufeff${json}`)), "malformed"],
    ["UTF-16", bytes(utf16), "malformed"],
    ["a byte that is no UTF-8", bytes(withByte(0xff)), "malformed"],
    ["half of a character", bytes(withByte(0xc3)), "malformed"],
    [
      "an overlong slash",
      bytes(Buffer.concat([Buffer.from(`${json.slice(0, -1)},"x":"`), Buffer.of(0xc0, 0xaf), Buffer.from('"}')])),
      "malformed",
    ],
    ["half of a surrogate pair", kit.forge({ claimsText: json.replace("alice", "\\ud800") }), "malformed"],
    ["a surrogate pair", kit.forge({ claimsText: json.replace("alice", "\\ud83d\\ude00") }), "good"],
    ["a name in other letters of the same look", kit.forge({ claimsText: json.replace('"iss"', '"іss"') }), "issuer"],
    ["a name in full width", kit.forge({ claimsText: json.replace('"aud"', '"ａud"') }), "audience"],
    ["white space that JSON has not", kit.forge({ claimsText: json.replace("{", "{\u00a0") }), "malformed"],
    ["a control character in text", kit.forge({ claimsText: json.replace("alice", "al\u0001ice") }), "malformed"],
  ];
}
