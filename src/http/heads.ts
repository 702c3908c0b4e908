// The heads of a request and of a response as every protocol sees them. @hot
// What only one protocol knows (Connection, chunked, pseudo-fields) has been taken out before one of these exists.

import type { Fields } from "./fields.ts";

/** bodyLength of a message whose length is not told beforehand. */
export const UNKNOWN_LENGTH = -1;

/** One request as the client sent it. `path` and `query` are set by normalisation, before anything looks at them. */
export class RequestHead {
  readonly method: string;
  /** The request target as it came. */
  readonly target: string;
  readonly scheme: "http" | "https";
  /** 10, 11 or 20. */
  readonly version: number;
  readonly fields: Fields;
  /** Host and port as sent; empty when an HTTP/1.0 client named none. */
  authority = "";
  /** Lower case, without port. */
  host = "";
  path = "";
  /** With its question mark, or empty. */
  query = "";
  /** Bytes of the body; 0 for none, UNKNOWN_LENGTH when only its end will tell. */
  bodyLength = 0;
  /** The client waits for 100 before it sends the body (RFC 9110 10.1.1). */
  expectsContinue = false;
  /** The client understands trailers behind the response (RFC 9110 6.5.1). */
  acceptsTrailers = false;
  /** The protocol that the client wants to go on with, as sent, or null (RFC 9110 7.8). */
  upgrade: string | null = null;

  constructor(method: string, target: string, scheme: "http" | "https", version: number, fields: Fields) {
    this.method = method;
    this.target = target;
    this.scheme = scheme;
    this.version = version;
    this.fields = fields;
  }

  /** RFC 9110 9.2.2: asking twice has the effect of asking once. */
  get isIdempotent(): boolean {
    switch (this.method) {
      case "GET":
      case "HEAD":
      case "OPTIONS":
      case "PUT":
      case "DELETE":
        return true;
      default:
        return false;
    }
  }
}

/** One final response, the gateway's own answers included. */
export class ResponseHead {
  status: number;
  readonly fields: Fields;
  /** Bytes of the body that follows; 0 for none, UNKNOWN_LENGTH when only its end will tell. */
  bodyLength: number;
  /** What Content-Length said, or -1. Differs from bodyLength where no body follows: HEAD, 304. */
  declaredLength: number;
  /** The version in which it was received, as for requests: 11 or 20. Of HTTP/1.0 nothing is left by now that would matter. */
  version = 11;

  constructor(status: number, fields: Fields, bodyLength: number, declaredLength: number) {
    this.status = status;
    this.fields = fields;
    this.bodyLength = bodyLength;
    this.declaredLength = declaredLength;
  }
}
