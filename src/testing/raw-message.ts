// A naive, strict reader of HTTP/1.1 messages, written apart from the engine so that it can't share the engine's mistakes.
// It reads what a gateway may emit, which is less than what it may accept: no extensions, no odd white space, no lists of
// lengths. Anything else is a StrictError. Slow on purpose: one string, looked at again from the message's start each time.

export interface RawHead {
  readonly startLine: string;
  /** Names in lower case, values without white space around. */
  readonly fields: readonly (readonly [name: string, value: string])[];
}

export type RawFraming = "none" | "length" | "chunked" | "close";

export interface RawMessage extends RawHead {
  readonly body: string;
  readonly framing: RawFraming;
  readonly trailers: RawHead["fields"];
  /** Offset behind the message. */
  readonly end: number;
}

export class StrictError extends Error {}

const FIELD = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([\t\x20-\x7e\x80-\xff]*?)[ \t]*$/;

/** No control characters but HTAB. */
const VISIBLE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Values of the field, in order. */
export function valuesOf(head: RawHead, name: string): string[] {
  return head.fields.filter(([each]) => each === name).map(([, value]) => value);
}

/** The head at `at`; null when its end has not come yet, though what has come is looked at already. */
export function readHead(text: string, at: number): (RawHead & { readonly end: number }) | null {
  const end = text.indexOf("\r\n\r\n", at);
  const lines = text.slice(at, end < 0 ? text.length : end).split("\r\n");
  if (end < 0) {
    checkUnfinished(lines);
    return null;
  }
  const [startLine = "", ...rest] = lines;
  if (!VISIBLE.test(startLine)) throw new StrictError(`a control character in the start line ${JSON.stringify(startLine)}`);
  return { startLine, fields: readFields(rest), end: end + 4 };
}

function checkUnfinished(lines: readonly string[]): void {
  for (const line of lines.slice(0, -1)) if (!VISIBLE.test(line)) throw new StrictError(`a control character in ${JSON.stringify(line)}`);
}

function readFields(lines: readonly string[]): [string, string][] {
  return lines.map((line) => {
    const parts = FIELD.exec(line);
    if (parts === null) throw new StrictError(`not a field line: ${JSON.stringify(line)}`);
    return [(parts[1] ?? "").toLowerCase(), parts[2] ?? ""];
  });
}

/** How long the body is by the head's own words: -1 chunked, -2 unsaid. */
function saidLength(head: RawHead): number {
  const lengths = valuesOf(head, "content-length");
  const codings = valuesOf(head, "transfer-encoding");
  if (lengths.length + codings.length > 1) throw new StrictError("more than one of Content-Length and Transfer-Encoding");
  const [coding] = codings;
  if (coding !== undefined) {
    if (coding !== "chunked") throw new StrictError(`Transfer-Encoding is ${JSON.stringify(coding)}`);
    return -1;
  }
  const [length] = lengths;
  if (length === undefined) return -2;
  if (!/^\d{1,15}$/.test(length)) throw new StrictError(`Content-Length is ${JSON.stringify(length)}`);
  return Number(length);
}

/** The request at `at`; null when more bytes are needed. */
export function readRequest(text: string, at: number): RawMessage | null {
  const head = readHead(text, at);
  if (head === null) return null;
  if (!/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+ [!-~]+ HTTP\/1\.1$/.test(head.startLine))
    throw new StrictError(`not a request line: ${JSON.stringify(head.startLine)}`);
  const hosts = valuesOf(head, "host");
  if (hosts.length !== 1 || !/^[A-Za-z0-9._[\]:-]+$/.test(hosts[0] ?? "")) throw new StrictError(`Host is ${JSON.stringify(hosts)}`);
  return readBody(text, head, saidLength(head), "none", false);
}

/** The response at `at` to a request of this method; null when more bytes are needed. `ended`: no more will come. */
export function readResponse(text: string, at: number, method: string, ended: boolean): RawMessage | null {
  const head = readHead(text, at);
  if (head === null) return null;
  const status = statusOf(head);
  const said = saidLength(head);
  if (status < 200 || status === 204) {
    if (said !== -2) throw new StrictError(`${status} says a length`);
    return { ...head, body: "", framing: "none", trailers: [] };
  }
  if (status === 304 || method === "HEAD") return { ...head, body: "", framing: "none", trailers: [] };
  return readBody(text, head, said, "close", ended);
}

/** The status of a response head. */
export function statusOf(head: RawHead): number {
  const parts = /^HTTP\/1\.1 ([1-5]\d\d) [\t\x20-\x7e\x80-\xff]*$/.exec(head.startLine);
  if (parts === null) throw new StrictError(`not a status line: ${JSON.stringify(head.startLine)}`);
  return Number(parts[1]);
}

function readBody(
  text: string,
  head: RawHead & { readonly end: number },
  said: number,
  unsaid: "none" | "close",
  ended: boolean,
): RawMessage | null {
  if (said === -1) {
    const chunked = readChunks(text, head.end);
    return chunked === null ? null : { ...head, ...chunked, framing: "chunked" };
  }
  if (said === -2 && unsaid === "close")
    return ended ? { ...head, body: text.slice(head.end), framing: "close", trailers: [], end: text.length } : null;
  const end = head.end + Math.max(said, 0);
  if (text.length < end) return null;
  return { ...head, body: text.slice(head.end, end), framing: said === -2 ? "none" : "length", trailers: [], end };
}

function readChunks(text: string, from: number): Pick<RawMessage, "body" | "trailers" | "end"> | null {
  let body = "";
  let at = from;
  for (;;) {
    const lineEnd = text.indexOf("\r\n", at);
    const line = text.slice(at, lineEnd < 0 ? text.length : lineEnd);
    if (!/^[0-9a-fA-F]{1,12}\r?$/.test(line) && !(lineEnd < 0 && line === ""))
      throw new StrictError(`not a chunk size: ${JSON.stringify(line.slice(0, 40))}`);
    if (lineEnd < 0) return null;
    const size = Number.parseInt(line, 16);
    const dataEnd = lineEnd + 2 + size;
    if (size === 0) break;
    const behind = text.slice(dataEnd, dataEnd + 2);
    if (!"\r\n".startsWith(behind)) throw new StrictError(`chunk data ends in ${JSON.stringify(behind)}`);
    if (behind !== "\r\n") return null;
    body += text.slice(lineEnd + 2, dataEnd);
    at = dataEnd + 2;
  }
  // The last chunk's own CRLF stands for the line before the trailers, so that no trailers is an empty line at once.
  const trailersAt = text.indexOf("\r\n", at);
  const end = text.indexOf("\r\n\r\n", trailersAt);
  if (end < 0) return null;
  const section = text.slice(trailersAt + 2, Math.max(end, trailersAt + 2));
  return { body, trailers: section === "" ? [] : readFields(section.split("\r\n")), end: end + 4 };
}
