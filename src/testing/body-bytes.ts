// Bodies as tests write and read them. On the wire of the kit everything is latin1 text, one unit a byte.

/** What a body may be given as: UTF-8 text or bytes. */
export type BodyInput = string | Uint8Array;

/** The bytes of `body` as latin1 text. */
export function toLatin1(body: BodyInput): string {
  if (typeof body !== "string") return Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("latin1");
  return isAscii(body) ? body : Buffer.from(body, "utf8").toString("latin1");
}

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7f) return false;
  return true;
}

/** A body that has arrived whole. */
export class TestBody {
  readonly #latin1: string;

  constructor(latin1: string) {
    this.#latin1 = latin1;
  }

  get bytes(): Uint8Array {
    return Buffer.from(this.#latin1, "latin1");
  }

  /** Read as UTF-8. */
  text(): string {
    return isAscii(this.#latin1) ? this.#latin1 : Buffer.from(this.#latin1, "latin1").toString("utf8");
  }

  /** Throws a SyntaxError that shows the body when it is not JSON. The type is what the test says it is. */
  json<T = unknown>(): T {
    const text = this.text();
    try {
      return JSON.parse(text) as T;
    } catch {
      throw new SyntaxError(`the body is not JSON: ${JSON.stringify(text.slice(0, 200))}`);
    }
  }
}

/** Fields and a body as one chunk or several, framed as HTTP/1.1 wants it. */
export interface Payload {
  readonly body?: BodyInput | undefined;
  /** Sent as application/json unless the fields say otherwise. */
  readonly json?: unknown;
  /** Sent chunked, one chunk each. */
  readonly chunks?: readonly BodyInput[] | undefined;
  /** Sent behind a chunked body. */
  readonly trailers?: readonly (readonly [name: string, value: string])[] | undefined;
}

export interface Framed {
  /** Fields that say the length and, of JSON, the type, where `lines` do not say them already. */
  readonly lines: (readonly [name: string, value: string])[];
  /** What stands on the wire, piece by piece; empty when there is no body. */
  readonly pieces: string[];
}

/** `sayNothing`: no Content-Length of zero where there is no body, as in requests. */
export function frame(payload: Payload, lines: readonly (readonly [name: string, value: string])[], sayNothing: boolean): Framed {
  const says = (name: string) => lines.some(([each]) => each.toLowerCase() === name);
  const added: (readonly [name: string, value: string])[] = [];
  let { body } = payload;
  if (payload.json !== undefined) {
    body = JSON.stringify(payload.json);
    if (!says("content-type")) added.push(["Content-Type", "application/json"]);
  }
  if (payload.chunks !== undefined || payload.trailers !== undefined) {
    const chunks = [...(body === undefined ? [] : [body]), ...(payload.chunks ?? [])].map(toLatin1).filter((chunk) => chunk !== "");
    const trailers = (payload.trailers ?? []).map(([name, value]) => `${name}: ${value}\r\n`).join("");
    if (!says("transfer-encoding")) added.push(["Transfer-Encoding", "chunked"]);
    return { lines: added, pieces: [...chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`), `0\r\n${trailers}\r\n`] };
  }
  const isFramed = says("content-length") || says("transfer-encoding");
  if (body === undefined) {
    if (!sayNothing && !isFramed) added.push(["Content-Length", "0"]);
    return { lines: added, pieces: [] };
  }
  const text = toLatin1(body);
  if (!isFramed) added.push(["Content-Length", String(text.length)]);
  return { lines: added, pieces: text === "" ? [] : [text] };
}
