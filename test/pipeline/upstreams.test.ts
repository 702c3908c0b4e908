import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ScriptedUpstream } from "../kit/index.ts";
import { valuesOf } from "../kit/index.ts";
import { answering, echo, get, PolicyStage, post, reply, type StageOptions } from "./policy-stage.ts";

const silent = () => answering(() => {});

describe("a pool that is full", () => {
  it("refuses with 503 and Retry-After, and serves who waits in their order", async () => {
    const stage = await PolicyStage.create({ connections: 1, pending: 2 });
    stage.server.script = silent();
    const clients = ["/1", "/2", "/3", "/4"].map((path) => stage.send(get(path)));
    const refused = clients[3] as (typeof clients)[0];
    assert.equal(refused.code, "SP_UPSTREAM_POOL_FULL");
    assert.equal(refused.status, 503);
    assert.deepEqual(valuesOf(refused.response(), "retry-after"), ["1"]);
    assert.equal(stage.server.records.length, 1);
    stage.server.script = echo();
    reply(stage.server.records[0] as never, 200, "first");
    stage.pump();
    assert.deepEqual(
      clients.slice(0, 3).map((client) => client.response().body),
      ["first", "GET /2 ", "GET /3 "],
    );
    assert.deepEqual(
      stage.server.seen.map(({ startLine }) => startLine.split(" ")[1]),
      ["/1", "/2", "/3"],
    );
    assert.equal(stage.server.records.length, 1, "over one connection");
    stage.finish();
  });

  it("passes over who has left meanwhile", async () => {
    const stage = await PolicyStage.create({ connections: 1, pending: 5 });
    stage.server.script = silent();
    const [, second, third] = [get("/1"), get("/2"), get("/3")].map((text) => stage.send(text)) as [never, never, never];
    (second as { leave(): void }).leave();
    assert.equal(stage.pool.counts.pending, 1);
    stage.server.script = echo();
    reply(stage.server.records[0] as never, 200, "first");
    stage.pump();
    assert.equal((third as ReturnType<PolicyStage["connect"]>).response().body, "GET /3 ");
    assert.equal(stage.server.seen.length, 2);
    stage.finish();
  });

  it("lets a request wait no longer than its route's time", async () => {
    const stage = await PolicyStage.create({ connections: 1, timeoutMs: 1000 });
    stage.server.script = silent();
    stage.send(get("/1"));
    stage.advance(500);
    const waiting = stage.send(get("/2"));
    stage.advance(550);
    assert.equal(waiting.text, "", "its time is its own");
    assert.equal(stage.server.seen.length, 2, "the first one's end made room");
    stage.advance(500);
    assert.equal(waiting.code, "SP_EXCHANGE_DEADLINE");
    stage.finish();
  });
});

describe("endpoints that can't be reached", () => {
  it("are passed over for the next one, for any method: nothing was sent", async () => {
    const stage = await PolicyStage.create({ endpoints: 3 });
    for (const server of stage.servers.slice(0, 2)) stage.network.setConnectFault(server.address, "ECONNREFUSED");
    for (let i = 0; i < 6; i++) assert.equal(stage.send(post("hello")).response().body, "POST /x hello");
    assert.equal(stage.servers[2]?.seen.length, 6);
    stage.finish();
  });

  it("are 502 when there is no other", async () => {
    const stage = await PolicyStage.create({ endpoints: 3 });
    for (const server of stage.servers) stage.network.setConnectFault(server.address, "ECONNREFUSED");
    const client = stage.send(post("hello"));
    assert.equal(client.code, "SP_UPSTREAM_CONNECT_FAILED");
    assert.equal(stage.ended[0]?.attempts.length, 3);
    assert.deepEqual(new Set(stage.ended[0]?.attempts.map(({ endpoint }) => endpoint)).size, 3, "each was tried once");
    const other = stage.send(get());
    assert.equal(other.send(get()).responses().length, 2, "the client's connection lives on");
    stage.finish();
  });

  it("are 504 when they do not answer in time", async () => {
    const stage = await PolicyStage.create({ upstreamBounds: { connectMs: 300 } });
    stage.network.setConnectFault(stage.server.address, "blackhole");
    const client = stage.send(get());
    stage.advance(290);
    assert.equal(client.text, "");
    stage.advance(20);
    assert.equal(client.code, "SP_UPSTREAM_CONNECT_TIMEOUT");
    assert.equal(client.status, 504);
    stage.finish();
  });

  it("keep the connection that is still being opened when its client leaves", async () => {
    const stage = await PolicyStage.create();
    const client = stage.connect();
    client.raw.send(get());
    // As far as the connect, not its answer.
    for (let i = 0; i < 100 && stage.pool.counts.open === 0; i++) stage.network.step();
    client.leave();
    assert.deepEqual(stage.pool.counts, { open: 1, idle: 1, pending: 0 });
    assert.equal(stage.server.seen.length, 0);
    stage.finish();
  });
});

describe("the race with a keep-alive connection that its upstream closes", () => {
  /** One idle connection, which the upstream then closes in the face of the next request. */
  async function start(how: "end" | "reset", options: StageOptions = {}): Promise<PolicyStage> {
    const stage = await PolicyStage.create(options);
    assert.equal(stage.send(get()).status, 200);
    const first = stage.server.records[0];
    stage.server.script = answering((connection, request) => {
      if (connection === first) connection[how]();
      else echo().onRequest(connection, request);
    });
    return stage;
  }

  for (const how of ["end", "reset"] as const) {
    it(`is not seen by an idempotent request (${how})`, async () => {
      const stage = await start(how);
      const client = stage.send(get());
      assert.equal(client.response().body, "GET /x ");
      assert.equal(stage.ended[1]?.attempts.length, 2);
      assert.equal(stage.ended[1]?.attempts[1]?.isReused, false, "on a connection that has not served");
      assert.equal(stage.ended[1]?.fault, null);
      stage.finish();
    });

    it(`sends an idempotent request's body again (${how})`, async () => {
      const stage = await start(how);
      assert.equal(stage.send(post("hello").replace("POST", "PUT")).response().body, "PUT /x hello");
      stage.finish();
    });

    it(`is 502 for POST, also where its body could be sent again (${how})`, async () => {
      for (const request of [post(""), post("hello")]) {
        const stage = await start(how, { policies: [{ name: "keeps", phase: "transform", replayBytes: 1000 }] });
        assert.equal(stage.send(request).code, "SP_UPSTREAM_RESET");
        assert.equal(stage.server.seen.length, 2);
        stage.finish();
      }
    });

    it(`is 502 for POST: it may have been done (${how})`, async () => {
      const stage = await start(how);
      const client = stage.send(post("hello"));
      assert.equal(client.code, "SP_UPSTREAM_RESET");
      assert.equal(client.status, 502);
      assert.equal(stage.server.seen.length, 2);
      stage.finish();
    });
  }

  it("is 502 on a connection that has not served, also for GET", async () => {
    const stage = await PolicyStage.create();
    stage.server.script = answering((connection) => connection.end());
    assert.equal(stage.send(get()).code, "SP_UPSTREAM_RESET");
    assert.equal(stage.server.seen.length, 1);
    stage.finish();
  });

  it("is not taken for one when a part of the response has come", async () => {
    const stage = await PolicyStage.create();
    stage.send(get());
    stage.server.script = answering((connection) => {
      connection.send("HTTP/1.1 20");
      connection.end();
    });
    assert.equal(stage.send(get()).code, "SP_H1_RESPONSE_TRUNCATED");
    assert.equal(stage.server.seen.length, 2);
    stage.finish();
  });

  it("may meet every idle connection: one attempt on a fresh one is enough", async () => {
    const stage = await PolicyStage.create();
    stage.server.script = silent();
    const clients = [1, 2, 3].map(() => stage.send(get()));
    for (const record of stage.server.records) reply(record, 200, "x");
    stage.pump();
    for (const client of clients) assert.equal(client.status, 200);
    assert.equal(stage.pool.counts.idle, 3);
    const stale = new Set(stage.server.records);
    stage.server.script = answering((connection, request) => {
      if (stale.has(connection)) connection.reset();
      else echo().onRequest(connection, request);
    });
    assert.equal(stage.send(get()).status, 200);
    assert.equal(stage.ended.at(-1)?.attempts.length, 2);
    stage.finish();
  });
});

describe("idle connections", () => {
  it("close when their time is over", async () => {
    const stage = await PolicyStage.create({ upstreamBounds: { idleMs: 2000 } });
    stage.send(get());
    stage.advance(1900);
    assert.equal(stage.server.records[0]?.dropped, false);
    stage.advance(200);
    assert.equal(stage.server.records[0]?.dropped, true);
    assert.deepEqual(stage.pool.counts, { open: 0, idle: 0, pending: 0 });
    stage.finish();
  });

  it("are dropped at the first byte that nobody asked for, which reaches no client", async () => {
    const stage = await PolicyStage.create();
    stage.send(get());
    stage.server.records[0]?.send("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\npoisoned");
    stage.pump();
    assert.equal(stage.pool.counts.open, 0);
    assert.equal(stage.send(get()).response().body, "GET /x ");
    stage.finish();
  });
});

describe("closing the pool", () => {
  it("fails who waits, lets who is under way finish, and takes nobody any more", async () => {
    const stage = await PolicyStage.create({ connections: 1 });
    stage.server.script = silent();
    const busy = stage.send(get("/1"));
    const waiting = stage.send(get("/2"));
    stage.pool.close();
    stage.pump();
    assert.equal(waiting.code, "SP_UPSTREAM_POOL_CLOSED");
    assert.equal(busy.text, "");
    reply(stage.server.records[0] as never, 200, "done");
    stage.pump();
    assert.equal(busy.response().body, "done");
    assert.equal(stage.send(get("/3")).code, "SP_UPSTREAM_POOL_CLOSED");
    stage.finish();
  });
});

describe("time on the way up", () => {
  it("is bounded to the first byte, and a response that takes longer on the whole is none of its business", async () => {
    const stage = await PolicyStage.create({ upstreamBounds: { firstByteMs: 1000, betweenBytesMs: 1000 } });
    stage.server.script = silent();
    const slow = stage.send(get());
    stage.advance(1100);
    assert.equal(slow.code, "SP_UPSTREAM_FIRST_BYTE_TIMEOUT");
    const steady = stage.send(get());
    const record = (stage.server as ScriptedUpstream).records[1];
    record?.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
    stage.pump();
    for (const c of "hello") {
      stage.advance(800);
      record?.send(c);
      stage.pump();
    }
    assert.equal(steady.response().body, "hello");
    stage.finish();
  });
});
