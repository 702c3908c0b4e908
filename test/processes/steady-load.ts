// Steady load as tests hold it: a process (load-main.ts) that asks a gateway at a constant rate and counts what fails.

import assert from "node:assert/strict";
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { listRuntimes } from "../../bin/runtime.mjs";
import type { Stage } from "../e2e/processes.ts";
import type { LoadCommand, LoadPlan, LoadReport } from "./load-messages.ts";

const MAIN = fileURLToPath(new URL("./load-main.ts", import.meta.url));
const DEFAULT_PLAN = { host: "127.0.0.1", connections: 16, rate: 240, freshEvery: 8, tls: null };

export class SteadyLoad {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #answers: { resolve(line: string): void; reject(error: Error): void }[] = [];

  /** Begins at once; ends with the stage at the latest. */
  constructor(stage: Stage, plan: Partial<LoadPlan> & { readonly port: number }) {
    const { node } = listRuntimes();
    if (node === null) throw new Error("there is no Node for the client of the gateway");
    const whole: LoadPlan = { ...DEFAULT_PLAN, ...plan };
    const child = spawn(node, ["--disable-warning=ExperimentalWarning", MAIN, JSON.stringify(whole)], { stdio: ["pipe", "pipe", "pipe"] });
    this.#child = child;
    child.stderr.pipe(process.stderr);
    createInterface({ input: child.stdout }).on("line", (line) => this.#answers.shift()?.resolve(line));
    child.once("close", () => {
      for (const { reject } of this.#answers.splice(0)) reject(new Error("the load has ended"));
    });
    const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
    stage.onStop(() => {
      child.stdin.destroy();
      return ended;
    });
  }

  report(): Promise<LoadReport> {
    return this.#tell({ type: "report" }) as Promise<LoadReport>;
  }

  /** Requests that are sent from now on must be answered by this revision or a later one. */
  async expect(revision: number): Promise<void> {
    await this.#tell({ type: "expect", revision });
  }

  async resetTimes(): Promise<void> {
    await this.#tell({ type: "resetTimes" });
  }

  /** Waits for the answers to what was sent. */
  stop(): Promise<LoadReport> {
    return this.#tell({ type: "stop" }) as Promise<LoadReport>;
  }

  #tell(command: LoadCommand): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    this.#answers.push({ resolve, reject });
    this.#child.stdin.write(`${JSON.stringify(command)}\n`);
    return promise.then((line) => JSON.parse(line));
  }
}

/** That there was load, and that nothing of it failed. */
export function assertNoneFailed(report: LoadReport, atLeast: number): void {
  assert.deepEqual(report.failures, [], `${report.failed} of ${report.sent} failed`);
  assert.equal(report.failed, 0);
  assert.equal(report.answered, report.sent);
  assert.ok(report.sent >= atLeast, `only ${report.sent} requests were sent`);
}

export function toFigures({ sent, failed, connections, p50Ms, p99Ms, maxMs }: LoadReport): string {
  return `${sent} requests on ${connections} connections, ${failed} failed; ${p50Ms.toFixed(1)} ms at the median, ${p99Ms.toFixed(1)} at 99 %, ${maxMs.toFixed(0)} at most`;
}
