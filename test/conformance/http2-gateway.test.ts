// The table of HTTP/2 requests against the whole gateway in memory, with an HTTP/1.1 upstream behind it that reads strictly: what is
// refused reaches the upstream in no part, what passes is what the table says, and the connection goes on.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { H2 } from "../../src/http2/index.ts";
import type { Socket } from "../../src/transport/index.ts";
import { startGateway } from "../kit/gateway-under-test.ts";
import { createMemoryStage, ECHO, FRAME, H2Peer, type H2StreamRecord, HPACK, readHead, type Stage } from "../kit/index.ts";
import { BOUNDS, type Line, pseudo } from "./http2-fields/field-case.ts";
import { type RequestFieldCase, requestFieldThemes } from "./http2-fields/index.ts";
import { problemsOfForwarded } from "./problems.ts";

/** What the gateway itself tells the upstream. */
const OWN = /^(?:via|forwarded|x-forwarded-.*|x-request-id)$/;
/** The stage answers these itself, or can't send so much. */
const ELSEWHERE = /^OPTIONS \*|Content-Length: \d{4}/;

/** One byte less for the scheme that is one byte shorter. */
const IN_CLEAR = { ...BOUNDS, headBytes: BOUNDS.headBytes - 1 };

let stage: Stage;

before(async () => {
  stage = await createMemoryStage((config, ...others) => {
    const listeners = config.listeners.map((each) => ({ ...each, protocols: ["h2" as const], bounds: { ...each.bounds, ...IN_CLEAR } }));
    return startGateway({ ...config, listeners }, ...others);
  });
});

after(() => stage.stop());

class Client extends H2Peer {
  readonly #socket: Socket;

  constructor() {
    let socket!: Socket;
    super((bytes) => void socket.write(bytes));
    socket = stage.transport.connect(stage.gateway, {
      onOpen() {},
      onData: (chunk) => this.receive(chunk),
      onDrain() {},
      onEnd: () => socket.close(),
      onClose() {},
    });
    this.#socket = socket;
  }

  async ask(lines: readonly Line[], body: string | null): Promise<H2StreamRecord> {
    const fields = Buffer.concat(
      lines.map(([name, value, mark]) => HPACK.literal(name, value, mark === undefined ? 0 : HPACK.NEVER_INDEXED)),
    );
    const id = this.nextStreamId();
    const pieces = Array.from({ length: Math.ceil(fields.length / 16_000) || 1 }, (_, i) => fields.subarray(i * 16_000, (i + 1) * 16_000));
    const flags = body === null ? FRAME.END_STREAM : 0;
    for (const [i, piece] of pieces.entries()) {
      const ends = i === pieces.length - 1 ? FRAME.END_HEADERS : 0;
      this.send(FRAME.frame(i === 0 ? FRAME.HEADERS : FRAME.CONTINUATION, (i === 0 ? flags : 0) | ends, id, piece));
    }
    if (body !== null) this.send(FRAME.data(id, body, FRAME.END_STREAM));
    const stream = this.stream(id);
    await stage.settle(() => stream.isOver);
    return stream;
  }

  close(): void {
    this.#socket.close();
  }
}

/** The table speaks of TLS, the stage does without: the two schemes and their ports change places. */
function inClear(line: Line): Line {
  const [name, value, mark] = line;
  let swapped = value;
  if (name === ":scheme") swapped = ({ http: "https", https: "http" } as Record<string, string>)[value] ?? value;
  if (name === ":authority" || name === "host") swapped = value.replace(/:(443|80)$/, (_, port) => (port === "80" ? ":443" : ":80"));
  return mark === undefined ? [name, swapped] : [name, swapped, mark];
}

async function play(each: RequestFieldCase): Promise<void> {
  const { upstream } = stage;
  upstream.forget();
  upstream.script = ECHO;
  const client = new Client();
  client.begin();
  const length = /^Content-Length: (\d+)$/m.exec(each.text)?.[1];
  const isUpgrade = each.text.includes("Upgrade: websocket");
  const body = each.endStream ? null : "x".repeat(Number(length ?? (each.code === null && !isUpgrade ? 3 : 0)));
  const stream = await client.ask(each.lines.map(inClear), body);
  if (each.code === null) {
    // The upstream answers as if nobody had asked for an upgrade: the client may not take that for an open WebSocket.
    assert.equal(stream.status, isUpgrade ? 502 : 200);
    assert.equal(upstream.seen.length, 1);
    checkSeen(each, body ?? "");
  } else {
    assert.deepEqual(
      upstream.records.map(({ text }) => text).filter((text) => text !== ""),
      [],
      "the upstream saw nothing",
    );
    const fault = Object.values(H2).find((value) => typeof value === "object" && value.code === each.code);
    // RFC 9113 8.1.1: what is malformed resets its stream; what is only refused is answered, with the fault of the table.
    if (typeof fault === "object" && fault.status === 400) assert.deepEqual([stream.status, stream.resetCode], [0, 1]);
    else assert.deepEqual([stream.code, stream.status], [each.code, typeof fault === "object" ? fault.status : 400]);
  }
  for (const { problem } of upstream.records) assert.equal(problem, null);
  const next = await client.ask([...pseudo({ ":scheme": "http", ":path": "/probe" })], null);
  assert.deepEqual([next.status, next.body], [200, "GET /probe"], "the connection goes on");
  assert.equal(client.problem, null);
  assert.equal(client.goodbye, null);
  client.close();
  upstream.closeConnections();
  await stage.settle(() => true);
}

function checkSeen(each: RequestFieldCase, body: string): void {
  const [seen] = stage.upstream.seen;
  assert.ok(seen !== undefined);
  const expected = readHead(`${each.text.replace(/^Host: (.*):443\r$/m, "Host: $1:80\r")}\r\n`, 0);
  assert.ok(expected !== null);
  assert.deepEqual([seen.startLine, seen.body], [expected.startLine, body]);
  const comparable = (fields: readonly (readonly [string, string])[]) =>
    fields
      .filter(([name]) => !OWN.test(name))
      .map(([name, value]) => `${name}: ${name === "sec-websocket-key" ? "" : value}`)
      .sort();
  assert.deepEqual(comparable(seen.fields), comparable(expected.fields));
  assert.deepEqual(
    problemsOfForwarded(seen).map((problem) => problem.replace("2.0 sallyport", "")),
    ["the upstream saw Via: "],
    "all is as over HTTP/1.1 but the version in Via",
  );
}

for (const [theme, cases] of requestFieldThemes) {
  describe(`the gateway, asked over HTTP/2: ${theme}`, () => {
    for (const each of cases) {
      if (each.scheme !== "https" || Object.keys(each.bounds).length > 0 || ELSEWHERE.test(each.text)) continue;
      it(each.name, () => play(each));
    }
  });
}

describe("the gateway, asked for a WebSocket over HTTP/2", () => {
  for (const [answered, told] of [
    ["200 OK", 502],
    ["204 No Content", 502],
    ["299 Whatever", 502],
    ["302 Found", 302],
    ["404 Not Found", 404],
  ] as const) {
    it(`says ${told} where the upstream answers ${answered} in place of a switch`, async () => {
      stage.upstream.forget();
      stage.upstream.script = {
        onHead() {},
        onRequest: (connection) =>
          connection.send(`HTTP/1.1 ${answered}\r\nContent-Length: ${told === 502 ? 0 : 4}\r\n\r\n${told === 502 ? "" : "gone"}`),
      };
      const client = new Client();
      client.begin();
      const stream = await client.ask(pseudo({ ":method": "CONNECT", ":protocol": "websocket", ":scheme": "http" }), "");
      assert.equal(stream.status, told);
      assert.equal(stream.body, told === 502 ? "" : "gone");
      client.close();
      stage.upstream.closeConnections();
      await stage.settle(() => true);
    });
  }
});
