// A client that reads late gets the whole response all the same, however the upstream frames it and though the upstream has
// ended long before: back-pressure holds bytes back, it never loses them.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { startGateway } from "../kit/gateway-under-test.ts";
import { createMemoryStage, createSocketStage, RawClient, readResponse, type Stage, type UpstreamRecord } from "../kit/index.ts";
import { FIRST } from "./responses/response-case.ts";

/** More than the kernel's socket buffers of two connections hold. */
const BODY = "0123456789abcdef".repeat((16 * 1024 * 1024) / 16);
const PIECE_BYTES = 64 * 1024;

const FRAMINGS: readonly (readonly [what: string, head: string, encode: (piece: string) => string, tail: string])[] = [
  ["until the close", "HTTP/1.1 200 OK\r\n\r\n", (piece) => piece, ""],
  ["of Content-Length", `HTTP/1.1 200 OK\r\nContent-Length: ${BODY.length}\r\n\r\n`, (piece) => piece, ""],
  [
    "in chunks",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
    (piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`,
    "0\r\n\r\n",
  ],
];

for (const [where, createStage] of [
  ["in memory", createMemoryStage],
  ["over real sockets", createSocketStage],
] as const) {
  describe(`a slow reader ${where}`, () => {
    let stage: Stage;

    before(async () => {
      stage = await createStage(startGateway);
    });

    after(async () => {
      await stage.stop();
    });

    for (const [what, head, encode, tail] of FRAMINGS) {
      it(`gets the whole of a body ${what} that ended before it was read`, async () => {
        const asked = await ask(stage);
        asked.client.pause();
        asked.record.send(head);
        for (let at = 0; at < BODY.length; at += PIECE_BYTES) asked.record.send(encode(BODY.slice(at, at + PIECE_BYTES)));
        asked.record.send(tail);
        asked.record.end();
        await stage.settle(() => false, 150);
        asked.client.resume();
        await stage.settle(() => asked.client.receivedBytes >= BODY.length);
        await stage.settle(() => readResponse(asked.client.text, 0, "GET", asked.client.ended) !== null);
        const response = readResponse(asked.client.text, 0, "GET", asked.client.ended);
        assert.equal(response?.body.length, BODY.length);
        assert.ok(response?.body === BODY, "the bytes are the same");
        asked.client.close();
        asked.record.close();
        await stage.settle(() => true);
      });
    }
  });
}

async function ask(stage: Stage): Promise<{ client: RawClient; record: UpstreamRecord }> {
  const { upstream } = stage;
  upstream.forget();
  const records: UpstreamRecord[] = [];
  upstream.script = { onHead() {}, onRequest: (record) => void records.push(record) };
  const client = new RawClient(stage.transport, stage.gateway);
  client.send(FIRST);
  await stage.settle(() => records.length > 0);
  const [record] = records;
  assert.ok(record !== undefined, "the upstream sees the request");
  return { client, record };
}
