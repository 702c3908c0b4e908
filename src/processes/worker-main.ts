// The process of one worker: a gateway, on sockets that it inherited, told by its supervisor what to serve. It reads no configuration
// and no file, and the rooms that do are not loaded here.

import { systemClock } from "../base/index.ts";
import { createGateway } from "../gateway/index.ts";
import { defaultTransport } from "../transport/index.ts";
import { AskedCounters } from "./asked-counters.ts";
import { AskedDocuments } from "./asked-documents.ts";
import type { ToSupervisor, ToWorker } from "./messages.ts";
import { createOwnCounters } from "./own-counters.ts";
import { readWorkerEnvironment } from "./worker-environment.ts";
import { ORPHAN_GRACE_MS, WorkerSession } from "./worker-session.ts";

const { descriptors } = readWorkerEnvironment(process.env);

const send = (message: ToSupervisor) => {
  // Nobody is left to hear it when the supervisor is gone. Who has not noticed yet must not die of that: without a callback Node throws.
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
};
const documents = new AskedDocuments(send);
const localCounters = new AskedCounters({
  local: createOwnCounters(systemClock),
  clock: systemClock,
  send,
  defer: setImmediate,
});
localCounters.greet();
const session = new WorkerSession({
  send,
  createGateway: (config, generation) =>
    createGateway(config, {
      transport: defaultTransport(),
      clock: systemClock,
      descriptors,
      documents,
      localCounters,
      provenAs: generation,
    }),
  onDocument: (answer) => documents.hear(answer),
  onCounting: (message) => localCounters.receive(message),
  onDrained: () => {
    // An orphan's channel is closed already, and Node throws then.
    if (process.connected) process.disconnect?.();
  },
});

// By which a client may be over its bound for a moment; see gateway/address-counts.ts.
const ADDRESSES_EVERY_MS = 50;
setInterval(() => session.tellAddresses(), ADDRESSES_EVERY_MS).unref();

// What stops a group of processes at once (a terminal, a service manager) is the supervisor's to decide.
for (const signal of ["SIGTERM", "SIGINT", "SIGHUP", "SIGUSR2"]) process.on(signal, () => undefined);
process.on("message", (message: ToWorker) => void session.receive(message));
process.on("disconnect", () => {
  documents.close();
  localCounters.close();
  void session.drain(ORPHAN_GRACE_MS).then(() => process.exit(0));
});
