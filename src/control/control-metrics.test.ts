import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MetricRegistry } from "../telemetry/index.ts";
import { ControlMetrics } from "./control-metrics.ts";
import type { CertificateStatus, ReloadOutcome, WorkerStatus } from "./control-plane.ts";

function worker(slot: number, state: WorkerStatus["state"], crashes: number): WorkerStatus {
  return { slot, pid: 1, state, startedAt: "", crashes, connections: 0, generations: [], storesAway: [] };
}

function certificate(usedBy: string, names: readonly string[], notAfter: string | null): CertificateStatus {
  return { usedBy, names, notAfter, fingerprint: "" };
}

describe("what is counted once a gateway", () => {
  const registry = new MetricRegistry();
  const metrics = new ControlMetrics(registry);
  const lines = (name: string) =>
    registry
      .expose()
      .split("\n")
      .filter((line) => line.startsWith(name));

  it("has every outcome of a reload from the start, and the time of the last one", () => {
    assert.deepEqual(
      lines("sallyport_reloads_total").map((line) => line.split(" ")[1]),
      ["0", "0", "0", "0"],
    );
    metrics.countReload({ outcome: "refused", generation: "", issues: [], reason: "" }, 1_800_000_000_500);
    assert.ok(lines("sallyport_reloads_total").includes('sallyport_reloads_total{outcome="refused"} 1'));
    assert.deepEqual(lines("sallyport_last_reload_t"), ["sallyport_last_reload_timestamp_seconds 1800000000.5"]);
  });

  it("tells whether the last reload was good: one that changed nothing is", () => {
    const good = () => lines("sallyport_last_reload_successful");
    for (const [outcome, shown] of [
      ["applied", 1],
      ["impossible", 0],
      ["unchanged", 1],
      ["refused", 0],
    ] as const) {
      metrics.countReload({ outcome, generation: "", issues: [], reason: "" } as ReloadOutcome, 1);
      assert.deepEqual(good(), [`sallyport_last_reload_successful ${shown}`]);
    }
  });

  it("follows the workers, and counts their crashes once", () => {
    for (let i = 0; i < 2; i++) metrics.show({ workers: [worker(0, "serving", 2), worker(1, "draining", 0)], certificates: [] });
    assert.deepEqual(lines("sallyport_workers"), [
      'sallyport_workers{state="starting"} 0',
      'sallyport_workers{state="serving"} 1',
      'sallyport_workers{state="draining"} 1',
    ]);
    metrics.show({ workers: [worker(0, "serving", 3)], certificates: [] });
    assert.deepEqual(lines("sallyport_worker_crashes_total"), [
      'sallyport_worker_crashes_total{slot="0"} 3',
      'sallyport_worker_crashes_total{slot="1"} 0',
    ]);
  });

  it("shows for each name the certificate that expires first, and none that is gone or not issued yet", () => {
    const show = (certificates: readonly CertificateStatus[]) => metrics.show({ workers: [], certificates });
    show([
      certificate("listener https", ["a.test", "b.test"], "2027-01-02T00:00:00.000Z"),
      certificate("listener https", ["a.test"], "2027-01-01T00:00:00.000Z"),
      certificate("listener https", ["new.test"], null),
      certificate("upstream orders", ["gateway"], "2028-01-01T00:00:00.000Z"),
    ]);
    const name = "sallyport_certificate_not_after_timestamp_seconds";
    assert.deepEqual(lines(name), [
      `${name}{used_by="listener https",name="a.test"} ${Date.UTC(2027, 0, 1) / 1000}`,
      `${name}{used_by="upstream orders",name="gateway"} ${Date.UTC(2028, 0, 1) / 1000}`,
    ]);
    show([certificate("upstream orders", ["gateway"], "2029-01-01T00:00:00.000Z")]);
    assert.deepEqual(lines(name), [`${name}{used_by="upstream orders",name="gateway"} ${Date.UTC(2029, 0, 1) / 1000}`]);
  });
});
