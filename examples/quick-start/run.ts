// `npm start`: both example services and the gateway, started and stopped together, on the runtime that runs this file.
// A gateway in earnest is started by `sallyport start FILE` alone; this is only for trying it.
import { type ChildProcess, fork } from "node:child_process";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";

interface Part {
  readonly name: string;
  /** Beside this file, or relative to it. */
  readonly file: string;
  readonly args: readonly string[];
  readonly ports: readonly number[];
}

// In the order in which they start; they stop in the opposite one, so that nothing in flight loses its service.
const PARTS: readonly Part[] = [
  { name: "catalog", file: "./catalog.ts", args: ["3001"], ports: [3001] },
  { name: "orders", file: "./orders.ts", args: ["3002"], ports: [3002] },
  { name: "gateway", file: "../../bin/sallyport.mjs", args: ["start", pathTo("./gateway.yaml")], ports: [8080, 9901] },
];

// The gateway gives requests in flight 10 s.
const STOP_DEADLINE_MS = 12_000;

const running: { part: Part; child: ChildProcess; ended: Promise<void> }[] = [];
let stopping = false;

await run();

async function run(): Promise<void> {
  for (const port of PARTS.flatMap((part) => part.ports)) {
    if (await isTaken(port)) {
      say(`port ${port} of 127.0.0.1 is taken: stop what listens there (ss -ltnp shows it), then try again.`);
      process.exit(3);
    }
  }
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => void stop(0));
  process.on("disconnect", () => void stop(0));
  for (const part of PARTS) {
    if (!stopping) await launch(part);
  }
  if (stopping) return;
  say("try: curl http://127.0.0.1:8080/api/products/1");
  say("     curl -N http://127.0.0.1:8080/api/orders/events      (orders as they are placed)");
  say("     curl http://127.0.0.1:9901/metrics                   Ctrl-C stops all");
}

/** Resolves when the part says over its channel that it listens, or has ended. */
async function launch(part: Part): Promise<void> {
  const child = fork(pathTo(part.file), part.args);
  const ended = new Promise<void>((resolve) => {
    child.on("exit", (code, signal) => {
      resolve();
      if (stopping) return;
      say(`${part.name} ended by itself (${signal ?? `exit code ${code}`}); stopping the rest.`);
      void stop(code === 0 || code === null ? 1 : code);
    });
  });
  running.push({ part, child, ended });
  const listens = new Promise<void>((resolve) => child.once("message", () => resolve()));
  await Promise.race([listens, ended]);
}

async function stop(exitCode: number): Promise<void> {
  if (stopping) return;
  stopping = true;
  const deadline = setTimeout(() => {
    for (const { child } of running) child.kill("SIGKILL");
  }, STOP_DEADLINE_MS);
  for (const { child, ended } of running.toReversed()) {
    child.kill("SIGTERM");
    await ended;
  }
  clearTimeout(deadline);
  process.exit(exitCode);
}

function isTaken(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(true));
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(false)));
  });
}

function pathTo(file: string): string {
  return fileURLToPath(new URL(file, import.meta.url));
}

function say(line: string): void {
  process.stderr.write(`quick-start: ${line}\n`);
}
