// Large bodies through a gateway: both ends hash what they send and get, and a watch tells what the gateway needed for it.

import { createHash } from "node:crypto";
import { MemoryWatch } from "./memory-watch.ts";
import { BLOCK_BYTES, patternBlock } from "./pattern.ts";
import type { GatewayProcess } from "./processes.ts";
import { get, RawConnection } from "./raw-connection.ts";

export interface Transfer {
  readonly bytes: number;
  readonly sentDigest: string;
  readonly receivedDigest: string;
  readonly seconds: number;
  /** Of the gateway's resident memory over its baseline, at its peak. */
  readonly growthBytes: number;
}

/** Sends `bytes` to the service's digest, in chunks or with Content-Length, as fast as the gateway takes them. */
export async function upload(gateway: GatewayProcess, bytes: number, isChunked: boolean, path = "/digest"): Promise<Transfer> {
  const watch = new MemoryWatch(gateway);
  const startedMs = performance.now();
  const client = new RawConnection(gateway.port);
  await client.opened;
  const framing = isChunked ? "Transfer-Encoding: chunked" : `Content-Length: ${bytes}`;
  client.send(`POST ${path} HTTP/1.1\r\nHost: gateway.test\r\nConnection: close\r\n${framing}\r\n\r\n`);
  const hash = createHash("sha256");
  for (let at = 0; at < bytes; at += BLOCK_BYTES) {
    const block = patternBlock(at).subarray(0, Math.min(BLOCK_BYTES, bytes - at));
    hash.update(block);
    if (isChunked) client.send(`${block.length.toString(16)}\r\n`);
    let goesOn = client.send(block);
    if (isChunked) goesOn = client.send("\r\n");
    if (!goesOn) await drained(client);
    if (client.isOver) break;
  }
  if (isChunked) client.send("0\r\n\r\n");
  await client.over;
  client.destroy();
  const sha256 = /"sha256":"(\w+)"/.exec(client.text)?.[1] ?? `none: ${client.text}`;
  const seconds = (performance.now() - startedMs) / 1000;
  return { bytes, sentDigest: hash.digest("hex"), receivedDigest: sha256, seconds, growthBytes: watch.stop() };
}

/** Gets `bytes` from the service; `pauseMs` before the first is read, by when all buffers on the way are full. */
export async function download(
  gateway: GatewayProcess,
  bytes: number,
  pauseMs: number,
  expected: string,
  path = `/bytes?n=${bytes}`,
): Promise<Transfer> {
  const watch = new MemoryWatch(gateway);
  const startedMs = performance.now();
  const client = new RawConnection(gateway.port, { paused: true, keepBytes: 0 });
  await client.opened;
  client.send(get(path, "Connection: close\r\n"));
  await new Promise((resolve) => setTimeout(resolve, pauseMs));
  const hash = createHash("sha256");
  let head = "";
  let isBody = false;
  client.socket.on("data", (chunk: Buffer) => {
    if (isBody) {
      hash.update(chunk);
      return;
    }
    head += chunk.toString("latin1");
    const end = head.indexOf("\r\n\r\n");
    if (end < 0) return;
    isBody = true;
    hash.update(Buffer.from(head.slice(end + 4), "latin1"));
  });
  client.read();
  await client.over;
  client.destroy();
  const seconds = (performance.now() - startedMs) / 1000;
  return { bytes, sentDigest: expected, receivedDigest: hash.digest("hex"), seconds, growthBytes: watch.stop() };
}

function drained(client: RawConnection): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      client.socket.removeListener("drain", done);
      client.socket.removeListener("close", done);
      resolve();
    };
    client.socket.on("drain", done).on("close", done);
  });
}
