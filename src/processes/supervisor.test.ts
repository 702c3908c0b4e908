import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { parseConfig } from "../config/index.ts";
import { computeGeneration } from "../gateway/index.ts";
import { MemoryNetwork, type SharedListener } from "../transport/index.ts";
import type { LoadOutcome, Revision } from "./loader.ts";
import { RevisionStore } from "./revision-store.ts";
import { Supervisor } from "./supervisor.ts";
import { FakeDisk } from "./watch-host-fake.ts";
import { FakeWorkers } from "./worker-process-fake.ts";

function revise(body: string, port = 8080): Revision {
  const text = `version: 1
gateway: { workers: 2 }
listeners: [{ name: http, address: 127.0.0.1:${port} }]
routes: [{ name: all, match: { path: /* }, public: true, respond: { body: ${body} } }]
`;
  const { config, issues } = parseConfig(text, "gateway.yaml");
  assert.ok(config !== null, JSON.stringify(issues));
  return { generation: computeGeneration(config), config, issues: [], teams: [], remarks: [], files: ["/gateway.yaml"], text };
}

const stages: Stage[] = [];

/** A gateway whose workers are no processes and whose sockets are numbers. */
class Stage {
  readonly workers = new FakeWorkers();
  readonly disk = new FakeDisk({ "/gateway.yaml": "" });
  readonly open = new Set<number>();
  readonly told: string[] = [];
  loads = 0;
  load: () => Promise<LoadOutcome> = async () => assert.fail("nothing is to be loaded");
  supervisor!: Supervisor;
  #bound = 0;

  constructor() {
    stages.push(this);
  }

  async start(first: Revision): Promise<Supervisor> {
    this.supervisor = await Supervisor.start(first, {
      clock: this.workers.clock,
      transport: new MemoryNetwork({ schedule: null }).transport,
      spawner: this.workers,
      bind: async (address) => this.#bind(address),
      watchHost: this.disk,
      version: "0.0.0",
      runtime: "none",
      processors: 2,
      inherited: new Map(),
      load: () => {
        this.loads++;
        return this.load();
      },
      store: (stateDir) => new RevisionStore(stateDir, "gateway.yaml"),
      random: () => 1,
      report: ({ level, text }) => this.told.push(`${level}: ${text}`),
    });
    return this.supervisor;
  }

  #bind(address: SharedListener["address"]): SharedListener {
    const descriptor = ++this.#bound;
    this.open.add(descriptor);
    return { descriptor, address, close: () => this.open.delete(descriptor) };
  }

  async stop(): Promise<void> {
    const stopped = this.supervisor.stop(1000);
    await this.workers.pass(2500);
    await stopped;
  }
}

describe("a supervisor", () => {
  afterEach(async () => {
    for (const stage of stages.splice(0)) {
      await stage.stop();
      assert.deepEqual(stage.workers.living, []);
      assert.deepEqual([...stage.open], []);
      assert.equal(stage.workers.clock.pendingCalls, 0);
    }
  });

  it("goes to the next configuration and back", async () => {
    const stage = new Stage();
    const [first, second] = [revise("one"), revise("two")];
    const supervisor = await stage.start(first);
    stage.load = async () => ({ revision: second });
    assert.equal((await supervisor.reload("a test")).outcome, "applied");
    assert.equal(supervisor.generation, second.generation);
    assert.equal((await supervisor.rollback("a test")).outcome, "applied");
    assert.equal(supervisor.status().isRolledBack, true);
    assert.equal(supervisor.generation, first.generation);
  });

  it("stays where it was rolled back to when only the word of a change comes late, and goes on when somebody asks or the files are others", async () => {
    const stage = new Stage();
    const [first, second, third] = [revise("one"), revise("two"), revise("three")];
    const supervisor = await stage.start(first);
    const changed = async () => {
      stage.disk.write("/gateway.yaml", `${stage.loads}`);
      for (let i = 0; i < 5; i++) {
        stage.disk.clock.advance(250);
        await stage.workers.settle();
      }
    };
    stage.load = async () => ({ revision: second });
    await supervisor.reload("a test");
    await supervisor.rollback("a test");
    await changed();
    assert.equal(stage.loads, 2);
    assert.equal(supervisor.generation, first.generation);
    assert.match(stage.told.at(-1) ?? "", /the files say what was rolled back from/);
    assert.equal((await supervisor.reload("a test")).outcome, "applied");
    assert.equal(supervisor.generation, second.generation);
    await supervisor.rollback("a test");
    stage.load = async () => ({ revision: third });
    await changed();
    assert.equal(supervisor.generation, third.generation);
  });

  it("says why when loading fails in a way that nobody thought of, and can reload again", async () => {
    const stage = new Stage();
    const supervisor = await stage.start(revise("one"));
    stage.load = () => Promise.reject(new Error("spawn EAGAIN"));
    const outcome = await supervisor.reload("a test");
    assert.ok(outcome.outcome === "refused" && outcome.reason === "spawn EAGAIN");
    assert.equal(supervisor.status().lastReload?.outcome, "refused");
    stage.load = async () => ({ revision: revise("two") });
    assert.equal((await supervisor.reload("a test")).outcome, "applied");
  });

  it("starts nothing and binds nothing for what waited when it was stopped", async () => {
    const stage = new Stage();
    const supervisor = await stage.start(revise("one"));
    const loading = Promise.withResolvers<LoadOutcome>();
    stage.load = () => loading.promise;
    const reload = supervisor.reload("a test");
    await stage.workers.settle();
    const [another, back] = [supervisor.reload("a test"), supervisor.rollback("a test")];
    const restart = supervisor.restartWorkers("a test");
    await stage.stop();
    const { length } = stage.workers.processes;
    loading.resolve({ revision: revise("two", 8081) });
    const outcomes = [await reload, await another, await back].map(({ outcome }) => outcome);
    await restart;
    assert.deepEqual(outcomes, ["impossible", "impossible", "impossible"]);
    assert.equal(stage.loads, 1);
    assert.equal(stage.workers.processes.length, length);
    assert.deepEqual([...stage.open], []);
  });

  it("tells workers nothing that is only its own", async () => {
    const stage = new Stage();
    const first = revise("one");
    const acme = { directory: "https://ca.example", externalAccount: { keyId: "k", hmacKey: "the-hmac-key" } };
    const config = { ...first.config, acme: acme as never, admin: null };
    await stage.start({ ...first, config });
    const sent = JSON.stringify(stage.workers.at(0).sent);
    assert.ok(sent.includes("https://ca.example"));
    assert.ok(!sent.includes("the-hmac-key"));
  });
});
