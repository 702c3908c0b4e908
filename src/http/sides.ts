// The ports between a wire protocol and an exchange. A protocol room implements ClientSide and UpstreamStream and calls
// the Events; the pipeline does the reverse. Neither knows the other's room. Bodies are pushed: write() that returns false
// asks for a pause, and resume() or a drain event ends it. A tunnel is two bodies without a length.

import type { Fault } from "../base/index.ts";
import type { FieldBlock, Fields } from "./fields.ts";
import type { RequestHead, ResponseHead } from "./heads.ts";

/** What a client's TLS handshake agreed on. */
export interface ClientTlsFacts {
  /** `TLSv1.3`. */
  readonly version: string;
  readonly cipher: string;
  /** What the client asked for, lower case; "" when it gave none. */
  readonly serverName: string;
  readonly resumed: boolean;
  /** Which certificate of ours answered: the same object is the same certificate with the same rules for clients. */
  readonly identity: { readonly clientAuth: { readonly id: string } | null } | null;
  /** DER of the client's own certificate, only when it has been verified; else null. */
  readonly peerCertificate: Uint8Array | null;
}

/** Facts of the client's connection, the same for every exchange on it. */
export interface ClientFacts {
  readonly listener: string;
  readonly address: string;
  readonly port: number;
  readonly localAddress: string;
  readonly localPort: number;
  /** What the connection speaks, 11 or 20; a request in HTTP/1.0 says so by itself. */
  readonly version: number;
  /** Its connection has been lost or closed: what is kept for it alone may go. */
  isGone: boolean;
  /** Null without TLS, and until the handshake is done. */
  tls: ClientTlsFacts | null;
  /** What the gateway says upstream of whom it speaks for: the same for each request to one authority, so it is kept here. */
  forwarding: { readonly authority: string; readonly block: FieldBlock } | null;
}

/** One exchange's way to its client: the request body comes from here, the response goes here. */
export interface ClientSide {
  readonly facts: ClientFacts;
  /** Asks for (more of) the request body. Sends 100 Continue first when the client waits for it. Idempotent. */
  resumeRequest(): void;
  /** Stops the request body; what is on its way may still come. Idempotent. */
  pauseRequest(): void;
  sendInterim(status: number, fields: Fields): void;
  /** The connection must not serve another request after this one. Before sendHead. */
  closeAfterResponse(): void;
  /** Starts the response. Called once. `bodyLength` of the head says what follows. */
  sendHead(head: ResponseHead): void;
  /** Takes the whole chunk; false: stop until onClientDrain. */
  write(chunk: Uint8Array): boolean;
  /** The response is complete. Nothing is called afterwards. */
  end(trailers: Fields | null): void;
  /** Gives the response up because of `fault`: before its head the connection just closes, after it the client sees that it is cut. */
  abort(fault: Fault): void;
  /** From here to uncork, head and body leave together. False when it was corked already: then the other one uncorks. */
  cork(): boolean;
  uncork(): void;
}

/** Null is `off`. */
export interface WebSocketLimits {
  /** In which nothing moves, in either direction. Undefined: as the listener has it. */
  readonly idleMs: number | null | undefined;
  /** Of one message from the client, all its frames together. */
  readonly messageBytes: number | null;
  /** From the client: messages of a second, and of a burst. */
  readonly messagesPerSecond: number | null;
  /** On the wheel's clock: when the credential that opened it is no longer good. */
  readonly untilMs: number | null;
}

/**
 * What a request has come to at its upstreams: an answer that went to the client, nothing, or one of their requests or connections given
 * up for what the client did or asked for.
 */
export type Toll = "answer" | "nothing" | "request" | "connection";

/** What a client side tells its exchange. After onClientGone nothing more comes. */
export interface ClientEvents {
  /** What a WebSocket of this exchange may do; looked at when its 101 is sent. Null: as it likes. */
  readonly webSocket: WebSocketLimits | null;
  /** Attempts are under way that cost their connection if the client goes now. */
  readonly holdsConnection: boolean;
  /** To be looked at when the response has ended. A client that may have it for nothing needs no resets to flood an upstream. */
  readonly toll: Toll;
  /** The client side is ready to answer; comes once and before everything else, unless the client is gone before that. */
  onRequestReady(): void;
  /** Takes the whole chunk; false: pause until resumeRequest. */
  onRequestChunk(chunk: Uint8Array): boolean;
  onRequestEnd(trailers: Fields | null): void;
  /** The body is malformed, too slow or cut: it will never be complete, but the client may still read an answer. */
  onRequestFault(fault: Fault): void;
  onClientDrain(): void;
  /** Why a tunnel is about to end in good order: both ends are being told. Once, at most; the exchange goes on until they are done. */
  onTunnelFault(fault: Fault): void;
  /** The client's connection is gone. */
  onClientGone(fault: Fault): void;
}

/** Who makes an exchange of each request that arrives. */
export interface RequestAcceptor {
  /** The head is complete and unambiguous. The body, if any, waits for resumeRequest. */
  accept(head: RequestHead, client: ClientSide): ClientEvents;
  /** A request so malformed that no head came of it: answered like any other, so that it is logged and counted too. */
  refuse(fault: Fault, client: ClientSide): ClientEvents;
}

/** What is sent on an upstream connection: the request of one attempt. */
export interface UpstreamRequest {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  readonly authority: string;
  /** Every end-to-end field, and nothing that speaks of the frame. */
  readonly fields: Fields;
  readonly bodyLength: number;
  readonly expectsContinue: boolean;
  /** Trailers behind the response will be understood (RFC 9110 6.5.1): HTTP/2 says so to the upstream, gRPC servers ask for it. */
  readonly acceptsTrailers: boolean;
  readonly upgrade: string | null;
}

/** One request on an upstream connection, from the moment the connection is lent to it. */
export interface UpstreamStream {
  /** The connection had served before: a failure may be the idle race of RFC 9110 9.2.2. */
  readonly isReused: boolean;
  /** Nobody else's request is on its connection: to cancel it costs the connection, where HTTP/2 resets a stream. */
  readonly isExclusive: boolean;
  send(request: UpstreamRequest): void;
  /** Between cork and uncork, head and body leave together. */
  cork(): void;
  uncork(): void;
  /** Takes the whole chunk of request body; false: stop until onUpstreamDrain. */
  write(chunk: Uint8Array): boolean;
  endRequest(trailers: Fields | null): void;
  /** Response body wanted (again); idempotent. */
  resumeResponse(): void;
  /** Not interested any more: the connection is dropped unless it is clean. Nothing is called afterwards. */
  cancel(): void;
}

/** What an upstream stream tells the attempt. After onResponseEnd or onUpstreamFault nothing more comes. */
export interface UpstreamEvents {
  onInterim(status: number, fields: Fields): void;
  /** 101: from here on both bodies are a tunnel. `fields` lacks Upgrade, which is `protocol`. False as for onResponseHead. */
  onSwitch(protocol: string, fields: Fields): boolean;
  /** The final head. False: hold the body until resumeResponse. */
  onResponseHead(head: ResponseHead): boolean;
  onResponseChunk(chunk: Uint8Array): boolean;
  onResponseEnd(trailers: Fields | null): void;
  onUpstreamDrain(): void;
  onUpstreamFault(fault: Fault): void;
  /** Around the delivery of one received chunk, so that what it causes towards the client leaves together. */
  onBatchStart(): void;
  onBatchEnd(): void;
}
