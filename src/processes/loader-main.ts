// A process that loads one configuration, says what came of it, and ends. A program's own: modules are loaded once a process, so that a
// configuration that is a program can be read anew; and whatever loading does, neither the supervisor nor a worker waits for it.

import { loadRevision } from "./loader.ts";
import { type FromLoader, packOutcome } from "./loader-messages.ts";

const send = (message: FromLoader) =>
  new Promise<void>((resolve, reject) => {
    process.send?.(message, undefined, undefined, (error) => (error === null ? resolve() : reject(error)));
  });

// Whoever waited for it is gone, and a program may never come to its end.
process.on("disconnect", () => process.exit());

const [file = "", text] = JSON.parse(process.env["SALLYPORT_LOADER"] ?? "[]") as [string?, string?];
for (const message of packOutcome(await loadRevision(file, text))) await send(message);
process.disconnect?.();
