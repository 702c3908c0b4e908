// The words in which the request table is written: raw bytes in, what the client reads back, what the upstream may see.
// Pure data and small builders; the harness that runs the table is in test/kit.

/** One field as the upstream saw it: null is absent, a string exactly one line, a list these lines in this order. */
export type FieldExpectation = null | string | readonly string[];

export interface SeenRequest {
  readonly method: string;
  readonly target: string;
  readonly body: string;
  readonly framing: "none" | "length" | "chunked";
  readonly fields: Readonly<Record<string, FieldExpectation>>;
}

/** How the upstream behaves: `echo` answers a whole request, `early` at its head with 403, `mute` never. */
export type UpstreamManner = "echo" | "early" | "mute";

export interface RequestCase {
  /** A fact in the present tense. */
  readonly name: string;
  /** Bytes as latin1. */
  readonly bytes: string;
  /** Final statuses the client reads, in order. */
  readonly statuses: readonly number[];
  /** Whether the gateway closes the connection when it has answered. When not, a probe on it must be served. */
  readonly closes: boolean;
  /** Every complete request that the upstream sees, and no other. */
  readonly upstream: readonly SeenRequest[];
  /** After those the upstream may see the beginning of one more, never its end: the body turned out to be bad. */
  readonly mayBegin: boolean;
  /** The fault code of the last answer, where it is worth pinning. */
  readonly code?: string;
  readonly manner: UpstreamManner;
  /** Statuses that belong to HEAD: their place in `statuses`. */
  readonly headAnswers: readonly number[];
  /** Long inputs are cut at some positions only. */
  readonly cuts: "all" | "some";
}

export const CRLF = "\r\n";
export const HOST = "Host: a.example";
export const HELLO_CHUNKED = "5\r\nhello\r\n0\r\n\r\n";

/** A message head out of its lines. */
export function head(...lines: readonly string[]): string {
  return lines.join(CRLF) + CRLF + CRLF;
}

/** GET with a Host field, then these fields. */
export function get(target: string, ...fields: readonly string[]): string {
  return head(`GET ${target} HTTP/1.1`, HOST, ...fields);
}

/** POST /first with a Host field, these fields, then the body as it is. */
export function post(fields: string | readonly string[], body: string): string {
  return head("POST /first HTTP/1.1", HOST, ...(typeof fields === "string" ? [fields] : fields)) + body;
}

/** The request that an attacker would like to slip past the gateway. */
export const SMUGGLED: string = get("/smuggled");

type Extra = Partial<Omit<RequestCase, "name" | "bytes">>;

/** Refused before anything of it is forwarded. */
export function refused(name: string, bytes: string, status = 400, extra: Extra = {}): RequestCase {
  return { ...PLAIN, name, bytes, statuses: [status], closes: true, ...extra };
}

/** Refused in its body or trailers: the upstream may have seen the beginning, never a complete message. */
export function cutShort(name: string, bytes: string, status = 400, extra: Extra = {}): RequestCase {
  return refused(name, bytes, status, { mayBegin: true, ...extra });
}

/** Served with 200 for every request seen; the connection lives on. */
export function served(name: string, bytes: string, seen: SeenRequest | readonly SeenRequest[], extra: Extra = {}): RequestCase {
  const upstream = isList(seen) ? seen : [seen];
  return { ...PLAIN, name, bytes, statuses: upstream.map(() => 200), closes: false, upstream, ...extra };
}

/** Served, then the connection closes, and nothing behind it is read. */
export function servedThenClosed(name: string, bytes: string, seen: SeenRequest | readonly SeenRequest[], extra: Extra = {}): RequestCase {
  return served(name, bytes, seen, { closes: true, ...extra });
}

export function sawGet(target: string, fields: SeenRequest["fields"] = {}): SeenRequest {
  return { method: "GET", target, body: "", framing: "none", fields };
}

/** The upstream saw POST /first with this body. */
export function sawPost(body: string, framing: "length" | "chunked", fields: SeenRequest["fields"] = {}): SeenRequest {
  return { method: "POST", target: "/first", body, framing, fields };
}

const PLAIN = {
  upstream: [],
  mayBegin: false,
  manner: "echo",
  headAnswers: [],
  cuts: "all",
} as const satisfies Extra;

function isList(seen: SeenRequest | readonly SeenRequest[]): seen is readonly SeenRequest[] {
  return Array.isArray(seen);
}
