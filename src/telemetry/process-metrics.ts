// The process's own metrics, under the names that every Prometheus client library uses, and how late the event loop is.
// The lag is measured by a timer of our own: Bun's monitorEventLoopDelay reports tens of milliseconds on an idle loop.

import { readdirSync, readFileSync } from "node:fs";
import type { Clock, ScheduledCall } from "../base/index.ts";
import type { MetricRegistry } from "./metrics.ts";

// Ten wakes a second: a stall of 100 ms or more can't pass unseen, and an idle process stays idle.
const LAG_EVERY_MS = 100;
// In seconds, from 2 ms, as a timer is up to a millisecond late on an idle loop.
const LAG_BOUNDS = [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

export interface ProcessMetrics {
  /** Ends the measuring of the lag. */
  stop(): void;
}

/** Declares the metrics in the registry and starts to measure the lag. The clock is the one that also gives the time of start. */
export function createProcessMetrics(registry: MetricRegistry, clock: Clock): ProcessMetrics {
  const startSeconds = clock.wall() / 1000 - process.uptime();
  const cpu = registry.counter({
    name: "process_cpu_seconds_total",
    help: "Total user and system CPU time spent in seconds.",
    merge: "perWorker",
  });
  cpu.callback(() => {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6;
  });
  registry
    .gauge({ name: "process_start_time_seconds", help: "Start time of the process since unix epoch in seconds.", merge: "perWorker" })
    .callback(() => startSeconds);
  registry
    .gauge({ name: "process_resident_memory_bytes", help: "Resident memory size in bytes.", merge: "perWorker" })
    .callback(() => process.memoryUsage.rss());
  if (process.platform === "linux") declareDescriptors(registry);
  return startLag(registry, clock);
}

function declareDescriptors(registry: MetricRegistry): void {
  registry
    .gauge({ name: "process_open_fds", help: "Number of open file descriptors.", merge: "perWorker" })
    // Without the descriptor by which the folder is read.
    .callback(() => readdirSync("/proc/self/fd").length - 1);
  const limit = readDescriptorLimit();
  registry.gauge({ name: "process_max_fds", help: "Maximum number of open file descriptors.", merge: "perWorker" }).callback(() => limit);
}

/** How many descriptors the process may have open; infinite where the system does not say. */
export function readDescriptorLimit(): number {
  if (process.platform !== "linux") return Number.POSITIVE_INFINITY;
  const limit = /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "latin1"))?.[1];
  return limit === undefined ? Number.POSITIVE_INFINITY : Number(limit);
}

function startLag(registry: MetricRegistry, clock: Clock): ProcessMetrics {
  const lag = registry
    .histogram({
      name: "sallyport_event_loop_lag_seconds",
      help: "How late a timer fires that is set ten times a second: the time for which the event loop was busy with something else.",
      bounds: LAG_BOUNDS,
      // One that stalls must not hide behind those that don't.
      merge: "perWorker",
    })
    .child();
  let dueMs = 0;
  let pending: ScheduledCall;
  const measure = () => {
    lag.observe(Math.max(0, clock.now() - dueMs) / 1000);
    schedule();
  };
  const schedule = () => {
    dueMs = clock.now() + LAG_EVERY_MS;
    pending = clock.schedule(measure, LAG_EVERY_MS);
  };
  schedule();
  return { stop: () => pending.cancel() };
}
