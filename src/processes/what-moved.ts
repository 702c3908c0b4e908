// What of a change an operator would look for on the machine: addresses, processes, files. What it means for requests is `sallyport diff`.

import type { AdminConfig, GatewayConfig, ListenerConfig } from "../config/index.ts";
import type { SocketAddress } from "../transport/index.ts";

type Machine = Pick<GatewayConfig, "listeners" | "admin" | "telemetry">;

/** In sentences without a beginning: `listener http at 127.0.0.1:8081 instead of 127.0.0.1:8080`. */
export function listMoves(before: Machine, after: Machine, workersBefore: number, workersAfter: number): string[] {
  const moves: string[] = [];
  if (workersBefore !== workersAfter) moves.push(`${workersAfter} worker${workersAfter === 1 ? "" : "s"} instead of ${workersBefore}`);
  const places = toPlaces(before);
  for (const [who, place] of toPlaces(after)) {
    const old = places.get(who);
    if (old === undefined) moves.push(`${who} is new, at ${place}`);
    else if (old !== place) moves.push(`${who} at ${place} instead of ${old}`);
    places.delete(who);
  }
  for (const [who, place] of places) moves.push(`${who} at ${place} is gone`);
  return moves;
}

function toPlaces({ listeners, admin, telemetry }: Machine): Map<string, string> {
  const places = new Map(listeners.map((listener) => [`listener ${listener.name}`, toUrl(listener)]));
  if (admin !== null) places.set("admin", toUrl(admin));
  const { accessLog } = telemetry;
  if (accessLog !== null) places.set("access log", accessLog.to === "stdout" ? "standard output" : accessLog.to.path);
  return places;
}

function toUrl({ address, tls }: Pick<ListenerConfig | AdminConfig, "tls"> & { readonly address: SocketAddress }): string {
  if ("path" in address) return `unix:${address.path}`;
  return `${tls === null ? "http" : "https"}://${address.host.includes(":") ? `[${address.host}]` : address.host}:${address.port}`;
}
