// Asks an admin address for one page, on a connection of its own. For the command line; it reads what our own server writes (a length, no
// coding) and is no HTTP client beyond that.

import { Buffer } from "node:buffer";
import type { Clock, Secret } from "../base/index.ts";
import type { ClientTls, SocketAddress, SocketError, SocketHandler, Transport } from "../transport/index.ts";

export interface AdminTarget {
  readonly address: SocketAddress;
  /** For Host: a name that the address answers for. */
  readonly host: string;
  readonly tls: ClientTls | null;
  readonly token: Secret | null;
}

export interface AdminAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly text: string;
}

/** Nobody answered, or nobody who is an admin address. The message is for people. */
export class AdminUnreachable extends Error {}

const MAX_BYTES = 64 * 1024 * 1024;
const MEANING: Readonly<Partial<Record<SocketError, string>>> = {
  ECONNREFUSED: "nothing listens there",
  ENOTFOUND: "there is no such name or socket",
  EHOSTUNREACH: "there is no way to it",
  ETLS: "the handshake failed",
  ETLSCERT: "its certificate, or ours, is not believed",
};

/** Rejects with AdminUnreachable, also after `timeoutMs`. What was asked for may come about all the same then. */
export function askAdmin(
  { transport, clock }: { readonly transport: Transport; readonly clock: Clock },
  target: AdminTarget,
  method: "GET" | "POST",
  path: string,
  timeoutMs: number,
  body: object | null = null,
): Promise<AdminAnswer> {
  return new Promise((resolve, reject) => {
    const request = encodeRequest(target, method, path, body);
    const chunks: Uint8Array[] = [];
    let received = 0;
    let isOver = false;
    const finish = (error: SocketError | null, late: boolean) => {
      if (isOver) return;
      isOver = true;
      timer.cancel();
      const answer = readAnswer(Buffer.concat(chunks));
      if (typeof answer !== "string") resolve(answer);
      else if (late) reject(new AdminUnreachable(`no answer within ${timeoutMs / 1000} s`));
      else if (error === null) reject(new AdminUnreachable(answer));
      else reject(new AdminUnreachable(`${MEANING[error] ?? error}${socket.errorDetail === "" ? "" : `: ${socket.errorDetail}`}`));
    };
    const handler: SocketHandler = {
      onOpen: () => void socket.writeText(request),
      onData(chunk) {
        chunks.push(chunk);
        received += chunk.length;
        if (received > MAX_BYTES) socket.close();
      },
      onDrain() {},
      onEnd: () => socket.close(),
      onClose: (error) => finish(error, false),
    };
    const timer = clock.schedule(() => {
      finish(null, true);
      socket.close();
    }, timeoutMs);
    const socket = transport.connect(target.address, handler, target.tls);
  });
}

function encodeRequest({ host, token }: AdminTarget, method: string, path: string, body: object | null): string {
  const lines = [`${method} ${path} HTTP/1.1`, `Host: ${host}`, "Accept: application/json", "Connection: close"];
  // ASCII alone, so that characters are bytes.
  const text = body === null ? "" : JSON.stringify(body).replace(/[^\x20-\x7e]/g, toEscape);
  if (body !== null) lines.push("Content-Type: application/json");
  if (method === "POST") lines.push(`Content-Length: ${text.length}`);
  if (token !== null) lines.push(`Authorization: Bearer ${token.reveal()}`);
  return `${lines.join("\r\n")}\r\n\r\n${text}`;
}

function toEscape(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** The answer, or why there is none in it. */
function readAnswer(bytes: Buffer): AdminAnswer | string {
  const end = bytes.indexOf("\r\n\r\n");
  const [statusLine = "", ...lines] = bytes.toString("latin1", 0, Math.max(end, 0)).split("\r\n");
  const status = /^HTTP\/1\.[01] (\d{3}) /.exec(`${statusLine} `)?.[1];
  if (status === undefined)
    return bytes.length === 0 ? "it closed the connection without an answer" : "what answers there does not speak HTTP";
  const fields = new Map(lines.map((line) => [line.slice(0, line.indexOf(":")).toLowerCase(), line.slice(line.indexOf(":") + 1).trim()]));
  const body = bytes.subarray(end + 4);
  if (fields.get("content-length") !== String(body.length)) return "its answer was cut, or it is no admin address";
  return { status: Number(status), contentType: fields.get("content-type") ?? "", text: body.toString("utf8") };
}
