import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type Clock, FakeClock } from "../base/index.ts";
import { parseExposition } from "./exposition-reader.ts";
import { MetricRegistry, SECONDS_BOUNDS } from "./metrics.ts";
import { createProcessMetrics } from "./process-metrics.ts";

describe("MetricRegistry", () => {
  it("exposes counters, gauges and histograms as Prometheus reads them", () => {
    const registry = new MetricRegistry();
    const requests = registry.counter({ name: "requests_total", help: "All\nof \\ them.", labels: ["route", "status"] });
    requests.child("products", "2xx").add(2);
    requests.child("products", "2xx").add(1);
    requests.child("orders", "5xx");
    const open = registry.gauge({ name: "open", help: "Open." });
    open.child().set(5);
    open.child().add(-7);
    const duration = registry.histogram({ name: "duration_seconds", help: "Durations.", labels: ["route"], bounds: [0.1, 1] });
    for (const value of [0.05, 0.1, 0.5, 3, Number.NaN]) duration.child("a").observe(value);
    assert.equal(
      registry.expose(),
      `# HELP requests_total All\\nof \\\\ them.
# TYPE requests_total counter
requests_total{route="products",status="2xx"} 3
requests_total{route="orders",status="5xx"} 0
# HELP open Open.
# TYPE open gauge
open -2
# HELP duration_seconds Durations.
# TYPE duration_seconds histogram
duration_seconds_bucket{route="a",le="0.1"} 2
duration_seconds_bucket{route="a",le="1"} 3
duration_seconds_bucket{route="a",le="+Inf"} 4
duration_seconds_sum{route="a"} 3.65
duration_seconds_count{route="a"} 4
`,
    );
  });

  it("leaves no label and no help text in which it can't be read back", () => {
    const anyText = fc.oneof(fc.string({ unit: "binary" }), fc.string({ unit: fc.constantFrom('"', "\\", "\n", "n", "}", ",", "=", " ") }));
    fc.assert(
      fc.property(anyText, fc.array(fc.tuple(anyText, anyText, fc.double({ min: 0, noNaN: true })), { maxLength: 6 }), (help, rows) => {
        const registry = new MetricRegistry();
        const family = registry.counter({ name: "x_total", help, labels: ["a", "b"] });
        const sums = new Map<string, number>();
        for (const [a, b, amount] of rows) {
          family.child(a, b).add(amount);
          const key = JSON.stringify([a, b]);
          sums.set(key, (sums.get(key) ?? 0) + amount);
        }
        const parsed = parseExposition(registry.expose());
        assert.equal(parsed.helps.get("x_total"), help);
        assert.equal(parsed.types.get("x_total"), "counter");
        assert.deepEqual(new Map(parsed.samples.map((sample) => [JSON.stringify([...sample.labels.values()]), sample.value])), sums);
      }),
    );
  });

  it("cumulates the buckets of a histogram up to the count", () => {
    const value = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.constantFrom(...SECONDS_BOUNDS),
      fc.double({ min: 0, max: 1, noNaN: true }),
    );
    fc.assert(
      fc.property(fc.array(value, { maxLength: 50 }), (values) => {
        const registry = new MetricRegistry();
        const histogram = registry.histogram({ name: "x", help: "" }).child();
        for (const one of values) histogram.observe(one);
        const { samples } = parseExposition(registry.expose());
        for (const sample of samples) {
          const bound = sample.labels.get("le");
          if (sample.name === "x_bucket") {
            const limit = bound === "+Inf" ? Number.POSITIVE_INFINITY : Number(bound);
            assert.equal(sample.value, values.filter((one) => one <= limit).length);
          } else if (sample.name === "x_count") {
            assert.equal(sample.value, values.length);
          } else {
            assert.equal(sample.value, values.reduce((sum, one) => sum + one, 0) || 0);
          }
        }
        assert.equal(samples.length, SECONDS_BOUNDS.length + 3);
      }),
    );
  });

  it("asks callbacks when it is read, and shows one that throws as NaN", () => {
    const registry = new MetricRegistry();
    const gauge = registry.gauge({ name: "pool", help: "", labels: ["upstream"] });
    let value = 1;
    gauge.callback(() => value, "a");
    gauge.callback(() => {
      throw new Error("gone");
    }, "b");
    gauge.callback(() => Number.POSITIVE_INFINITY, "c");
    value = 7;
    assert.deepEqual(
      parseExposition(registry.expose()).samples.map((sample) => [sample.labels.get("upstream"), sample.value]),
      [
        ["a", 7],
        ["b", Number.NaN],
        ["c", Number.POSITIVE_INFINITY],
      ],
    );
  });

  it("gives the same child for the same label values, also to a later declaration, until it is removed", () => {
    const registry = new MetricRegistry();
    const declaration = { name: "x_total", help: "", labels: ["route"] };
    const child = registry.counter(declaration).child("a");
    assert.equal(registry.counter({ ...declaration }).child("a"), child);
    registry.counter(declaration).remove("a");
    assert.deepEqual(parseExposition(registry.expose()).samples, []);
    assert.notEqual(registry.counter(declaration).child("a"), child);
  });

  it("counts together what goes beyond the bound of children", () => {
    const registry = new MetricRegistry();
    const family = registry.counter({ name: "x_total", help: "", labels: ["route", "kind"], maxChildren: 2 });
    for (const route of ["a", "b", "c", "d"]) family.child(route, "k").add(1);
    family.child("a", "k").add(1);
    assert.deepEqual(
      parseExposition(registry.expose()).samples.map((sample) => [sample.labels.get("route"), sample.labels.get("kind"), sample.value]),
      [
        ["a", "k", 2],
        ["b", "k", 1],
        ["_other", "_other", 2],
      ],
    );
  });

  it("keeps apart the numbers of a thousand children", () => {
    const registry = new MetricRegistry();
    const counters = registry.counter({ name: "c_total", help: "", labels: ["n"] });
    const histograms = registry.histogram({ name: "h", help: "", labels: ["n"], bounds: [1, 2, 3] });
    for (let n = 0; n < 1000; n++) {
      counters.child(String(n)).add(n);
      for (let i = 0; i < n % 5; i++) histograms.child(String(n)).observe(i);
    }
    for (const sample of parseExposition(registry.expose()).samples) {
      const n = Number(sample.labels.get("n"));
      if (sample.name === "c_total") assert.equal(sample.value, n);
      if (sample.name === "h_count") assert.equal(sample.value, n % 5);
    }
  });

  it("never lets a counter fall", () => {
    const counter = new MetricRegistry().counter({ name: "x_total", help: "" }).child();
    counter.add(3);
    counter.add(-1);
    counter.add(Number.NaN);
    assert.equal(counter.value, 3);
  });

  it("refuses names that Prometheus refuses, other shapes of a known name, and wrong numbers of label values", () => {
    const registry = new MetricRegistry();
    for (const name of ["", "1x", "a-b", "a b", "ä"]) assert.throws(() => registry.counter({ name, help: "" }), /no name of a metric/);
    for (const label of ["", "1x", "a-b", "__a", "a:b"]) {
      assert.throws(() => registry.counter({ name: "x", help: "", labels: [label] }), /no name of a label/);
    }
    assert.throws(() => registry.histogram({ name: "x", help: "", labels: ["le"] }), /no name of a label/);
    for (const bounds of [[1, 1], [2, 1], [1, Number.POSITIVE_INFINITY], [Number.NaN]]) {
      assert.throws(() => registry.histogram({ name: "x", help: "", bounds }), /must be finite and rise/);
    }
    const family = registry.counter({ name: "y_total", help: "", labels: ["a"] });
    assert.throws(() => registry.gauge({ name: "y_total", help: "", labels: ["a"] }), /declared before/);
    assert.throws(() => registry.counter({ name: "y_total", help: "", labels: ["b"] }), /declared before/);
    assert.throws(() => family.child(), /takes 1 label values \(a\); got 0/);
    assert.throws(() => family.child("1", "2"), /got 2/);
  });
});

describe("process metrics", () => {
  it("tell of this process what is plausible", () => {
    const registry = new MetricRegistry();
    const clock = new FakeClock(0, Date.now());
    const metrics = createProcessMetrics(registry, clock);
    const { samples, types } = parseExposition(registry.expose());
    const values = new Map(samples.map((sample) => [sample.name, sample.value]));
    const get = (name: string) => values.get(name) ?? Number.NaN;
    assert.equal(types.get("process_cpu_seconds_total"), "counter");
    assert.ok(get("process_cpu_seconds_total") > 0 && get("process_cpu_seconds_total") < 600);
    assert.ok(get("process_resident_memory_bytes") > 1e6);
    assert.ok(Math.abs(get("process_start_time_seconds") + process.uptime() - Date.now() / 1000) < 2);
    if (process.platform === "linux") {
      assert.ok(get("process_open_fds") >= 3);
      assert.ok(get("process_max_fds") >= get("process_open_fds"));
    }
    metrics.stop();
    assert.equal(clock.pendingCalls, 0);
  });

  it("measure by how much the event loop is late", () => {
    const registry = new MetricRegistry();
    const clock = new FakeClock();
    let busyMs = 0;
    const late: Clock = {
      now: () => clock.now() + busyMs,
      wall: () => clock.wall(),
      schedule: (call, delayMs) => clock.schedule(call, delayMs),
    };
    const metrics = createProcessMetrics(registry, late);
    clock.advance(1000);
    busyMs = 40;
    clock.advance(100);
    clock.advance(100);
    metrics.stop();
    const buckets = parseExposition(registry.expose()).samples.filter(
      (sample) => sample.name === "sallyport_event_loop_lag_seconds_bucket",
    );
    const at = (bound: string) => buckets.find((sample) => sample.labels.get("le") === bound)?.value;
    assert.equal(at("0.002"), 11);
    assert.equal(at("0.025"), 11);
    assert.equal(at("0.05"), 12);
    assert.equal(at("+Inf"), 12);
  });
});
