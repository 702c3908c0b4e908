// What must agree about TLS, and what guards the admin address: files or an authority for each certificate, schemes of endpoints, a
// token where other machines can connect. Not what stands in the certificates.

import { isLocalAddress, parseEndpointUrl, parseListenAddress } from "./addresses.ts";
import type { Finding, IssuePath } from "./issue.ts";
import { asMap, checkEntries, children, contradiction, get, has, type Place, parsed } from "./written.ts";

const LEAST_TOKEN = 16;

/** Of the gateway's own file. */
export function checkListening(root: unknown, findings: Finding[]): void {
  const sections: readonly Place[] = [[["admin"], get(root, "admin")], ...children(root, [], "listeners")];
  for (const [path, section] of sections) {
    for (const [at, certificate] of children(get(section, "tls"), [...path, "tls"], "certificates")) {
      checkCertificate(certificate, at, has(root, "acme"), findings);
    }
    checkEntries(get(section, "proxyProtocol", "from"), [...path, "proxyProtocol", "from"], findings);
  }
  if (has(root, "acme") && !has(get(root, "gateway"), "stateDir")) {
    const message = "certificates that an authority issues are kept in `gateway.stateDir`, and there is none";
    findings.push({ code: "SP_CONFIG_ACME", path: ["acme"], at: "key", message, hint: "add `gateway: { stateDir: ./state }`" });
  }
  checkAdmin(get(root, "admin"), findings);
}

function checkCertificate(certificate: unknown, path: IssuePath, hasAuthority: boolean, findings: Finding[]): void {
  if (asMap(certificate) === undefined) return;
  const isFromFiles = has(certificate, "cert") || has(certificate, "key");
  const isIssued = has(certificate, "acme");
  if (isIssued && isFromFiles) {
    const message = "a certificate comes from files or from an authority: `acme` can't stand beside `cert` and `key`";
    findings.push(contradiction([...path, "acme"], "key", message, "remove `acme`, or remove `cert` and `key`"));
  } else if (isFromFiles) checkPair(certificate, path, findings);
  else if (!isIssued) {
    const message = "a certificate needs its files, or names that an authority is asked for";
    const hint = "write `{ cert: certs/api.pem, key: certs/api.key }` or `{ acme: { names: [www.example.com] } }`";
    findings.push({ code: "SP_CONFIG_MISSING_KEY", path, at: "value", message, hint });
  }
  if (isIssued && !hasAuthority) {
    const message = "`acme` asks for a certificate, and no authority is named that could issue it";
    const hint = "add `acme: { directory: https://… }` at the top";
    findings.push({ code: "SP_CONFIG_ACME", path: [...path, "acme"], at: "key", message, hint });
  }
  checkEntries(get(certificate, "acme", "names"), [...path, "acme", "names"], findings);
}

/** A certificate is of no use without its key, nor the other way round. */
function checkPair(holder: unknown, path: IssuePath, findings: Finding[]): void {
  const [isCert, isKey] = [has(holder, "cert"), has(holder, "key")];
  if (isCert === isKey) return;
  const [there, missing] = isCert ? ["cert", "key"] : ["key", "cert"];
  const message = `\`${there}\` stands without \`${missing}\``;
  findings.push({
    code: "SP_CONFIG_MISSING_KEY",
    path: [...path, there],
    at: "key",
    message,
    hint: `add \`${missing}\`, the path of its PEM file`,
  });
}

/** Of one upstream, the gateway's or a team's. */
export function checkUpstreamTls(upstream: unknown, path: IssuePath, findings: Finding[]): void {
  const urls = children(upstream, path, "endpoints").flatMap(([at, endpoint]) => {
    const isText = typeof endpoint === "string";
    const url = isText ? endpoint : get(endpoint, "url");
    const scheme = parsed(url, parseEndpointUrl)?.scheme;
    return scheme === undefined ? [] : [{ url: String(url), at: isText ? at : [...at, "url"], isTls: scheme === "https" }];
  });
  const [first] = urls;
  const other = urls.find(({ isTls }) => isTls !== first?.isTls);
  if (first !== undefined && other !== undefined) {
    const message = `\`${first.url}\` is ${toWord(first.isTls)} and \`${other.url}\` is ${toWord(other.isTls)}: an upstream is either, not both`;
    findings.push(contradiction(other.at, "value", message, "write all endpoints with the same scheme, or make two upstreams of them"));
  }
  if (!has(upstream, "tls")) return;
  const tls = [...path, "tls"];
  if (urls.length > 0 && urls.every(({ isTls }) => !isTls)) {
    const message = "`tls` says how endpoints are verified, and none of them is `https://`: what is sent to them is cleartext";
    findings.push(contradiction(tls, "key", message, "write the endpoints as `https://…`, or remove `tls`"));
  }
  checkPair(get(upstream, "tls"), tls, findings);
  const lists = get(upstream, "tls", "crl");
  checkEntries(lists, [...tls, "crl"], findings, (entry) => entry);
}

function toWord(isTls: boolean): string {
  return isTls ? "TLS" : "cleartext";
}

function checkAdmin(admin: unknown, findings: Finding[]): void {
  checkEntries(get(admin, "hosts"), ["admin", "hosts"], findings);
  const token = get(admin, "token");
  if (typeof token === "string" && token.length < LEAST_TOKEN) {
    // Neither the token nor its length is told.
    const message = `the token of the admin address has fewer than ${LEAST_TOKEN} characters: it can be guessed`;
    const hint = "`openssl rand -hex 32` makes one";
    findings.push({ code: "SP_CONFIG_WEAK_TOKEN", path: ["admin", "token"], at: "key", message, hint });
  }
  const address = parsed(get(admin, "address"), parseListenAddress);
  if (address === undefined || isLocalAddress(address) || token !== undefined || asksForCertificates(admin)) return;
  const message = "other machines can connect to the admin address, and nothing asks who they are";
  const hint =
    'listen on `127.0.0.1` or `unix:…`, or add `token: "${env:ADMIN_TOKEN}"`, or `tls` with `clientAuth: { …, mode: required }` for each certificate';
  findings.push({ code: "SP_CONFIG_ADMIN_OPEN", path: ["admin", "address"], at: "value", message, hint });
}

/** Of each one: which certificate a client is shown, the client decides. */
function asksForCertificates(admin: unknown): boolean {
  const certificates = children(get(admin, "tls"), [], "certificates");
  return certificates.length > 0 && certificates.every(([, certificate]) => get(certificate, "clientAuth", "mode") === "required");
}
