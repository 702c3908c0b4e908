// From a header block to a RequestHead: what an HTTP/2 request must be for anything behind us to see it. @hot
// RFC 9113 8.1 to 8.5, RFC 8441 4. What comes of it could have come over HTTP/1.1: an upstream that speaks it is sent these lines as they
// are, so nothing may pass here that could end a line, a head or a body there. The path is judged later, for every protocol alike.

import type { FaultDefinition } from "../../base/index.ts";
import { parseHost, RequestHead, UNKNOWN_LENGTH } from "../../http/index.ts";
import { type HeadBounds, parseLength } from "../../http1/index.ts";
import { SEC_WEBSOCKET_KEY } from "../../websocket/index.ts";
import * as H2 from "../faults.ts";
import { type EntrySink, type HeaderEntry, UNJUDGED } from "../hpack/header-entry.ts";
import * as KIND from "./field-kinds.ts";
import { FieldLines } from "./field-lines.ts";
import { makeWebSocketKey, WEBSOCKET } from "./web-socket.ts";

const MAX_METHOD_BYTES = 32;

/** One a connection, used for one block after the other. */
export class RequestReader implements EntrySink {
  readonly #lines = new FieldLines();
  #bounds: HeadBounds | null = null;
  #fault: FaultDefinition | null = null;
  #method: string | null = null;
  #scheme: string | null = null;
  #authority: string | null = null;
  #path: string | null = null;
  #protocol: string | null = null;
  #host: string | null = null;
  #expect: string | null = null;
  #contentLength = -1;
  #acceptsTrailers = false;
  #isPastPseudo = false;

  /** How large the list of the block is by RFC 9113 6.5.2, however much of it was kept. */
  get listBytes(): number {
    return this.#lines.listBytes;
  }

  begin(bounds: HeadBounds): void {
    this.#lines.begin(bounds);
    this.#bounds = bounds;
    this.#fault = null;
    this.#method = null;
    this.#scheme = null;
    this.#authority = null;
    this.#path = null;
    this.#protocol = null;
    this.#host = null;
    this.#expect = null;
    this.#contentLength = -1;
    this.#acceptsTrailers = false;
    this.#isPastPseudo = false;
  }

  onEntry(entry: HeaderEntry): void {
    const fits = this.#lines.count(entry);
    if (this.#fault !== null) return;
    if (entry.name === ":path" && entry.value.length > this.#bounds!.lineBytes) this.#fault = H2.LINE_TOO_LONG;
    else if (!fits) this.#fault = H2.HEAD_TOO_LARGE;
    else this.#fault = this.#take(entry, entry.kind === UNJUDGED ? KIND.judge(entry) : entry.kind);
  }

  /** The request of the block that was read; its first fault when it is malformed. `endStream`: no content follows. */
  finish(scheme: "http" | "https", endStream: boolean): RequestHead | FaultDefinition {
    if (this.#fault !== null) return this.#fault;
    const method = this.#method;
    if (method === null) return H2.BAD_PSEUDO_FIELD;
    if (method.length > MAX_METHOD_BYTES || method === "TRACE") return H2.METHOD_NOT_IMPLEMENTED;
    if (method === "CONNECT") return this.#finishConnect(scheme, endStream);
    if (this.#protocol !== null) return H2.BAD_PSEUDO_FIELD;
    return this.#finishRequest(method, scheme, endStream);
  }

  #finishRequest(method: string, scheme: "http" | "https", endStream: boolean): RequestHead | FaultDefinition {
    const path = this.#path;
    if (this.#scheme === null || path === null) return H2.BAD_PSEUDO_FIELD;
    // A proxy that ends TLS before us says https over cleartext (RFC 9113 8.3.1 lets it). It decides nothing: the connection's own does.
    if (this.#scheme !== "http" && this.#scheme !== "https") return H2.BAD_SCHEME;
    if (path === "*" && method !== "OPTIONS") return H2.BAD_PATH;
    const authority = this.#authority ?? this.#host;
    if (authority === null) return H2.BAD_AUTHORITY;
    const named = parseHost(authority);
    if ("kind" in named || !this.#agreesWithHost(authority, scheme)) return H2.BAD_AUTHORITY;
    if (endStream && this.#contentLength > 0) return H2.BAD_CONTENT_LENGTH;
    if (this.#expect !== null && this.#expect.toLowerCase() !== "100-continue") return H2.BAD_EXPECT;
    const head = new RequestHead(method, path, scheme, 20, this.#lines.take(true));
    head.authority = authority;
    head.host = named.name;
    if (!endStream) head.bodyLength = this.#contentLength < 0 ? UNKNOWN_LENGTH : this.#contentLength;
    head.expectsContinue = this.#expect !== null && head.bodyLength !== 0;
    head.acceptsTrailers = this.#acceptsTrailers;
    return head;
  }

  /** RFC 8441 4: an extended CONNECT has the other pseudo-fields too; the plain one (RFC 9113 8.5) has them not, and is never proxied. */
  #finishConnect(scheme: "http" | "https", endStream: boolean): RequestHead | FaultDefinition {
    if (this.#protocol === null) {
      return this.#scheme === null && this.#path === null ? H2.METHOD_NOT_IMPLEMENTED : H2.BAD_PSEUDO_FIELD;
    }
    if (this.#protocol.toLowerCase() !== WEBSOCKET) return H2.METHOD_NOT_IMPLEMENTED;
    // A tunnel whose one end is closed before it is open.
    if (endStream) return H2.BAD_PSEUDO_FIELD;
    const head = this.#finishRequest("GET", scheme, true);
    if ("kind" in head) return head;
    head.upgrade = WEBSOCKET;
    head.fields.set(SEC_WEBSOCKET_KEY, makeWebSocketKey());
    return head;
  }

  #take(entry: HeaderEntry, kind: number): FaultDefinition | null {
    if (kind >= KIND.METHOD) return kind >= KIND.BAD ? faultOf(kind) : this.#takePseudo(entry, kind);
    this.#isPastPseudo = true;
    switch (kind) {
      case KIND.HOST:
        if (this.#host !== null) return H2.BAD_AUTHORITY;
        this.#host = entry.value;
        return null;
      case KIND.CONTENT_LENGTH:
        if (this.#contentLength >= 0) return H2.BAD_CONTENT_LENGTH;
        this.#contentLength = parseLength(entry.value, 0, entry.value.length);
        return this.#contentLength < 0 ? H2.BAD_CONTENT_LENGTH : null;
      case KIND.EXPECT:
        this.#expect = this.#expect === null ? entry.value : `${this.#expect}, ${entry.value}`;
        return null;
      case KIND.TE_TRAILERS:
        this.#acceptsTrailers = true;
        return null;
      case KIND.TE_OTHER:
        return H2.CONNECTION_FIELD;
      case KIND.TRAILER:
        return null;
      default:
        return this.#lines.add(entry) ? null : H2.HEAD_TOO_LARGE;
    }
  }

  /** RFC 9113 8.3: before all regular fields, each once at most. */
  #takePseudo(entry: HeaderEntry, kind: number): FaultDefinition | null {
    if (this.#isPastPseudo) return H2.BAD_PSEUDO_FIELD;
    const value = entry.value;
    switch (kind) {
      case KIND.METHOD:
        if (this.#method !== null) return H2.BAD_PSEUDO_FIELD;
        this.#method = value;
        return null;
      case KIND.SCHEME:
        if (this.#scheme !== null) return H2.BAD_PSEUDO_FIELD;
        this.#scheme = value;
        return null;
      case KIND.AUTHORITY:
        if (this.#authority !== null) return H2.BAD_PSEUDO_FIELD;
        this.#authority = value;
        return null;
      case KIND.PATH:
        if (this.#path !== null) return H2.BAD_PSEUDO_FIELD;
        this.#path = value;
        return null;
      case KIND.PROTOCOL:
        if (this.#protocol !== null) return H2.BAD_PSEUDO_FIELD;
        this.#protocol = value;
        return null;
      default:
        return H2.BAD_PSEUDO_FIELD;
    }
  }

  /** RFC 9113 8.3.1: a server behind us may look at either, so both must name the same host and port. */
  #agreesWithHost(authority: string, scheme: "http" | "https"): boolean {
    if (this.#host === null || this.#host === authority) return true;
    const named = parseHost(authority);
    const host = parseHost(this.#host);
    if ("kind" in named || "kind" in host) return false;
    const defaultPort = scheme === "https" ? 443 : 80;
    return named.name === host.name && (named.port ?? defaultPort) === (host.port ?? defaultPort);
  }
}

function faultOf(kind: number): FaultDefinition {
  switch (kind) {
    case KIND.BAD_NAME:
      return H2.BAD_FIELD_NAME;
    case KIND.BAD_VALUE:
      return H2.BAD_FIELD_VALUE;
    case KIND.CONNECTION_SPECIFIC:
      return H2.CONNECTION_FIELD;
    case KIND.ALIAS:
      return H2.FIELD_ALIAS;
    case KIND.BAD_PATH:
      return H2.BAD_PATH;
    default:
      return H2.BAD_PSEUDO_FIELD;
  }
}
