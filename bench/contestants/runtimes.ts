// The two runtimes as this package installs them; the ones that `npm start` uses.
import { existsSync } from "node:fs";

export type Runtime = "bun" | "node";

const MODULES = new URL("../../node_modules/", import.meta.url).pathname;

/** Path of the runtime's binary, or an Error with the remedy. */
export function findRuntime(runtime: Runtime): string | Error {
  const places =
    runtime === "bun"
      ? ["x64", "x64-musl", "aarch64", "aarch64-musl"].map((kind) => `${MODULES}@oven/bun-linux-${kind}/bin/bun`)
      : [`${MODULES}.bin/node`];
  return places.find((path) => existsSync(path)) ?? new Error(`${runtime} is not among the installed packages: npm install`);
}
