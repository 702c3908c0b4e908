// Loaded into every process of a gateway before its own program: when a file asks for it, writes down what the process holds once its
// garbage is collected. See held.ts for who asks.

import { readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Held } from "./held.ts";

const EVERY_MS = 100;

const folder = process.env["SALLYPORT_LOOK_FOLDER"];
if (folder !== undefined) watch(folder);

function watch(place: string): void {
  const asked = `look-${process.pid}`;
  const timer = setInterval(() => {
    if (!readdirSync(place).includes(asked)) return;
    const file = `${place}/held-${process.pid}`;
    writeFileSync(`${file}.new`, JSON.stringify(look()));
    rmSync(`${place}/${asked}`);
    renameSync(`${file}.new`, file);
  }, EVERY_MS);
  timer.unref();
}

function look(): Held {
  const descriptors = readdirSync("/proc/self/fd").length;
  const require = createRequire(import.meta.url);
  if (process.versions["bun"] !== undefined) {
    Bun.gc(true);
    const { heapStats } = require("bun:jsc") as typeof import("bun:jsc");
    const { heapSize, objectTypeCounts } = heapStats();
    return { heapBytes: heapSize, rssBytes: process.memoryUsage.rss(), timers: objectTypeCounts["Timeout"] ?? 0, descriptors };
  }
  const { setFlagsFromString } = require("node:v8") as typeof import("node:v8");
  setFlagsFromString("--expose-gc");
  const collect = (require("node:vm") as typeof import("node:vm")).runInNewContext("gc") as () => void;
  collect();
  collect();
  const { heapUsed, rss } = process.memoryUsage();
  const timers = process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;
  return { heapBytes: heapUsed, rssBytes: rss, timers, descriptors };
}
