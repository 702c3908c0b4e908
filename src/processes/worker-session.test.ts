import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setImmediate } from "node:timers/promises";
import type { GatewayConfig } from "../config/index.ts";
import { BlueprintError, type Gateway } from "../gateway/index.ts";
import type { ToSupervisor } from "./messages.ts";
import type { Wire } from "./wire.ts";
import { WorkerSession } from "./worker-session.ts";

type Deferred<Value> = ReturnType<typeof Promise.withResolvers<Value>>;

/** A gateway that only says what is done with it, and does what takes time when the test lets it. */
class FakeGateway {
  readonly journal: string[];
  readonly pending: Deferred<void>[];
  reopenError: Error | null = null;
  generation: string;

  constructor(generation: string, { journal, pending }: Stage) {
    this.generation = generation;
    this.journal = journal;
    this.pending = pending;
  }

  async prepare(config: GatewayConfig, generation: string) {
    this.journal.push(`prepare ${generation} with ${config.routes.length} routes`);
    await wait(this.pending);
    return {
      generation,
      commit: () => {
        this.generation = generation;
        this.journal.push(`commit ${generation}`);
      },
      discard: () => this.journal.push(`discard ${generation}`),
    };
  }

  async stop(graceMs: number): Promise<void> {
    this.journal.push(`stop ${graceMs}`);
    await wait(this.pending);
    this.journal.push("stopped");
  }

  async reopenLog(): Promise<void> {
    if (this.reopenError !== null) throw this.reopenError;
    this.journal.push("reopen");
  }

  setChallenges(): void {
    this.journal.push("challenges");
  }

  setOtherAddresses(): void {}

  takeAddressNews(): null {
    return null;
  }

  status() {
    return { connections: 3, generations: [this.generation], upstreams: [] };
  }

  async snapshotMetrics() {
    return { families: [] };
  }
}

async function wait(pending: Deferred<void>[]): Promise<void> {
  const deferred = Promise.withResolvers<void>();
  pending.push(deferred);
  await deferred.promise;
}

class Stage {
  readonly sent: ToSupervisor[] = [];
  readonly journal: string[] = [];
  readonly pending: Deferred<void>[] = [];
  drained = 0;
  gateway: FakeGateway | null = null;
  readonly session = new WorkerSession({
    send: (message) => {
      this.sent.push(message);
    },
    createGateway: async (config, generation) => {
      this.journal.push(`create ${generation} with ${config.routes.length} routes`);
      await wait(this.pending);
      this.gateway = new FakeGateway(generation, this);
      return this.gateway as unknown as Gateway;
    },
    onDocument: ({ ask }) => {
      this.journal.push(`document ${ask}`);
    },
    onCounting: ({ type }) => {
      this.journal.push(type);
    },
    onDrained: () => {
      this.drained++;
    },
  });

  /** Hands over a configuration of three routes in two pieces. */
  give(id: number): void {
    const routes: Wire[] = [[{ name: "a" }, { name: "b" }], [{ name: "c" }]];
    void this.session.receive({ type: "begin", id, generation: `g${id}`, head: { version: 1 } });
    for (const batch of routes) void this.session.receive({ type: "routes", id, routes: batch });
    void this.session.receive({ type: "prepare", id });
  }

  tell(message: Parameters<WorkerSession["receive"]>[0]): void {
    void this.session.receive(message);
  }

  /** Lets what is under way succeed, or fail. */
  async go(error?: Error): Promise<void> {
    await setImmediate();
    const deferred = this.pending.shift() ?? assert.fail("nothing is under way");
    if (error === undefined) deferred.resolve();
    else deferred.reject(error);
    await setImmediate();
  }

  /** What was sent since. */
  get said(): ToSupervisor[] {
    return this.sent.splice(0);
  }

  static async serving(): Promise<Stage> {
    const stage = new Stage();
    stage.give(1);
    await stage.go();
    stage.sent.length = 0;
    stage.journal.length = 0;
    return stage;
  }
}

describe("a worker's session", () => {
  it("serves the first configuration once it is complete", async () => {
    const stage = new Stage();
    stage.give(1);
    await setImmediate();
    assert.deepEqual(stage.journal, ["create g1 with 3 routes"]);
    assert.deepEqual(stage.said, []);
    await stage.go();
    assert.deepEqual(stage.said, [{ type: "serving", id: 1 }]);
  });

  it("says why it can't serve the first one, and takes the next for the first", async () => {
    const stage = new Stage();
    stage.give(1);
    await stage.go(new BlueprintError(["a", "b"]));
    assert.deepEqual(stage.said, [{ type: "refused", id: 1, messages: ["a", "b"], isBind: false }]);
    stage.give(2);
    await stage.go(Object.assign(new Error("the address is in use"), { code: "EADDRINUSE" }));
    assert.deepEqual(stage.said, [{ type: "refused", id: 2, messages: ["the address is in use"], isBind: true }]);
    stage.give(3);
    await stage.go();
    assert.deepEqual(stage.said, [{ type: "serving", id: 3 }]);
  });

  it("prepares the next one, and follows it when it is told to", async () => {
    const stage = await Stage.serving();
    stage.give(2);
    await stage.go();
    assert.deepEqual(stage.said, [{ type: "prepared", id: 2 }]);
    assert.equal(stage.gateway?.generation, "g1");
    stage.tell({ type: "commit", id: 2 });
    assert.deepEqual(stage.said, [{ type: "committed", id: 2 }]);
    assert.deepEqual(stage.journal, ["prepare g2 with 3 routes", "commit g2"]);
  });

  it("forgets what is discarded: when it is prepared, while it is, and before it is complete", async () => {
    const stage = await Stage.serving();
    stage.give(2);
    await stage.go();
    stage.tell({ type: "discard", id: 2 });
    assert.deepEqual(stage.journal.splice(0), ["prepare g2 with 3 routes", "discard g2"]);
    stage.sent.length = 0;

    stage.give(3);
    stage.tell({ type: "discard", id: 3 });
    await stage.go();
    assert.deepEqual(stage.journal.splice(0), ["prepare g3 with 3 routes", "discard g3"]);

    stage.tell({ type: "begin", id: 4, generation: "g4", head: { version: 1 } });
    stage.tell({ type: "discard", id: 4 });
    stage.tell({ type: "routes", id: 4, routes: [] });
    stage.tell({ type: "prepare", id: 4 });
    for (const id of [2, 3, 4]) stage.tell({ type: "commit", id });
    await setImmediate();
    assert.deepEqual(stage.journal, []);
    assert.deepEqual(stage.said, [], "who is asked to follow what it does not have never says that it does");
    assert.equal(stage.gateway?.generation, "g1");
  });

  it("discards each once, also when it is told so twice or after a commit", async () => {
    const stage = await Stage.serving();
    stage.give(2);
    await stage.go();
    stage.tell({ type: "commit", id: 2 });
    stage.tell({ type: "commit", id: 2 });
    stage.tell({ type: "discard", id: 2 });
    stage.give(3);
    await stage.go();
    stage.tell({ type: "discard", id: 3 });
    stage.tell({ type: "discard", id: 3 });
    assert.deepEqual(stage.journal, ["prepare g2 with 3 routes", "commit g2", "prepare g3 with 3 routes", "discard g3"]);
  });

  it("goes on as before when it can't take the next one", async () => {
    const stage = await Stage.serving();
    stage.give(2);
    await stage.go(new BlueprintError(["no"]));
    assert.deepEqual(stage.said, [{ type: "refused", id: 2, messages: ["no"], isBind: false }]);
    stage.give(3);
    await stage.go(new Error("a bug"));
    const [refusal] = stage.said;
    assert.ok(refusal?.type === "refused" && refusal.messages[0]?.includes("a bug\n    at "), "with its stack");
    assert.equal(stage.gateway?.generation, "g1");
    stage.give(4);
    await stage.go();
    stage.tell({ type: "commit", id: 4 });
    assert.equal(stage.gateway?.generation, "g4");
  });

  it("takes two that come one inside of the other", async () => {
    const stage = await Stage.serving();
    stage.give(2);
    stage.give(3);
    await stage.go();
    await stage.go();
    assert.deepEqual(stage.said, [
      { type: "prepared", id: 2 },
      { type: "prepared", id: 3 },
    ]);
  });

  it("drains: says so, lets what is under way end, says its last word", async () => {
    const stage = await Stage.serving();
    stage.tell({ type: "drain", graceMs: 700 });
    stage.tell({ type: "drain", graceMs: 1 });
    assert.deepEqual(stage.said, [{ type: "draining" }]);
    assert.equal(stage.drained, 0);
    await stage.go();
    assert.deepEqual(stage.journal, ["stop 700", "stopped"]);
    const [farewell, ...more] = stage.said;
    assert.ok(farewell?.type === "farewell" && farewell.snapshot.metrics !== null);
    assert.deepEqual(more, []);
    assert.equal(stage.drained, 1);
  });

  it("waits for what is under way when its supervisor goes while it drains", async () => {
    const stage = await Stage.serving();
    stage.tell({ type: "drain", graceMs: 700 });
    let isOver = false;
    const orphaned = stage.session.drain(9000).then(() => {
      isOver = true;
    });
    await setImmediate();
    assert.equal(isOver, false);
    await stage.go();
    await orphaned;
    assert.deepEqual(stage.journal, ["stop 700", "stopped"]);
  });

  it("drains as soon as it serves when it is told so while it starts", async () => {
    const stage = new Stage();
    stage.give(1);
    stage.tell({ type: "drain", graceMs: 700 });
    await stage.go();
    await stage.go();
    assert.deepEqual(
      stage.said.map(({ type }) => type),
      ["serving", "draining", "farewell"],
    );
    assert.equal(stage.drained, 1);
  });

  it("is drained when it is told so while it starts, and can't", async () => {
    const stage = new Stage();
    stage.give(1);
    stage.tell({ type: "drain", graceMs: 700 });
    await stage.go(new BlueprintError(["no"]));
    assert.equal(stage.drained, 1);
  });

  it("is drained at once when it was never given anything", async () => {
    const stage = new Stage();
    stage.tell({ type: "drain", graceMs: 700 });
    await setImmediate();
    assert.equal(stage.drained, 1);
  });

  it("answers each question under its number, before it serves too", async () => {
    const stage = new Stage();
    stage.tell({ type: "snapshot", ask: 1, metrics: true });
    stage.tell({ type: "reopenLog", ask: 2 });
    stage.tell({ type: "challenges", ask: 3, challenges: { http: {}, alpn: {} } as never });
    await setImmediate();
    assert.deepEqual(
      stage.said.toSorted((one, other) => ("ask" in one ? one.ask : 0) - ("ask" in other ? other.ask : 0)),
      [1, 2, 3].map((ask) => ({ type: "answer", ask, snapshot: null, problem: null })),
    );
  });

  it("tells what is under way, with all that is counted only when asked for that", async () => {
    const stage = await Stage.serving();
    stage.tell({ type: "snapshot", ask: 1, metrics: false });
    stage.tell({ type: "snapshot", ask: 2, metrics: true });
    await setImmediate();
    const activity = { connections: 3, generations: ["g1"], upstreams: [] };
    assert.deepEqual(stage.said, [
      { type: "answer", ask: 1, snapshot: { metrics: null, activity }, problem: null },
      { type: "answer", ask: 2, snapshot: { metrics: { families: [] }, activity }, problem: null },
    ]);
  });

  it("hands on what was read and counted for it, before it serves too", () => {
    const stage = new Stage();
    stage.tell({ type: "document", ask: 7, reading: { text: "keys", readAtMs: 1 }, failure: null });
    stage.tell({ type: "counting", word: 1, isAlone: true, isFirst: true });
    stage.tell({ type: "counted", ask: 1, answers: [] });
    assert.deepEqual(stage.journal, ["document 7", "counting", "counted"]);
  });

  it("tells why the log could not be opened anew", async () => {
    const stage = await Stage.serving();
    stage.tell({ type: "reopenLog", ask: 1 });
    await setImmediate();
    assert.deepEqual(stage.journal, ["reopen"]);
    if (stage.gateway !== null) stage.gateway.reopenError = new Error("disk full");
    stage.tell({ type: "reopenLog", ask: 2 });
    await setImmediate();
    assert.deepEqual(
      stage.said.map((message) => (message.type === "answer" ? message.problem : message)),
      [null, "disk full"],
    );
  });
});
