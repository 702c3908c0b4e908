// The Redis that contestants count in: one for all jobs that need it, on the core of the load, with nothing written to a disk.

import { type Child, startPinned } from "./child.ts";

let port: number | null = null;

/** Its port; null where no job needs one. */
export function redisOfBench(): number | null {
  return port;
}

export async function startRedis(server: string, out: string, core: number, onPort: number): Promise<Child> {
  const args = ["--port", `${onPort}`, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
  const child = await startPinned({ file: server, args }, core, onPort, out);
  port = onPort;
  return child;
}
