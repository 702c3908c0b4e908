// What a configuration will say of its listeners and workers, if it is good and plain. Null where that takes more than a look.

import type { SocketAddress } from "../../transport/index.ts";

export interface Guess {
  readonly listeners: readonly { readonly name: string; readonly address: SocketAddress }[];
  readonly workers: number;
}

const ADDRESS = /^((?:[0-9]{1,3}\.){3}[0-9]{1,3}):([1-9][0-9]{0,4})$/;

export function guess(value: unknown, processors: number): Guess | null {
  if (!isMap(value) || !Array.isArray(value["listeners"]) || value["listeners"].length === 0) return null;
  const listeners: { name: string; address: SocketAddress }[] = [];
  for (const listener of value["listeners"] as readonly unknown[]) {
    if (!isMap(listener) || "reusePort" in listener) return null;
    const { name, address } = listener;
    const found = typeof address === "string" ? ADDRESS.exec(address) : null;
    if (typeof name !== "string" || found === null || Number(found[2]) > 65_535) return null;
    listeners.push({ name, address: { host: found[1] ?? "", port: Number(found[2]) } });
  }
  const { gateway = {} } = value;
  const workers = isMap(gateway) ? (gateway["workers"] ?? "auto") : null;
  const count = workers === "auto" ? processors : workers;
  return Number.isInteger(count) && Number(count) >= 1 && Number(count) <= 256 ? { listeners, workers: Number(count) } : null;
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
