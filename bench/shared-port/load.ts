// Clients for the measurement of shared ports: one byte there, one back, a connection each. Counts what did not come back.
import { connect } from "node:net";

// So that a quick series does not run out of local ports while the old ones wait out their minute.
const SOURCES = 16;

export interface Tally {
  sent: number;
  answered: number;
  readonly lost: Map<string, number>;
}

/** Opens `total` connections, `rate` a second, whatever became of those before. */
export async function loadSteadily(port: number, total: number, rate: number): Promise<Tally> {
  const tally: Tally = { sent: 0, answered: 0, lost: new Map() };
  const pending: Promise<void>[] = [];
  const began = performance.now();
  while (tally.sent < total) {
    const due = Math.min(total, Math.floor(((performance.now() - began) / 1000) * rate));
    while (tally.sent < due) pending.push(ask(port, tally));
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await Promise.all(pending);
  return tally;
}

/** Keeps `width` connections going until there were `total`. */
export async function loadInTurns(port: number, total: number, width: number): Promise<Tally> {
  const tally: Tally = { sent: 0, answered: 0, lost: new Map() };
  async function goOn(): Promise<void> {
    while (tally.sent < total) await ask(port, tally);
  }
  await Promise.all(Array.from({ length: width }, goOn));
  return tally;
}

function ask(port: number, tally: Tally): Promise<void> {
  tally.sent += 1;
  const localAddress = `127.0.0.${2 + (tally.sent % SOURCES)}`;
  return new Promise((resolve) => {
    let isAnswered = false;
    let reason = "closed";
    const socket = connect({ host: "127.0.0.1", port, localAddress, noDelay: true });
    socket.setTimeout(10_000, () => {
      reason = "no answer in 10 s";
      socket.destroy();
    });
    socket.on("connect", () => socket.write("x"));
    socket.on("data", () => {
      isAnswered = true;
      socket.destroy();
    });
    socket.on("error", (error: NodeJS.ErrnoException) => {
      reason = error.code ?? error.message;
    });
    socket.on("close", () => {
      if (isAnswered) tally.answered += 1;
      else tally.lost.set(reason, (tally.lost.get(reason) ?? 0) + 1);
      resolve();
    });
  });
}
