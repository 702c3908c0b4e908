// The authority and the certificate of the jobs with TLS, made by openssl at the start of a run and the same for all contestants: P-256,
// because that is what certificates are issued with today and its signature is a server's dearest step of a handshake.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface TlsFiles {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  /** Certificate and key in one file, as HAProxy wants them. */
  readonly bundle: string;
}

/** The name in the certificate; jobs with TLS ask for it and contestants ask the upstream for it. */
export const TLS_NAME = "localhost";

export function makeTlsFiles(openssl: string, folder: string): TlsFiles {
  const at = (name: string): string => join(folder, name);
  const run = (...args: string[]): void => {
    execFileSync(openssl, args, { stdio: ["ignore", "ignore", "pipe"] });
  };
  const newKey = (name: string): void => run("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", at(name));
  writeFileSync(at("leaf.ext"), `subjectAltName=DNS:${TLS_NAME},IP:127.0.0.1\nbasicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n`);
  newKey("ca.key");
  run("req", "-x509", "-new", "-key", at("ca.key"), "-subj", "/CN=Bench CA", "-days", "30", "-out", at("ca.pem"));
  newKey("leaf.key");
  run("req", "-new", "-key", at("leaf.key"), "-subj", `/CN=${TLS_NAME}`, "-out", at("leaf.csr"));
  const sign = ["-CA", at("ca.pem"), "-CAkey", at("ca.key"), "-CAcreateserial", "-days", "30", "-extfile", at("leaf.ext")];
  run("x509", "-req", "-in", at("leaf.csr"), ...sign, "-out", at("leaf.pem"));
  writeFileSync(at("leaf.bundle"), readFileSync(at("leaf.pem"), "utf8") + readFileSync(at("leaf.key"), "utf8"), { mode: 0o600 });
  return { ca: at("ca.pem"), cert: at("leaf.pem"), key: at("leaf.key"), bundle: at("leaf.bundle") };
}
