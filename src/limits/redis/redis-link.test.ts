// The link with a client and a clock of the test's own: when it is up, who is told, and that nobody waits longer than said.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FakeClock, Secret } from "../../base/index.ts";
import type { RedisLink, RedisLinkConfig } from "./link.ts";
import type { RedisClient } from "./redis-client.ts";
import { openRedisLink } from "./redis-link.ts";

const SCRIPT = { name: "script", text: "return 1" };

/** Answers when the test says so; what it is asked first is the probe. */
class FakeClient implements RedisClient {
  readonly sent: { readonly words: readonly string[]; resolve(answer: unknown): void; reject(error: unknown): void }[] = [];
  readonly lose: (error: unknown) => void;
  isDestroyed = false;
  #onConnected: () => void = () => undefined;
  #onRefused: (error: unknown) => void = () => undefined;

  constructor(lose: (error: unknown) => void) {
    this.lose = lose;
  }

  connect(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#onConnected = resolve;
      this.#onRefused = reject;
    });
  }

  send(_key: string, words: string[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.sent.push({ words: [...words], resolve, reject });
    });
  }

  destroy(): void {
    this.isDestroyed = true;
  }

  async refuse(message: string): Promise<void> {
    this.#onRefused(new Error(message));
    await settled();
  }

  async letIn(): Promise<void> {
    this.#onConnected();
    await settled();
    this.sent.shift()!.resolve("OK");
    await settled();
  }
}

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

function stage(url = "redis://user:pass%20word@host:1/0", place: RedisLinkConfig["place"] = { kind: "single", url: new Secret(url) }) {
  const clock = new FakeClock();
  const told: string[] = [];
  const clients: FakeClient[] = [];
  const config = { place, ca: null, timeoutMs: 50, prefix: "p:" } as const;
  const link = openRedisLink(config, {
    clock,
    watcher: {
      onStore: (_store, state, detail) => void told.push(`${state} ${detail}`.trim()),
      onReason: (_store, detail) => void told.push(`still ${detail}`),
    },
    createClient(_config, onLost) {
      const client = new FakeClient(onLost);
      clients.push(client);
      return client;
    },
  });
  return { clock, told, clients, link };
}

async function settledAs(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    (answer) => `answer ${String(answer)}`,
    (error: unknown) => (error as Error).message,
  );
}

function run(link: RedisLink): Promise<string> {
  return settledAs(link.run(SCRIPT, ["k"], [7]));
}

describe("a link to Redis", () => {
  it("is up when something could be written, and not before", async () => {
    const { link, told, clients } = stage();
    assert.match(await run(link), /away/);
    clients[0]!.letIn();
    await link.started;
    assert.deepEqual([link.isUp, link.epoch, told], [true, 1, ["up"]]);
    const answer = run(link);
    await settled();
    assert.deepEqual(clients[0]!.sent[0]!.words.slice(2), ["1", "k", "7"]);
    clients[0]!.sent[0]!.resolve("fine");
    assert.equal(await answer, "answer fine");
    link.close();
  });

  it("has not started when its first connection took too long, but when the next was tried, at once", async () => {
    const { link, clock, clients } = stage();
    let hasStarted = false;
    void link.started.then(() => {
      hasStarted = true;
    });
    await clients[0]!.refuse("Connection timeout");
    await clock.advance(0);
    assert.deepEqual([clients.length, hasStarted], [2, false]);
    await clients[1]!.refuse("Connection timeout");
    await clock.advance(249);
    assert.deepEqual([clients.length, hasStarted, link.isUp], [2, true, false]);
    await clock.advance(1);
    await clients[2]!.letIn();
    assert.equal(link.isUp, true);
    link.close();
  });

  it("sends a script whole that the server doesn't know", async () => {
    const { link, clients } = stage();
    await clients[0]!.letIn();
    const answer = run(link);
    clients[0]!.sent[0]!.reject(new Error("NOSCRIPT No matching script."));
    await settled();
    assert.deepEqual(clients[0]!.sent[1]!.words, ["EVAL", "return 1", "1", "k", "7"]);
    clients[0]!.sent[1]!.resolve(1);
    assert.equal(await answer, "answer 1");
    link.close();
  });

  it("goes down with the first answer that is late, for all that wait, by one timer", async () => {
    const { link, told, clients, clock } = stage();
    await clients[0]!.letIn();
    const answers = [run(link)];
    clock.advance(30);
    for (let i = 0; i < 99; i++) answers.push(run(link));
    assert.equal(clock.pendingCalls, 1);
    clock.advance(19);
    assert.equal(link.isUp, true);
    clock.advance(1);
    assert.equal(link.isUp, true);
    clock.advance(1);
    assert.equal(link.isUp, false);
    assert.ok(clients[0]!.isDestroyed);
    assert.deepEqual(new Set(await Promise.all(answers)), new Set(["Redis is away: no answer within 50 ms"]));
    assert.match(await run(link), /no answer within 50 ms/);
    assert.deepEqual(told, ["up", "down no answer within 50 ms"]);
    // Nobody is there to hear a late one.
    clients[0]!.sent[0]!.resolve("late");
    clients[0]!.sent[1]!.reject(new Error("late"));
    await settled();
    assert.equal(told.length, 2);
    link.close();
  });

  it("doesn't blame the server for time in which this process did something else", async () => {
    const { link, clients, clock } = stage();
    await clients[0]!.letIn();
    const answer = run(link);
    // As after a long pause: what came meanwhile is read behind the timer.
    clock.advance(50);
    clients[0]!.sent[0]!.resolve("there");
    await settled();
    clock.advance(400);
    assert.equal(await answer, "answer there");
    assert.equal(link.isUp, true);
    link.close();
  });

  it("waits for those behind an answer that came", async () => {
    const { link, clients, clock } = stage();
    await clients[0]!.letIn();
    const first = run(link);
    clock.advance(40);
    const second = run(link);
    clients[0]!.sent[0]!.resolve(1);
    assert.equal(await first, "answer 1");
    clock.advance(20);
    assert.equal(link.isUp, true);
    clients[0]!.sent[1]!.resolve(2);
    assert.equal(await second, "answer 2");
    clock.advance(400);
    assert.equal(link.isUp, true);
    link.close();
  });

  it("is tried at once when it was lost, then each quarter of a second, and says so once, and what it is by then", async () => {
    const { link, told, clients, clock } = stage();
    await clients[0]!.letIn();
    clients[0]!.lose(new Error("Socket closed unexpectedly"));
    assert.equal(link.isUp, false);
    clock.advance(0);
    assert.equal(clients.length, 2);
    await clients[1]!.refuse("connect ECONNREFUSED");
    for (let attempt = 3; attempt < 9; attempt++) {
      clock.advance(249);
      assert.equal(clients.length, attempt - 1);
      clock.advance(1);
      assert.equal(clients.length, attempt);
      await clients[attempt - 1]!.refuse("connect ECONNREFUSED");
    }
    clock.advance(250);
    await clients.at(-1)!.letIn();
    assert.deepEqual([link.isUp, link.epoch], [true, 2]);
    assert.deepEqual(told, ["up", "down Socket closed unexpectedly", "still connect ECONNREFUSED", "up"]);
    link.close();
    assert.equal(clock.pendingCalls, 0);
  });

  it("gives up an attempt that nobody answers", async () => {
    const { link, told, clients, clock } = stage();
    clock.advance(1499);
    assert.equal(told.length, 0);
    clock.advance(1);
    await link.started;
    assert.deepEqual(told, ["down no connection within 1500 ms"]);
    assert.ok(clients[0]!.isDestroyed);
    clock.advance(250);
    assert.equal(clients.length, 2);
    link.close();
    assert.equal(clock.pendingCalls, 0);
  });

  it("tells why it is still away when that is something else, each reason once", async () => {
    const { told, clients, clock } = stage();
    const reasons = ["connect ECONNREFUSED", "connect ECONNREFUSED", "LOADING", "connect ECONNREFUSED", "WRONGPASS", "a", "b"];
    for (const reason of reasons) {
      await clients.at(-1)!.refuse(reason);
      clock.advance(250);
    }
    assert.deepEqual(told, ["down connect ECONNREFUSED", "still LOADING", "still WRONGPASS", "still a"]);
  });

  it("says what may be wrong where the library hardly does", async () => {
    const urls = [new Secret("redis://host:1")];
    const cluster = stage("", { kind: "cluster", urls });
    await cluster.clients[0]!.refuse("All the root nodes are unavailable");
    assert.match(cluster.told[0] ?? "", /: none of `cluster` can be reached, or they are no cluster$/);
    const sentinel = stage("", { kind: "sentinel", urls, master: "m", url: null });
    sentinel.clock.advance(1500);
    assert.match(
      sentinel.told[0] ?? "",
      /^down no connection within 1500 ms: no sentinel answers, none knows the master, or that can't be reached$/,
    );
    const tls = stage("rediss://host:1");
    await tls.clients[0]!.refuse("Connection timeout");
    assert.deepEqual(tls.told, ["down Connection timeout: it may not speak TLS"]);
  });

  it("has no secret in what it says", async () => {
    const { link, told, clients } = stage();
    await clients[0]!.refuse("can't log in\nwith pass word, which is pass%20word");
    assert.deepEqual(told, ["down can't log in with ***, which is ***"]);
    assert.ok(!(await run(link)).includes("pass"));
    link.close();
  });

  it("says that it is closed to whoever waits, and is never up again", async () => {
    const { link, clients, clock } = stage();
    await clients[0]!.letIn();
    const answer = run(link);
    link.close();
    assert.match(await answer, /closed/);
    clock.advance(10_000);
    assert.deepEqual([link.isUp, clients.length, clock.pendingCalls], [false, 1, 0]);
  });
});
