// `sallyport start FILE` as a process of a test's own, on the runtime that runs the test.

import { type ChildProcess, spawn } from "node:child_process";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";

const LAUNCHER = fileURLToPath(new URL("../../bin/sallyport.mjs", import.meta.url));
const RUNTIME = process.versions["bun"] === undefined ? "node" : "bun";

export class RunningGateway {
  readonly #child: ChildProcess;
  readonly #ended: Promise<void>;
  stderr = "";

  constructor(child: ChildProcess) {
    this.#child = child;
    this.#ended = new Promise((resolve) => child.once("close", () => resolve()));
  }

  /** Resolves when it serves. */
  static start(file: string): Promise<RunningGateway> {
    const env = { ...process.env, SALLYPORT_RUNTIME: RUNTIME };
    const child = spawn("node", [LAUNCHER, "start", file], { cwd: dirname(file), env, stdio: ["ignore", "ignore", "pipe"] });
    const gateway = new RunningGateway(child);
    return new Promise((resolve, reject) => {
      child.stderr?.setEncoding("utf8").on("data", (text: string) => {
        gateway.stderr += text;
        if (gateway.stderr.includes("admin on ")) resolve(gateway);
      });
      child.once("close", () => reject(new Error(`it ended: ${gateway.stderr}`)));
    });
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode === null) this.#child.kill("SIGTERM");
    await this.#ended;
  }
}
