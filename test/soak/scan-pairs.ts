// What the scan's listeners show: certificates of P-256 and RSA under one authority, as an authority on the internet would issue them.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../e2e/processes.ts";

// Scanners frown at less than two months left, and at more than 398 days.
const DAYS = "200";
const KEYS = {
  ec: ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
  rsa: ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:3072"],
} as const;

export type Kind = keyof typeof KEYS;

/** Writes `ca.pem`, and for each kind `KIND.pem` and `KIND.key` for the name `KIND.test`. */
export async function writePairs(folder: string): Promise<void> {
  const at = (name: string): string => join(folder, name);
  await openssl("genpkey", ...KEYS.ec, "-out", at("ca.key"));
  await openssl("req", "-x509", "-new", "-key", at("ca.key"), "-subj", "/CN=Scan CA", "-days", DAYS, "-out", at("ca.pem"));
  for (const [kind, key] of Object.entries(KEYS)) {
    await openssl("genpkey", ...key, "-out", at(`${kind}.key`));
    await openssl("req", "-new", "-key", at(`${kind}.key`), "-subj", `/CN=${kind}.test`, "-out", at(`${kind}.csr`));
    writeFileSync(
      at(`${kind}.ext`),
      `subjectAltName=DNS:${kind}.test
basicConstraints=CA:FALSE
keyUsage=digitalSignature
extendedKeyUsage=serverAuth
crlDistributionPoints=URI:http://crl.test/list
`,
    );
    const signing = ["-CA", at("ca.pem"), "-CAkey", at("ca.key"), "-CAcreateserial", "-days", DAYS, "-extfile", at(`${kind}.ext`)];
    await openssl("x509", "-req", "-in", at(`${kind}.csr`), ...signing, "-out", at(`${kind}.pem`));
  }
}

async function openssl(...args: string[]): Promise<void> {
  const { code, err } = await run("openssl", args);
  if (code !== 0) throw new Error(`openssl ${args[0]}: ${err}`);
}
