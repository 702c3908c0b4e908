// The raw HTTP/2 end against servers and vectors that are not ours: what it misreads, every test that stands on it would.

import assert from "node:assert/strict";
import { createServer, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { FRAME, H2Client, H2Upstream, HPACK } from "./index.ts";

// RFC 7541 C.4 and C.6: requests and responses with Huffman, a table of 256 bytes for the latter.
const REQUESTS = [
  ["828684418cf1e3c2e5f23a6ba0ab90f4ff", ":authority: www.example.com"],
  ["828684be5886a8eb10649cbf", "cache-control: no-cache"],
  ["828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf", "custom-key: custom-value"],
] as const;
const RESPONSES = [
  [
    "488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3",
    "location: https://www.example.com",
  ],
  ["4883640effc1c0bf", "location: https://www.example.com"],
  [
    "88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007",
    "set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1",
  ],
] as const;

describe("the raw HTTP/2 end", () => {
  for (const [what, blocks, limit] of [
    ["C.4", REQUESTS, 4096],
    ["C.6", RESPONSES, 256],
  ] as const) {
    it(`reads the header blocks of RFC 7541 ${what}`, () => {
      const decoder = new HPACK.H2HpackDecoder(limit);
      for (const [hex, last] of blocks) {
        const fields = decoder.decode(Buffer.from(hex, "hex")).map((field) => field.join(": "));
        assert.equal(fields.at(-1), last);
      }
    });
  }

  it("refuses a Huffman string with EOS in it, or with padding that is not of ones", () => {
    assert.throws(() => HPACK.decodeHuffman(Buffer.from("ffffffff", "hex")));
    assert.throws(() => HPACK.decodeHuffman(Buffer.from([0x00])));
    assert.equal(HPACK.decodeHuffman(Buffer.from([0x07])), "0");
  });

  it("talks with a server that is not ours, trailers and flow control included", async () => {
    const server = createServer();
    server.on("stream", (stream: ServerHttp2Stream, head) => {
      stream.respond({ ":status": 200, "x-path": String(head[":path"]), "x-long": "é".repeat(200) }, { waitForTrailers: true });
      stream.on("wantTrailers", () => stream.sendTrailers({ "x-sum": "7" }));
      stream.end(Buffer.alloc(200_000, "a"));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const client = await H2Client.open((server.address() as AddressInfo).port);
    const fields: HPACK.H2Field[] = [
      [":method", "GET"],
      [":scheme", "http"],
      [":path", "/there?x=1"],
      [":authority", "service.test"],
    ];
    const answers = [client.request(fields), client.request(fields)];
    await client.until(() => answers.every((answer) => answer.isEnded), 5000, "both answers");
    for (const answer of answers) {
      assert.equal(answer.status, 200);
      assert.equal(answer.field("x-path"), "/there?x=1");
      assert.equal(answer.receivedBytes, 200_000);
      assert.equal(answer.trailer("x-sum"), "7");
    }
    assert.equal(client.problem, null);
    client.send(FRAME.ping());
    await client.until(() => client.pingAcks === 1, 5000, "the answer to a ping");
    client.send(FRAME.frame(FRAME.DATA, 0, 0, Buffer.from("no stream")));
    await client.until(() => client.isClosed, 5000, "the end of a connection that breaks the protocol");
    client.destroy();
    server.close();
  });

  it("is a server as well, to itself", async () => {
    const upstream = new H2Upstream((peer) => {
      peer.send(FRAME.settings());
      peer.onFrame = ({ type, streamId }) => {
        if (type !== FRAME.HEADERS) return;
        const answer = HPACK.block([
          [":status", "200"],
          ["x-saw", peer.stream(streamId).field(":path") ?? ""],
        ]);
        peer.send(FRAME.headers(streamId, answer), FRAME.data(streamId, "body", FRAME.END_STREAM), FRAME.goAway(streamId, 0, "bye"));
      };
    });
    await upstream.listen();
    const client = await H2Client.open(upstream.port, {}, [FRAME.SETTINGS_INITIAL_WINDOW_SIZE, 1 << 20]);
    const answer = client.request([[":path", "/mine"]]);
    await client.until(() => answer.isEnded && client.goodbye !== null, 5000, "the answer");
    assert.equal(answer.field("x-saw"), "/mine");
    assert.equal(answer.body, "body");
    assert.deepEqual(client.goodbye, { lastStreamId: 1, code: 0, debug: "bye" });
    assert.equal(upstream.connections[0]?.settings?.get(FRAME.SETTINGS_INITIAL_WINDOW_SIZE), 1 << 20);
    client.destroy();
    upstream.stop();
  });
});
