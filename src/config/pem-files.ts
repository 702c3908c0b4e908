// The files of certificates, keys, authorities and revocation lists that a configuration names, read while it is loaded: whoever serves
// reads no files, and what they hold belongs to the generation. Only whether they are PEM at all is judged here.

import { dirname, resolve } from "node:path";
import { toReason } from "./config-host.ts";
import type { Finding, IssuePath } from "./issue.ts";
import type { PathSet } from "./path-set.ts";
import type { ReferenceReader } from "./references.ts";
import { walkTable } from "./table-walk.ts";

const MAX_BYTES = 1024 * 1024;

const CERTIFICATE = ["cert", "key", "clientAuth.ca", "clientAuth.crl", "clientAuth.crl[]"];
/** As in table-walk.ts. */
const PLACES = [
  ...["listeners[].tls", "admin.tls"].flatMap((tls) => CERTIFICATE.map((key) => `${tls}.certificates[].${key}`)),
  ...["ca", "crl", "crl[]", "cert", "key"].map((key) => `upstreams.*.tls.${key}`),
  "acme.ca",
  "counters.redis.ca",
  "database.postgres.ca",
  "identities.*.jwt.jwks.ca",
  ...["introspection", "session", "external"].map((kind) => `identities.*.${kind}.ca`),
  "identities.*.internal.trust[].jwks.ca",
  "identities.*.hmac.keys.*.publicKey",
  "routes[].authorize.opa.ca",
];

/** Texts by absolute path. */
export type PemTexts = ReadonlyMap<string, string>;

/** A file that many places name is read once. */
export function readPemFiles(
  root: unknown,
  file: string,
  reader: ReferenceReader,
  covered: PathSet,
): { readonly texts: PemTexts; readonly findings: readonly Finding[] } {
  const folder = dirname(resolve(file));
  const texts = new Map<string, string>();
  const reasons = new Map<string, Reason>();
  const findings: Finding[] = [];
  const visit = (path: IssuePath, name: unknown) => {
    if (typeof name !== "string" || name === "" || covered.covers(path)) return;
    if (name.includes("-----BEGIN")) {
      findings.push({
        code: "SP_CONFIG_BAD_VALUE",
        path,
        at: "key",
        message: "a PEM text stands where a file's path belongs",
        hint: BY_PATH,
      });
      return;
    }
    const absolute = resolve(folder, name);
    const found = texts.get(absolute) ?? reasons.get(absolute) ?? readPem(absolute, reader);
    if (typeof found === "string") texts.set(absolute, found);
    else {
      reasons.set(absolute, found);
      const message = `the file \`${name}\` can't be used as \`${toKey(path)}\`: ${found.reason}`;
      findings.push({ code: "SP_CONFIG_REFERENCED_FILE", path, at: "value", message, hint: found.hint });
    }
  };
  for (const place of PLACES) walkTable(root, place, visit);
  return { texts, findings };
}

interface Reason {
  readonly reason: string;
  readonly hint: string;
}

const RELATIVE = "paths are relative to the file that they stand in";
const BY_PATH = "write the path of a file, such as `certs/api.pem`; it is read when the configuration is loaded";
const TO_PEM =
  "PEM is text with a line `-----BEGIN …-----`; `openssl x509 -inform der` and `openssl pkey -inform der` turn the binary form into it";

function readPem(file: string, { host, onFile }: ReferenceReader): string | Reason {
  onFile(file);
  try {
    const bytes = host.readFile(file, MAX_BYTES);
    if (bytes.length > MAX_BYTES) return { reason: "it is larger than 1 MiB", hint: "is it the right file?" };
    // What stands between the blocks is comment, in whatever encoding.
    const text = new TextDecoder().decode(bytes);
    return text.includes("-----BEGIN ") ? text : { reason: "it is not PEM", hint: TO_PEM };
  } catch (error) {
    return { reason: toReason(error), hint: RELATIVE };
  }
}

function toKey(path: IssuePath): string {
  return String(path.findLast((part) => typeof part === "string") ?? "");
}
