// Starts the workers while the rooms that read configurations are still being loaded: on two processors a gateway answers that much
// sooner. It looks at nothing but addresses and the number of workers, of a file that is plain data, and believes none of it: what it
// guessed is used where the configuration turns out to say the same, and let go where not.

import { readFileSync, statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { bindListener, type SharedListener, type SocketAddress } from "../../transport/index.ts";
import { ChildWorker, type WorkerEvents, type WorkerProcess, type WorkerSpawner } from "../worker-process.ts";
import { type Guess, guess } from "./guess.ts";

/** Parsing more takes longer than is won. */
const MAX_BYTES = 256 * 1024;

type Bind = (address: SocketAddress, options: { readonly reusePort: boolean }) => Promise<SharedListener>;

export interface HeadStart {
  /** Gives a socket that is bound already where there is one for the address. */
  readonly bind: Bind;
  /** Gives a process that runs already where there is one with these descriptors. */
  spawner(otherwise: WorkerSpawner): WorkerSpawner;
  /** Lets go what was not used. Idempotent. */
  end(): void;
}

/** Null where there is nothing to guess. Never rejects: what goes wrong here goes wrong again, in words, where it is said. */
export async function beginHeadStart(file: string): Promise<HeadStart | null> {
  const guessed = await guessFrom(file);
  if (guessed === null) return null;
  const started = new Started();
  try {
    for (const { name, address } of guessed.listeners) started.sockets.set(name, { address, socket: await bindListener(address) });
  } catch {
    started.end();
    return null;
  }
  const descriptors = new Map([...started.sockets].map(([name, { socket }]) => [name, socket.descriptor]));
  for (let slot = 0; slot < guessed.workers; slot++) started.workers.push({ descriptors, worker: new ChildWorker(slot, descriptors) });
  return started;
}

async function guessFrom(file: string): Promise<Guess | null> {
  // Sockets of a service manager take the place of ours.
  if (process.env["SALLYPORT_LISTEN_FDS"] !== undefined || !/\.(?:ya?ml|json)$/.test(file)) return null;
  try {
    if (statSync(file).size > MAX_BYTES) return null;
    const { load } = await import("js-yaml");
    return guess(load(readFileSync(file, "utf8")), availableParallelism());
  } catch {
    return null;
  }
}

class Started implements HeadStart {
  readonly sockets = new Map<string, { readonly address: SocketAddress; readonly socket: SharedListener }>();
  readonly workers: { readonly descriptors: ReadonlyMap<string, number>; readonly worker: ChildWorker }[] = [];
  readonly #used = new Set<SharedListener>();

  readonly bind: Bind = async (address, options) => {
    const key = JSON.stringify(address);
    const found = [...this.sockets.values()].find((one) => JSON.stringify(one.address) === key && !this.#used.has(one.socket));
    if (found === undefined || options.reusePort) {
      // It may be the very address that is held, under other terms.
      if (found !== undefined) this.end();
      return bindListener(address, options);
    }
    this.#used.add(found.socket);
    return found.socket;
  };

  spawner(otherwise: WorkerSpawner): WorkerSpawner {
    return {
      spawn: (slot: number, descriptors: ReadonlyMap<string, number>, events: WorkerEvents): WorkerProcess => {
        const next = this.workers[0];
        if (next === undefined || !isSame(next.descriptors, descriptors)) return otherwise.spawn(slot, descriptors, events);
        this.workers.shift();
        next.worker.attach(events);
        return next.worker;
      },
    };
  }

  end(): void {
    for (const { worker } of this.workers.splice(0)) worker.kill();
    for (const { socket } of this.sockets.values()) if (!this.#used.has(socket)) socket.close();
    this.sockets.clear();
  }
}

function isSame(one: ReadonlyMap<string, number>, other: ReadonlyMap<string, number>): boolean {
  return one.size === other.size && [...one].every(([name, descriptor]) => other.get(name) === descriptor);
}
