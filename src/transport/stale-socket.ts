// A unix socket file outlives a process that was killed, and then blocks the next bind. This removes such a file,
// and only such: a file that is not a socket, or a socket that somebody answers on, is left alone.
import { lstatSync, unlinkSync } from "node:fs";
import { connect } from "node:net";

/** Unlinks `path` when it is a socket that nobody answers on. Everything else is left for bind to report. */
export async function removeStaleSocket(path: string): Promise<void> {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined || !stat.isSocket()) return;
  if (await isRefused(path)) unlinkSync(path);
}

function isRefused(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path);
    probe.once("connect", () => {
      probe.destroy();
      resolve(false);
    });
    probe.once("error", (error: NodeJS.ErrnoException) => resolve(error.code === "ECONNREFUSED"));
  });
}
