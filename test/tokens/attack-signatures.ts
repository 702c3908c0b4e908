// The part of the attack table that is about signatures alone: twins, numbers out of range, other encodings, other lengths.

import { type AttackKit, type AttackRow, changed, type Signer } from "./attack-kit.ts";

/** n of P-256, SEC 2 2.4.2. */
const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

const toBytes = (value: bigint): Buffer => Buffer.from(value.toString(16).padStart(64, "0"), "hex");
const toInteger = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toString("hex")}`);
const pairOf =
  (r: bigint, s: bigint): Signer =>
  () =>
    Buffer.concat([toBytes(r), toBytes(s)]);

export function listSignatures(kit: AttackKit): AttackRow[] {
  const es256 = (signer: Signer): string => kit.forge({ header: { alg: "ES256", kid: "p256" }, signer });
  const eddsa = (signer: Signer): string => kit.forge({ header: { alg: "EdDSA", kid: "ed25519" }, signer });
  const pss = (saltLength: number): string =>
    kit.forge({ header: { alg: "PS256", kid: "rsa" }, signer: kit.signerOf("PS256", kit.rsa, saltLength) });
  const [rs, es, ed] = [kit.signerOf("RS256"), kit.signerOf("ES256"), kit.signerOf("EdDSA")];
  const n = P256_ORDER;
  const psychic: readonly (readonly [string, bigint, bigint])[] = [
    ["r = s = 0", 0n, 0n],
    ["r = 0", 0n, 1n],
    ["s = 0", 1n, 0n],
    ["r = s = 1", 1n, 1n],
    ["r = s = n", n, n],
    ["r = n, s = 1", n, 1n],
    ["r = 1, s = n", 1n, n],
    ["r = s = n - 1", n - 1n, n - 1n],
    ["r = s = 2^256 - 1", (1n << 256n) - 1n, (1n << 256n) - 1n],
  ];
  const flip = (bytes: Buffer, at: number): Buffer => {
    const copy = Buffer.from(bytes);
    copy[at] = (copy[at] as number) ^ 1;
    return copy;
  };
  const lengths: readonly (readonly [string, (bytes: Buffer) => Uint8Array])[] = [
    ["a zero in front", (bytes) => Buffer.concat([Buffer.alloc(1), bytes])],
    ["a zero behind", (bytes) => Buffer.concat([bytes, Buffer.alloc(1)])],
    ["cut at its front", (bytes) => bytes.subarray(1)],
    ["cut at its end", (bytes) => bytes.subarray(0, -1)],
    ["of one byte", () => Buffer.alloc(1)],
    ["of zeros", (bytes) => Buffer.alloc(bytes.length)],
    ["of ones", (bytes) => Buffer.alloc(bytes.length, 0xff)],
    ["twice", (bytes) => Buffer.concat([bytes, bytes])],
    ["backwards", (bytes) => Buffer.from(bytes).reverse()],
    ["with another first bit", (bytes) => flip(bytes, 0)],
    ["with another last bit", (bytes) => flip(bytes, bytes.length - 1)],
  ];
  const cut = lengths.flatMap(([name, change]): AttackRow[] => [
    [`RS256 ${name}`, kit.forge({ signer: changed(rs, change) }), "signature"],
    [`ES256 ${name}`, es256(changed(es, change)), "signature"],
    [`EdDSA ${name}`, eddsa(changed(ed, change)), "signature"],
  ]);
  return [
    ...cut,
    ...psychic.map(([name, r, s]): AttackRow => [`ES256 with ${name}`, es256(pairOf(r, s)), "signature"]),
    // RFC 7518 asks for neither of the twins: verify.ts says why both are taken.
    ["ES256 with n - s", es256(changed(es, twin)), "good"],
    ["ES256 with s + n", es256(changed(es, overflow)), "signature"],
    ["ES256 in DER", es256(changed(es, toDer)), "signature"],
    ["ES256 in DER that fills 64 bytes", es256(changed(es, (bytes) => toDer(bytes).subarray(0, 64))), "signature"],
    [
      "ES256 with r and s in each other's place",
      es256(changed(es, (bytes) => Buffer.concat([bytes.subarray(32), bytes.subarray(0, 32)]))),
      "signature",
    ],
    ["EdDSA with s + L", eddsa(changed(ed, addOrder)), "signature"],
    ["PS256 with the salt of its digest", pss(32), "good"],
    ...[0, 20, 31, 33, 64, 222].map((salt): AttackRow => [`PS256 with a salt of ${salt}`, pss(salt), "signature"]),
    ["RS256 signature + modulus", kit.forge({ signer: changed(rs, (bytes) => addModulus(kit, bytes)) }), "signature"],
  ];
}

function twin(signature: Buffer): Uint8Array {
  return Buffer.concat([signature.subarray(0, 32), toBytes(P256_ORDER - toInteger(signature.subarray(32)))]);
}

/** The same numbers modulo the order, where they fit; otherwise a number that is too large all the same. */
function overflow(signature: Buffer): Uint8Array {
  const s = toInteger(signature.subarray(32)) + P256_ORDER;
  return Buffer.concat([signature.subarray(0, 32), s < 1n << 256n ? toBytes(s) : Buffer.alloc(32, 0xff)]);
}

function toDer(signature: Buffer): Buffer {
  const integers = [signature.subarray(0, 32), signature.subarray(32)].map((bytes) => {
    const padded = Buffer.concat([Buffer.alloc(1), bytes]);
    return Buffer.concat([Buffer.of(0x02, padded.length), padded]);
  });
  const body = Buffer.concat(integers);
  return Buffer.concat([Buffer.of(0x30, body.length), body]);
}

/** L of RFC 8032 5.1: a verifier that does not compare s with it takes each signature in several forms. */
const ED25519_ORDER = (1n << 252n) + 27742317777372353535851937790883648493n;

function addOrder(signature: Buffer): Uint8Array {
  const s = toInteger(Buffer.from(signature.subarray(32)).reverse()) + ED25519_ORDER;
  return Buffer.concat([signature.subarray(0, 32), toBytes(s).reverse()]);
}

/** The same number modulo the key, where it fits into as many bytes. */
function addModulus(kit: AttackKit, signature: Buffer): Uint8Array {
  const sum = toInteger(signature) + toInteger(Buffer.from(kit.rsa.jwk["n"] ?? "", "base64url"));
  const text = sum.toString(16);
  return Buffer.from(text.padStart(text.length + (text.length & 1), "0"), "hex");
}
