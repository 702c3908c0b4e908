// Upgrades that succeed (RFC 9110 7.8): after 101 both directions are bytes and nothing reads them as HTTP; before it nothing
// passes; afterwards neither connection serves another request.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { startGateway } from "../kit/gateway-under-test.ts";
import { createMemoryStage, RawClient, type RawHead, type Stage, type UpstreamRecord, valuesOf } from "../kit/index.ts";
import { frame, readFrames } from "../kit/websocket-frames.ts";
import { get, head, SMUGGLED } from "./requests/request-case.ts";

const ASK = get("/first", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==");
const SWITCH = head("HTTP/1.1 101 Switching Protocols", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Accept: x");

let stage: Stage;

before(async () => {
  stage = await createMemoryStage(startGateway);
});

after(async () => {
  await stage.stop();
});

/** A client's text message. */
function toFrame(payload: string): string {
  return Buffer.from(frame(0x81, payload, true)).toString("latin1");
}

interface Asked {
  readonly client: RawClient;
  readonly record: UpstreamRecord;
  readonly request: RawHead;
}

/** A client asks for an upgrade, sending `behind` at once; the upstream has not answered yet. */
async function ask(behind = ""): Promise<Asked> {
  const { upstream } = stage;
  upstream.forget();
  const seen: [UpstreamRecord, RawHead][] = [];
  upstream.script = { onHead() {}, onRequest: (record, request) => void seen.push([record, request]) };
  const client = new RawClient(stage.transport, stage.gateway);
  client.send(ASK + behind);
  await stage.settle(() => true);
  const [first] = seen;
  assert.ok(first !== undefined, "the upstream sees the request");
  return { client, record: first[0], request: first[1] };
}

async function close({ client, record }: Asked): Promise<void> {
  client.close();
  record.close();
  await stage.settle(() => true);
}

describe("a tunnel", () => {
  it("is asked for with Connection and Upgrade as the client did", async () => {
    const asked = await ask();
    assert.deepEqual(valuesOf(asked.request, "upgrade"), ["websocket"]);
    assert.equal(valuesOf(asked.request, "connection").join().toLowerCase(), "upgrade");
    await close(asked);
  });

  it("passes frames up whatever is in them, and bytes of any sort down", async () => {
    const asked = await ask();
    asked.record.send(SWITCH);
    await stage.settle(() => true);
    assert.match(asked.client.text, /^HTTP\/1\.1 101 /);
    const before = asked.client.receivedBytes;
    const sent = toFrame(`\x00\xff${SMUGGLED}\n\n`);
    asked.client.send(sent);
    asked.record.send("\x00\r\n\r\nHTTP/1.1 999\xff");
    await stage.settle(() => true);
    assert.equal(asked.record.unfinished, sent);
    assert.equal(asked.client.text.slice(before), "\x00\r\n\r\nHTTP/1.1 999\xff");
    await close(asked);
  });

  it("delivers what stands right behind the 101", async () => {
    const asked = await ask();
    asked.record.send(`${SWITCH}hello`);
    await stage.settle(() => true);
    assert.ok(asked.client.text.endsWith("\r\n\r\nhello"), asked.client.text);
    await close(asked);
  });

  it("holds back what the client sends before the 101, and passes it afterwards", async () => {
    const early = toFrame("early");
    const asked = await ask(early);
    assert.equal(asked.record.unfinished, "");
    asked.record.send(SWITCH);
    await stage.settle(() => true);
    assert.equal(asked.record.unfinished, early);
    await close(asked);
  });

  it("passes nothing up that is no frame of a client's: a request behind the upgrade reaches nobody", async () => {
    const asked = await ask(get("/second"));
    asked.record.send(SWITCH);
    await stage.settle(() => true);
    const [told, ...others] = readFrames(asked.record.unfinished);
    assert.deepEqual([told?.first, told?.payload, others.length], [0x88, "\x03\xeaSP_WS_BAD_FRAME", 0]);
    assert.ok(asked.client.text.endsWith("\x03\xeaSP_WS_BAD_FRAME"));
    await close(asked);
  });

  it("ends towards the client when the upstream ends it", async () => {
    const asked = await ask();
    asked.record.send(SWITCH);
    await stage.settle(() => true);
    asked.record.end();
    await stage.settle(() => true);
    assert.ok(asked.client.ended);
    await close(asked);
  });

  it("ends towards the upstream when the client leaves", async () => {
    const asked = await ask();
    asked.record.send(SWITCH);
    await stage.settle(() => true);
    asked.client.close();
    await stage.settle(() => true);
    assert.ok(asked.record.dropped);
    await close(asked);
  });

  it("never opens where the upstream answers otherwise: what stands behind is a request", async () => {
    const asked = await ask(get("/second"));
    asked.record.send(`${head("HTTP/1.1 426 Upgrade Required", "Content-Length: 0")}`);
    await stage.settle(() => true);
    assert.deepEqual(
      stage.upstream.seen.map((seen) => seen.startLine),
      ["GET /first HTTP/1.1", "GET /second HTTP/1.1"],
    );
    await close(asked);
  });
});
