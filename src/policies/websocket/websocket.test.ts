import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { frame, readFrames } from "../../../test/kit/websocket-frames.ts";
import { get, PolicyStage } from "../../../test/pipeline/policy-stage.ts";
import type { WebSocketConfig } from "../../config/index.ts";
import { compileWebSocket } from "./index.ts";

const OPEN = get("/chat", "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n");
const SWITCH = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
const NONE: WebSocketConfig = { idleMs: undefined, messageBytes: null, messagesPerSecond: null };

function start(config: WebSocketConfig | null): Promise<PolicyStage> {
  return PolicyStage.create({ policies: [compileWebSocket(config) ?? assert.fail()] });
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("latin1");
}

describe("a route without WebSockets", () => {
  it("answers 403 to a request that would open one, and nothing goes upstream", async () => {
    const stage = await start(null);
    const client = stage.send(OPEN);
    assert.equal(client.status, 403);
    assert.equal(client.code, "SP_WS_NOT_ALLOWED");
    assert.equal(stage.server.records.length, 0);
    stage.finish();
  });

  it("serves every other request, on the same connection too", async () => {
    const stage = await start(null);
    const client = stage.send(OPEN).send(get());
    assert.match(client.responses()[1]?.startLine ?? "", / 200 /);
    // Another protocol is none of its concern, and spelling is no way around it.
    assert.equal(stage.send(OPEN.replace("websocket", "other")).status, 200);
    assert.equal(stage.send(OPEN.replace("websocket", "WebSocket")).status, 403);
    stage.finish();
  });
});

describe("a route that bounds its WebSockets", () => {
  it("passes frames within the bounds, and closes one that goes beyond", async () => {
    const stage = await start({ ...NONE, messageBytes: 5 });
    stage.server.script = { onHead() {}, onRequest: (record) => record.send(SWITCH) };
    const client = stage.send(OPEN);
    client.send(text(frame(0x81, "short", true)));
    client.send(text(frame(0x81, "longer", true)));
    const [record] = stage.server.records;
    assert.deepEqual(
      readFrames(record?.unfinished ?? "").map(({ first, payload }) => `${first.toString(16)} ${payload}`),
      ["81 short", "88 \u0003\u00f1SP_WS_MESSAGE_TOO_LARGE"],
    );
    record?.end();
    stage.pump();
    assert.equal(stage.ended[0]?.fault?.kind.code, "SP_WS_MESSAGE_TOO_LARGE");
    assert.equal(stage.ended[0]?.response?.status, 101);
    stage.finish();
  });
});

it("is no policy where nothing is bounded beyond the listener", () => assert.equal(compileWebSocket(NONE), null));
