// Parsing of /proc, and the two clocks against each other on a process that burns CPU.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { describe, it } from "node:test";
import { cpuBetween, parseCoreBusyTicks, parseProcessStat, parseSchedstatNs, parseSmapsRollup, readTreeTimes, treePids } from "./proc.ts";

const onLinux = process.platform === "linux";

describe("/proc parsing", () => {
  it("counts fields from the last parenthesis, whatever the command is called", () => {
    const line = "42 (we) (b srv) S 7 42 42 0 -1 4194304 86 0 0 0 131 12 5 6 20 0 1 0 65490 2654208 387 18446744073709551615\n";
    assert.deepEqual(parseProcessStat(line), { parent: 7, ticks: 143 });
  });
  it("takes nanoseconds from schedstat", () => {
    assert.equal(parseSchedstatNs("1317317380 85985 4\n"), 1317317380);
  });
  it("reads Rss and Pss, not their subdivisions", () => {
    const text =
      "55-7f ---p 00000000 00:00 0    [rollup]\nRss:                1728 kB\nPss:                 314 kB\nPss_Dirty:           112 kB\n";
    assert.deepEqual(parseSmapsRollup(text), { rssKiB: 1728, pssKiB: 314 });
  });
  it("leaves idle, waiting and stolen time out of a core's busy time", () => {
    const text = "cpu  9 9 9 9 9 9 9 9 0 0\ncpu0 1 2 4 100 100 8 16 100 0 0\ncpu1 0 0 0 5 5 0 0 0 0 0\ncpu10 7 0 0 0 0 0 0 0 0 0\n";
    assert.equal(parseCoreBusyTicks(text, 0), 31);
    assert.equal(parseCoreBusyTicks(text, 1), 0);
    assert.equal(parseCoreBusyTicks(text, 2), null);
  });
});

describe("cpuBetween", () => {
  it("adds new threads in full and tells of ended ones", () => {
    const before = {
      nsByTask: new Map([
        [1, 100],
        [2, 50],
      ]),
      ticksMs: 0,
    };
    const after = {
      nsByTask: new Map([
        [1, 160],
        [3, 7],
      ]),
      ticksMs: 0,
    };
    assert.deepEqual(cpuBetween(before, after), { ns: 67, vanished: 1 });
  });
});

describe("a process tree", { skip: onLinux ? false : "reads Linux's /proc" }, () => {
  it("counts a grandchild's CPU, and both clocks agree within their steps", async () => {
    const burn =
      "const end = process.cpuUsage().user + 300_000; while (process.cpuUsage().user < end); setInterval(() => 0, 1000); console.log('burnt')";
    const child = spawn("/bin/sh", ["-c", `'${process.execPath}' -e "${burn}" & wait`], { stdio: ["ignore", "pipe", "inherit"] });
    try {
      assert.ok(child.pid !== undefined && child.stdout);
      await once(child.stdout, "data");
      const pids = treePids(child.pid);
      assert.equal(pids.length, 2);
      const { nsByTask, ticksMs } = readTreeTimes(child.pid);
      let ns = 0;
      for (const value of nsByTask.values()) ns += value;
      assert.ok(ns > 250e6, `${ns} ns`);
      assert.ok(Math.abs(ns / 1e6 - ticksMs) < 60, `${ns / 1e6} ms by schedstat, ${ticksMs} ms by ticks`);
    } finally {
      for (const pid of treePids(child.pid ?? 0).toReversed()) process.kill(pid, "SIGKILL");
    }
  });
});
