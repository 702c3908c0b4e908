// One connection of the HTTP/2 engine to an upstream: RFC 9113 on the side of the upstream.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { UNKNOWN_LENGTH, type UpstreamRequest } from "../../src/http/index.ts";
import * as H2 from "../kit/h2-frames.ts";
import { block, type H2Field } from "../kit/h2-hpack.ts";
import { ClientStage, type ClientStageOptions, StagedAttempt, toFields } from "./stage.ts";

const NO_ERROR = 0;
const REFUSED_STREAM = 7;
const CANCEL = 8;
const ENHANCE_YOUR_CALM = 11;

async function ready(options: ClientStageOptions = {}, ...settings: readonly (readonly [number, number])[]): Promise<ClientStage> {
  const stage = await ClientStage.connect(options);
  stage.peer.send(H2.settings(...settings));
  await stage.settle();
  assert.deepEqual(stage.events, ["ready"]);
  return stage;
}

const OK: H2Field[] = [[":status", "200"]];
const GET: UpstreamRequest = {
  method: "GET",
  target: "/",
  authority: "u",
  fields: toFields({}),
  bodyLength: 0,
  expectsContinue: false,
  acceptsTrailers: false,
  upgrade: null,
};

function head(id: number, fields: readonly H2Field[] = OK, flags = 0): Buffer {
  return H2.headers(id, block(fields), flags);
}

/** Asks, and lets the upstream answer with these frames. */
async function answered(
  frames: (id: number) => readonly Buffer[],
  options: ClientStageOptions = {},
): Promise<[StagedAttempt, ClientStage]> {
  const stage = await ready(options);
  const attempt = stage.ask();
  await stage.settle();
  stage.peer.send(...frames(1));
  await stage.settle();
  return [attempt, stage];
}

describe("a connection that opens", () => {
  it("is ready when the upstream's settings have come", async () => {
    const stage = await ClientStage.connect();
    assert.deepEqual(stage.events, []);
    assert.equal(stage.connection.freeStreams, 0);
    stage.peer.send(H2.settings([H2.SETTINGS_MAX_CONCURRENT_STREAMS, 3]));
    await stage.settle();
    assert.deepEqual(stage.events, ["ready"]);
    assert.equal(stage.connection.freeStreams, 3);
    assert.equal(stage.peer.problem, null);
    assert.equal(stage.peer.settings?.get(H2.SETTINGS_ENABLE_PUSH), 0);
  });

  it("to something that speaks no HTTP/2 says so", async () => {
    for (const bytes of ["HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", "\x00\x00\x04\x00\x00\x00\x00\x00\x01abcd"]) {
      const stage = await ClientStage.connect();
      stage.server?.write(Buffer.from(bytes, "latin1"));
      await stage.settle();
      assert.deepEqual(stage.events, ["closed SP_H2_RESPONSE_NOT_HTTP2"]);
    }
  });

  it("to something that says nothing is given up in time", async () => {
    const stage = await ClientStage.connect({ peer: { acksSettings: false } });
    await stage.advance(1_010);
    assert.deepEqual(stage.events, ["closed SP_UPSTREAM_CONNECT_TIMEOUT"]);
    stage.server?.close();
    await stage.settle();
    assert.equal(stage.leftovers, "0 sockets, 0 timers");
  });

  it("and is closed before its settings come was not made", async () => {
    const stage = await ClientStage.connect();
    stage.server?.close();
    await stage.settle();
    assert.deepEqual(stage.events, ["closed SP_UPSTREAM_CONNECT_FAILED"]);
  });
});

describe("a request", () => {
  it("is sent with its fields, body and trailers", async () => {
    const stage = await ready();
    const fields = toFields({ "X-A": "1" });
    const attempt = stage.ask({
      method: "POST",
      target: "/p?q",
      authority: "svc:1",
      fields,
      bodyLength: UNKNOWN_LENGTH,
      acceptsTrailers: true,
    });
    attempt.stream?.write(Buffer.from("hello"));
    attempt.stream?.endRequest(toFields({ "X-Sum": "9" }));
    await stage.settle();
    const request = stage.peer.stream(1);
    assert.deepEqual(request.head, [
      [":method", "POST"],
      [":scheme", "http"],
      [":authority", "svc:1"],
      [":path", "/p?q"],
      ["x-a", "1"],
      ["te", "trailers"],
    ]);
    assert.deepEqual([request.body, request.trailer("x-sum"), request.isEnded], ["hello", "9", true]);
  });

  it("without a body is one frame", async () => {
    const stage = await ready();
    stage.ask();
    await stage.settle();
    assert.equal(stage.peer.stream(1).isEnded, true);
    assert.equal(stage.peer.counts[H2.DATA], 0);
  });

  it("waits for windows and goes on when they open", async () => {
    const stage = await ready({ peer: { opensWindows: false } }, [H2.SETTINGS_INITIAL_WINDOW_SIZE, 4]);
    const attempt = stage.ask({ method: "POST", bodyLength: 10 });
    assert.equal(attempt.stream?.write(Buffer.from("0123456789")), false);
    attempt.stream?.endRequest(null);
    await stage.settle();
    assert.equal(stage.peer.stream(1).body, "0123");
    stage.peer.send(H2.windowUpdate(1, 6));
    await stage.settle();
    assert.deepEqual([stage.peer.stream(1).body, stage.peer.stream(1).isEnded], ["0123456789", true]);
  });

  it("that is given up is cancelled, and no other", async () => {
    const stage = await ready();
    const gone = stage.ask();
    const other = stage.ask();
    await stage.settle();
    gone.stream?.cancel();
    await stage.settle();
    assert.equal(stage.peer.stream(1).resetCode, CANCEL);
    stage.peer.send(head(1), head(3, OK, H2.END_STREAM));
    await stage.settle();
    assert.equal(gone.story, "");
    assert.equal(other.story, "head 200, end");
  });

  it("is not taken where a mebibyte waits for an upstream that reads nothing, until it does", async () => {
    const stage = await ready({ network: { windowBytes: 4096 } });
    stage.server?.pause();
    const fields = toFields({ "X-Large": "x".repeat(20_000) });
    let asked = 0;
    for (; asked < 1000 && stage.connection.freeStreams > 0; asked++) {
      stage.ask({ fields }).stream?.cancel();
      await stage.settle();
    }
    assert.ok(asked > 50 && asked < 60, `${asked} requests of 20 kB`);
    assert.equal(stage.connection.openStreams, 0);
    stage.events.length = 0;
    stage.server?.resume();
    await stage.settle();
    assert.equal(stage.connection.freeStreams, 8);
    assert.deepEqual(stage.events, ["free"]);
  });

  it("that is given up before it was sent leaves nothing", async () => {
    const stage = await ready();
    const stream = stage.connection.open(new StagedAttempt());
    assert.equal(stage.connection.openStreams, 1);
    stream.cancel();
    await stage.settle();
    assert.equal(stage.connection.openStreams, 0);
    assert.equal(stage.peer.counts[H2.RST_STREAM], 0);
  });
});

describe("an answer", () => {
  it("comes with its body and trailers, and frees its stream", async () => {
    const [attempt, stage] = await answered((id) => [
      head(id, [[":status", "103"]]),
      head(id, [...OK, ["content-type", "application/grpc"]]),
      H2.data(id, "abc"),
      H2.data(id, "def"),
      H2.headers(id, block([["grpc-status", "0"]]), H2.END_STREAM),
    ]);
    assert.equal(attempt.story, "interim 103, head 200, chunk, end");
    assert.equal(attempt.body, "abcdef");
    assert.equal(attempt.trailers?.valueAt(0), "0");
    assert.equal(stage.connection.openStreams, 0);
    assert.equal(stage.connection.hasServed, true);
    assert.deepEqual(stage.events, ["ready", "free"]);
  });

  it("without a body ends with its head", async () => {
    const [attempt] = await answered((id) => [head(id, [[":status", "204"]], H2.END_STREAM)]);
    assert.equal(attempt.story, "head 204, end");
  });

  it("that its reader does not take holds back its own stream alone", async () => {
    const stage = await ready();
    const slow = stage.ask();
    const quick = stage.ask();
    slow.wantsMore = false;
    await stage.settle();
    const grants: number[] = [];
    stage.peer.onFrame = ({ type, streamId }) => {
      if (type === H2.WINDOW_UPDATE) grants.push(streamId);
    };
    stage.peer.send(head(1), head(3));
    for (let i = 0; i < 4; i++) stage.peer.send(H2.data(1, Buffer.alloc(16_384)), H2.data(3, Buffer.alloc(16_384)));
    await stage.settle();
    assert.equal(slow.body.length, 0);
    assert.equal(quick.body.length, 65_536);
    assert.ok(grants.includes(3) && !grants.includes(1), `granted to ${grants.join(", ")}`);
    slow.wantsMore = true;
    slow.stream?.resumeResponse();
    await stage.settle();
    assert.equal(slow.body.length, 65_536);
    assert.ok(grants.includes(1));
  });

  it("may have 64 KiB on the way at first, and 512 once its reader has shown that it takes them", async () => {
    const stage = await ready();
    stage.ask();
    await stage.settle();
    stage.peer.send(head(1));
    const first = stage.peer.settings?.get(H2.SETTINGS_INITIAL_WINDOW_SIZE) ?? 0;
    assert.equal(first, 65_536);
    let sent = 0;
    let most = first;
    for (let i = 0; i < 128; i++) {
      stage.peer.send(H2.data(1, Buffer.alloc(16_384)));
      sent += 16_384;
      await stage.settle();
      most = Math.max(most, first + stage.peer.stream(1).grantedBytes - sent);
    }
    assert.ok(most > 393_216 && most <= 524_288, `${most} bytes may be on their way`);
  });

  it("that overtakes its request ends it", async () => {
    const stage = await ready();
    const attempt = stage.ask({ method: "POST", bodyLength: UNKNOWN_LENGTH });
    await stage.settle();
    stage.peer.send(head(1, [[":status", "413"]], H2.END_STREAM));
    await stage.settle();
    assert.equal(attempt.story, "head 413, end");
    assert.equal(stage.peer.stream(1).resetCode, CANCEL);
    assert.equal(stage.connection.openStreams, 0);
  });

  it("that is whole is read to its end although the rest of the request is not wanted", async () => {
    const stage = await ready();
    const attempt = stage.ask({ method: "POST", bodyLength: UNKNOWN_LENGTH });
    attempt.wantsMore = false;
    await stage.settle();
    stage.peer.send(head(1), H2.data(1, "whole", H2.END_STREAM), H2.rstStream(1, NO_ERROR));
    await stage.settle();
    attempt.wantsMore = true;
    attempt.stream?.resumeResponse();
    await stage.settle();
    assert.equal(attempt.story, "head 200, chunk, end");
    assert.equal(attempt.body, "whole");
  });

  const BAD: Readonly<Record<string, readonly [code: string, frames: (id: number) => readonly Buffer[]]>> = {
    "with a field that HTTP/2 does not have": ["SP_H2_RESPONSE_BAD_HEAD", (id) => [head(id, [...OK, ["connection", "close"]])]],
    "without a status": ["SP_H2_RESPONSE_BAD_HEAD", (id) => [head(id, [["x", "y"]])]],
    "shorter than it said": [
      "SP_H2_RESPONSE_BAD_LENGTH",
      (id) => [head(id, [...OK, ["content-length", "5"]]), H2.data(id, "abc", H2.END_STREAM)],
    ],
    "longer than it said": ["SP_H2_RESPONSE_BAD_LENGTH", (id) => [head(id, [...OK, ["content-length", "2"]]), H2.data(id, "abc")]],
    "whose trailers do not end it": ["SP_H2_RESPONSE_BAD_HEAD", (id) => [head(id), head(id, [["x", "y"]])]],
    "of interim heads without end": [
      "SP_H2_RESPONSE_TOO_MANY_INTERIM",
      (id) => Array.from({ length: 20 }, () => head(id, [[":status", "103"]])),
    ],
    "that sends more than its window": [
      "SP_H2_RESPONSE_BAD_FRAME",
      (id) => [head(id), ...Array.from({ length: 17 }, () => H2.data(id, Buffer.alloc(16_384)))],
    ],
  };
  for (const [what, [code, frames]] of Object.entries(BAD)) {
    it(`${what} is refused, and the connection goes on`, async () => {
      const stage = await ready();
      const attempt = stage.ask();
      // The first window is to be exceeded, not opened again.
      attempt.wantsMore = false;
      await stage.settle();
      stage.peer.send(...frames(1));
      await stage.settle();
      attempt.wantsMore = true;
      attempt.stream?.resumeResponse();
      await stage.settle();
      assert.equal(attempt.fault?.kind.code, code);
      assert.notEqual(stage.peer.stream(1).resetCode, null);
      const next = stage.ask();
      await stage.settle();
      stage.peer.send(head(3, OK, H2.END_STREAM));
      await stage.settle();
      assert.equal(next.story, "head 200, end");
    });
  }
});

describe("an upstream that breaks the order of things", () => {
  it("by content or an end before its head is refused, and its attempt sees neither", async () => {
    for (const frame of [H2.data(1, "x"), H2.data(1, "x", H2.END_STREAM), H2.data(1, "", H2.END_STREAM)]) {
      for (const interim of [[], [head(1, [[":status", "103"]])]]) {
        const [attempt] = await answered(() => [...interim, frame, head(1)]);
        assert.equal(attempt.story, `${interim.length > 0 ? "interim 103, " : ""}fault SP_H2_RESPONSE_BAD_HEAD`);
      }
    }
  });

  it("by allowing itself pushes is left", async () => {
    const stage = await ClientStage.connect();
    stage.peer.send(H2.settings([H2.SETTINGS_ENABLE_PUSH, 1]));
    await stage.settle();
    assert.deepEqual(stage.events, ["closed SP_H2_RESPONSE_NOT_HTTP2"]);
    const polite = await ready({}, [H2.SETTINGS_ENABLE_PUSH, 0]);
    assert.equal(polite.connection.freeStreams, 8);
  });
});

describe("an answer that is whole, but not yet read,", () => {
  const ENDINGS: Readonly<Record<string, (stage: ClientStage) => void>> = {
    "is there when its upstream has closed the connection": (stage) => stage.server?.end(),
    "is there when its upstream said goodbye and left": (stage) => {
      stage.peer.send(H2.goAway(0, NO_ERROR));
      stage.server?.end();
    },
    "is there when its connection breaks": (stage) => stage.server?.reset(),
    "is there when its connection has to be given up": (stage) => stage.peer.send(H2.data(0, "x")),
    "is there when its upstream cancels what is left of the request": (stage) => stage.peer.send(H2.rstStream(1, CANCEL)),
  };
  for (const [what, end] of Object.entries(ENDINGS)) {
    it(what, async () => {
      const stage = await ready();
      const attempt = stage.ask({ method: "POST", bodyLength: UNKNOWN_LENGTH });
      const other = stage.ask();
      attempt.wantsMore = false;
      await stage.settle();
      stage.peer.send(head(1), H2.data(1, "whole"), H2.headers(1, block([["grpc-status", "0"]]), H2.END_STREAM));
      stage.peer.send(head(3), H2.data(3, "a part"));
      await stage.settle();
      end(stage);
      await stage.settle();
      stage.server?.close();
      await stage.settle();
      assert.match(other.story, /^head 200, chunk, fault SP_H2_RESPONSE_(?:TRUNCATED|RESET|BAD_FRAME)$/);
      assert.equal(attempt.story, "head 200");
      assert.equal(stage.events.at(-1), "closed");
      attempt.stream?.write(Buffer.from("late"));
      attempt.wantsMore = true;
      attempt.stream?.resumeResponse();
      assert.equal(attempt.story, "head 200, chunk, end");
      assert.deepEqual([attempt.body, attempt.trailers?.valueAt(0)], ["whole", "0"]);
      await stage.settle();
      assert.equal(stage.connection.openStreams, 0);
      assert.equal(stage.leftovers, "0 sockets, 0 timers");
    });
  }
});

describe("a stream that the upstream resets", () => {
  for (const [code, fault] of [
    [REFUSED_STREAM, "SP_H2_RESPONSE_REFUSED"],
    [CANCEL, "SP_H2_RESPONSE_CANCELLED"],
    [ENHANCE_YOUR_CALM, "SP_H2_RESPONSE_ENHANCE_YOUR_CALM"],
    [13, "SP_H2_RESPONSE_HTTP_1_1_REQUIRED"],
    [2, "SP_H2_RESPONSE_RESET"],
  ] as const) {
    it(`with ${code} is ${fault}`, async () => {
      const [attempt, stage] = await answered((id) => [H2.rstStream(id, code)]);
      assert.equal(attempt.fault?.kind.code, fault);
      assert.equal(stage.connection.openStreams, 0);
    });
  }

  it("as refused behind its head was not refused", async () => {
    const [attempt] = await answered((id) => [head(id), H2.rstStream(id, REFUSED_STREAM)]);
    assert.equal(attempt.fault?.kind.code, "SP_H2_RESPONSE_RESET");
    assert.equal(attempt.fault?.kind.retry, "never");
  });
});

describe("a connection that goes", () => {
  it("with GOAWAY answers what it took, and has the rest asked again elsewhere", async () => {
    const stage = await ready();
    const taken = stage.ask();
    const untouched = stage.ask();
    await stage.settle();
    stage.peer.send(H2.goAway(1, NO_ERROR));
    await stage.settle();
    assert.equal(untouched.fault?.kind.code, "SP_H2_RESPONSE_REFUSED");
    assert.equal(untouched.fault?.kind.retry, "always");
    assert.deepEqual(stage.events, ["ready", "draining"]);
    assert.equal(stage.connection.freeStreams, 0);
    stage.peer.send(head(1, OK, H2.END_STREAM));
    await stage.settle();
    assert.equal(taken.story, "head 200, end");
    await stage.settle();
    assert.deepEqual(stage.events, ["ready", "draining", "closed"]);
    assert.equal(stage.peer.goodbye?.code, NO_ERROR);
  });

  it("with GOAWAY sees no stream begin, and whoever had one asks elsewhere", async () => {
    const stage = await ready();
    stage.ask();
    const late = new StagedAttempt();
    late.stream = stage.connection.open(late);
    stage.peer.send(H2.goAway(1, NO_ERROR));
    await stage.settle();
    late.stream.send({ ...GET, bodyLength: 3 });
    late.stream.write(Buffer.from("abc"));
    late.stream.endRequest(null);
    await stage.settle();
    assert.equal(late.fault?.kind.code, "SP_H2_RESPONSE_REFUSED");
    assert.equal(stage.peer.counts[H2.HEADERS], 1);
    assert.equal(stage.peer.counts[H2.DATA], 0);
  });

  it("without a word is a reset for who had no answer yet, and a cut for who had", async () => {
    const stage = await ready();
    const waiting = stage.ask();
    const reading = stage.ask();
    await stage.settle();
    stage.peer.send(head(3));
    await stage.settle();
    stage.server?.reset();
    await stage.settle();
    assert.equal(waiting.fault?.kind.code, "SP_UPSTREAM_RESET");
    assert.equal(reading.fault?.kind.code, "SP_H2_RESPONSE_TRUNCATED");
    assert.equal(stage.events.at(-1), "closed");
    assert.equal(stage.leftovers, "0 sockets, 0 timers");
  });

  it("because it breaks the protocol takes all streams with it", async () => {
    for (const frame of [
      H2.data(0, "x"),
      H2.frame(H2.PUSH_PROMISE, 4, 1, Buffer.alloc(4)),
      head(2),
      H2.ping("12345678", 0).subarray(0, 9),
    ]) {
      const stage = await ready();
      const attempt = stage.ask();
      await stage.settle();
      stage.peer.send(frame[3] === H2.PING ? H2.frame(H2.PING, 0, 0, Buffer.alloc(3)) : frame);
      await stage.settle();
      assert.equal(attempt.fault?.kind.code, "SP_H2_RESPONSE_BAD_FRAME");
      assert.equal(stage.events.at(-1), "closed");
    }
  });

  it("because it floods is one", async () => {
    const stage = await ready();
    const attempt = stage.ask();
    await stage.settle();
    for (let i = 0; i < 600; i++) stage.peer.send(H2.ping());
    await stage.settle();
    assert.equal(attempt.fault?.kind.code, "SP_H2_RESPONSE_FLOOD");
  });

  it("when it has been idle for long enough, or is not wanted any more and has nothing to do", async () => {
    const idle = await ready();
    await idle.advance(30_010);
    assert.deepEqual(idle.events, ["ready", "draining", "closed"]);
    const unwanted = await ready();
    const attempt = unwanted.ask();
    await unwanted.settle();
    unwanted.connection.close();
    assert.equal(unwanted.connection.freeStreams, 0);
    unwanted.peer.send(head(1, OK, H2.END_STREAM));
    await unwanted.settle();
    assert.equal(attempt.story, "head 200, end");
    assert.equal(unwanted.events.at(-1), "closed");
  });
});

describe("time", () => {
  it("an upstream that does not answer is a fault of the request, counted from its end", async () => {
    const stage = await ready();
    const attempt = stage.ask({ method: "POST", bodyLength: 1 });
    await stage.advance(4_000);
    stage.wheel.touch();
    attempt.stream?.write(Buffer.from("x"));
    attempt.stream?.endRequest(null);
    await stage.settle();
    await stage.advance(4_990);
    assert.equal(attempt.story, "");
    await stage.advance(30);
    assert.equal(attempt.fault?.kind.code, "SP_UPSTREAM_FIRST_BYTE_TIMEOUT");
    assert.equal(stage.peer.stream(1).resetCode, CANCEL);
  });

  it("an upstream that stops in the middle is one, and its reader's own pause is none", async () => {
    const [attempt, stage] = await answered((id) => [head(id), H2.data(id, "x")]);
    await stage.advance(1_990);
    stage.peer.send(H2.data(1, "y"));
    await stage.settle();
    attempt.wantsMore = false;
    await stage.advance(1_990);
    stage.peer.send(H2.data(1, "z"));
    await stage.settle();
    await stage.advance(10_000);
    assert.equal(attempt.story, "head 200, chunk");
    attempt.wantsMore = true;
    attempt.stream?.resumeResponse();
    await stage.advance(2_010);
    assert.equal(attempt.fault?.kind.code, "SP_UPSTREAM_BETWEEN_BYTES_TIMEOUT");
  });

  it("an upstream that does not answer is one, also when its socket was full of the request's end", async () => {
    const stage = await ready({ network: { windowBytes: 1024 } });
    const attempt = stage.ask({ method: "POST", bodyLength: 6 * 16_384 });
    stage.server?.pause();
    assert.equal(attempt.stream?.write(Buffer.alloc(6 * 16_384)), false);
    attempt.stream?.endRequest(null);
    await stage.settle();
    stage.server?.resume();
    await stage.settle();
    assert.equal(stage.peer.stream(1).isEnded, true);
    await stage.advance(5_010);
    assert.equal(attempt.story, "fault SP_UPSTREAM_FIRST_BYTE_TIMEOUT");
  });

  it("an upstream that takes nothing of a body is one", async () => {
    const stage = await ready({ peer: { opensWindows: false } }, [H2.SETTINGS_INITIAL_WINDOW_SIZE, 1]);
    const attempt = stage.ask({ method: "POST", bodyLength: 3 });
    attempt.stream?.write(Buffer.from("abc"));
    await stage.advance(2_010);
    assert.equal(attempt.fault?.kind.code, "SP_UPSTREAM_BETWEEN_BYTES_TIMEOUT");
  });

  it("an upstream that is silent for a minute is asked, and given up when it does not answer", async () => {
    for (const acksPings of [true, false]) {
      const stage = await ready({ peer: { acksPings }, bounds: { firstByteMs: null } });
      const attempt = stage.ask();
      for (let i = 0; i < 18; i++) await stage.advance(5_010);
      assert.equal(stage.peer.counts[H2.PING], 1);
      assert.equal(attempt.fault?.kind.code, acksPings ? undefined : "SP_H2_RESPONSE_PING_LATE");
    }
  });
});

describe("a WebSocket", () => {
  const upgrade = {
    upgrade: "websocket",
    fields: toFields({ "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version": "13" }),
  };

  it("is an extended CONNECT, and its 200 the 101 that the client waits for", async () => {
    const stage = await ready({}, [H2.SETTINGS_ENABLE_CONNECT_PROTOCOL, 1]);
    const attempt = stage.ask(upgrade);
    await stage.settle();
    const request = stage.peer.stream(1);
    assert.deepEqual(
      [request.field(":method"), request.field(":protocol"), request.field("sec-websocket-key")],
      ["CONNECT", "websocket", null],
    );
    assert.equal(request.isEnded, false);
    stage.peer.send(head(1), H2.data(1, "down"));
    await stage.settle();
    assert.equal(attempt.story, "switch websocket, chunk");
    const accept = attempt.head?.fields;
    assert.equal(accept?.valueAt(accept.size - 1), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    attempt.stream?.write(Buffer.from("up"));
    attempt.stream?.endRequest(null);
    stage.peer.send(H2.data(1, "", H2.END_STREAM));
    await stage.settle();
    assert.equal(request.body, "up");
    assert.equal(attempt.events.at(-1), "end");
    assert.equal(stage.connection.openStreams, 0);
  });

  it("is not asked of an upstream that does not announce it", async () => {
    const stage = await ready();
    const attempt = stage.ask(upgrade);
    attempt.stream?.endRequest(null);
    await stage.settle();
    assert.equal(stage.peer.counts[H2.DATA], 0, "nothing on stream 0");
    assert.equal(attempt.fault?.kind.code, "SP_H2_RESPONSE_NO_WEBSOCKET");
    assert.equal(stage.connection.openStreams, 0);
    assert.equal(stage.peer.counts[H2.HEADERS], 0);
  });

  it("that is refused is an answer", async () => {
    const stage = await ready({}, [H2.SETTINGS_ENABLE_CONNECT_PROTOCOL, 1]);
    const attempt = stage.ask(upgrade);
    await stage.settle();
    stage.peer.send(head(1, [[":status", "403"]], H2.END_STREAM));
    await stage.settle();
    assert.equal(attempt.story, "head 403, end");
  });
});
