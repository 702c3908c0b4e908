// For tests: a signer of requests that knows nothing of the gateway's verifier or of its library. Who calls it writes the signature base's
// lines out, as RFC 9421 2.5 shows them.

import { constants, createHmac, type KeyObject, sign as signWith } from "node:crypto";

export type Signer = (base: string) => Uint8Array;

export const ed25519 =
  (key: KeyObject): Signer =>
  (base) =>
    signWith(null, Buffer.from(base), key);
export const p256 =
  (key: KeyObject): Signer =>
  (base) =>
    signWith("sha256", Buffer.from(base), { key, dsaEncoding: "ieee-p1363" });
export const rsaPss =
  (key: KeyObject): Signer =>
  (base) =>
    signWith("sha512", Buffer.from(base), { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 64 });
export const hmac =
  (secret: string): Signer =>
  (base) =>
    createHmac("sha256", secret).update(base).digest();

export interface SignOrder {
  /** Covered components with their values, in order: `["@method", "GET"]`, `['@query-param";name="a', "1"]`. */
  readonly covered: readonly (readonly [component: string, value: string])[];
  /** `created=1;keyid="a"`. */
  readonly parameters: string;
  readonly signer: Signer;
  readonly label?: string;
}

/** Signature-Input and Signature. */
export function signedFields({ covered, parameters, signer, label = "sig" }: SignOrder): (readonly [string, string])[] {
  const quoted = covered.map(([component, value]) => {
    const [name = "", ...rest] = component.split(";");
    return [[`"${name}"`, ...rest].join(";"), value] as const;
  });
  const said = `(${quoted.map(([component]) => component).join(" ")})${parameters === "" ? "" : `;${parameters}`}`;
  const base = [...quoted.map(([component, value]) => `${component}: ${value}`), `"@signature-params": ${said}`].join("\n");
  return [
    ["Signature-Input", `${label}=${said}`],
    ["Signature", `${label}=:${Buffer.from(signer(base)).toString("base64")}:`],
  ];
}
