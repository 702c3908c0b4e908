import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Timer } from "../../src/base/index.ts";
import { DELIVER, type Exchange, type MemoryKey, type Policy } from "../../src/pipeline/index.ts";
import type { ConnectFault, Socket } from "../../src/transport/index.ts";
import type { UpstreamRecord } from "../kit/index.ts";
import { answering, get, PolicyStage, post, postChunked, reply } from "./policy-stage.ts";

/** Tries again at 503 and at faults, at most `times` times, after `delayMs`. */
function retry(times: number, delayMs = 0, replayBytes = 1000): Policy {
  const isLeft = (exchange: Exchange) => exchange.attempts.length <= times;
  return {
    name: "retry",
    phase: "transform",
    replayBytes,
    judge: {
      onResponse: (attempt, head) => (head.status === 503 && isLeft(attempt.exchange) ? delayMs : DELIVER),
      onFault: (attempt) => (isLeft(attempt.exchange) ? delayMs : DELIVER),
    },
  };
}

/** One more attempt when there is no answer after `delayMs`. */
function hedge(delayMs: number): Policy {
  const key: MemoryKey<Timer> = { name: "hedge" };
  return {
    name: "hedge",
    phase: "transform",
    replayBytes: 100_000,
    forward(exchange) {
      const { wheel } = exchange.runtime;
      const timer = new Timer({ onTimer: () => exchange.startAttempt(exchange.attempts[0]?.upstream as never) }, 0);
      exchange.memory.put(key, timer);
      wheel.armFromTouch(timer, delayMs);
    },
    end(exchange) {
      const timer = exchange.memory.get(key);
      if (timer !== null) exchange.runtime.wheel.disarm(timer);
    },
  };
}

/** The same request to another upstream. */
function mirror(stage: () => PolicyStage): Policy {
  return { name: "mirror", phase: "transform", forward: (exchange) => exchange.startAttempt(stage().shadowPool, true) };
}

describe("a retry", () => {
  for (const request of [post("hello"), postChunked(["he", "llo"])]) {
    const what = request.includes("chunked") ? "chunked" : "plain";
    it(`sends the same body again after a 503 (${what})`, async () => {
      const stage = await PolicyStage.create({ policies: [retry(2)] });
      let count = 0;
      stage.server.script = answering((connection, { body }) => reply(connection, count++ === 0 ? 503 : 200, `${count} ${body}`));
      const client = stage.send(request);
      assert.equal(client.response().body, "2 hello");
      assert.equal(stage.begun[0]?.attempts.length, 2);
      assert.equal(stage.begun[0]?.attempts[0]?.status, 503);
      assert.equal(stage.begun[0]?.fault, null);
      stage.finish();
    });

    it(`sends the same body again after a fault (${what})`, async () => {
      const stage = await PolicyStage.create({ policies: [retry(2)] });
      let count = 0;
      stage.server.script = answering((connection, { body }) => {
        if (count++ === 0) connection.reset();
        else reply(connection, 200, body);
      });
      const client = stage.send(request);
      assert.equal(client.response().body, "hello");
      assert.equal(stage.begun[0]?.attempts[0]?.fault?.kind.code, "SP_UPSTREAM_RESET");
      stage.finish();
    });
  }

  it("sends what has come, then what comes, when the first attempt failed in the middle of the body", async () => {
    const stage = await PolicyStage.create({ policies: [retry(1)] });
    const client = stage.connect();
    client.send("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhello");
    stage.server.records[0]?.reset();
    stage.pump();
    client.send("world");
    assert.equal(client.response().body, "POST /x helloworld");
    assert.equal(stage.server.records.length, 2);
    stage.finish();
  });

  it("gives the last answer when its tries are used up", async () => {
    const stage = await PolicyStage.create({ policies: [retry(2)] });
    stage.server.script = answering((connection) => reply(connection, 503, "busy"));
    const client = stage.send(get());
    assert.equal(client.response().body, "busy");
    assert.equal(stage.server.seen.length, 3);
    stage.finish();
  });

  it("is not made of a body that is larger than what is kept", async () => {
    const stage = await PolicyStage.create({ policies: [retry(2, 0, 10)], network: { windowBytes: 16 } });
    stage.server.script = answering((connection) => reply(connection, 503, "busy"));
    assert.equal(stage.send(post("0123456789")).response().body, "busy");
    assert.equal(stage.server.seen.length, 3, "exactly what is kept may be sent again");
    const client = stage.send(post("0123456789abcdef0123456789abcdef"));
    assert.equal(client.response().body, "busy");
    assert.equal(stage.server.seen.length, 4);
    stage.finish();
  });

  it("waits on the wheel, and holds no upstream connection meanwhile", async () => {
    const stage = await PolicyStage.create({ policies: [retry(1, 500)] });
    let count = 0;
    stage.server.script = answering((connection) => reply(connection, count++ === 0 ? 503 : 200, "x"));
    const client = stage.send(get());
    assert.deepEqual(stage.pool.counts, { open: 0, idle: 0, pending: 0 });
    stage.advance(480);
    assert.equal(client.text, "");
    stage.advance(30);
    assert.equal(client.status, 200);
    stage.finish();
  });

  it("ends with the deadline, also while it waits", async () => {
    const stage = await PolicyStage.create({ policies: [retry(5, 800)], timeoutMs: 1000 });
    stage.server.script = answering((connection) => reply(connection, 503, "x"));
    const client = stage.send(get());
    stage.advance(2000);
    assert.equal(client.code, "SP_EXCHANGE_DEADLINE");
    assert.equal(stage.server.seen.length, 2);
    stage.finish();
  });

  it("is no fault of a client whose body is still coming when the deadline ends the wait", async () => {
    const stage = await PolicyStage.create({ policies: [retry(5, 800)], timeoutMs: 1000 });
    stage.server.script = { onRequest() {}, onHead: (connection) => reply(connection, 503, "x") };
    const client = stage.send("POST /x HTTP/1.1\r\nHost: a.test\r\nContent-Length: 10\r\n\r\nabc");
    stage.advance(2000);
    assert.equal(client.code, "SP_EXCHANGE_DEADLINE");
    stage.finish();
  });

  it("comes to nothing when the client leaves while it waits", async () => {
    const stage = await PolicyStage.create({ policies: [retry(5, 800)] });
    stage.server.script = answering((connection) => reply(connection, 503, "x"));
    stage.send(get()).leave();
    stage.advance(2000);
    assert.equal(stage.server.seen.length, 1);
    stage.finish();
  });

  it("never follows a response that has begun", async () => {
    const stage = await PolicyStage.create({ policies: [retry(5)] });
    stage.server.script = answering((connection) => {
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
    });
    const client = stage.send(get());
    stage.server.records[0]?.reset();
    stage.pump();
    assert.equal(stage.server.seen.length, 1);
    assert.ok(client.text.endsWith("\r\n\r\nabc"), "nothing is appended");
    assert.equal(client.raw.error, "ECONNRESET");
    assert.equal(stage.ended[0]?.fault?.kind.code, "SP_H1_RESPONSE_TRUNCATED");
    stage.finish();
  });
});

describe("a hedge", () => {
  async function start(options = {}): Promise<PolicyStage> {
    const stage = await PolicyStage.create({ policies: [hedge(100)], endpoints: 2, timeoutMs: 10_000, ...options });
    return stage;
  }

  it("starts a second attempt when the first is slow; the first answer wins, the other is cut off", async () => {
    const stage = await start();
    const [slow, fast] = stage.servers as [typeof stage.server, typeof stage.server];
    slow.script = answering(() => {});
    const client = stage.send(post("hello"));
    assert.equal(client.text, "");
    stage.advance(90);
    assert.equal(fast.seen.length, 0);
    stage.advance(20);
    assert.equal(client.response().body, "POST /x hello");
    assert.equal(slow.seen[0]?.body, "hello");
    assert.equal(fast.seen[0]?.body, "hello");
    assert.equal(slow.records[0]?.dropped, true);
    assert.equal(stage.begun[0]?.winner, stage.begun[0]?.attempts[1]);
    assert.deepEqual(stage.pool.counts, { open: 1, idle: 1, pending: 0 });
    stage.finish();
  });

  it("cuts the second off when the first answers after all", async () => {
    const stage = await start();
    const [first, second] = stage.servers as [typeof stage.server, typeof stage.server];
    first.script = answering(() => {});
    second.script = answering(() => {});
    const client = stage.send(get());
    stage.advance(200);
    reply(first.records[0] as never, 200, "first");
    stage.pump();
    assert.equal(client.response().body, "first");
    assert.equal(second.records[0]?.dropped, true);
    stage.finish();
  });

  it("costs nothing when the answer comes in time", async () => {
    const stage = await start();
    assert.equal(stage.send(get()).status, 200);
    assert.equal(stage.wheel.size, 2, "the client's and the upstream's idle timers, and no hedge's");
    stage.advance(1000);
    assert.equal(stage.servers[1]?.seen.length, 0);
    stage.finish();
  });

  it("waits for the other attempt when one fails", async () => {
    const stage = await start();
    const [first, second] = stage.servers as [typeof stage.server, typeof stage.server];
    first.script = answering(() => {});
    second.script = answering(() => {});
    const client = stage.send(get());
    stage.advance(200);
    first.records[0]?.reset();
    stage.pump();
    assert.equal(client.text, "");
    reply(second.records[0] as never, 200, "second");
    stage.pump();
    assert.equal(client.response().body, "second");
    stage.finish();
  });

  it("answers with a fault when both fail", async () => {
    const stage = await start();
    for (const server of stage.servers) server.script = answering(() => {});
    const client = stage.send(get());
    stage.advance(200);
    for (const server of stage.servers) server.records[0]?.reset();
    stage.pump();
    assert.equal(client.code, "SP_UPSTREAM_RESET");
    stage.finish();
  });

  it("gets the whole body though its connection comes while the body flows", async () => {
    const stage = await start();
    const [first, second] = stage.servers as [typeof stage.server, typeof stage.server];
    first.script = answering(() => {});
    const client = stage.send("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 200010\r\n\r\nhello");
    stage.network.setConnectFault(second.address, "blackhole");
    stage.advance(200);
    assert.equal(stage.begun[0]?.attempts.length, 2);
    client.send("x".repeat(200_000));
    assert.ok((stage.begun[0]?.requestBody?.heldBytes as number) >= 200_005, "kept for the attempt that still connects");
    client.send("world");
    stage.advance(2000);
    assert.equal(stage.begun[0]?.attempts[1]?.fault?.kind.code, "SP_UPSTREAM_CONNECT_TIMEOUT");
    reply(first.records[0] as never, 200, "first");
    stage.pump();
    assert.equal(client.response().body, "first");
    stage.finish();
  });

  it("that can't keep pace with the other is given up instead of stored for", async () => {
    const stage = await start();
    const [first, second] = stage.servers as [typeof stage.server, typeof stage.server];
    first.script = answering((connection, { body }) => reply(connection, 200, `${body.length}`));
    const client = stage.send("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000\r\n\r\n");
    stage.network.setConnectFault(second.address, "blackhole");
    stage.advance(200);
    let mostHeld = 0;
    for (let i = 0; i < 300; i++) {
      client.send("x".repeat(10_000));
      mostHeld = Math.max(mostHeld, stage.begun[0]?.requestBody?.heldBytes as number);
    }
    assert.equal(client.response().body, "3000000");
    assert.equal(stage.begun[0]?.attempts[1]?.fault?.kind.code, "SP_EXCHANGE_ATTEMPT_LAG");
    assert.ok(mostHeld < 1.2 * 1024 * 1024, `${mostHeld}`);
    stage.finish();
  });

  it("leaves a retry that is due alone", async () => {
    const stage = await PolicyStage.create({ policies: [hedge(100), retry(3, 500)], endpoints: 2 });
    const [first, second] = stage.servers as [typeof stage.server, typeof stage.server];
    let firstCount = 0;
    first.script = answering((connection) => {
      if (firstCount++ > 0) reply(connection, 200, "late");
    });
    second.script = answering(() => {});
    const client = stage.send(get());
    stage.advance(110);
    reply(second.records[0] as never, 503, "busy");
    stage.pump();
    first.records[0]?.reset();
    stage.pump();
    assert.equal(client.text, "", "the fault of the one does not answer for the retry of the other");
    stage.advance(600);
    assert.equal(client.response().body, "late");
    assert.equal(first.seen.length + second.seen.length, 3);
    stage.finish();
  });
});

describe("a mirror", () => {
  async function start(options = {}): Promise<PolicyStage> {
    const stage: PolicyStage = await PolicyStage.create({ policies: [mirror(() => stage)], timeoutMs: 10_000, ...options });
    return stage;
  }

  for (const request of [get(), post("hello"), postChunked(["he", "llo"])]) {
    it(`gets the same ${request.slice(0, 60).replaceAll("\r\n", " ")}`, async () => {
      const stage = await start({ network: { chunkBytes: 3 } });
      const client = stage.send(request);
      assert.equal(client.status, 200);
      const [original] = stage.server.seen;
      const [copy] = stage.shadow.seen;
      assert.equal(copy?.startLine, original?.startLine);
      assert.deepEqual(copy?.fields, original?.fields);
      assert.equal(copy?.body, original?.body);
      assert.equal(client.responses().length, 1);
      assert.equal(stage.begun[0]?.winner?.isShadow, false);
      stage.finish();
    });
  }

  it("gets the whole body though its connection comes later than the original's", async () => {
    const stage = await start();
    stage.send(get());
    stage.shadow.closeConnections();
    stage.pump();
    stage.send(post("x".repeat(150_000)));
    assert.equal(stage.server.records.length, 1, "the original's connection was at hand");
    assert.equal(stage.shadow.records.length, 2, "the mirror's had to be opened");
    assert.equal(stage.shadow.seen[1]?.body.length, 150_000);
    stage.finish();
  });

  const ailments: Readonly<Record<string, { readonly fault?: ConnectFault; readonly answer?: (connection: UpstreamRecord) => void }>> = {
    "is silent": { answer: () => {} },
    "is dead": { fault: "ECONNREFUSED" },
    "does not accept": { fault: "blackhole" },
    "answers nonsense": { answer: (connection) => connection.send("nonsense\r\n\r\n") },
    fails: { answer: (connection) => reply(connection, 500, "oh") },
    resets: { answer: (connection) => connection.reset() },
  };
  for (const [what, { fault, answer }] of Object.entries(ailments)) {
    it(`that ${what} does not touch the original`, async () => {
      const stage = await start({ upstreamBounds: { firstByteMs: 1000 } });
      if (fault !== undefined) stage.network.setConnectFault(stage.shadow.address, fault);
      if (answer !== undefined) stage.shadow.script = answering(answer);
      const client = stage.send(post("hello") + get());
      assert.deepEqual(
        client.responses().map(({ body }) => body),
        ["POST /x hello", "GET /x "],
      );
      assert.deepEqual(
        stage.ended.map(({ fault }) => fault),
        [null, null],
      );
      assert.equal(stage.ended[0]?.endedMs, stage.ended[0]?.startedMs, "no time passed");
      stage.advance(2000);
      stage.finish();
    });
  }

  it("that takes the body too slowly is given up, and memory stays bounded", async () => {
    const stage = await start({ network: { windowBytes: 16_000 } });
    const { transport } = stage.network;
    const paused: Socket[] = [];
    stage.shadow.stop();
    await transport.listen(stage.shadow.address, (socket) => {
      socket.pause();
      paused.push(socket);
      return { onOpen() {}, onData() {}, onDrain() {}, onEnd() {}, onClose() {} };
    });
    const client = stage.send("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000\r\n\r\n");
    let mostHeld = 0;
    for (let i = 0; i < 300; i++) {
      client.send("x".repeat(10_000));
      mostHeld = Math.max(mostHeld, stage.begun[0]?.requestBody?.heldBytes as number);
    }
    assert.equal(paused.length, 1);
    assert.equal(client.response().body.length, "POST /x ".length + 3_000_000);
    const lost = stage.begun[0]?.attempts.find((attempt) => attempt.isShadow);
    assert.equal(lost?.fault?.kind.code, "SP_EXCHANGE_MIRROR_LAG");
    assert.ok(mostHeld > 1_000_000 && mostHeld < 1.2 * 1024 * 1024, `${mostHeld}`);
    assert.deepEqual(stage.shadowPool.counts, { open: 0, idle: 0, pending: 0 });
    for (const socket of paused) socket.close();
    stage.finish();
  });

  it("does not use up the tries of the original", async () => {
    const stage = await start({ endpoints: 2 });
    stage.network.setConnectFault((stage.servers[0] as never as typeof stage.server).address, "ECONNREFUSED");
    assert.equal(stage.send(get()).status, 200);
    stage.finish();
  });

  it("of the same upstream does not either, nor does where it went count as tried", async () => {
    const stage: PolicyStage = await PolicyStage.create({
      policies: [{ name: "mirror", phase: "transform", forward: (exchange) => exchange.startAttempt(stage.pool, true) }],
      endpoints: 2,
    });
    const [, dead] = stage.servers as [typeof stage.server, typeof stage.server];
    stage.network.setConnectFault(dead.address, "ECONNREFUSED");
    for (let i = 0; i < 4; i++) assert.equal(stage.send(post("hello")).status, 200);
    stage.finish();
  });

  it("is given up when the client leaves in the middle of its body, and lives on when it has all", async () => {
    const stage = await start();
    stage.shadow.script = answering(() => {});
    stage.server.script = answering(() => {});
    stage.send(post("hello").slice(0, -1)).leave();
    assert.equal(stage.shadow.records[0]?.dropped, true);
    stage.send(post("hello")).leave();
    assert.equal(stage.server.records[1]?.dropped, true);
    assert.equal(stage.shadow.records[1]?.dropped, false);
    reply(stage.shadow.records[1] as never, 200, "done");
    stage.pump();
    assert.deepEqual(stage.shadowPool.counts, { open: 1, idle: 1, pending: 0 });
    stage.finish();
  });
});

describe("Expect: 100-continue", () => {
  const head = "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n";

  it("asks the upstream, and the client when the upstream wants the body", async () => {
    const stage = await PolicyStage.create();
    const client = stage.send(head);
    assert.equal(client.text, "HTTP/1.1 100 Continue\r\n\r\n");
    assert.equal(client.send("hello").response().body, "POST /x hello");
    stage.finish();
  });

  it("asks the client after a second when the upstream says nothing", async () => {
    const stage = await PolicyStage.create();
    stage.server.script = { onHead() {}, onRequest: (connection, { body }) => reply(connection, 200, body) };
    const client = stage.send(head);
    stage.advance(900);
    assert.equal(client.text, "");
    stage.advance(200);
    assert.equal(client.text, "HTTP/1.1 100 Continue\r\n\r\n");
    assert.equal(client.send("hello").response().body, "hello");
    stage.finish();
  });

  it("passes the upstream's refusal on, and the body is never sent", async () => {
    const stage = await PolicyStage.create();
    stage.server.script = { onHead: (connection) => reply(connection, 403, "no"), onRequest() {} };
    const client = stage.send(head);
    assert.equal(client.status, 403);
    assert.doesNotMatch(client.text, /100 Continue/);
    stage.finish();
  });

  it("is sent to each attempt anew while no body has come", async () => {
    const stage = await PolicyStage.create({ policies: [retry(1)] });
    let count = 0;
    stage.server.script = {
      onHead(connection) {
        if (count++ === 0) reply(connection, 503, "busy");
        else connection.send("HTTP/1.1 100 Continue\r\n\r\n");
      },
      onRequest: (connection, { body }) => reply(connection, 200, body),
    };
    const client = stage.send(head);
    assert.equal(client.send("hello").response().body, "hello");
    stage.finish();
  });
});
