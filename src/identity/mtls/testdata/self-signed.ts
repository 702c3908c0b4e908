// For tests: certificates by the openssl command, in a temporary folder that goes at once. No key is kept.

import { spawnSync } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** False where there is openssl, else why a test is skipped. */
export function whyNoOpenssl(): string | false {
  return spawnSync("openssl", ["version"]).status === 0 ? false : "the openssl command is not here";
}

/** DER of one for `/O=Example/CN=x`; `names` as subjectAltName has them. */
export function selfSigned(subject: string, names: string | null = null): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), "sallyport-certificate-"));
  try {
    const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", "own.key"];
    const extensions = names === null ? [] : ["-addext", `subjectAltName=${names}`];
    const args = ["req", "-x509", ...key, "-out", "own.pem", "-days", "30", "-subj", subject, ...extensions];
    const { status, stderr } = spawnSync("openssl", args, { cwd: folder, encoding: "utf8" });
    if (status !== 0) throw new Error(stderr);
    return new X509Certificate(readFileSync(join(folder, "own.pem"))).raw;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
