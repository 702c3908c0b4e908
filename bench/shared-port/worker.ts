// A worker for the measurement of shared ports: answers each connection's first bytes with one byte and counts. On Bun and on Node by
// their own calls, not by the engine: what is measured is the kernel's and the runtime's share. Ends, in order, when told "stop".
import { createServer } from "node:net";

const { SLOT_FD, OWN_PORT, BURN_US } = process.env;
const burnMs = Number(BURN_US ?? 0) / 1000;
let accepted = 0;
let open = 0;
let stopping = false;
let closeListener = (): void => {};

function answer(write: () => void): void {
  const until = performance.now() + burnMs;
  while (performance.now() < until);
  write();
}

function opened(): void {
  accepted += 1;
  open += 1;
}

function closed(): void {
  open -= 1;
  if (stopping && open === 0) leave();
}

function leave(): void {
  process.send?.({ accepted }, () => process.exit(0));
}

process.on("message", (word) => {
  if (word === "count") process.send?.({ accepted });
  if (word !== "stop") return;
  stopping = true;
  closeListener();
  // What was accepted in this very turn has not been counted yet.
  setTimeout(() => open === 0 && leave(), 20);
});

if (process.versions.bun === undefined) {
  const server = createServer({ noDelay: true }, (socket) => {
    opened();
    socket.on("data", () => answer(() => socket.write("y")));
    socket.on("error", () => {});
    socket.on("close", closed);
  });
  closeListener = () => server.close();
  const where = SLOT_FD === undefined ? { host: "127.0.0.1", port: Number(OWN_PORT), reusePort: true } : { fd: Number(SLOT_FD) };
  server.listen(where, () => process.send?.("up"));
} else {
  const where = SLOT_FD === undefined ? { hostname: "127.0.0.1", port: Number(OWN_PORT), reusePort: true } : { fd: Number(SLOT_FD) };
  const listener = Bun.listen({
    ...where,
    socket: {
      open: opened,
      data: (socket: { write(text: string): number }) => answer(() => socket.write("y")),
      close: closed,
      error() {},
    },
  } as unknown as Bun.TCPSocketListenOptions<undefined>);
  closeListener = () => listener.stop(false);
  process.send?.("up");
}
