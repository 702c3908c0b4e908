// Loaded into every process of a gateway before its own program: writes down, in a worker, each time for which its loop stood still. What
// counts is the main thread's time on a processor, so that other processes of a busy machine are not taken for stalls. Linux alone.

import { appendFileSync, readFileSync } from "node:fs";

const EVERY_MS = 2;
/** Shorter ones are not worth a line. */
const LEAST_MS = 4;

const folder = process.env["SALLYPORT_STALL_FOLDER"];
if (folder !== undefined && process.env["SALLYPORT_WORKER"] !== undefined) watch(`${folder}/stalls-${process.pid}`);

function watch(file: string): void {
  let last = readCpuMs();
  const timer = setInterval(() => {
    const now = readCpuMs();
    if (now - last >= LEAST_MS) appendFileSync(file, `${Date.now()} ${(now - last).toFixed(1)}\n`);
    last = now;
  }, EVERY_MS);
  timer.unref();
}

function readCpuMs(): number {
  // Of the main thread, which has the process's own id.
  return Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, "latin1").split(" ")[0]) / 1e6;
}
