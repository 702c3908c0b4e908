// For tests: what a configuration says of a listener's certificates, in few words.

import { Secret } from "../../base/index.ts";
import type { CertificateInput, ListenerTlsInput } from "../compile-identities.ts";
import { type Forged, forge, whyNoForge } from "./certificate-forge.ts";

export const CA_ONE = { mode: "required", ca: "CA one", crl: [] } as const;
export const CA_TWO = { mode: "required", ca: "CA two", crl: [] } as const;

export function certificate({ cert, key }: Forged, clientAuth: CertificateInput["clientAuth"] = null): CertificateInput {
  return { pair: { cert, key: new Secret(key) }, acme: null, clientAuth };
}

export function unissued(names: readonly string[], clientAuth: CertificateInput["clientAuth"] = null): CertificateInput {
  return { pair: null, acme: { names }, clientAuth };
}

export function tls(...certificates: CertificateInput[]): ListenerTlsInput {
  return { minVersion: "TLSv1.2", certificates };
}

export function named(...names: string[]): Forged {
  return whyNoForge() ? { cert: "", key: "" } : forge({ extensions: `subjectAltName=${names.map((name) => `DNS:${name}`).join(",")}` });
}
