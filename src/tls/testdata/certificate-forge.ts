// For tests: certificates and revocation lists of any shape, made by the openssl command in a temporary folder that goes with the
// process. An independent writer of what this room reads; no key is kept in the repository.

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Secret } from "../../base/index.ts";

export interface Forged {
  readonly cert: string;
  readonly key: string;
}

export interface Order {
  /** `/CN=x/O=y`. */
  readonly subject?: string;
  /** Lines of the extensions' section: `subjectAltName=DNS:a.example`; further sections may follow. */
  readonly extensions?: string;
  /** Absent: by itself. */
  readonly issuer?: Forged;
  readonly days?: number;
  /** What stands behind -newkey; default an EC key on P-256. */
  readonly keyArgs?: readonly string[];
  readonly extraArgs?: readonly string[];
}

export const AUTHORITY = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n";

let folder: string | null = null;
let reason: string | false | null = null;
let count = 0;

/** False when there is openssl, else why a test is skipped. */
export function whyNoForge(): string | false {
  reason ??= spawnSync("openssl", ["version"]).status === 0 ? false : "the openssl command is not here";
  return reason;
}

/** Runs openssl in the folder; returns what it printed. */
export function openssl(args: readonly string[], input?: string): string {
  const run = spawnSync("openssl", args, {
    cwd: inFolder("."),
    encoding: "utf8",
    maxBuffer: 1 << 26,
    ...(input === undefined ? {} : { input }),
  });
  if (run.status !== 0) throw new Error(`openssl ${args.join(" ")}: ${run.stderr}`);
  return run.stdout;
}

function inFolder(name: string): string {
  if (folder === null) {
    const made = mkdtempSync(join(tmpdir(), "sallyport-forge-"));
    process.on("exit", () => rmSync(made, { recursive: true, force: true }));
    folder = made;
  }
  return join(folder, name);
}

function write(text: string): string {
  const name = `${++count}.txt`;
  writeFileSync(inFolder(name), text);
  return name;
}

export function forge({ subject = "/CN=forged", extensions = "", issuer, days = 365, keyArgs, extraArgs = [] }: Order = {}): Forged {
  const config = write(`[req]\ndistinguished_name=dn\nx509_extensions=ext\nutf8=yes\nstring_mask=utf8only\n[dn]\n[ext]\n${extensions}`);
  const key = `${++count}.key`;
  const signer = issuer === undefined ? [] : ["-CA", write(issuer.cert), "-CAkey", write(issuer.key)];
  const newKey = keyArgs ?? ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
  const args = ["req", "-x509", "-config", config, "-utf8", "-subj", subject, "-days", `${days}`, "-newkey", ...newKey, "-noenc"];
  const cert = openssl([...args, "-keyout", key, ...signer, ...extraArgs]);
  return { cert: cert.slice(cert.indexOf("-----BEGIN")), key: readFileSync(inFolder(key), "utf8") };
}

/** A list by this authority; serials in hexadecimal. */
export function forgeList(authority: Forged, serials: readonly string[], extensions = "", extraArgs: readonly string[] = []): string {
  const even = serials.map((serial) => (serial.length % 2 === 0 ? serial : `0${serial}`).toUpperCase());
  const index = write(even.map((serial) => `R\t491231000000Z\t260101000000Z\t${serial}\tunknown\t/CN=x\n`).join(""));
  const config = write(`[ca]\ndefault_ca=d\n[d]\ndatabase=${index}\ndefault_md=sha256\ndefault_crl_days=30\n[ext]\n${extensions}`);
  const withExtensions = extensions === "" ? [] : ["-crlexts", "ext"];
  return openssl([
    "ca",
    "-gencrl",
    "-config",
    config,
    "-cert",
    write(authority.cert),
    "-keyfile",
    write(authority.key),
    ...withExtensions,
    ...extraArgs,
  ]);
}

/** As a configuration holds it. */
export function toPair({ cert, key }: Forged): { cert: string; certFile: string; key: Secret; keyFile: string } {
  return { cert, certFile: "certs/a.pem", key: new Secret(key), keyFile: "certs/a.key" };
}

export function toDer(pem: string): Uint8Array {
  return Buffer.from(pem.replaceAll(/-----[^-]+-----|\s/g, ""), "base64");
}
