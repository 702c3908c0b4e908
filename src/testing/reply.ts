// What a fake upstream answers: ordinary replies, and the ways in which real upstreams fail. Values, so that tables of tests can hold them.

import { isBodiless, reasonPhrase } from "../http/index.ts";
import { type BodyInput, frame, toLatin1 } from "./body-bytes.ts";
import type { Duration } from "./duration.ts";
import { type HeadersInput, toLines } from "./test-headers.ts";

export interface ReplyInit {
  /** 200 when left out. */
  readonly status?: number;
  /** Content-Length or Transfer-Encoding is added where neither is written. */
  readonly headers?: HeadersInput;
  readonly body?: BodyInput;
  readonly json?: unknown;
  /** A chunked body. */
  readonly chunks?: readonly BodyInput[];
  readonly trailers?: HeadersInput;
  /** Interim responses (103) that go ahead. */
  readonly interim?: readonly { readonly status: number; readonly headers?: HeadersInput }[];
  /** Until the head goes out, by the gateway's clock. */
  readonly delay?: Duration;
  /** Between the pieces of the body, by the gateway's clock. */
  readonly every?: Duration;
}

export interface UpstreamFailure {
  readonly failure: "hang" | "reset" | "raw";
  readonly bytes: string;
  readonly delay: Duration;
}

export type Reply = ReplyInit | UpstreamFailure;

/** Takes the request and never answers. */
export function hang(): UpstreamFailure {
  return { failure: "hang", bytes: "", delay: 0 };
}

/** Breaks the connection: at once, or after `reply` of whose body `bodyBytes` have left. */
export function reset(after?: { readonly reply: ReplyInit; readonly bodyBytes: number }): UpstreamFailure {
  if (after === undefined) return { failure: "reset", bytes: "", delay: 0 };
  const [head = "", ...body] = encodeReply(after.reply, "GET");
  return { failure: "reset", bytes: head + body.join("").slice(0, after.bodyBytes), delay: after.reply.delay ?? 0 };
}

/** Sends these bytes as they are: responses that no honest server sends. The connection stays open. */
export function rawReply(bytes: BodyInput): UpstreamFailure {
  return { failure: "raw", bytes: toLatin1(bytes), delay: 0 };
}

/** The same reply, its head later by the gateway's clock. */
export function delayed(delay: Duration, reply: ReplyInit = {}): ReplyInit {
  return { ...reply, delay };
}

/** A chunked body whose chunks come at intervals of the gateway's clock. */
export function streamed(chunks: readonly BodyInput[], every: Duration, reply: ReplyInit = {}): ReplyInit {
  return { ...reply, chunks, every };
}

/** Head first, then the pieces of the body, as latin1. */
export function encodeReply(reply: ReplyInit, method: string): string[] {
  const status = reply.status ?? 200;
  const lines = toLines(reply.headers);
  const trailers = reply.trailers === undefined ? undefined : toLines(reply.trailers);
  const framed = frame({ ...reply, trailers }, lines, status < 200 || status === 204 || status === 304);
  const interim = (reply.interim ?? []).map((each) => toHead(each.status, toLines(each.headers))).join("");
  const head = interim + toHead(status, [...lines, ...framed.lines]);
  return isBodiless(method, status) ? [head] : [head, ...framed.pieces];
}

function toHead(status: number, lines: readonly (readonly [name: string, value: string])[]): string {
  const fields = lines.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  return toLatin1(`HTTP/1.1 ${status} ${reasonPhrase(status)}\r\n${fields}\r\n`);
}
