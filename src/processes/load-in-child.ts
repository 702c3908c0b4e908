// Loads a configuration in a process of its own (loader-main.ts).

import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { LoadOutcome } from "./loader.ts";
import { type FromLoader, OutcomeAssembly } from "./loader-messages.ts";

const MAIN = fileURLToPath(new URL("loader-main.ts", import.meta.url));
/** A configuration that is a program may never end; one of data takes a second at most. */
const LOAD_MS = 60_000;

/** Resolves also when the process fails: then the outcome says so. */
export function loadInChild(file: string, text?: string): Promise<LoadOutcome> {
  return new Promise((resolve) => {
    const given = JSON.stringify(text === undefined ? [file] : [file, text]);
    const env = { ...process.env, SALLYPORT_LOADER: given };
    const child = spawn(process.execPath, [...process.execArgv, MAIN], { stdio: ["ignore", "ignore", "inherit", "ipc"], env });
    const assembly = new OutcomeAssembly();
    let isLate = false;
    const late = setTimeout(() => {
      isLate = true;
      child.kill("SIGKILL");
    }, LOAD_MS);
    let done = false;
    const finish = (reason: string) => {
      if (done) return;
      done = true;
      clearTimeout(late);
      const { outcome } = assembly;
      // It has said all there is: a program may hold a timer or a connection, and would never end by itself.
      child.kill("SIGKILL");
      resolve(outcome ?? { revision: null, issues: [], messages: [`the configuration was not loaded: ${reason}`], files: [] });
    };
    child.on("message", (message) => {
      assembly.add(message as FromLoader);
      if (assembly.outcome !== null) finish("");
    });
    child.on("error", (error) => finish(error.message));
    child.on("exit", (code, signal) =>
      finish(isLate ? `it took more than ${LOAD_MS / 1000} s` : `its process ended with ${signal ?? `exit code ${code}`}`),
    );
  });
}
