// The words in which the tables of HTTP/2 fields are written: the lines of one header block in, and what must come of them: which
// fault, or exactly what somebody who speaks HTTP/1.1 is sent. Pure data and small builders; field-runner.ts plays them.

/** `secret`: it came as a literal that is never indexed. */
export type Line = readonly [name: string, value: string] | readonly [name: string, value: string, mark: "secret"];

interface Case {
  /** A fact in the present tense. */
  readonly name: string;
  readonly lines: readonly Line[];
  /** No content follows. */
  readonly endStream: boolean;
  /** The fault that must come of it, or null. */
  readonly code: string | null;
  /** Every byte of the head that goes out, its empty line not counted; "" where a fault is expected. */
  readonly text: string;
}

export interface RequestFieldCase extends Case {
  readonly scheme: "http" | "https";
  readonly bounds: Partial<Bounds>;
  /** What does not show in an HTTP/1.1 head. */
  readonly acceptsTrailers: boolean;
  readonly secrets: readonly string[];
}

export interface ResponseFieldCase extends Case {
  /** Of the request that is answered. */
  readonly method: string;
  readonly bounds: Partial<Bounds>;
}

export interface TrailerFieldCase extends Case {
  readonly side: "request" | "response";
  readonly bounds: Partial<Bounds>;
}

export interface Bounds {
  readonly lineBytes: number;
  readonly headBytes: number;
  readonly fieldCount: number;
}

export const BOUNDS: Bounds = { lineBytes: 8192, headBytes: 32 * 1024, fieldCount: 100 };

/** Bytes that end a line, a field or a string for somebody. */
export const ENDERS: readonly (readonly [what: string, text: string])[] = [
  ["CR", "\r"],
  ["LF", "\n"],
  ["CR LF", "\r\n"],
  ["NUL", "\0"],
  ["CR LF and a field", "\r\ntransfer-encoding: chunked"],
  ["CR LF CR LF and a request", "\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: b.example\r\n\r\n"],
  ["LF and a field", "\nx-forged: 1"],
];

const PSEUDO: Readonly<Record<string, string>> = {
  ":method": "GET",
  ":scheme": "https",
  ":authority": "a.example",
  ":path": "/first",
};

/** The pseudo-fields of GET https://a.example/first with these in place of its own; null leaves one out. */
export function pseudo(others: Readonly<Record<string, string | null>> = {}): Line[] {
  return Object.entries({ ...PSEUDO, ...others }).flatMap(([name, value]): Line[] => (value === null ? [] : [[name, value]]));
}

export function get(...lines: readonly Line[]): Line[] {
  return [...pseudo(), ...lines];
}

export function post(...lines: readonly Line[]): Line[] {
  return [...pseudo({ ":method": "POST" }), ...lines];
}

/** The head that an HTTP/1.1 upstream is sent for get(), with these lines behind Host. */
export function sentGet(...lines: readonly string[]): string {
  return sent("GET /first", ...lines);
}

export function sent(start: string, ...lines: readonly string[]): string {
  return [`${start} HTTP/1.1`, "Host: a.example", ...lines, ""].join("\r\n");
}

type Extra = Partial<Omit<RequestFieldCase, "name" | "lines" | "code" | "text">>;
const REQUEST = { endStream: true, scheme: "https", bounds: {}, acceptsTrailers: false, secrets: [] } as const;

export function refused(name: string, lines: readonly Line[], code: string, extra: Extra = {}): RequestFieldCase {
  return { ...REQUEST, name, lines, code, text: "", ...extra };
}

export function passes(name: string, lines: readonly Line[], text: string, extra: Extra = {}): RequestFieldCase {
  return { ...REQUEST, name, lines, code: null, text, ...extra };
}

type ResponseExtra = Partial<Omit<ResponseFieldCase, "name" | "lines" | "code" | "text">>;
const RESPONSE = { endStream: false, method: "GET", bounds: {} } as const;

export function refusedAnswer(name: string, lines: readonly Line[], code: string, extra: ResponseExtra = {}): ResponseFieldCase {
  return { ...RESPONSE, name, lines, code, text: "", ...extra };
}

/** The head that an HTTP/1.1 client is sent, its status line first. */
export function passesAnswer(name: string, lines: readonly Line[], text: readonly string[], extra: ResponseExtra = {}): ResponseFieldCase {
  return { ...RESPONSE, name, lines, code: null, text: [...text, ""].join("\r\n"), ...extra };
}

export function refusedTrailers(name: string, side: "request" | "response", lines: readonly Line[], code: string): TrailerFieldCase {
  return { name, side, lines, endStream: true, bounds: {}, code, text: "" };
}
