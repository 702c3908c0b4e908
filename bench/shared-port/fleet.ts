// Two workers on one port in one of the three ways to share it, with restarts one after the other. Bookkeeping of processes only.
import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { bindListener, type SharedListener } from "../../src/transport/index.ts";

/** One socket that all accept on; one SO_REUSEPORT socket a slot, held here; each worker binds its own by SO_REUSEPORT. */
export type Sharing = "inherited" | "slots" | "own";

const WORKER = fileURLToPath(new URL("worker.ts", import.meta.url));
// Behind the IPC channel.
const FD = 4;
const SLOTS = 2;

export class Fleet {
  readonly port: number;
  readonly #sharing: Sharing;
  readonly #command: readonly string[];
  readonly #burnUs: number;
  readonly #held: readonly SharedListener[];
  readonly #workers: ChildProcess[] = [];

  /** `command` runs a worker; `burnUs` is what an answer costs it. */
  static async open(sharing: Sharing, command: readonly string[], burnUs: number): Promise<Fleet> {
    const first = await bindListener({ host: "127.0.0.1", port: 0 }, { reusePort: sharing !== "inherited" });
    const held = [first];
    if (sharing === "slots") held.push(await bindListener(first.address, { reusePort: true }));
    const fleet = new Fleet(sharing, command, burnUs, held);
    // The first socket only chose the port: one that nobody accepts on would swallow its share.
    for (let slot = 0; slot < SLOTS; slot += 1) {
      fleet.#workers[slot] = await fleet.#spawn(slot);
      if (sharing === "own" && slot === 0) first.close();
    }
    return fleet;
  }

  constructor(sharing: Sharing, command: readonly string[], burnUs: number, held: readonly SharedListener[]) {
    this.#sharing = sharing;
    this.#command = command;
    this.#burnUs = burnUs;
    this.#held = held;
    const [first] = held;
    if (first === undefined || "path" in first.address) throw new Error("a port is held");
    this.port = first.address.port;
  }

  /** A new worker takes the place of slot's: it is up before the old one is told to stop. Resolves when the old one has ended. */
  async replace(slot: number): Promise<void> {
    const old = this.#workers[slot];
    this.#workers[slot] = await this.#spawn(slot);
    if (old !== undefined) await end(old);
  }

  /** Connections that each worker has accepted. */
  async count(): Promise<number[]> {
    return Promise.all(
      this.#workers.map(
        (worker) =>
          new Promise<number>((resolve) => {
            worker.once("message", (message: { accepted: number }) => resolve(message.accepted));
            worker.send("count");
          }),
      ),
    );
  }

  async close(): Promise<void> {
    await Promise.all(this.#workers.map(end));
    for (const listener of this.#held) listener.close();
  }

  async #spawn(slot: number): Promise<ChildProcess> {
    const [program = "", ...args] = this.#command;
    const listener = this.#held[slot % this.#held.length];
    const isOwn = this.#sharing === "own";
    const child = spawn(program, [...args, WORKER], {
      stdio: ["ignore", "inherit", "inherit", "ipc", isOwn ? "ignore" : (listener?.descriptor ?? "ignore")],
      env: { ...process.env, BURN_US: String(this.#burnUs), ...(isOwn ? { OWN_PORT: String(this.port) } : { SLOT_FD: String(FD) }) },
    });
    await new Promise<void>((resolve, reject) => {
      child.once("message", () => resolve());
      child.once("exit", (code) => reject(new Error(`a worker ended with ${code}`)));
    });
    child.removeAllListeners("exit");
    return child;
  }
}

async function end(child: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.send("stop");
  await ended;
}
