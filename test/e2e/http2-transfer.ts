// Large bodies over HTTP/2 by hand, in windows as the far side opens them: what is sent and what comes back is hashed.

import { createHash } from "node:crypto";
import { FRAME, type H2Client, type H2StreamRecord, HPACK } from "../kit/index.ts";
import { BLOCK_BYTES, patternBlock } from "./pattern.ts";

const DEFAULT_WINDOW = 65_535;
const FRAME_BYTES = 16_384;

export function head(method: string, path: string): HPACK.H2Field[] {
  return [
    [":method", method],
    [":scheme", "http"],
    [":path", path],
    [":authority", "gateway.test"],
  ];
}

/** Sends `bytes` of the pattern as the first body of this connection, never more than the windows hold; resolves to the stream when it is answered. */
export async function uploadPattern(client: H2Client, path: string, bytes: number, mostMs: number): Promise<H2StreamRecord> {
  await client.until(() => client.settings !== null, mostMs, "settings");
  const firstWindow = client.settings?.get(FRAME.SETTINGS_INITIAL_WINDOW_SIZE) ?? DEFAULT_WINDOW;
  let sent = 0;
  const id = client.nextStreamId();
  const stream = client.stream(id);
  const push = (): void => {
    while (sent < bytes && client.socket.writableLength < BLOCK_BYTES) {
      const inBlock = BLOCK_BYTES - (sent % BLOCK_BYTES);
      const window = Math.min(DEFAULT_WINDOW + client.grantedBytes, firstWindow + stream.grantedBytes) - sent;
      const take = Math.min(FRAME_BYTES, inBlock, bytes - sent, window);
      if (take <= 0) return;
      const from = sent % BLOCK_BYTES;
      const chunk = patternBlock(sent - from).subarray(from, from + take);
      sent += take;
      client.send(FRAME.data(id, chunk, sent === bytes ? FRAME.END_STREAM : 0));
    }
  };
  client.onFrame = ({ type }) => {
    if (type === FRAME.WINDOW_UPDATE) push();
  };
  client.socket.on("drain", push);
  client.send(FRAME.headers(id, HPACK.block(head("POST", path))));
  push();
  await client.until(() => stream.isOver || client.isClosed, mostMs, `an upload of ${bytes} bytes, ${sent} sent`);
  return stream;
}

/** A response body whose windows are opened by this function alone, `stepBytes` at a time when so many have come; resolves to its digest. */
export async function downloadSlowly(client: H2Client, path: string, stepBytes: number, mostMs: number): Promise<string> {
  const hash = createHash("sha256");
  let owed = 0;
  const stream = client.request(head("GET", path));
  client.onFrame = (frame) => {
    if (frame.type !== FRAME.DATA || frame.streamId !== stream.id) return;
    hash.update(FRAME.unpadded(frame));
    owed += frame.payload.length;
    if (owed < stepBytes || stream.isEnded) return;
    const step = owed;
    owed = 0;
    setTimeout(() => client.send(FRAME.windowUpdate(0, step), FRAME.windowUpdate(stream.id, step)), 1);
  };
  await client.until(() => stream.isOver || client.isClosed, mostMs, `a download, ${stream.receivedBytes} bytes came`);
  return hash.digest("hex");
}
