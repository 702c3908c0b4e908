// How long, how slowly and how much: what one client connection may take of us, and tunnels.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FakeClock, TimerWheel } from "../base/index.ts";
import { type Socket, Turn } from "../transport/index.ts";
import { ServerConnection } from "./server-connection.ts";
import { BOUNDS, type Script, ServerStage, SILENT, StagedExchange } from "./stage/server-stage.ts";

const GET = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n";
const UPGRADE = "GET /ws HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
const POST_9 = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n";
const READS: Script = { onReady: (exchange) => exchange.client.resumeRequest() };
const SWITCHES: Script = {
  onReady(exchange) {
    exchange.begin(101, { fields: { Upgrade: "other" } });
    exchange.client.resumeRequest();
  },
};

describe("the head timeout", () => {
  it("closes a connection that never says anything", () => {
    const stage = new ServerStage();
    assert.equal(stage.advance(9_990).isEnded, false);
    assert.equal(stage.advance(30).isEnded, true);
    assert.equal(stage.take(), "");
    assert.equal(stage.exchanges.length, 0);
  });

  it("answers 408 to a head that stops half-way", () => {
    const stage = new ServerStage().send("GET / HT");
    stage.advance(9_990);
    assert.equal(stage.exchanges.length, 0);
    stage.advance(30);
    assert.equal(stage.exchange(0).refusal?.kind.code, "SP_H1_HEAD_TIMEOUT");
    assert.match(stage.take(), /^HTTP\/1\.1 408 /);
  });

  it("is not extended by bytes that drip", () => {
    const stage = new ServerStage();
    for (let i = 0; i < 25 && stage.exchanges.length === 0; i++) stage.send(GET.charAt(i)).advance(500);
    assert.equal(stage.exchange(0).refusal?.kind.code, "SP_H1_HEAD_TIMEOUT");
    assert.ok(stage.clock.now() <= 10_500);
  });

  it("begins with the first byte of a later head", () => {
    const stage = new ServerStage().send(GET).advance(50_000);
    stage.send("GET").advance(9_900);
    assert.equal(stage.exchanges.length, 1);
    stage.advance(200);
    assert.equal(stage.exchange(1).refusal?.kind.code, "SP_H1_HEAD_TIMEOUT");
  });
});

describe("the idle timeout", () => {
  it("closes a kept connection without a word", () => {
    const stage = new ServerStage().send(GET);
    stage.take();
    assert.equal(stage.advance(59_900).isEnded, false);
    assert.equal(stage.advance(200).isEnded, true);
    assert.equal(stage.take(), "");
    assert.equal(stage.finish().leftovers, "0 sockets, 0 timers");
  });

  it("does not run during an exchange", () => {
    const stage = new ServerStage({ script: SILENT }).send(GET).advance(600_000);
    assert.equal(stage.exchange(0).story, "ready");
    stage.act(() => stage.exchange(0).answer(200));
    assert.match(stage.take(), /^HTTP\/1\.1 200 /);
  });

  it("that is off keeps the connection", () => {
    const stage = new ServerStage({ bounds: { idleTimeoutMs: null } }).send(GET).advance(86_400_000);
    assert.equal(stage.isEnded, false);
    assert.equal(stage.wheel.size, 0);
  });
});

describe("the rate of a request body", () => {
  it("must not fall below its bound while we want to read", () => {
    const stage = new ServerStage({ script: READS }).send(POST_9).advance(4_900);
    assert.equal(stage.exchange(0).story, "ready");
    stage.advance(200);
    assert.equal(stage.exchange(0).story, "ready, fault SP_H1_BODY_TOO_SLOW");
  });

  it("is judged window by window", () => {
    const stage = new ServerStage({ script: READS }).send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9000\r\n\r\n");
    for (let i = 0; i < 6; i++) stage.send("x".repeat(500)).advance(5_000);
    assert.equal(stage.exchange(0).story, "ready, chunk");
    stage.send("x".repeat(499)).advance(5_020);
    assert.equal(stage.exchange(0).story, "ready, chunk, fault SP_H1_BODY_TOO_SLOW");
  });

  it("is not the client's fault while we do not read", () => {
    const paused = new ServerStage({ script: SILENT }).send(POST_9).advance(60_000);
    assert.equal(paused.exchange(0).story, "ready");
    const stage = new ServerStage({ script: { ...READS, onChunk: () => false } }).send(`${POST_9}abc`).advance(60_000);
    assert.equal(stage.exchange(0).story, "ready, chunk");
  });

  it("may be off", () => {
    const stage = new ServerStage({ script: READS, bounds: { minBodyBytesPerSecond: null } }).send(POST_9).advance(3_600_000);
    assert.equal(stage.exchange(0).story, "ready");
  });

  it("closes the connection behind the answer", () => {
    const script: Script = { ...READS, onFault: (exchange, fault) => exchange.answer(fault.kind.status) };
    const stage = new ServerStage({ script }).send(POST_9).advance(5_020);
    assert.match(stage.take(), /^HTTP\/1\.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n/);
    assert.ok(stage.isEnded);
  });
});

describe("a client that reads slowly", () => {
  const NARROW = { windowBytes: 1_000 };

  it("stops the exchange until it has read", () => {
    const stage = new ServerStage({ script: SILENT, network: NARROW }).send(GET);
    stage.client.pause();
    let goesOn = true;
    stage.act(() => {
      stage.exchange(0).begin(200, { streamed: true });
      goesOn = stage.exchange(0).write("x".repeat(5_000));
    });
    assert.equal(goesOn, false);
    assert.equal(stage.exchange(0).story, "ready");
    stage.act(() => stage.client.resume());
    assert.equal(stage.exchange(0).story, "ready, drain");
    stage.act(() => stage.exchange(0).client.end(null));
    assert.match(stage.take(), /0\r\n\r\n$/);
  });

  it("too slowly is reset", () => {
    const stage = new ServerStage({ script: SILENT, network: NARROW }).send(GET);
    stage.client.pause();
    stage.act(() => {
      stage.exchange(0).begin(200, { streamed: true });
      stage.exchange(0).write("x".repeat(5_000));
    });
    stage.advance(4_900);
    assert.equal(stage.exchange(0).story, "ready");
    stage.advance(200);
    assert.equal(stage.exchange(0).story, "ready, gone");
    assert.equal(stage.closed, "ECONNRESET");
    assert.equal(stage.wheel.size, 0);
  });

  it("is held to the same after the exchange is over", () => {
    const stage = new ServerStage({ network: NARROW, script: { onReady: (e) => e.answer(200, { body: "x".repeat(5_000) }) } });
    stage.client.pause();
    stage.send(GET).advance(5_020);
    assert.equal(stage.closed, "ECONNRESET");
    const ending = new ServerStage({
      network: NARROW,
      script: {
        onReady: (e) => {
          e.client.closeAfterResponse();
          e.answer(200, { body: "x".repeat(5_000) });
        },
      },
    });
    ending.client.pause();
    ending.send(GET).advance(5_020);
    assert.equal(ending.closed, "ECONNRESET");
  });

  it("gets the whole answer although it has said goodbye itself", () => {
    const script: Script = {
      onReady(exchange) {
        exchange.client.closeAfterResponse();
        exchange.answer(200, { body: "x".repeat(5_000) });
      },
    };
    const stage = new ServerStage({ network: NARROW, script });
    stage.client.pause();
    stage.send(GET).finish();
    stage.act(() => stage.client.resume());
    assert.equal(stage.take().length - "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\nConnection: close\r\n\r\n".length, 5_000);
    assert.equal(stage.closed, "in order");
    assert.equal(stage.leftovers, "0 sockets, 0 timers");
  });

  it("gets the whole of a last answer that was sent in one piece, as long as it goes on reading", () => {
    const stage = new ServerStage({ script: SILENT, network: NARROW }).send(GET);
    stage.client.pause();
    stage.act(() => {
      const { client } = stage.exchange(0);
      client.closeAfterResponse();
      client.cork();
      stage.exchange(0).answer(200, { body: "x".repeat(5_000) });
      client.uncork();
    });
    stage.advance(4_000);
    assert.equal(stage.closed, null);
    stage.act(() => stage.client.resume());
    assert.match(stage.take(), /x{5000}$/);
    assert.ok(stage.isEnded);
    stage.advance(2_020);
    assert.equal(stage.connection, null);
    assert.equal(stage.wheel.size, 0);
  });

  it("is not idle until it has read the answer", () => {
    const script: Script = { onReady: (exchange) => exchange.answer(200, { body: "x".repeat(5_000) }) };
    for (const behind of ["", GET]) {
      const stage = new ServerStage({ network: NARROW, script, bounds: { idleTimeoutMs: 1_000 } });
      stage.client.pause();
      stage.send(GET + behind).advance(3_000);
      assert.equal(stage.exchanges.length, 1);
      stage.act(() => stage.client.resume());
      assert.equal(stage.exchanges.length, behind === "" ? 1 : 2);
      assert.equal(stage.exchanges.at(-1)?.refusal, null);
      assert.equal(stage.isEnded, false);
      assert.equal(stage.advance(1_020).isEnded, true);
    }
  });

  it("gets no further answers, so that its requests pile up on its side", () => {
    const stage = new ServerStage({ network: { windowBytes: 2_000 } });
    stage.client.pause();
    for (let i = 0; i < 1_000; i++) stage.send(GET);
    assert.ok(stage.exchanges.length < 100, `${stage.exchanges.length} answers for a client that reads none`);
    assert.ok(stage.client.queuedBytes > 10_000);
    stage.act(() => stage.client.resume());
    assert.equal(stage.exchanges.length, 1_000);
    assert.equal(stage.take().split("HTTP/1.1 200").length, 1_001);
  });
});

describe("a client that has shut its sending side", () => {
  it("gets its answer within a second", () => {
    const stage = new ServerStage({ script: SILENT }).send(GET).finish().advance(900);
    stage.act(() => stage.exchange(0).answer(200, { body: "late" }));
    assert.match(stage.take(), /late$/);
    assert.equal(stage.leftovers, "0 sockets, 0 timers");
  });

  it("counts as gone after that", () => {
    const stage = new ServerStage({ script: SILENT }).send(GET).finish().advance(1_020);
    assert.equal(stage.exchange(0).story, "ready, gone");
    assert.equal(stage.leftovers, "0 sockets, 0 timers");
  });

  it("behind a body has the second from the body's end on", () => {
    const stage = new ServerStage({ script: READS }).send(`${POST_9}123456789`).finish().advance(900);
    assert.equal(stage.exchange(0).story, "ready, chunk, end");
    stage.advance(200);
    assert.equal(stage.exchange(0).story, "ready, chunk, end, gone");
  });
});

// Bun tells of FIN while a socket is paused; the memory network, like Node, does not.
describe("FIN behind bytes that we hold back", () => {
  function stage(script: Script): { connection: ServerConnection; exchanges: StagedExchange[]; sent: string[] } {
    const wheel = new TimerWheel(new FakeClock());
    const exchanges: StagedExchange[] = [];
    const sent: string[] = [];
    const connection = new ServerConnection(recordingSocket(sent), {
      listener: "test",
      scheme: "http",
      bounds: BOUNDS,
      wheel,
      draining: false,
      onHandshake: () => undefined,
      onConnectionClosed: () => undefined,
      acceptor: {
        accept(head, client) {
          const exchange = new StagedExchange(head, null, client, script);
          exchanges.push(exchange);
          return exchange;
        },
        refuse(fault, client) {
          const exchange = new StagedExchange(null, fault, client, script);
          exchanges.push(exchange);
          return exchange;
        },
      },
    });
    return { connection, exchanges, sent };
  }

  it("does not cut a body that has arrived whole", () => {
    const { connection, exchanges } = stage(SILENT);
    connection.onData(Buffer.from(`${POST_9}123456789`));
    connection.onEnd();
    assert.equal(exchanges[0]?.story, "ready");
    exchanges[0]?.client.resumeRequest();
    assert.equal(exchanges[0]?.story, "ready, chunk, end");
    assert.equal(exchanges[0]?.body, "123456789");
  });

  it("is told once a body that was cut has been read up to there", () => {
    const { connection, exchanges } = stage(SILENT);
    connection.onData(Buffer.from(`${POST_9}1234`));
    connection.onEnd();
    exchanges[0]?.client.resumeRequest();
    assert.equal(exchanges[0]?.story, "ready, chunk, fault SP_H1_TRUNCATED");
  });

  it("is told at once when nothing is held back", () => {
    const { connection, exchanges } = stage(SILENT);
    connection.onData(Buffer.from(POST_9));
    connection.onEnd();
    assert.equal(exchanges[0]?.story, "ready, fault SP_H1_TRUNCATED");
  });

  it("ends a tunnel behind its last bytes", () => {
    const { connection, exchanges } = stage({ onReady: (exchange) => exchange.begin(101) });
    connection.onData(Buffer.from(`${UPGRADE}frame`));
    connection.onEnd();
    assert.equal(exchanges[0]?.story, "ready");
    exchanges[0]?.client.resumeRequest();
    assert.equal(exchanges[0]?.body, "frame");
    assert.equal(exchanges[0]?.story, "ready, chunk, end");
  });

  it("lets pipelined requests be answered", () => {
    const { connection, exchanges, sent } = stage(SILENT);
    connection.onData(Buffer.from(GET + GET));
    connection.onEnd();
    exchanges[0]?.answer(200, { body: "1" });
    exchanges[1]?.answer(200, { body: "2" });
    assert.deepEqual(
      sent.filter((text) => /^\d$/.test(text)),
      ["1", "2"],
    );
    assert.equal(sent.at(-1), "FIN");
  });

  it("refuses a pipelined head that will never be complete", () => {
    const { connection, exchanges } = stage(SILENT);
    connection.onData(Buffer.from(`${GET}GET / HT`));
    connection.onEnd();
    exchanges[0]?.answer(200, { body: "1" });
    assert.equal(exchanges[1]?.refusal?.kind.code, "SP_H1_TRUNCATED");
  });
});

function recordingSocket(sent: string[]): Socket {
  return {
    remoteAddress: "192.0.2.7",
    remotePort: 1,
    localAddress: "10.0.0.1",
    localPort: 80,
    closed: false,
    queuedBytes: 0,
    tls: null,
    errorDetail: "",
    turn: new Turn(queueMicrotask),
    cork: () => undefined,
    uncork: () => undefined,
    write: (chunk) => sent.push(Buffer.from(chunk).toString("latin1")) > 0,
    writeText: (text) => sent.push(text) > 0,
    pause: () => undefined,
    resume: () => undefined,
    end: () => void sent.push("FIN"),
    close: () => undefined,
    reset: () => undefined,
  };
}

describe("a tunnel", () => {
  it("is asked for by a plain GET alone", () => {
    const asks = (request: string) => new ServerStage({ script: SILENT }).send(request).exchange(0).head?.upgrade;
    assert.equal(asks(UPGRADE), "websocket");
    assert.equal(asks(UPGRADE.replace("GET", "POST")), null);
    assert.equal(asks(UPGRADE.replace("1.1", "1.0")), null);
    assert.equal(asks(UPGRADE.replace("Connection: Upgrade\r\n", "")), null);
    assert.equal(asks(UPGRADE.replace("websocket", "h2c")), null);
    assert.equal(asks(UPGRADE.replace("websocket", "websocket, other")), null);
    assert.equal(asks(UPGRADE.replace("\r\n\r\n", "\r\nContent-Length: 3\r\n\r\nabc")), null);
  });

  it("passes bytes both ways, those behind the request too", () => {
    const stage = new ServerStage({ script: SWITCHES }).send(`${UPGRADE}early`);
    assert.equal(stage.take(), "HTTP/1.1 101 Switching Protocols\r\nUpgrade: other\r\nConnection: Upgrade\r\n\r\n");
    assert.equal(stage.exchange(0).body, "early");
    stage.send(" late");
    assert.equal(stage.exchange(0).body, "early late");
    stage.act(() => stage.exchange(0).write("GET / HTTP/1.1\r\n\r\n"));
    assert.equal(stage.take(), "GET / HTTP/1.1\r\n\r\n");
  });

  it("ends with either side's FIN", () => {
    const ours = new ServerStage({ script: SWITCHES }).send(UPGRADE);
    ours.act(() => ours.exchange(0).client.end(null));
    assert.ok(ours.isEnded);
    const theirs = new ServerStage({ script: SWITCHES }).send(UPGRADE).finish();
    assert.equal(theirs.exchange(0).story, "ready, end");
    theirs.act(() => theirs.exchange(0).write("last words"));
    theirs.act(() => theirs.exchange(0).client.end(null));
    assert.match(theirs.take(), /last words$/);
    assert.equal(theirs.leftovers, "0 sockets, 0 timers");
  });

  it("in which nothing moves either way is closed after the idle timeout", () => {
    const stage = new ServerStage({ script: SWITCHES }).send(UPGRADE);
    stage.advance(50_000).send("ping").advance(50_000);
    assert.equal(stage.exchange(0).story, "ready, chunk");
    stage.act(() => stage.exchange(0).write("pong")).advance(50_000);
    assert.equal(stage.exchange(0).story, "ready, chunk");
    stage.advance(120_100);
    assert.equal(stage.exchange(0).story, "ready, chunk, gone");
    assert.equal(stage.wheel.size, 0);
  });

  it("waits for an exchange that has no room", () => {
    const stage = new ServerStage({ script: { ...SWITCHES, onChunk: () => false }, network: { windowBytes: 1_000 } }).send(UPGRADE);
    stage.send("x".repeat(10_000));
    assert.ok(stage.exchange(0).body.length <= 2_000);
    for (let i = 0; i < 20; i++) stage.act(() => stage.exchange(0).client.resumeRequest());
    assert.equal(stage.exchange(0).body.length, 10_000);
  });
});

describe("bounds on the head", () => {
  it("refuse a request line over its bound before it ends", () => {
    const stage = new ServerStage({ bounds: { lineBytes: 100 } }).send(`GET /${"a".repeat(200)}`);
    assert.equal(stage.exchange(0).refusal?.kind.code, "SP_H1_LINE_TOO_LONG");
  });

  it("refuse a head over its bound before it ends, however it comes", () => {
    for (const chunkBytes of [1, 7, 65_536]) {
      const stage = new ServerStage({ bounds: { headBytes: 300 }, network: { chunkBytes } });
      stage.send(`GET / HTTP/1.1\r\nHost: a\r\nX: ${"a".repeat(400)}`);
      assert.equal(stage.exchange(0).refusal?.kind.code, "SP_H1_HEAD_TOO_LARGE");
    }
  });
});
