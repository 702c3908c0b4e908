// For tests: certificates of every kind that a handshake may meet, made with the openssl command once a process, in a temporary
// folder that goes with the process. No test keys are kept in the repository. Not a certificate authority for anything else.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A certificate with its key, as text and as files. `cert` may carry a chain behind the leaf. */
export interface IssuedPair {
  readonly cert: string;
  readonly key: string;
  readonly certPath: string;
  readonly keyPath: string;
}

export interface Certificates {
  readonly folder: string;
  /** Authorities. `root` issues everything unless said otherwise; `other` is believed by nobody who only believes `root`. */
  readonly root: IssuedPair;
  readonly other: IssuedPair;
  /** Issued by `root`; `cert` is the intermediate alone. */
  readonly intermediate: IssuedPair;
  /** Another authority with the subject of `root` and another key. */
  readonly impostor: IssuedPair;
  readonly servers: {
    /** DNS:a.example */
    readonly a: IssuedPair;
    /** DNS:a.example again, another key: what a reload brings. */
    readonly aRenewed: IssuedPair;
    /** DNS:b.example */
    readonly b: IssuedPair;
    /** DNS:*.wild.example */
    readonly wildcard: IssuedPair;
    /** DNS:default.example */
    readonly fallback: IssuedPair;
    /** IP:127.0.0.1, IP:::1 */
    readonly ip: IssuedPair;
    /** DNS:127.0.0.1: an address in the shape of a name. */
    readonly ipAsName: IssuedPair;
    /** CN=cn.example, no subjectAltName. */
    readonly commonNameOnly: IssuedPair;
    /** CN=a.example, DNS:elsewhere.example. */
    readonly commonNameBeside: IssuedPair;
    /** a.example, over since 2021. */
    readonly expired: IssuedPair;
    /** a.example, from 2090 on. */
    readonly notYetValid: IssuedPair;
    /** a.example, for clients only. */
    readonly clientUsage: IssuedPair;
    /** a.example, issued by `other`. */
    readonly wrongCa: IssuedPair;
    readonly selfSigned: IssuedPair;
    /** a.example, on `crls.root`. */
    readonly revoked: IssuedPair;
    /** a.example, issued by `intermediate`, with it in the chain. */
    readonly chained: IssuedPair;
    /** The same without the chain. */
    readonly chainless: IssuedPair;
    /** a.example with an RSA key. */
    readonly rsa: IssuedPair;
    /** a.example, issued by the good client certificate, with that in its chain: no authority. */
    readonly underLeaf: IssuedPair;
    /** a.example with an RSA key of 1024 bits. */
    readonly weakKey: IssuedPair;
    /** a.example, signed with SHA-1. */
    readonly weakSignature: IssuedPair;
  };
  readonly clients: {
    readonly good: IssuedPair;
    /** Issued by `other`. */
    readonly wrongCa: IssuedPair;
    readonly impostor: IssuedPair;
    readonly expired: IssuedPair;
    readonly notYetValid: IssuedPair;
    /** On `crls.root`. */
    readonly revoked: IssuedPair;
    readonly selfSigned: IssuedPair;
    /** For servers only. */
    readonly serverUsage: IssuedPair;
    /** Issued by `intermediate`, with it in the chain. */
    readonly chained: IssuedPair;
    /** Issued by the good client certificate, with that in its chain: no authority. */
    readonly underLeaf: IssuedPair;
    /** With an RSA key of 1024 bits. */
    readonly weakKey: IssuedPair;
    /** Signed with SHA-1. */
    readonly weakSignature: IssuedPair;
  };
  /** PEM. `root` lists the revoked ones; `rootEmpty` lists none; `rootStale` lists none and was to be renewed in 2021. */
  readonly crls: {
    readonly root: string;
    readonly rootEmpty: string;
    readonly rootStale: string;
    readonly other: string;
    /** In the name of `root`, signed by `impostor`. */
    readonly forged: string;
  };
}

const CONFIG = `
[req]
distinguished_name = dn
prompt = no
[dn]
[ca]
default_ca = any
[any]
default_md = sha256
policy = policy
unique_subject = no
rand_serial = yes
email_in_dn = no
[policy]
commonName = supplied
`;

const START = "20200101000000Z";
const END = "20491231235959Z";
const LEAF = "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature,keyEncipherment\n";
const AUTHORITY = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n";
const SERVER = `${LEAF}extendedKeyUsage=serverAuth\n`;
const CLIENT = `${LEAF}extendedKeyUsage=clientAuth\n`;

let made: Certificates | null = null;
let reason: string | false | null = null;

/** False when the certificates can be made here, else why not: the `skip` of a test. */
export function whyNoCertificates(): string | false {
  reason ??= spawnSync("openssl", ["version"]).status === 0 ? false : "the openssl command is not here";
  return reason;
}

/** The certificates of this process; made at the first call (about a second), which blocks. */
export function certificates(): Certificates {
  made ??= makeCertificates();
  return made;
}

/** Runs openssl and returns what it printed. Throws with its complaint when it fails. */
export function openssl(args: readonly string[], folder: string): string {
  const run = spawnSync("openssl", args, { cwd: folder, encoding: "utf8" });
  if (run.status !== 0) throw new Error(`openssl ${args.join(" ")}: ${run.stderr}`);
  return run.stdout;
}

interface Order {
  readonly name: string;
  readonly subject?: string;
  readonly extensions: string;
  /** Absent: by itself. */
  readonly issuer?: IssuedPair;
  readonly start?: string;
  readonly end?: string;
  readonly keyType?: "ec" | "rsa" | "rsa1024";
  /** SHA-256 when left out. */
  readonly digest?: "sha1";
  /** Put behind the leaf. */
  readonly chain?: string;
}

function makeCertificates(): Certificates {
  const folder = mkdtempSync(join(tmpdir(), "sallyport-certificates-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(join(folder, "openssl.cnf"), CONFIG);
  const issue = (order: Order): IssuedPair => issuePair(folder, order);
  const root = issue({ name: "root", extensions: AUTHORITY });
  const other = issue({ name: "other", extensions: AUTHORITY });
  const impostor = issue({ name: "impostor", subject: "root", extensions: AUTHORITY });
  const intermediate = issue({ name: "intermediate", extensions: AUTHORITY, issuer: root });
  const server = (name: string, names: string, more: Partial<Order> = {}): IssuedPair =>
    issue({ name, subject: "server", extensions: `${SERVER}subjectAltName=${names}\n`, issuer: root, ...more });
  const client = (name: string, more: Partial<Order> = {}): IssuedPair =>
    issue({ name: `client-${name}`, extensions: `${CLIENT}subjectAltName=URI:spiffe://example/${name}\n`, issuer: root, ...more });
  const chainless = server("chainless", "DNS:a.example", { issuer: intermediate });
  const good = client("good");
  const revokedServer = server("revoked", "DNS:a.example");
  const revokedClient = client("revoked");
  return {
    folder,
    root,
    other,
    intermediate,
    impostor,
    servers: {
      a: server("a", "DNS:a.example"),
      aRenewed: server("a-renewed", "DNS:a.example"),
      b: server("b", "DNS:b.example"),
      wildcard: server("wildcard", "DNS:*.wild.example"),
      fallback: server("fallback", "DNS:default.example"),
      ip: server("ip", "IP:127.0.0.1,IP:::1"),
      ipAsName: server("ip-as-name", "DNS:127.0.0.1"),
      commonNameOnly: server("cn-only", "", { subject: "cn.example", extensions: SERVER }),
      commonNameBeside: server("cn-beside", "DNS:elsewhere.example", { subject: "a.example" }),
      expired: server("expired", "DNS:a.example", { end: "20210101000000Z" }),
      notYetValid: server("not-yet-valid", "DNS:a.example", { start: "20900101000000Z", end: "20991231235959Z" }),
      clientUsage: server("client-usage", "", { extensions: `${CLIENT}subjectAltName=DNS:a.example\n` }),
      wrongCa: server("wrong-ca", "DNS:a.example", { issuer: other }),
      selfSigned: issue({ name: "self-signed", extensions: `${SERVER}subjectAltName=DNS:a.example\n` }),
      revoked: revokedServer,
      chained: withChain(folder, "chained", chainless, intermediate),
      chainless,
      rsa: server("rsa", "DNS:a.example", { keyType: "rsa" }),
      underLeaf: server("under-leaf", "DNS:a.example", { issuer: good, chain: good.cert }),
      weakKey: server("weak-key", "DNS:a.example", { keyType: "rsa1024" }),
      weakSignature: server("weak-signature", "DNS:a.example", { digest: "sha1" }),
    },
    clients: {
      good,
      wrongCa: client("wrong-ca", { issuer: other }),
      impostor: client("impostor", { issuer: impostor }),
      expired: client("expired", { end: "20210101000000Z" }),
      notYetValid: client("not-yet-valid", { start: "20900101000000Z", end: "20991231235959Z" }),
      revoked: revokedClient,
      selfSigned: issue({ name: "client-self-signed", extensions: CLIENT }),
      serverUsage: client("server-usage", { extensions: SERVER }),
      chained: client("chained", { issuer: intermediate, chain: intermediate.cert }),
      underLeaf: client("under-leaf", { issuer: good, chain: good.cert }),
      weakKey: client("weak-key", { keyType: "rsa1024" }),
      weakSignature: client("weak-signature", { digest: "sha1" }),
    },
    crls: {
      root: issueList(folder, "crl-root", root, [revokedServer, revokedClient]),
      rootEmpty: issueList(folder, "crl-root-empty", root, []),
      rootStale: issueList(folder, "crl-root-stale", root, [], ["-crl_lastupdate", START, "-crl_nextupdate", "20210101000000Z"]),
      other: issueList(folder, "crl-other", other, []),
      forged: issueList(folder, "crl-forged", impostor, []),
    },
  };
}

const KEY_ARGS = {
  ec: ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"],
  rsa: ["-newkey", "rsa:2048"],
  rsa1024: ["-newkey", "rsa:1024"],
};

function issuePair(folder: string, order: Order): IssuedPair {
  const { name } = order;
  const certPath = join(folder, `${name}.pem`);
  const keyPath = join(folder, `${name}.key`);
  const keyArgs = KEY_ARGS[order.keyType ?? "ec"];
  const request = ["req", "-new", ...keyArgs, "-nodes", "-keyout", keyPath, "-out", `${name}.csr`];
  openssl([...request, "-config", "openssl.cnf", "-subj", `/CN=${order.subject ?? name}`], folder);
  writeFileSync(join(folder, `${name}.ext`), order.extensions);
  const database = openDatabase(folder, name);
  const signer =
    order.issuer === undefined ? ["-selfsign", "-keyfile", keyPath] : ["-cert", order.issuer.certPath, "-keyfile", order.issuer.keyPath];
  const dates = ["-startdate", order.start ?? START, "-enddate", order.end ?? END, "-md", order.digest ?? "sha256"];
  openssl([...database, "-in", `${name}.csr`, "-out", certPath, ...signer, ...dates, "-extfile", `${name}.ext`, "-notext"], folder);
  if (order.chain !== undefined) writeFileSync(certPath, readFileSync(certPath, "utf8") + order.chain);
  return { cert: readFileSync(certPath, "utf8"), key: readFileSync(keyPath, "utf8"), certPath, keyPath };
}

/** A list of its own with these on it: the database is written by hand, so that lists do not depend on each other. */
function issueList(
  folder: string,
  name: string,
  issuer: IssuedPair,
  revoked: readonly IssuedPair[],
  dates: readonly string[] = [],
): string {
  const database = openDatabase(folder, name);
  const signer = ["-cert", issuer.certPath, "-keyfile", issuer.keyPath];
  for (const pair of revoked) openssl([...database, ...signer, "-revoke", pair.certPath], folder);
  const path = join(folder, `${name}.pem`);
  openssl([...database, ...signer, "-gencrl", "-out", path, ...(dates.length === 0 ? ["-crldays", "3650"] : dates)], folder);
  return readFileSync(path, "utf8");
}

/** What every `openssl ca` begins with: its own database, so that nothing is remembered from one call to the next. */
function openDatabase(folder: string, name: string): string[] {
  mkdirSync(join(folder, `${name}.db`), { recursive: true });
  const config = `${CONFIG.replace("default_md", `database = ${name}.db/index\nnew_certs_dir = ${name}.db\ndefault_md`)}`;
  writeFileSync(join(folder, `${name}.db`, "index"), "");
  writeFileSync(join(folder, `${name}.cnf`), config);
  return ["ca", "-batch", "-config", `${name}.cnf`];
}

function withChain(folder: string, name: string, leaf: IssuedPair, authority: IssuedPair): IssuedPair {
  const certPath = join(folder, `${name}.pem`);
  const cert = leaf.cert + authority.cert;
  writeFileSync(certPath, cert);
  return { cert, key: leaf.key, certPath, keyPath: leaf.keyPath };
}
