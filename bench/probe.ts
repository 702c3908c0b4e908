// One request by hand on a fresh keep-alive connection, the answer checked byte by byte: what wrk can't do.
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { connect as connectTls } from "node:tls";
import { TLS_NAME } from "./tls-files.ts";

export interface Probe {
  readonly port: number;
  readonly path: string;
  readonly headers: readonly string[];
  readonly expectedBody: Uint8Array;
  /** Over TLS 1.3 when set, the certificate verified against this file. */
  readonly ca?: string | undefined;
}

const TIMEOUT_MS = 5_000;

/** Size in bytes of a whole, correct response. Rejects when the status is not 200, the length not declared or the body not the expected one. */
export function probe({ port, path, headers, expectedBody, ca }: Probe): Promise<number> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    let wanted = Number.POSITIVE_INFINITY;
    const socket =
      ca === undefined
        ? connect(port, "127.0.0.1")
        : connectTls({ port, host: "127.0.0.1", servername: TLS_NAME, ca: readFileSync(ca), minVersion: "TLSv1.3" });
    socket.setTimeout(TIMEOUT_MS, () => finish(`no whole answer in ${TIMEOUT_MS} ms`));
    socket.on(ca === undefined ? "connect" : "secureConnect", () => socket.write(requestHead(port, path, headers)));
    socket.on("error", (error) => finish(error.message));
    socket.on("end", () => finish("connection closed inside the answer"));
    socket.on("data", (chunk: Buffer) => {
      chunks.push(chunk);
      size += chunk.length;
      if (wanted === Number.POSITIVE_INFINITY) wanted = wholeSize(Buffer.concat(chunks)) ?? wanted;
      if (size >= wanted) finish(size > wanted ? "bytes after the answer" : refuse(Buffer.concat(chunks), expectedBody));
    });
    function finish(problem: string | null): void {
      socket.destroy();
      if (problem === null) resolve(size);
      else reject(new Error(`GET ${path} on port ${port}: ${problem}; ${Buffer.concat(chunks).toString("latin1").slice(0, 300)}`));
    }
  });
}

export function requestHead(port: number, path: string, headers: readonly string[]): string {
  return `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${headers.map((header) => `${header}\r\n`).join("")}\r\n`;
}

/** Bytes of head and declared body; null while the head is not complete, 0 when it declares no length. */
export function wholeSize(received: Buffer): number | null {
  const end = received.indexOf("\r\n\r\n");
  if (end < 0) return null;
  const length = /^content-length:[ \t]*(\d+)/im.exec(received.toString("latin1", 0, end))?.[1];
  return length === undefined ? 0 : end + 4 + Number(length);
}

function refuse(response: Buffer, expectedBody: Uint8Array): string | null {
  if (!response.toString("latin1", 0, 13).startsWith("HTTP/1.1 200 ")) return "not HTTP/1.1 200";
  if (!response.subarray(response.length - expectedBody.length).equals(expectedBody)) return "another body than the upstream's";
  if (response.indexOf("\r\n\r\n") + 4 + expectedBody.length !== response.length) return "another length than the upstream's";
  return null;
}
