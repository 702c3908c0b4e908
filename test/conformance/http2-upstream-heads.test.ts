// The table of HTTP/2 responses, and that of their trailers, through the whole gateway in memory to an HTTP/1.1 client: what is refused
// becomes a 502 with its fault and nothing else, what passes is what the table says, and the upstream's connection goes on.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { FakeClock } from "../../src/base/index.ts";
import { parseConfig } from "../../src/config/index.ts";
import { createGateway, type Gateway } from "../../src/gateway/index.ts";
import { MemoryNetwork } from "../../src/transport/index.ts";
import { FRAME, H2Peer, type H2StreamRecord, HPACK, RawClient, type RawMessage, readHead, readResponse, statusOf } from "../kit/index.ts";
import type { Line, ResponseFieldCase } from "./http2-fields/field-case.ts";
import { responseCases, trailerCases } from "./http2-fields/index.ts";

const GATEWAY = { host: "10.0.0.1", port: 8080 };
const UPSTREAM = { host: "10.0.0.2", port: 80 };
const CONFIG = `
version: 1
admin: off
telemetry: { accessLog: off }
listeners: [{ name: public, address: "10.0.0.1:8080" }]
upstreams: { app: { endpoints: ["http://10.0.0.2:80"], protocol: h2 } }
routes: [{ name: all, match: { path: /* }, public: true, upstream: app }]
`;
/** The table's bounds are smaller than those of upstreams. */
const TOO_LARGE = "SP_H2_RESPONSE_HEAD_TOO_LARGE";
/** What the gateway itself tells the client. */
const OWN = /^(?:via|date|x-request-id)$/;

type Answer = (peer: H2Peer, stream: H2StreamRecord) => void;

const FINE: Answer = (peer, { id }) =>
  peer.send(FRAME.headers(id, HPACK.block([[":status", "200"]])), FRAME.data(id, "fine", FRAME.END_STREAM));

const network = new MemoryNetwork({ schedule: null });
const clock = new FakeClock();
const peers: H2Peer[] = [];
let answer: Answer = FINE;
let gateway: Gateway;

before(async () => {
  await network.transport.listen(UPSTREAM, (socket) => {
    const peer = new H2Peer((bytes) => void socket.write(bytes), { isServer: true });
    peers.push(peer);
    peer.onFrame = ({ streamId, type }) => {
      if (type === FRAME.HEADERS && peer.stream(streamId).isEnded) answer(peer, peer.stream(streamId));
    };
    peer.send(FRAME.settings());
    return { onOpen() {}, onData: (chunk) => peer.receive(chunk), onDrain() {}, onEnd: () => socket.close(), onClose() {} };
  });
  const { config, issues } = parseConfig(CONFIG, "gateway.yaml");
  assert.ok(config !== null, JSON.stringify(issues));
  gateway = await createGateway(config, { transport: network.transport, clock });
});

after(async () => {
  const stopped = gateway.stop(0);
  clock.advance(2000);
  await settle();
  await stopped;
});

async function settle(): Promise<void> {
  do {
    network.pump();
    await new Promise((resolve) => setImmediate(resolve));
  } while (network.pump() > 0);
}

function block(lines: readonly Line[]): Buffer {
  return HPACK.block(lines.map(([name, value]) => [name, value] as const));
}

/** HEADERS, with CONTINUATION where one frame can't hold the block. */
function sendBlock(peer: H2Peer, id: number, bytes: Buffer, flags: number): void {
  for (let at = 0; at === 0 || at < bytes.length; at += 16_000) {
    const ends = at + 16_000 >= bytes.length ? FRAME.END_HEADERS : 0;
    const type = at === 0 ? FRAME.HEADERS : FRAME.CONTINUATION;
    peer.send(FRAME.frame(type, (at === 0 ? flags : 0) | ends, id, bytes.subarray(at, at + 16_000)));
  }
}

/** All that the client reads: interim answers and the final one. */
async function ask(method: string): Promise<{ heads: RawMessage[]; text: string; ended: boolean }> {
  const client = new RawClient(network.transport, GATEWAY);
  network.pump();
  client.send(`${method} /first HTTP/1.1\r\nHost: a.example\r\nTE: trailers\r\nConnection: TE\r\n\r\n`);
  await settle();
  const heads: RawMessage[] = [];
  for (let at = 0; at < client.text.length; ) {
    const response = readResponse(client.text, at, method, client.ended);
    if (response === null) break;
    heads.push(response);
    at = response.end;
  }
  client.close();
  await settle();
  return { heads, text: client.text, ended: client.ended };
}

async function checkAlive(): Promise<void> {
  const before = peers.length;
  answer = FINE;
  const { heads } = await ask("GET");
  assert.deepEqual(
    heads.map(({ body }) => body),
    ["fine"],
  );
  assert.equal(peers.length, before, "on the same connection");
  for (const { problem, goodbye } of peers) assert.deepEqual([problem, goodbye], [null, null]);
}

function refusal(head: RawMessage | undefined): (string | number)[] {
  assert.ok(head !== undefined);
  return [statusOf(head), /"code":"(SP_\w+)"/.exec(head.body)?.[1] ?? (head.body || "(none)")];
}

async function play(each: ResponseFieldCase): Promise<void> {
  const length = Number(/^Content-Length: (\d+)$/m.exec(each.text)?.[1] ?? 3);
  const isInterim = each.text.startsWith("HTTP/1.1 103");
  answer = (peer, { id }) => {
    sendBlock(peer, id, block(each.lines), each.endStream ? FRAME.END_STREAM : 0);
    if (isInterim) FINE(peer, peer.stream(id));
    else if (!each.endStream && each.code === null) peer.send(FRAME.data(id, "x".repeat(length), FRAME.END_STREAM));
  };
  const { heads } = await ask(each.method);
  if (each.code !== null) {
    assert.equal(heads.length, 1, "nothing of it reached the client");
    // An answer to HEAD has no body that could tell the fault.
    assert.deepEqual(refusal(heads[0]), [502, each.method === "HEAD" ? "(none)" : each.code]);
  } else {
    const expected = readHead(`${each.text}\r\n`, 0);
    assert.ok(expected !== null);
    assert.equal(heads.length, isInterim ? 2 : 1);
    const fields = heads[0]?.fields.filter(([name]) => !OWN.test(name));
    assert.equal(heads[0]?.startLine, expected.startLine);
    assert.deepEqual(fields, expected.fields);
    if (!isInterim) assert.deepEqual(viaOf(heads[0]), ["2.0 sallyport"]);
  }
  await checkAlive();
}

function viaOf(head: RawMessage | undefined): string[] {
  return head?.fields.filter(([name]) => name === "via").map(([, value]) => value) ?? [];
}

describe("an answer that comes to the gateway over HTTP/2", () => {
  for (const each of responseCases) if (each.code !== TOO_LARGE) it(each.name, () => play(each));
});

describe("trailers that come to the gateway over HTTP/2", () => {
  for (const each of trailerCases) {
    if (each.side !== "response" || each.code === TOO_LARGE) continue;
    it(each.name, async () => {
      answer = (peer, { id }) => {
        peer.send(FRAME.headers(id, block([[":status", "200"]]), 0), FRAME.data(id, "body", 0));
        sendBlock(peer, id, block(each.lines), FRAME.END_STREAM);
      };
      const { heads, text, ended } = await ask("GET");
      if (each.code === null) {
        const expected = each.lines.map(([name, value]): readonly [string, string] => [name, value]);
        assert.deepEqual(
          heads.map(({ body, trailers }) => [body, trailers]),
          [["body", expected]],
        );
      } else {
        assert.deepEqual(heads, [], "the body never ends");
        assert.ok(ended, "it is cut");
        assert.ok(!text.includes("smuggled") && !text.includes("x-forged"));
      }
      await checkAlive();
    });
  }
});
