// Child processes pinned to a core: start, wait until they listen, stop with all their descendants, also when the
// harness itself is ended. Only processes started here are ever signalled, by pid.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { treePids } from "./proc.ts";

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export interface Child {
  readonly pid: number;
  stop(): Promise<void>;
}

const START_TIMEOUT_MS = 15_000;
const STOP_TIMEOUT_MS = 3_000;
const alive = new Set<number>();

process.on("exit", () => {
  for (const pid of alive) killTree(pid);
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => process.exit(130));

/** Runs `command` on `core` with stdout in the file `out` and stderr in `out`.err; resolves when 127.0.0.1:`port` accepts. */
export async function startPinned(command: Command, core: number, port: number, out: string): Promise<Child> {
  const stdout = openSync(out, "w");
  const stderr = openSync(`${out}.err`, "w");
  const child = spawn("taskset", ["-c", `${core}`, command.file, ...command.args], {
    stdio: ["ignore", stdout, stderr],
    env: { ...process.env, ...command.env },
  });
  closeSync(stdout);
  closeSync(stderr);
  const pid = await new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("spawn", () => resolve(child.pid ?? 0));
  });
  alive.add(pid);
  const stop = (): Promise<void> => stopTree(child, pid);
  const deadline = performance.now() + START_TIMEOUT_MS;
  while (!(await isListening(port))) {
    if (child.exitCode !== null || child.signalCode !== null || performance.now() > deadline) {
      await stop();
      throw new Error(`${command.file} does not listen: ${lastWords(out)}`);
    }
    await sleep(20);
  }
  return { pid, stop };
}

/** Pins this process and its threads. */
export function pinSelf(core: number): void {
  const { status, stderr } = spawnSync("taskset", ["-a", "-c", "-p", `${core}`, `${process.pid}`], { encoding: "utf8" });
  if (status !== 0) throw new Error(`taskset can't pin to core ${core}: ${stderr}`);
}

/** Ports that were free a moment ago, all different. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(
    servers.map((server) => {
      return new Promise<number>((resolve, reject) => {
        server.once("error", reject);
        server.listen(0, "127.0.0.1", () => {
          const address = server.address();
          if (address !== null && typeof address === "object") resolve(address.port);
        });
      });
    }),
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

function lastWords(out: string): string {
  const words = readFileSync(`${out}.err`, "utf8").trim() || readFileSync(out, "utf8").trim();
  return words.slice(-600) || "it said nothing";
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

async function stopTree(child: ChildProcess, pid: number): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) {
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    await Promise.race([ended, sleep(STOP_TIMEOUT_MS, undefined, { ref: false })]);
    if (child.exitCode === null && child.signalCode === null) killTree(pid);
  }
  alive.delete(pid);
}

function killTree(root: number): void {
  for (const pid of treePids(root).toReversed()) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {}
  }
}
