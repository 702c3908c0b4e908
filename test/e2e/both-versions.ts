// One request in either version of HTTP by hand, and what came back in one form: what differs between the versions is not in it.

import { FRAME, H2Client, HPACK, type RawMessage, readResponse, statusOf } from "../kit/index.ts";
import { waitFor } from "./processes.ts";
import { RawConnection } from "./raw-connection.ts";

export type Version = "HTTP/1.1" | "HTTP/2";
export const VERSIONS: readonly Version[] = ["HTTP/1.1", "HTTP/2"];

export interface Asked {
  readonly method?: string;
  readonly path: string;
  readonly fields?: readonly HPACK.H2Field[];
  readonly body?: string;
  /** Content-Length is sent; else the end is told by the last chunk or by END_STREAM. */
  readonly saysLength?: boolean;
  readonly trailers?: readonly HPACK.H2Field[];
  /** The body waits for 100 (Continue). */
  readonly waits?: boolean;
}

export interface Answered {
  readonly status: number;
  readonly fields: readonly HPACK.H2Field[];
  readonly body: string;
  readonly trailers: readonly HPACK.H2Field[];
  readonly interim: readonly number[];
  /** The answer began and was not completed. */
  readonly isCut: boolean;
}

const ANSWER_MS = 10_000;
/** What a server takes that has not said more. */
const FRAME_BYTES = 16_384;

export function ask(version: Version, port: number, asked: Asked): Promise<Answered> {
  return version === "HTTP/2" ? askOverHttp2(port, asked) : askOverHttp1(port, asked);
}

export function valuesOf(fields: readonly HPACK.H2Field[], name: string): string[] {
  return fields.filter(([candidate]) => candidate === name).map(([, value]) => value);
}

async function askOverHttp1(port: number, asked: Asked): Promise<Answered> {
  const { method = "GET", path, fields = [], body, trailers = [] } = asked;
  const client = new RawConnection(port, { keepBytes: 1 << 20 });
  await client.opened;
  const lines = [`${method} ${path} HTTP/1.1`, "Host: gateway.test", "TE: trailers", "Connection: TE, close"];
  for (const [name, value] of fields) lines.push(`${name}: ${value}`);
  if (asked.waits === true) lines.push("Expect: 100-continue");
  if (body !== undefined) lines.push(asked.saysLength === true ? `Content-Length: ${body.length}` : "Transfer-Encoding: chunked");
  client.send(`${lines.join("\r\n")}\r\n\r\n`);
  if (asked.waits === true) await waitFor(() => client.text.includes(" 100 ") || client.isOver, ANSWER_MS, "100 (Continue)");
  if (body !== undefined) client.send(asked.saysLength === true ? body : toChunks(body, trailers));
  await waitFor(() => client.isOver, ANSWER_MS, `an answer to ${method} ${path}`);
  client.destroy();
  return readAnswers(client.text, method);
}

function toChunks(body: string, trailers: readonly HPACK.H2Field[]): string {
  const half = body.slice(0, Math.ceil(body.length / 2));
  const chunks = [half, body.slice(half.length)].filter((part) => part !== "").map((part) => `${part.length.toString(16)}\r\n${part}\r\n`);
  return `${chunks.join("")}0\r\n${trailers.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`;
}

function readAnswers(text: string, method: string): Answered {
  const interim: number[] = [];
  let at = 0;
  for (;;) {
    const message: RawMessage | null = readResponse(text, at, method, true);
    if (message === null) {
      const begun = text.indexOf("\r\n\r\n", at) >= 0;
      const status = begun ? Number(text.slice(at + 9, at + 12)) : 0;
      return { status, fields: [], body: text.slice(text.indexOf("\r\n\r\n", at) + 4), trailers: [], interim, isCut: true };
    }
    const status = statusOf(message);
    if (status >= 200) {
      return { status, fields: message.fields, body: message.body, trailers: message.trailers, interim, isCut: false };
    }
    interim.push(status);
    at = message.end;
  }
}

async function askOverHttp2(port: number, asked: Asked): Promise<Answered> {
  const { method = "GET", path, fields = [], body, trailers = [] } = asked;
  const client = await H2Client.open(port);
  const head: HPACK.H2Field[] = [
    [":method", method],
    [":scheme", "http"],
    [":path", path],
    [":authority", "gateway.test"],
    ["te", "trailers"],
    ...fields,
  ];
  if (asked.waits === true) head.push(["expect", "100-continue"]);
  if (body !== undefined && asked.saysLength === true) head.push(["content-length", `${body.length}`]);
  const stream = client.request(head, body === undefined ? FRAME.END_STREAM : 0);
  if (asked.waits === true) await client.until(() => stream.interim.length > 0 || stream.isOver, ANSWER_MS, "100 (Continue)");
  if (body !== undefined) {
    const frames = Array.from({ length: Math.ceil(body.length / FRAME_BYTES) }, (_, index) => {
      return FRAME.data(stream.id, body.slice(index * FRAME_BYTES, (index + 1) * FRAME_BYTES));
    });
    client.send(...frames, FRAME.data(stream.id, "", trailers.length === 0 ? FRAME.END_STREAM : 0));
    if (trailers.length > 0) client.send(FRAME.headers(stream.id, HPACK.block(trailers), FRAME.END_STREAM));
  }
  await client.until(() => stream.isOver || client.isClosed, ANSWER_MS, `an answer to ${method} ${path}`);
  if (client.problem !== null) throw new Error(client.problem);
  client.destroy();
  return {
    status: stream.status,
    fields: (stream.head ?? []).filter(([name]) => !name.startsWith(":")),
    body: stream.body,
    trailers: stream.trailers ?? [],
    interim: stream.interim.map((each) => Number(valuesOf(each, ":status")[0])),
    isCut: !stream.isEnded,
  };
}
