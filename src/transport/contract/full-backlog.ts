// For tests: a loopback address whose connects are never answered. Linux drops SYNs when the accept queue is full, so a
// child process listens with the smallest backlog, never accepts, and the queue is filled.
import { spawn } from "node:child_process";
import { connect, type Socket } from "node:net";
import type { SocketAddress } from "../socket.ts";

// Listens, says where, and then blocks its event loop for good.
const SCRIPT = `
const server = require("node:net").createServer().listen({ port: 0, host: "127.0.0.1", backlog: 1 }, () => {
  require("node:fs").writeSync(1, String(server.address().port));
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
});`;

// Connects over loopback complete in well under a millisecond; one that takes this long is not answered.
const UNANSWERED_MS = 100;

/** Opens a blackhole. It needs a `node` of any version on the PATH: Bun has a fixed backlog of 512. The caller closes it. */
export async function openBlackhole(): Promise<{ address: SocketAddress; close(): void }> {
  const child = spawn("node", ["-e", SCRIPT], { stdio: ["ignore", "pipe", "inherit"] });
  const port = await new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.stdout.once("data", (text: Buffer) => resolve(Number(text.toString())));
  });
  const fillers: Socket[] = [];
  function close(): void {
    for (const filler of fillers) filler.destroy();
    child.kill("SIGKILL");
  }
  for (let tries = 0; tries < 16; tries += 1) {
    const filler = connect(port, "127.0.0.1");
    filler.on("error", () => {});
    fillers.push(filler);
    if (!(await isAnswered(filler))) return { address: { host: "127.0.0.1", port }, close };
  }
  close();
  throw new Error("the accept queue of the child never filled");
}

function isAnswered(socket: Socket): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), UNANSWERED_MS);
    socket.once("connect", () => {
      clearTimeout(timer);
      resolve(true);
    });
  });
}
