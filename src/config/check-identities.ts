// What must agree within identities and among them: one source of keys, one place of an API key, secrets by reference that are of use,
// headers that may be mapped. Which of them one route may name together is in check-auth.ts.

import { foldName } from "../http/index.ts";
import type { CheckContext } from "./check-context.ts";
import { parseFieldName } from "./header-text.ts";
import { isCleartext, parseIssuerUrl } from "./identity-values.ts";
import { type Finding, type IssuePath, toPathText } from "./issue.ts";
import { checkPasswordHash } from "./password-hash.ts";
import { checkSignatureKey } from "./signature-key.ts";
import { asMap, checkEntries, checkOne, children, contradiction, get, has, isWell, keysOf, toExact } from "./written.ts";

type Context = Pick<CheckContext, "isReference" | "pemOf">;

/** What the gateway itself writes, or what carries credentials; folded. */
const NEVER_MAPPED = new Set(["authorization", "cookie", "proxy-authorization", "forwarded", "x-real-ip", "x-request-id", "via"]);
const CREDENTIALS = new Set(["authorization", "cookie", "proxy-authorization"]);

export function checkIdentities(root: unknown, context: Context, findings: Finding[]): void {
  const taken = new Map<string, string>();
  for (const [at, identity] of children(root, [], "identities")) {
    const name = String(at.at(-1));
    for (const kind of keysOf(identity)) {
      const path = [...at, kind];
      const written = get(identity, kind);
      if (asMap(written) === undefined) continue;
      checkMapped(written, path, findings);
      for (const key of [
        "audience",
        "algorithms",
        "requiredClaims",
        "types",
        "ids",
        "scopes",
        "hosts",
        "sendHeaders",
        "claimHeaders",
        "components",
      ]) {
        checkEntries(get(written, key), [...path, key], findings, toExact);
      }
      CHECKS[kind]?.(written, path, context, findings);
      if (kind === "session") checkOwnPlaces(written, path, name, taken, findings);
    }
  }
}

type Check = (written: unknown, path: IssuePath, context: Context, findings: Finding[]) => void;

const CHECKS: Readonly<Record<string, Check>> = {
  jwt: (written, path, _context, findings) => {
    checkKeySource(get(written, "jwks"), [...path, "jwks"], [get(written, "issuer"), [...path, "issuer"]], findings);
    checkPlace(get(written, "token"), [...path, "token"], "without `token` it is read from `Authorization: Bearer`", findings);
  },
  internal: (written, path, _context, findings) => {
    const seen = new Set<unknown>();
    for (const [at, trusted] of children(written, path, "trust")) {
      const issuer = get(trusted, "issuer");
      checkKeySource(get(trusted, "jwks"), [...at, "jwks"], [issuer, [...at, "issuer"]], findings);
      if (typeof issuer === "string" && seen.has(issuer)) {
        findings.push(contradiction([...at, "issuer"], "value", `the issuer \`${issuer}\` is trusted twice`, "keep one of the two"));
      }
      seen.add(issuer);
    }
    checkPlace(written, path, "internal tokens have a header of their own: `X-Internal-Token`", findings);
  },
  introspection: (written, path, context, findings) => checkSecret(written, path, "clientSecret", context, findings),
  apiKey: (written, path, _context, findings) => {
    const places = ["header", "query", "cookie"];
    checkOne(written, path, places, "an API key stands in one place", findings);
    checkPlace(written, path, "bearer tokens are for `jwt` and `introspection`: choose a header of its own, such as `X-Api-Key`", findings);
  },
  session: (written, path, context, findings) => {
    checkSecret(written, path, "clientSecret", context, findings);
    const scopes = get(written, "scopes");
    if (!Array.isArray(scopes) || scopes.includes("openid")) return;
    const message = "`scopes` of a login must hold `openid`: without it the issuer does not say who logs in";
    findings.push({ code: "SP_CONFIG_BAD_VALUE", path: [...path, "scopes"], at: "value", message, hint: "add `openid`" });
  },
  basic: (written, path, context, findings) => {
    for (const [at, user] of children(written, path, "users")) {
      if (!checkSecret(user, at, "password", context, findings)) continue;
      judge(checkPasswordHash(String(get(user, "password"))), [...at, "password"], "the hash of the password", findings);
    }
  },
  hmac: (written, path, context, findings) => {
    for (const [at, key] of children(written, path, "keys")) checkSignature(key, at, context, findings);
  },
  external: (written, path, _context, findings) => checkCleartext(get(written, "url"), [...path, "url"], findings),
};

/** What is said of a service that is asked over plain HTTP. */
export function checkCleartext(url: unknown, path: IssuePath, findings: Finding[]): void {
  if (typeof url !== "string" || !isCleartext(url)) return;
  const message = `\`${url}\` is asked without TLS: whoever is in between can read what it is shown and change what it says`;
  findings.push({ code: "SP_CONFIG_CLEARTEXT", path, at: "value", message, hint: "write `https://…`, or let it listen on this machine" });
}

// ── parts ────────────────────────────────────────────────────────────────────────────────────────────────────────────

function checkKeySource(jwks: unknown, path: IssuePath, [issuer, issuerPath]: readonly [unknown, IssuePath], findings: Finding[]): void {
  checkOne(jwks, path, ["url", "discovery", "file"], "keys come from one place", findings);
  if (!has(jwks, "discovery") || typeof issuer !== "string" || isWell(issuer, parseIssuerUrl)) return;
  const message = `\`discovery\` asks the issuer where its keys are, and \`${issuer}\` is no URL that can be asked safely`;
  const hint = "an issuer that is asked is `https://…`; otherwise say where the keys are: `jwks: { url: … }` or `{ file: … }`";
  findings.push({ code: "SP_CONFIG_BAD_VALUE", path: issuerPath, at: "value", message, hint });
}

function checkPlace(holder: unknown, path: IssuePath, hint: string, findings: Finding[]): void {
  const name = get(holder, "header");
  if (typeof name !== "string" || !CREDENTIALS.has(foldName(name))) return;
  const message = `\`${name}\` carries other credentials and can't be the header of this one`;
  findings.push({ code: "SP_CONFIG_HEADER_REFUSED", path: [...path, "header"], at: "value", message, hint });
}

function checkMapped(written: unknown, path: IssuePath, findings: Finding[]): void {
  const seen = new Map<string, string>();
  for (const name of keysOf(get(written, "headers"))) {
    if (!isWell(name, parseFieldName)) continue;
    const at = [...path, "headers", name];
    const folded = foldName(name);
    if (NEVER_MAPPED.has(folded) || folded.startsWith("x-forwarded-")) {
      const message = `no claim can be sent as \`${name}\`: the field means something else to upstreams`;
      findings.push({
        code: "SP_CONFIG_HEADER_REFUSED",
        path: at,
        at: "key",
        message,
        hint: "choose a name of its own, such as `X-User-Email`",
      });
    }
    const first = seen.get(folded);
    if (first !== undefined) {
      const message = `\`${name}\` is mapped twice: services take it for the same name as \`${first}\``;
      findings.push({ code: "SP_CONFIG_DUPLICATE_KEY", path: at, at: "key", message, hint: "keep one of the two" });
    }
    seen.set(folded, name);
  }
}

/** Cookies and pages of sessions are there whatever the route. */
function checkOwnPlaces(written: unknown, path: IssuePath, name: string, taken: Map<string, string>, findings: Finding[]): void {
  const own = [
    ["cookie", get(written, "cookie") ?? `__Host-${name}`],
    ["path", get(written, "path") ?? `/.sallyport/${name}`],
  ] as const;
  for (const [key, value] of own) {
    // What is no text the schema refuses.
    if (typeof value !== "string") continue;
    const place = `${key} ${value}`;
    const other = taken.get(place);
    taken.set(place, name);
    if (other === undefined) continue;
    const message = `the sessions \`${other}\` and \`${name}\` have one ${key}, \`${value}\``;
    findings.push({ code: "SP_CONFIG_IDENTITY", path: [...path, key], at: "value", message, hint: "give one of them another" });
  }
}

// ── secrets ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** Whether there is one that came from elsewhere. */
export function checkSecret(holder: unknown, path: IssuePath, key: string | number, context: Context, findings: Finding[]): boolean {
  const value = typeof key === "number" ? (holder as readonly unknown[])[key] : get(holder, key);
  if (typeof value !== "string" || value === "") return false;
  const at = [...path, key];
  if (context.isReference === undefined || context.isReference(at)) return true;
  const message = `the secret \`${toPathText(at)}\` stands in the configuration itself, where everybody reads it who may read the file`;
  const hint = 'give it by reference: `"${env:NAME}"`, or `"${file:PATH}"`';
  findings.push({ code: "SP_CONFIG_LITERAL_SECRET", path: at, at: "key", message, hint });
  return false;
}

/** `wrong` says what is wrong without any part of the secret. */
function judge(wrong: string | null, path: IssuePath, what: string, findings: Finding[]): void {
  if (wrong === null) return;
  const hint = "the guides of identities show how to make one";
  findings.push({ code: "SP_CONFIG_CREDENTIAL", path, at: "key", message: `${what} is no use: ${wrong}`, hint });
}

function checkSignature(key: unknown, path: IssuePath, context: Context, findings: Finding[]): void {
  const algorithm = get(key, "algorithm");
  if (algorithm !== "hmac-sha256" && algorithm !== "ed25519" && algorithm !== "ecdsa-p256-sha256" && algorithm !== "rsa-pss-sha512") return;
  const [needed, other] = algorithm === "hmac-sha256" ? ["secret", "publicKey"] : ["publicKey", "secret"];
  if (has(key, other)) {
    const message = `\`${algorithm}\` is checked with \`${needed}\`, and \`${other}\` stands here`;
    findings.push(contradiction([...path, other], "key", message, `write \`${needed}\`, or choose another algorithm`));
  } else if (!has(key, needed)) {
    const message = `\`${algorithm}\` is checked with \`${needed}\`, which is missing`;
    const hint = needed === "secret" ? 'write `secret: "${env:NAME}"`' : "write `publicKey: PATH`, a PEM file";
    findings.push({ code: "SP_CONFIG_MISSING_KEY", path: [...path, needed], at: "value", message, hint });
  } else {
    const written = get(key, needed);
    const isSecret = needed === "secret" && checkSecret(key, path, needed, context, findings);
    const text = isSecret ? written : needed === "secret" ? undefined : context.pemOf?.(String(written));
    if (typeof text === "string") judge(checkSignatureKey(algorithm, text), [...path, needed], `the key of \`${algorithm}\``, findings);
  }
}
