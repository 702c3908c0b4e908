// Requests as tests write them, to the bytes that go to the gateway. No URL class has a say: `..`, `%2e`, `//` and `\` arrive as written.

import { type BodyInput, frame, toLatin1 } from "./body-bytes.ts";
import { type HeadersInput, toLines } from "./test-headers.ts";
import { type TestPrincipal, toPrincipalLine } from "./test-principals.ts";

export interface RequestOptions {
  /** Host and the length of the body are added where they are not written. */
  readonly headers?: HeadersInput;
  readonly body?: BodyInput;
  readonly json?: unknown;
  /** A chunked body. */
  readonly chunks?: readonly BodyInput[];
  /** Behind a chunked body. */
  readonly trailers?: HeadersInput;
  /** The client's IP address. 203.0.113.10, which nobody trusts, when left out. */
  readonly from?: string;
  /**
   * The address of a proxy in front of the gateway, through which the request comes: the proxy says whose it is and which scheme it came
   * by (X-Forwarded-For, X-Forwarded-Proto). Believed when the listener's trustedProxies have it.
   */
  readonly via?: string;
  /** The listener's name; when left out, the first that speaks the URL's scheme, or else the first. */
  readonly listener?: string;
  /** What the client says as SNI to a listener with TLS; the URL's host when left out, "" for nothing. */
  readonly serverName?: string;
  /** The client's certificate as PEM, for a listener that asks for one. It is taken for verified. */
  readonly certificate?: string;
  /** Who the request is from, on a route with `auth`, without a credential: as if one of its identities had verified one. */
  readonly as?: TestPrincipal;
  /** The form of the request's target (RFC 9112 3.2). `absolute` sends the whole URL, as to a proxy. */
  readonly form?: "origin" | "absolute";
}

export interface WrittenRequest {
  readonly method: string;
  /** The head, with its empty line, as latin1. */
  readonly head: string;
  readonly body: readonly string[];
  /** The body waits until the gateway asks for it, or answers. */
  readonly expectsContinue: boolean;
}

interface RequestLine {
  readonly method: string;
  readonly scheme: string;
  readonly authority: string;
  readonly target: string;
  readonly url: string;
}

const URL_FORM = /^(https?):\/\/([^/?#\\]*)(.*)$/is;

/** `GET http://host/path?query`; without a method it is GET, without scheme and host the host is `localhost`. */
export function parseRequestLine(text: string): RequestLine {
  const space = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+ /.exec(text)?.[0];
  const method = space === undefined ? "GET" : space.slice(0, -1);
  const url = space === undefined ? text : text.slice(space.length);
  const [, scheme = "http", authority = "localhost", rest = url] = URL_FORM.exec(url) ?? [];
  const target = rest === "" ? "/" : rest.startsWith("?") ? `/${rest}` : rest;
  return { method, scheme: scheme.toLowerCase(), authority, target, url };
}

export function writeRequest(text: string, options: RequestOptions): WrittenRequest {
  const { method, scheme, authority, target, url } = parseRequestLine(text);
  const given = toLines(options.headers);
  const lines: (readonly [name: string, value: string])[] = given.some(([name]) => name.toLowerCase() === "host")
    ? given
    : [["Host", authority], ...given];
  if (options.via !== undefined) lines.push(["X-Forwarded-For", options.from ?? DEFAULT_CLIENT], ["X-Forwarded-Proto", scheme]);
  if (options.as !== undefined) lines.push(toPrincipalLine(options.as));
  const payload = { ...options, trailers: options.trailers === undefined ? undefined : toLines(options.trailers) };
  const framed = frame(payload, lines, true);
  const fields = [...lines, ...framed.lines].map(([name, value]) => `${name}: ${value}\r\n`).join("");
  const expectsContinue = lines.some(([name, value]) => name.toLowerCase() === "expect" && value.toLowerCase() === "100-continue");
  return {
    method,
    head: toLatin1(`${method} ${options.form === "absolute" ? url : target} HTTP/1.1\r\n${fields}\r\n`),
    body: framed.pieces,
    expectsContinue,
  };
}

/** Of the block for documentation (RFC 5737): no configuration trusts it. */
export const DEFAULT_CLIENT = "203.0.113.10";
