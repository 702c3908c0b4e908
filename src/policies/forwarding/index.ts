// What an intermediary says of itself and of whom it speaks for: Via, X-Forwarded-*, Forwarded (RFC 7239), X-Request-Id. @hot
// The word of a trusted proxy is kept and continued; of anybody else it is removed, in every spelling.

import { type CidrSet, canonicalIp } from "../../base/index.ts";
import { FIELD, FieldBlock, type Fields, FoldedNames, fieldName } from "../../http/index.ts";
import { CONTINUE, type Exchange, httpDate, type Policy } from "../../pipeline/index.ts";

const CLAIMED = [
  FIELD.FORWARDED,
  FIELD.X_FORWARDED_FOR,
  FIELD.X_FORWARDED_HOST,
  FIELD.X_FORWARDED_PORT,
  FIELD.X_FORWARDED_PROTO,
  FIELD.X_REAL_IP,
];

/** Removed from requests before our own are set; X-Request-Id with them. */
export const FORWARDING_NAMES = new FoldedNames([...CLAIMED, FIELD.X_REQUEST_ID]);

/**
 * What services believe of a proxy although no standard says so: where the client is, who it is (X-Forwarded-User,
 * X-Forwarded-Client-Cert), under which path or scheme it asked, and, with `Proxy`, where CGI programs send their own requests
 * (httpoxy). A trusted proxy may say it, a client may not.
 */
export const UNTRUSTED_NAMES = new FoldedNames(
  [...FORWARDING_NAMES.names, ...["Proxy", "True-Client-IP", "X-Client-IP", "X-Original-URL", "X-Rewrite-URL"].map(fieldName)],
  "x-forwarded-",
);

/** RFC 9110 7.6.3: the version in which the message was received. HTTP/1.0 counts as 1.1, since its connection is spoken for once. */
const VIA = "1.1 sallyport";
const VIA_HTTP2 = "2.0 sallyport";
const VIA_BLOCK = new FieldBlock([FIELD.VIA.text, VIA]);
const VIA_HTTP2_BLOCK = new FieldBlock([FIELD.VIA.text, VIA_HTTP2]);
const MAX_REQUEST_ID_LENGTH = 128;
/** More hops than this in X-Forwarded-For are not walked: the list is somebody's joke. */
const MAX_HOPS = 32;

/** Sets what the upstream is told, and the exchange's clientAddress, clientScheme and requestId. */
export function forwardRequest(trusted: CidrSet): Policy {
  return {
    name: "forwarding",
    phase: "sanitise",
    request(exchange) {
      const { address } = exchange.client.facts;
      exchange.requestId = "";
      if (address !== "" && !trusted.isEmpty && trusted.has(address)) continueChain(exchange, trusted);
      else startChain(exchange);
      return CONTINUE;
    },
  };
}

/** The client speaks for itself: what it says of others is removed. */
function startChain(exchange: Exchange): void {
  const { facts } = exchange.client;
  const { authority, fields, scheme, version } = exchange.head;
  let forwarding = facts.forwarding;
  if (forwarding === null || forwarding.authority !== authority) {
    const forwarded = toForwarded(facts.address, authority, scheme);
    forwarding = { authority, block: toBlock(facts.address || "unknown", scheme, authority, null, forwarded, version) };
    facts.forwarding = forwarding;
  }
  exchange.requestId = exchange.runtime.nextRequestId();
  fields.removeFolded(UNTRUSTED_NAMES);
  fields.addBlock(forwarding.block);
  fields.add(FIELD.X_REQUEST_ID, exchange.requestId);
}

/** A trusted proxy speaks for the client: its word is kept, and continued by what we see ourselves. */
function continueChain(exchange: Exchange, trusted: CidrSet): void {
  const { address } = exchange.client.facts;
  const { authority, fields, scheme, version } = exchange.head;
  let chain = address;
  const chainBefore = fields.getCombined(FIELD.X_FORWARDED_FOR);
  if (chainBefore !== null) {
    chain = `${chainBefore}, ${address}`;
    exchange.clientAddress = selectClient(chainBefore, address, trusted);
  }
  let forwarded = toForwarded(address, authority, scheme);
  const forwardedBefore = fields.getCombined(FIELD.FORWARDED);
  if (forwardedBefore !== null) forwarded = `${forwardedBefore}, ${forwarded}`;
  const proto = fields.get(FIELD.X_FORWARDED_PROTO);
  if (proto === "http" || proto === "https") exchange.clientScheme = proto;
  const host = fields.get(FIELD.X_FORWARDED_HOST) ?? authority;
  const port = fields.get(FIELD.X_FORWARDED_PORT);
  exchange.requestId = checkRequestId(fields);
  if (exchange.requestId === "") exchange.requestId = exchange.runtime.nextRequestId();
  fields.removeFolded(FORWARDING_NAMES);
  fields.addBlock(toBlock(chain, exchange.clientScheme, host, port, forwarded, version));
  fields.add(FIELD.X_REQUEST_ID, exchange.requestId);
}

function toBlock(chain: string, proto: string, host: string, port: string | null, forwarded: string, version: number): FieldBlock {
  const pairs = [
    FIELD.X_FORWARDED_FOR.text,
    chain,
    FIELD.X_FORWARDED_PROTO.text,
    proto,
    FIELD.FORWARDED.text,
    forwarded,
    FIELD.VIA.text,
    version === 20 ? VIA_HTTP2 : VIA,
  ];
  if (host !== "") pairs.push(FIELD.X_FORWARDED_HOST.text, host);
  if (port !== null) pairs.push(FIELD.X_FORWARDED_PORT.text, port);
  return new FieldBlock(pairs);
}

/** RFC 7239 4: one element, of what we see ourselves. */
function toForwarded(address: string, authority: string, scheme: string): string {
  return `for=${quoteNode(address)};host=${quote(authority)};proto=${scheme}`;
}

/** Via, X-Request-Id and, where it is missing, Date (RFC 9110 6.6.1) on every answer, the gateway's own included. */
export function forwardResponse(): Policy {
  return {
    name: "forwarding",
    phase: "sanitise",
    response(exchange) {
      const { fields, version } = exchange.response!;
      const hasDate = fields.get(FIELD.DATE) !== null;
      fields.remove(FIELD.X_REQUEST_ID);
      if (exchange.winner !== null) fields.addBlock(version === 20 ? VIA_HTTP2_BLOCK : VIA_BLOCK);
      fields.add(FIELD.X_REQUEST_ID, requestIdOf(exchange));
      if (!hasDate) fields.add(FIELD.DATE, httpDate(exchange.runtime.clock.wall()));
      return CONTINUE;
    },
  };
}

function requestIdOf(exchange: Exchange): string {
  if (exchange.requestId === "") exchange.requestId = exchange.runtime.nextRequestId();
  return exchange.requestId;
}

/** The rightmost address that is not a trusted proxy's; a list that can't be read is believed only as far as it can. */
function selectClient(chain: string, nearest: string, trusted: CidrSet): string {
  let client = nearest;
  let end = chain.length;
  for (let hops = 0; hops < MAX_HOPS && end >= 0; hops++) {
    const comma = end === 0 ? -1 : chain.lastIndexOf(",", end - 1);
    const address = canonicalIp(chain.slice(comma + 1, end).trim());
    if (address === null) return client;
    client = address;
    if (!trusted.has(address)) return client;
    end = comma;
  }
  return client;
}

function checkRequestId(fields: Fields): string {
  const id = fields.get(FIELD.X_REQUEST_ID);
  if (id === null || id.length === 0 || id.length > MAX_REQUEST_ID_LENGTH) return "";
  for (let i = 0; i < id.length; i++) {
    const c = id.charCodeAt(i);
    const isLetter = (c | 0x20) >= 0x61 && (c | 0x20) <= 0x7a;
    if (!isLetter && !(c >= 0x30 && c <= 0x39) && c !== 0x2d && c !== 0x2e && c !== 0x5f) return "";
  }
  return id;
}

/** RFC 7239 6: an IPv6 address is bracketed and quoted; no address is `unknown`. */
function quoteNode(address: string): string {
  if (address === "") return "unknown";
  return address.indexOf(":") >= 0 ? `"[${address}]"` : address;
}

/** Host has been checked: it holds nothing that a quoted-string must escape. */
function quote(host: string): string {
  return host.indexOf(":") >= 0 || host === "" ? `"${host}"` : host;
}
