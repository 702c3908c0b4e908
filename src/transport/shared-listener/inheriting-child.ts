// For tests: a process of either runtime that inherits a listening descriptor and answers the first byte of each connection with its name, by
// the runtime's own means. The transport's adapters have tests of their own for it.
import { type ChildProcess, spawn } from "node:child_process";

// Behind stdin, stdout, stderr and the IPC channel.
const INHERITED = 4;

const SCRIPTS = {
  node: `require("node:net").createServer((s) => s.once("data", () => s.end("node"))).listen({ fd: ${INHERITED} }, () => process.send("listening"))`,
  bun: `Bun.listen({ fd: ${INHERITED}, socket: { data(s) { s.end("bun") } } }); process.send("listening")`,
};

/** `binary` is the one of `runtime`. Resolves once it accepts. */
export async function spawnHeir(runtime: "bun" | "node", binary: string, descriptor: number): Promise<ChildProcess> {
  const child = spawn(binary, ["-e", SCRIPTS[runtime]], { stdio: ["ignore", "inherit", "inherit", "ipc", descriptor] });
  await new Promise<void>((resolve, reject) => {
    child.once("message", () => resolve());
    child.once("exit", (code, signal) => reject(new Error(`the child ended: ${code ?? signal}`)));
  });
  return child;
}

/** A process that was given nothing, which waits until it is killed. Resolves once it runs its program. */
export async function spawnStranger(): Promise<ChildProcess> {
  const child = spawn("sh", ["-c", "echo up; read _"], { stdio: ["pipe", "pipe", "ignore"] });
  await new Promise((resolve) => child.stdout.once("data", resolve));
  return child;
}

export async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await ended;
}
