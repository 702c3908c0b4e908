import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { FakeClock } from "../base/index.ts";
import { parseExposition, seriesKey } from "./exposition-reader.ts";
import { mergeSnapshots } from "./merge-snapshots.ts";
import { formatSnapshot, type MetricSnapshot } from "./metric-snapshot.ts";
import { MetricRegistry } from "./metrics.ts";
import { createProcessMetrics } from "./process-metrics.ts";
import { SnapshotLedger } from "./snapshot-ledger.ts";

/** As it comes through a channel between processes. */
function send(registry: MetricRegistry): MetricSnapshot {
  return JSON.parse(JSON.stringify(registry.snapshot())) as MetricSnapshot;
}

function read(text: string): Map<string, number> {
  return new Map(parseExposition(text).samples.map(({ name, labels, value }) => [seriesKey(name, labels), value]));
}

function merge(...registries: readonly MetricRegistry[]): string {
  return formatSnapshot(mergeSnapshots(registries.map((registry, slot) => ({ worker: String(slot), snapshot: send(registry) }))));
}

interface Deed {
  readonly what: "count" | "observe" | "level";
  readonly label: string;
  /** A whole number: sums are then the same in whatever order. */
  readonly amount: number;
}

const deed: fc.Arbitrary<Deed> = fc.record({
  what: fc.constantFrom("count" as const, "observe" as const, "level" as const),
  label: fc.constantFrom("a", "b", 'q"\\\n', "é", ""),
  amount: fc.integer({ min: 0, max: 100 }),
});

class Worker {
  readonly registry = new MetricRegistry();
  readonly #count = this.registry.counter({ name: "x_total", help: "Counted.\nTwo \\ lines.", labels: ["route"] });
  readonly #observe = this.registry.histogram({ name: "x_seconds", help: "", labels: ["route"], bounds: [1, 10, 50] });
  readonly #level = this.registry.gauge({ name: "x", help: "", labels: ["route"] });

  act({ what, label, amount }: Deed): void {
    if (what === "count") this.#count.child(label).add(amount);
    else if (what === "observe") this.#observe.child(label).observe(amount);
    else this.#level.child(label).add(amount);
  }
}

describe("mergeSnapshots", () => {
  it("makes of one snapshot what the registry itself exposes", () => {
    fc.assert(
      fc.property(fc.array(deed), (deeds) => {
        const worker = new Worker();
        for (const each of deeds) worker.act(each);
        assert.equal(merge(worker.registry), worker.registry.expose());
      }),
    );
  });

  it("makes of the parts of a work, split in whatever way, what one process would have counted", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(deed, fc.nat(3)), { maxLength: 60 }), (deeds) => {
        const whole = new Worker();
        const parts = [new Worker(), new Worker(), new Worker(), new Worker()];
        for (const [each, slot] of deeds) {
          whole.act(each);
          parts[slot]!.act(each);
        }
        assert.deepEqual(
          new Map([...read(merge(...parts.map(({ registry }) => registry)))].sort()),
          new Map([...read(whole.registry.expose())].sort()),
        );
      }),
    );
  });

  it("adds gauges, or takes the highest, or shows each worker's, as the family says", () => {
    const registries = [3, 5].map((value) => {
      const registry = new MetricRegistry();
      registry.gauge({ name: "open", help: "" }).child().set(value);
      registry
        .gauge({ name: "degraded", help: "", labels: ["team"], merge: "max" })
        .child("a")
        .set(-value);
      registry.gauge({ name: "fds", help: "", merge: "perWorker" }).child().set(value);
      registry
        .counter({ name: "cpu_total", help: "", labels: ["mode"], merge: "perWorker" })
        .child("user")
        .add(value);
      return registry;
    });
    const supervisor = new MetricRegistry();
    supervisor.gauge({ name: "fds", help: "", merge: "perWorker" }).child().set(9);
    const processes = registries.map((registry, slot) => ({ worker: String(slot), snapshot: send(registry) }));
    const text = formatSnapshot(mergeSnapshots([...processes, { worker: "supervisor", snapshot: send(supervisor) }]));
    assert.deepEqual(
      text.split("\n").filter((line) => line !== "" && !line.startsWith("#")),
      [
        "open 8",
        'degraded{team="a"} -3',
        'fds{worker="0"} 3',
        'fds{worker="1"} 5',
        'fds{worker="supervisor"} 9',
        'cpu_total{mode="user",worker="0"} 3',
        'cpu_total{mode="user",worker="1"} 5',
      ],
    );
    parseExposition(text);
  });

  it("takes zero for a value in a maximum", () => {
    const registries = [-2, 0].map((value) => {
      const registry = new MetricRegistry();
      registry.gauge({ name: "x", help: "", merge: "max" }).child().set(value);
      return registry;
    });
    assert.equal(read(merge(...registries)).get("x[]"), 0);
  });

  it("carries numbers that JSON does not know, and lets a gauge that failed spoil nobody else's", () => {
    const registries = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 4].map((value) => {
      const registry = new MetricRegistry();
      registry.gauge({ name: "each", help: "", merge: "perWorker" }).child().set(value);
      registry
        .gauge({ name: "sum", help: "" })
        .child()
        .set(Number.isFinite(value) ? value : Number.NaN);
      return registry;
    });
    const series = read(merge(...registries));
    assert.deepEqual([...series.values()], [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 4, 4]);
  });

  it("counts together what goes beyond the bound of children, however many processes know others", () => {
    const registries = Array.from({ length: 4 }, (_, slot) => {
      const registry = new MetricRegistry();
      const family = registry.counter({ name: "x_total", help: "", labels: ["code"], maxChildren: 3 });
      for (let i = 0; i < 3; i++) family.child(`${slot}-${i}`).add(1);
      return registry;
    });
    const { samples } = parseExposition(merge(...registries));
    assert.deepEqual(
      samples.map(({ labels, value }) => [labels.get("code"), value]),
      [
        ["0-0", 1],
        ["0-1", 1],
        ["0-2", 1],
        ["_other", 9],
      ],
    );
  });

  it("leaves out what another version of the program declared otherwise", () => {
    const [a, b] = [new MetricRegistry(), new MetricRegistry()];
    a.counter({ name: "x_total", help: "", labels: ["route"] })
      .child("r")
      .add(1);
    b.counter({ name: "x_total", help: "", labels: ["upstream"] })
      .child("u")
      .add(1);
    assert.deepEqual([...read(merge(a, b)).keys()], ['x_total[["route","r"]]']);
  });

  it("shows a process's own metrics for each, and the loop's lag too", () => {
    const registries = [new MetricRegistry(), new MetricRegistry()];
    const stops = registries.map((registry) => createProcessMetrics(registry, new FakeClock()));
    const { samples } = parseExposition(merge(...registries));
    for (const { stop } of stops) stop();
    assert.ok(samples.length > 20);
    assert.deepEqual([...new Set(samples.map(({ labels }) => labels.get("worker")))], ["0", "1"]);
  });

  it("refuses a maximum of counters, and a label that the merger needs", () => {
    const registry = new MetricRegistry();
    assert.throws(() => registry.counter({ name: "x_total", help: "", merge: "max" }), /summed/);
    assert.throws(() => registry.gauge({ name: "x", help: "", labels: ["worker"], merge: "perWorker" }), /the merger's/);
    registry.gauge({ name: "y", help: "", merge: "max" });
    assert.throws(() => registry.gauge({ name: "y", help: "" }), /declared before/);
  });
});

describe("SnapshotLedger", () => {
  it("never lets a sum fall, whenever workers are asked, crash, leave and are replaced", () => {
    const step = fc.oneof(
      { weight: 5, arbitrary: fc.record({ what: fc.constant("act" as const), slot: fc.nat(2), deed }) },
      { weight: 3, arbitrary: fc.record({ what: fc.constant("update" as const), slot: fc.nat(2), deed }) },
      { weight: 1, arbitrary: fc.record({ what: fc.constantFrom("crash" as const, "leave" as const), slot: fc.nat(2), deed }) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const ledger = new SnapshotLedger();
        const whole = new Worker();
        const start = (slot: number) => ({ worker: new Worker(), entry: ledger.open(String(slot)), isExact: true });
        const slots = [0, 1, 2].map(start);
        let lost = false;
        let before = new Map<string, number>();
        for (const { what, slot, deed: each } of steps) {
          const running = slots[slot]!;
          if (what === "act") {
            running.worker.act(each);
            if (each.what !== "level") whole.act(each);
            running.isExact = false;
          } else if (what === "crash") {
            lost ||= !running.isExact;
            running.entry.close();
            running.entry.update(send(running.worker.registry));
            slots[slot] = start(slot);
          } else {
            running.entry.update(send(running.worker.registry));
            running.isExact = true;
            if (what === "leave") {
              running.entry.close();
              slots[slot] = start(slot);
            }
          }
          const now = read(ledger.expose());
          for (const [key, value] of before) if (key.startsWith("x_")) assert.ok((now.get(key) ?? -1) >= value, key);
          before = now;
        }
        if (lost) return;
        for (const { worker, entry } of slots) entry.update(send(worker.registry));
        const now = read(ledger.expose());
        for (const [key, value] of read(whole.registry.expose())) if (key.startsWith("x_")) assert.equal(now.get(key), value, key);
      }),
    );
  });

  it("forgets gauges with their process, and takes the newest of two in a slot", () => {
    const ledger = new SnapshotLedger();
    const registry = (value: number) => {
      const made = new MetricRegistry();
      made.gauge({ name: "open", help: "" }).child().set(value);
      made.gauge({ name: "fds", help: "", merge: "perWorker" }).child().set(value);
      return send(made);
    };
    const old = ledger.open("0");
    old.update(registry(5));
    const next = ledger.open("0");
    assert.deepEqual([...read(ledger.expose()).values()], [5, 5]);
    next.update(registry(1));
    old.update(registry(4));
    assert.deepEqual([...read(ledger.expose()).values()], [5, 1]);
    old.close();
    assert.deepEqual([...read(ledger.expose()).values()], [1, 1]);
  });

  it("forgets what left the configuration, also what ended processes counted of it", () => {
    const ledger = new SnapshotLedger();
    const start = () => {
      const registry = new MetricRegistry();
      return { registry, family: registry.counter({ name: "x_total", help: "", labels: ["route"] }), entry: ledger.open("0") };
    };
    const first = start();
    first.family.child("old").add(5);
    first.family.child("kept").add(1);
    first.entry.update(send(first.registry));
    first.entry.close();
    const second = start();
    second.family.child("old").add(2);
    second.entry.update(send(second.registry));
    assert.equal(read(ledger.expose()).get('x_total[["route","old"]]'), 7);
    second.family.remove("old");
    second.entry.update(send(second.registry));
    assert.deepEqual([...read(ledger.expose())], [['x_total[["route","kept"]]', 1]]);
  });

  it("stays small through a thousand processes that each count something else", () => {
    const ledger = new SnapshotLedger();
    for (let i = 0; i < 1000; i++) {
      const registry = new MetricRegistry();
      registry
        .counter({ name: "x_total", help: "", labels: ["code"], maxChildren: 10 })
        .child(`code-${i}`)
        .add(1);
      const entry = ledger.open("0");
      entry.update(send(registry));
      entry.close();
    }
    const { samples } = parseExposition(ledger.expose());
    assert.equal(samples.length, 11);
    assert.equal(
      samples.reduce((sum, { value }) => sum + value, 0),
      1000,
    );
  });
});
