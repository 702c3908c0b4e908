// bin/sallyport.mjs on the Nodes there are: which runtime it takes, what it says when there is none, and that no process outlives it.
import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, fork, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { listRuntimes } from "../../bin/runtime.mjs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const NODE = listRuntimes().node ?? "";
const SYSTEM_NODE = "/usr/bin/node";

function launch(node: string, root: string, env: Readonly<Record<string, string>>, ...args: string[]) {
  const { stdout, stderr, status } = spawnSync(node, [join(root, "bin/sallyport.mjs"), ...args], {
    env: { PATH: process.env["PATH"] ?? "", ...env },
    encoding: "utf8",
  });
  return { stdout, stderr, status };
}

/** A copy of the launcher with the source but without any package. */
function withoutPackages(check: (root: string) => void): void {
  const root = mkdtempSync(join(tmpdir(), "sallyport-launcher-"));
  try {
    cpSync(join(ROOT, "bin"), join(root, "bin"), { recursive: true });
    cpSync(join(ROOT, "package.json"), join(root, "package.json"));
    symlinkSync(join(ROOT, "src"), join(root, "src"));
    check(root);
  } finally {
    rmSync(root, { recursive: true });
  }
}

function readVersion(node: string): number {
  return Number(execFileSync(node, ["-p", "parseInt(process.versions.node)"], { encoding: "utf8" }));
}

describe("the choice of a runtime", () => {
  it("falls on Bun unless something else is asked for", () => {
    const { stdout, stderr, status } = launch(NODE, ROOT, {}, "version");
    assert.deepEqual({ stderr, status }, { stderr: "", status: 0 });
    assert.match(stdout, /^sallyport \S+ on Bun 1\./);
  });

  for (const [wanted, shown] of [
    ["bun", /on Bun 1\./],
    ["node", /on Node 2[2-9]\./],
  ] as const) {
    it(`follows SALLYPORT_RUNTIME=${wanted}`, () => {
      const { stdout, status } = launch(NODE, ROOT, { SALLYPORT_RUNTIME: wanted }, "version");
      assert.equal(status, 0);
      assert.match(stdout, shown);
    });
  }

  it("refuses a runtime that does not exist with exit code 2", () => {
    const { stderr, status } = launch(NODE, ROOT, { SALLYPORT_RUNTIME: "deno" }, "version");
    assert.deepEqual({ stderr, status }, { stderr: 'sallyport: SALLYPORT_RUNTIME must be bun or node; it is "deno".\n', status: 2 });
  });

  it("falls on the Node that is running where Bun is not installed, and says so", () => {
    withoutPackages((root) => {
      const { stdout, stderr, status } = launch(NODE, root, {}, "version");
      assert.equal(status, 0);
      assert.match(stdout, /on Node /);
      assert.match(stderr, /^sallyport: The package @oven\/bun-\S+ is not installed: .+ Running on Node instead;/);
    });
  });

  it("refuses the one that was asked for and is not installed with exit code 4", () => {
    withoutPackages((root) => {
      const { stderr, status } = launch(NODE, root, { SALLYPORT_RUNTIME: "bun" }, "version");
      assert.equal(status, 4);
      assert.match(stderr, /^sallyport: SALLYPORT_RUNTIME is bun, but: The package @oven\/bun-\S+ is not installed/);
    });
  });

  const old = existsSync(SYSTEM_NODE) && readVersion(SYSTEM_NODE) < 22;
  const skip = old ? false : `needs a Node before 22.18 at ${SYSTEM_NODE}`;

  it("works when an old Node starts the launcher", { skip }, () => {
    assert.match(launch(SYSTEM_NODE, ROOT, {}, "version").stdout, /on Bun /);
    assert.match(launch(SYSTEM_NODE, ROOT, { SALLYPORT_RUNTIME: "node" }, "version").stdout, /on Node 2[2-9]\./);
  });

  it("says what is missing when an old Node is all there is", { skip }, () => {
    withoutPackages((root) => {
      const { stderr, status } = launch(SYSTEM_NODE, root, {}, "version");
      assert.equal(status, 4);
      assert.match(stderr, /@oven\/bun-\S+ is not installed.+Node 22\.18 or later is needed \(this is Node 20\./);
    });
  });
});

// An IPC channel keeps the launcher from replacing itself, so these see the two processes that an old Node leaves.
describe("a launcher that waits for its child", () => {
  for (const runtime of ["bun", "node"] as const) {
    // Node needs another to start it, or it would run the program in its own process.
    const parent = runtime === "bun" ? NODE : existsSync(SYSTEM_NODE) ? SYSTEM_NODE : NODE;
    const skip = runtime === "node" && (parent === NODE || readVersion(parent) >= 22) ? "needs a Node before 22.18 to start from" : false;

    it(`passes SIGTERM on to ${runtime} and ends with its exit code`, { skip }, async () => {
      const { launcher } = await startLongRunning(parent, runtime);
      launcher.kill("SIGTERM");
      assert.deepEqual(await ending(launcher), { code: 7, signal: null });
    });

    it(`ends by the signal that ended ${runtime}`, { skip }, async () => {
      const { launcher, pid } = await startLongRunning(parent, runtime);
      process.kill(pid, "SIGKILL");
      assert.deepEqual(await ending(launcher), { code: null, signal: "SIGKILL" });
    });

    it(`leaves no ${runtime} behind when it is killed`, { skip }, async () => {
      const { launcher, pid } = await startLongRunning(parent, runtime);
      launcher.kill("SIGKILL");
      await ending(launcher);
      // The output's end is the child's: it holds the pipe too.
      assert.ok(await isGone(pid), `process ${pid} is still there`);
    });
  }
});

async function startLongRunning(node: string, runtime: string): Promise<{ launcher: ChildProcess; pid: number }> {
  const launcher = fork(join(ROOT, "scripts/run-ts.mjs"), [join(ROOT, "test/launcher/long-running.ts")], {
    execPath: node,
    execArgv: [],
    env: { PATH: process.env["PATH"] ?? "", SALLYPORT_RUNTIME: runtime },
    stdio: ["ignore", "pipe", "inherit", "ipc"],
  });
  const pid = await new Promise<number>((resolve, reject) => {
    launcher.stdout?.once("data", (chunk) => resolve(Number(String(chunk))));
    launcher.once("exit", (code) => reject(new Error(`the launcher ended with ${code}`)));
  });
  return { launcher, pid };
}

function ending(child: ChildProcess): Promise<{ code: number | null; signal: string | null }> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve({ code: child.exitCode, signal: child.signalCode });
  return new Promise((resolve) => child.once("exit", (code, signal) => resolve({ code, signal })));
}

/** Whether the process ends within five seconds. Another process's end can only be asked for, not waited for. */
async function isGone(pid: number): Promise<boolean> {
  for (let attempt = 0; attempt < 250; attempt++) {
    try {
      process.kill(pid, 0);
    } catch {
      return true;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return false;
}
