import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { valuesOf } from "../../../test/kit/index.ts";
import { answering, get, PolicyStage, post, reply, type StageOptions } from "../../../test/pipeline/policy-stage.ts";
import type { LimitRule } from "../../limits/index.ts";
import type { Policy } from "../../pipeline/index.ts";
import { A_MINUTE, authenticating, compileLimits, FakeStore, type Limited } from "./limit-fakes.ts";

const AT_ONCE: LimitRule = { kind: "concurrency", limit: 2 };
const OPEN = get("/chat", "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n");
const SWITCH = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";

async function open(limited: Limited, more: StageOptions = {}) {
  const { policies, listenerPolicies, metrics } = compileLimits(limited);
  const all = [authenticating(), ...policies, ...(more.policies ?? [])];
  const stage = await PolicyStage.create({ timeoutMs: 5000, ...more, listenerPolicies, policies: all });
  return { stage, metrics };
}

function slow(): FakeStore {
  return Object.assign(new FakeStore(), { isSlow: true });
}

describe("a store that has to be asked", () => {
  it("holds the request until it answers, and nothing goes upstream meanwhile", async () => {
    const store = slow();
    const { stage, metrics } = await open({ limits: [[{ rule: { ...A_MINUTE, limit: 1 } }, store]] });
    const [first, second] = [stage.send(get()), stage.send(get())];
    assert.deepEqual([store.waiting, stage.server.records.length, first.status], [2, 0, 0]);
    store.decide();
    stage.pump();
    assert.equal(first.status, 200);
    assert.deepEqual(valuesOf(first.response(), "ratelimit"), ['"per-ip";r=0;t=60']);
    store.decide();
    stage.pump();
    assert.equal(second.code, "SP_LIMIT_EXCEEDED");
    assert.deepEqual(valuesOf(second.response(), "retry-after"), ["60"]);
    assert.deepEqual(metrics.seen, ["per-ip admitted", "per-ip refused"]);
    stage.finish();
  });

  it("is asked once in each phase, and the next one only when it has answered", async () => {
    const [outer, early, late, other] = [slow(), slow(), slow(), new FakeStore()];
    const { stage } = await open({
      outer: [[{ name: "all", key: [{ kind: "global" }] }, outer]],
      limits: [
        [{ name: "a" }, early],
        [{ name: "b" }, other],
        [{ name: "c", key: [{ kind: "user" }] }, late],
        [{ name: "d" }, early],
      ],
    });
    const client = stage.send(get("/x", "X-Who: alice\r\n"));
    for (const store of [outer, early, late]) {
      assert.deepEqual([store.waiting, client.status], [1, 0]);
      store.decide();
      stage.pump();
    }
    assert.equal(client.status, 200);
    assert.deepEqual(
      [outer, early, other, late].flatMap(({ log }) => log),
      ["take all global 1", "take a ip=127.0.0.1 1, d ip=127.0.0.1 1", "take b ip=127.0.0.1 1", "take c user=users:alice 1"],
    );
    stage.finish();
  });

  it("that refuses has what another one took given back before the caller hears of it", async () => {
    const [first, second] = [slow(), slow()];
    const { stage } = await open({
      limits: [
        [{ name: "a" }, first],
        [{ name: "b", rule: { ...A_MINUTE, limit: 0 } }, second],
        [{ name: "c", rule: AT_ONCE }, first],
      ],
    });
    const client = stage.send(get());
    first.decide();
    assert.equal(first.out.size, 1);
    second.decide();
    assert.equal(first.out.size, 0);
    stage.pump();
    assert.equal(client.status, 429);
    assert.deepEqual(first.log.slice(1), ["charge a ip=127.0.0.1 -1", "release c ip=127.0.0.1"]);
    stage.finish();
  });

  it("that is away decides as the limit says, however late it finds out", async () => {
    for (const [onStoreFailure, status] of [
      ["open", 200],
      ["closed", 503],
      ["local", 200],
    ] as const) {
      const store = slow();
      const { stage } = await open({ limits: [[{ onStoreFailure }, store]] });
      const client = stage.send(get());
      stage.advance(50);
      store.isDown = true;
      store.decide();
      stage.pump();
      assert.equal(client.status, status, onStoreFailure);
      stage.finish();
    }
  });

  it("has a request's body wait with it", async () => {
    const store = slow();
    const { stage } = await open({ limits: [[{}, store]] });
    const client = stage.send(post("a body"));
    store.decide();
    stage.pump();
    assert.equal(client.response().body, "POST /x a body");
    stage.finish();
  });

  it("is not waited for behind the route's deadline", async () => {
    const store = slow();
    const { stage, metrics } = await open({ limits: [[{}, store]] });
    const client = stage.send(get());
    stage.advance(5000);
    assert.equal(client.code, "SP_EXCHANGE_DEADLINE");
    store.decide();
    stage.pump();
    assert.equal(client.responses().length, 1);
    assert.deepEqual(metrics.seen, []);
    stage.finish();
  });
});

describe("units of concurrency", () => {
  it("are held until the exchange ends, and then given back once", async () => {
    const store = new FakeStore();
    const { stage } = await open({ limits: [[{ rule: AT_ONCE }, store]] });
    const held = [stage.send(get()), stage.send(get())];
    assert.deepEqual(
      held.map(({ status }) => status),
      [200, 200],
    );
    assert.equal(store.out.size, 0);
    stage.server.script = { onHead() {}, onRequest() {} };
    const first = stage.send(get());
    stage.send(get());
    assert.equal(store.out.size, 2);
    const third = stage.send(get());
    assert.equal(third.code, "SP_LIMIT_EXCEEDED");
    // Nobody knows when another request ends.
    assert.deepEqual(valuesOf(third.response(), "retry-after"), ["1"]);
    assert.deepEqual(valuesOf(third.response(), "ratelimit-policy"), ['"per-ip";q=2;qu="concurrent-requests"']);
    first.leave();
    assert.equal(store.out.size, 1);
    stage.advance(5000);
    assert.equal(store.out.size, 0);
    stage.finish();
  });

  it("are held by a response until its last byte, and by a WebSocket until it closes", async () => {
    const store = new FakeStore();
    const { stage } = await open({ limits: [[{ rule: AT_ONCE }, store]] });
    stage.server.script = answering((connection) => connection.send("HTTP/1.1 200 X\r\nContent-Length: 4\r\n\r\nab"));
    const client = stage.send(get());
    assert.deepEqual([client.status, store.out.size], [200, 1]);
    stage.server.records[0]?.send("cd");
    stage.pump();
    assert.equal(store.out.size, 0);
    stage.server.script = { onHead() {}, onRequest: (record) => record.send(SWITCH) };
    const tunnel = stage.send(OPEN);
    assert.match(tunnel.text, /^HTTP\/1\.1 101 /);
    assert.doesNotMatch(tunnel.text, /ratelimit/i);
    stage.advance(100_000);
    assert.equal(store.out.size, 1);
    tunnel.leave();
    assert.equal(store.out.size, 0);
    stage.finish();
  });

  it("are given back when something behind the limit refuses, or throws", async () => {
    for (const behind of [(): never => assert.fail("thrown"), "answer"] as const) {
      const store = new FakeStore();
      const refusing: Policy = {
        name: "refusing",
        phase: "body",
        request: (exchange) => (behind === "answer" ? exchange.answer(403, exchange.head.fields.copy(), null) : behind()),
      };
      const { stage } = await open({ limits: [[{ rule: AT_ONCE }, store]] }, { policies: [refusing] });
      assert.equal(stage.send(get()).status, behind === "answer" ? 403 : 500);
      assert.deepEqual(store.log, ["take per-ip ip=127.0.0.1 1", "release per-ip ip=127.0.0.1"]);
      stage.finish();
    }
  });

  it("of a limit that only reports are given back, too", async () => {
    const store = new FakeStore();
    const { stage, metrics } = await open({ limits: [[{ rule: { ...AT_ONCE, limit: 1 } as LimitRule, dryRun: true }, store]] });
    stage.server.script = { onHead() {}, onRequest() {} };
    stage.send(get());
    stage.send(get());
    assert.equal(store.out.size, 1);
    stage.advance(5000);
    assert.equal(store.out.size, 0);
    assert.deepEqual(metrics.seen, ["per-ip admitted", "per-ip would-refuse"]);
    stage.finish();
  });

  it("that nobody counted are not given back", async () => {
    const store = Object.assign(new FakeStore(), { isDown: true });
    const { stage } = await open({ limits: [[{ rule: AT_ONCE, onStoreFailure: "open" }, store]] });
    assert.equal(stage.send(get()).status, 200);
    assert.deepEqual(store.log, ["take per-ip ip=127.0.0.1 1"]);
    stage.finish();
  });

  it("that this gateway counted alone are given back", async () => {
    const store = Object.assign(new FakeStore(), { isDown: true });
    const { stage } = await open({ limits: [[{ rule: AT_ONCE, onStoreFailure: "local" }, store]] });
    assert.equal(stage.send(get()).status, 200);
    assert.deepEqual([store.log.length, store.out.size], [2, 0]);
    stage.finish();
  });
});

describe("units of concurrency that are granted to nobody any more", () => {
  const limits = (store: FakeStore) => [[{ rule: AT_ONCE }, store] as const, [{ name: "other" }, store] as const];

  it("are given back at once when the client has left", async () => {
    const store = slow();
    const { stage, metrics } = await open({ limits: limits(store) });
    const client = stage.send(get());
    client.leave();
    assert.equal(stage.ended.length, 1);
    store.decide();
    assert.deepEqual(store.log.slice(1), ["release per-ip ip=127.0.0.1"]);
    assert.equal(store.out.size, 0);
    assert.deepEqual(metrics.seen, []);
    stage.finish();
  });

  it("are given back at once when the deadline was answered", async () => {
    const store = slow();
    const { stage } = await open({ limits: limits(store) });
    stage.send(get());
    stage.advance(5000);
    store.decide();
    assert.equal(store.out.size, 0);
    stage.finish();
    assert.equal(store.log.filter((line) => line.startsWith("release")).length, 1);
  });

  it("are given back by both stores when the second one is the late one", async () => {
    const [first, second] = [new FakeStore(), slow()];
    const { stage } = await open({
      limits: [
        [{ name: "a", rule: AT_ONCE }, first],
        [{ name: "b", rule: AT_ONCE }, second],
      ],
    });
    const client = stage.send(get());
    assert.equal(first.out.size, 1);
    client.leave();
    assert.equal(first.out.size, 0);
    second.decide();
    assert.equal(second.out.size, 0);
    assert.deepEqual([first.log.length, second.log.length], [2, 2]);
    stage.finish();
  });

  it("are none where the late answer refuses", async () => {
    const store = slow();
    const { stage } = await open({ limits: [[{ rule: { ...AT_ONCE, limit: 0 } as LimitRule }, store]] });
    stage.send(get()).leave();
    store.decide();
    assert.equal(store.log.length, 1);
    stage.finish();
  });

  it("never stay out, whatever comes first: answers, clients that leave, deadlines, the upstream", async () => {
    // Each number is one order of what happens to three requests; 6 kinds of events, 4 of them each.
    for (let order = 0; order < 1296; order++) {
      const [first, second] = [slow(), slow()];
      const { stage } = await open(
        {
          limits: [
            [{ name: "a", rule: AT_ONCE }, first],
            [{ name: "b", rule: AT_ONCE }, second],
          ],
        },
        { timeoutMs: 1000 },
      );
      stage.server.script = { onHead() {}, onRequest() {} };
      const clients = [stage.send(get()), stage.send(get()), stage.send(get())];
      const events = [
        () => first.waiting > 0 && first.decide(),
        () => second.waiting > 0 && second.decide(),
        () => clients.shift()?.leave(),
        () => stage.advance(400),
        () => reply(stage.server.records[0]!, 200, "done"),
        () => first.waiting > 0 && first.decide(),
      ];
      for (let rest = order, i = 0; i < 4; i++, rest = Math.floor(rest / 6)) {
        if (rest % 6 === 4 && stage.server.records.length === 0) continue;
        events[rest % 6]!();
        stage.pump();
      }
      for (const client of clients) client.leave();
      while (first.waiting > 0) first.decide();
      while (second.waiting > 0) second.decide();
      assert.deepEqual([first.out.size, second.out.size, stage.bugs], [0, 0, []], `order ${order}`);
      stage.finish();
    }
  });
});

describe("a leaky bucket", () => {
  const LINE: LimitRule = { kind: "leakyBucket", ratePerMs: 0.01, maxDelayMs: 200 };

  it("makes requests wait for their turn, and refuses those that would wait too long", async () => {
    const store = new FakeStore();
    const { stage, metrics } = await open({ limits: [[{ rule: LINE }, store]] });
    const clients = Array.from({ length: 4 }, () => stage.send(get()));
    const done = () => clients.map(({ status }) => status);
    assert.deepEqual(done(), [200, 0, 0, 429]);
    stage.advance(90);
    assert.deepEqual(done(), [200, 0, 0, 429]);
    stage.advance(20);
    assert.deepEqual(done(), [200, 200, 0, 429]);
    stage.advance(100);
    assert.deepEqual(done(), [200, 200, 200, 429]);
    assert.deepEqual(metrics.seen, ["per-ip admitted", "per-ip delayed", "per-ip delayed", "per-ip refused"]);
    assert.deepEqual(valuesOf(clients[3]!.response(), "ratelimit-policy"), ['"per-ip";q=3;w=1']);
    stage.finish();
  });

  it("holds by the longest of several delays, and not for one that only reports", async () => {
    const store = slow();
    const { stage } = await open({
      limits: [
        [{ name: "fast", rule: { ...LINE, ratePerMs: 0.1 } as LimitRule }, store],
        [{ name: "slow", rule: LINE }, store],
        [{ name: "dry", rule: { ...LINE, ratePerMs: 0.001, maxDelayMs: 9000 } as LimitRule, dryRun: true }, store],
      ],
    });
    const clients = [stage.send(get()), stage.send(get())];
    store.decide();
    store.decide();
    stage.pump();
    assert.deepEqual(
      clients.map(({ status }) => status),
      [200, 0],
    );
    stage.advance(80);
    assert.equal(clients[1]?.status, 0);
    stage.advance(30);
    assert.equal(clients[1]?.status, 200);
    stage.finish();
  });

  it("lets go of whoever leaves, and of the units that it held meanwhile", async () => {
    const store = new FakeStore();
    const { stage } = await open({
      limits: [
        [{ rule: LINE }, store],
        [{ name: "at-once", rule: AT_ONCE }, store],
      ],
    });
    stage.send(get());
    const client = stage.send(get());
    assert.deepEqual([store.out.size, client.status], [1, 0]);
    client.leave();
    assert.equal(store.out.size, 0);
    stage.advance(500);
    assert.equal(stage.server.seen.length, 1);
    stage.finish();
  });

  it("has its wait end with the route's deadline", async () => {
    const { stage } = await open({ limits: [[{ rule: { ...LINE, maxDelayMs: 9000 } as LimitRule }, new FakeStore()]] }, { timeoutMs: 150 });
    const clients = [stage.send(get()), stage.send(get()), stage.send(get())];
    stage.advance(400);
    assert.deepEqual(
      clients.map(({ status }) => status),
      [200, 200, 504],
    );
    assert.equal(stage.server.seen.length, 2);
    stage.finish();
  });

  it("waits in each phase for itself", async () => {
    const store = new FakeStore();
    const { stage } = await open({ outer: [[{ name: "all", rule: LINE }, store]], limits: [[{ rule: LINE }, store]] });
    stage.send(get());
    const client = stage.send(get());
    stage.advance(110);
    assert.equal(client.status, 0);
    stage.advance(110);
    assert.equal(client.status, 200);
    stage.finish();
  });
});
