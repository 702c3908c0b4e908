// Pebble, the authority that its makers wrote to test clients with, as a process of a test's own. It is built from its source by the Go
// tool where that is there (scripts/install-test-tools.sh); tests without it are skipped and say so.

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { accessSync, constants, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { homedir, tmpdir } from "node:os";
import { delimiter, join } from "node:path";

export interface Pebble {
  readonly directory: string;
  /** PEM of who signed the directory's certificate. */
  readonly ca: string;
  /** Where it asks for HTTP-01 and TLS-ALPN-01. */
  readonly httpPort: number;
  readonly tlsPort: number;
  stop(): void;
}

function findPebble(): string | null {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), join(homedir(), "go", "bin"), "/usr/local/bin"];
  for (const folder of folders) {
    try {
      accessSync(join(folder, "pebble"), constants.X_OK);
      return join(folder, "pebble");
    } catch {
      // Not in this folder.
    }
  }
  return null;
}

/** False, or why tests can't have one. */
export function whyNoPebble(): string | false {
  if (findPebble() === null) return "pebble is not installed: scripts/install-test-tools.sh builds it where Go is";
  return spawnSync("openssl", ["version"]).status === 0 ? false : "the openssl command is not here";
}

/** An account that only who has this key may open, when `accounts` asks for one. */
export const EXTERNAL_ACCOUNT = { keyId: "kid-1", hmacKey: "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W" };

export interface PebbleOptions {
  /** Accounts must be bound to EXTERNAL_ACCOUNT. */
  readonly externalAccount?: boolean;
  readonly lifetimeSeconds?: number;
  /** It takes every challenge for met: for names that lead nowhere. */
  readonly looksNowhere?: boolean;
}

export async function startPebble(options: PebbleOptions = {}): Promise<Pebble> {
  const folder = mkdtempSync(join(tmpdir(), "sallyport-pebble-"));
  const [port, management, httpPort, tlsPort] = await Promise.all([freePort(), freePort(), freePort(), freePort()]);
  const [cert, key] = [join(folder, "pebble.pem"), join(folder, "pebble.key")];
  const names = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"];
  const made = [
    "req",
    "-x509",
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:P-256",
    "-noenc",
    "-days",
    "30",
    "-keyout",
    key,
    "-out",
    cert,
  ];
  if (spawnSync("openssl", [...made, ...names]).status !== 0) throw new Error("openssl made no certificate for pebble");
  const config = {
    pebble: {
      listenAddress: `127.0.0.1:${port}`,
      managementListenAddress: `127.0.0.1:${management}`,
      certificate: cert,
      privateKey: key,
      httpPort,
      tlsPort,
      ocspResponderURL: "",
      externalAccountBindingRequired: options.externalAccount === true,
      externalAccountMACKeys: { [EXTERNAL_ACCOUNT.keyId]: EXTERNAL_ACCOUNT.hmacKey },
      retryAfter: { authz: 1, order: 1 },
      profiles: { default: { description: "test", validityPeriod: options.lifetimeSeconds ?? 7_776_000 } },
    },
  };
  const path = join(folder, "config.json");
  writeFileSync(path, JSON.stringify(config));
  // Every fifth nonce is refused, as authorities do: a client that can't go on has no place here.
  const env = {
    ...process.env,
    PEBBLE_VA_NOSLEEP: "1",
    PEBBLE_WFE_NONCEREJECT: "20",
    ...(options.looksNowhere === true && { PEBBLE_VA_ALWAYS_VALID: "1" }),
  };
  const child = spawn(findPebble() ?? "pebble", ["-config", path], { env, stdio: ["ignore", "pipe", "pipe"] });
  await ready(child);
  return {
    directory: `https://127.0.0.1:${port}/dir`,
    ca: readFileSync(cert, "utf8"),
    httpPort,
    tlsPort,
    stop() {
      child.kill("SIGKILL");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function ready(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = "";
    const onText = (chunk: Buffer) => {
      said += chunk.toString("latin1");
      if (said.includes("ACME directory available")) resolve();
    };
    child.stdout?.on("data", onText);
    child.stderr?.on("data", onText);
    child.on("error", reject);
    child.on("exit", () => reject(new Error(`pebble ended: ${said.slice(-500)}`)));
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}
