// A resolved configuration on its way between processes: plain JSON, with words of its own for what JSON has none for, and in pieces
// small enough that reading one never holds up a worker that serves.

import { Secret } from "../base/index.ts";
import type { GatewayConfig } from "../config/index.ts";

export type Wire = null | boolean | number | string | readonly Wire[] | { readonly [key: string]: Wire };

/** A configuration without its routes, and the routes in batches. */
export interface WireConfig {
  readonly head: Wire;
  readonly routes: readonly Wire[];
}

const SECRET = "$secret";
const BYTES = "$bytes";
/** A record that has one of these keys itself. */
const RECORD = "$record";

/** Of one batch, in characters of JSON: parsed in a fraction of a millisecond. */
const BATCH_CHARACTERS = 32 * 1024;

export function toWire(value: unknown): Wire {
  if (value === null || typeof value === "string" || typeof value === "boolean" || typeof value === "number") return value;
  if (Array.isArray(value)) return value.map(toWire);
  if (value instanceof Secret) return { [SECRET]: value.reveal() };
  if (value instanceof Uint8Array) return { [BYTES]: Buffer.from(value).toString("base64") };
  if (typeof value !== "object") throw new TypeError(`a configuration holds no ${typeof value}`);
  // fromEntries() makes own properties of all keys, `__proto__` too.
  const record: Record<string, Wire> = Object.fromEntries(
    Object.entries(value).flatMap(([key, each]) => (each === undefined ? [] : [[key, toWire(each)] as const])),
  );
  return Object.hasOwn(record, SECRET) || Object.hasOwn(record, BYTES) || Object.hasOwn(record, RECORD) ? { [RECORD]: record } : record;
}

export function fromWire(wire: Wire): unknown {
  if (wire === null || typeof wire !== "object") return wire;
  if (Array.isArray(wire)) return wire.map(fromWire);
  const record = wire as { readonly [key: string]: Wire };
  if (Object.hasOwn(record, SECRET)) return new Secret(String(record[SECRET]));
  if (Object.hasOwn(record, BYTES)) return new Uint8Array(Buffer.from(String(record[BYTES]), "base64"));
  const inner = Object.hasOwn(record, RECORD) ? (record[RECORD] as { readonly [key: string]: Wire }) : record;
  return Object.fromEntries(Object.entries(inner).map(([key, each]) => [key, fromWire(each)]));
}

/** The batches are lists of routes, in order. */
export function packConfig(config: GatewayConfig): WireConfig {
  const { routes, ...rest } = config;
  const batches: Wire[] = [];
  let batch: Wire[] = [];
  let characters = 0;
  for (const route of routes) {
    const wire = toWire(route);
    const length = JSON.stringify(wire).length;
    if (batch.length > 0 && characters + length > BATCH_CHARACTERS) {
      batches.push(batch);
      batch = [];
      characters = 0;
    }
    batch.push(wire);
    characters += length;
  }
  if (batch.length > 0) batches.push(batch);
  return { head: toWire(rest), routes: batches };
}

/** Puts together what packConfig() took apart, piece by piece as they come. */
export class ConfigAssembly {
  readonly #head: object;
  readonly #routes: unknown[] = [];

  constructor(head: Wire) {
    this.#head = fromWire(head) as object;
  }

  add(batch: Wire): void {
    this.#routes.push(...(fromWire(batch) as unknown[]));
  }

  finish(): GatewayConfig {
    return { ...this.#head, routes: this.#routes } as unknown as GatewayConfig;
  }
}
