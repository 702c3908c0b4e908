// A resolved configuration on its way between processes: plain JSON, with words of its own for what JSON has none for, and in pieces
// small enough that reading one never holds up a worker that serves.

import { Secret } from "../base/index.ts";
import type { GatewayConfig } from "../config/index.ts";

export type Wire = null | boolean | number | string | readonly Wire[] | { readonly [key: string]: Wire };

/** A configuration without its routes, with the table of its long texts, and the routes in batches. */
export interface WireConfig {
  readonly head: Wire;
  readonly routes: readonly Wire[];
}

const SECRET = "$secret";
const BYTES = "$bytes";
/** The place of a text in the table. */
const TEXT = "$text";
/** The table, beside the keys of the configuration. */
const TEXTS = "$texts";
/** A record that has one of these keys itself. */
const RECORD = "$record";
const MARKS = [SECRET, BYTES, TEXT, RECORD];

/** Of one batch, in characters of JSON: parsed in a fraction of a millisecond. */
const BATCH_CHARACTERS = 32 * 1024;

/** From so many characters on a text goes into the table. */
const LONG_TEXT = 1024;

/** Long texts, each once: a hundred upstreams may believe one bundle of authorities, which is 200 KB. */
class TextTable {
  readonly texts: string[] = [];
  readonly #places = new Map<string, number>();

  placeOf(text: string): number {
    let place = this.#places.get(text);
    if (place === undefined) {
      place = this.texts.push(text) - 1;
      this.#places.set(text, place);
    }
    return place;
  }
}

/** With a table, long texts go there; who reads it needs the table. */
export function toWire(value: unknown, table: TextTable | null = null): Wire {
  if (typeof value === "string") return table === null || value.length < LONG_TEXT ? value : { [TEXT]: table.placeOf(value) };
  if (value === null || typeof value === "boolean" || typeof value === "number") return value;
  if (Array.isArray(value)) return value.map((each) => toWire(each, table));
  if (value instanceof Secret) return { [SECRET]: value.reveal() };
  if (value instanceof Uint8Array) return { [BYTES]: Buffer.from(value).toString("base64") };
  if (typeof value !== "object") throw new TypeError(`a configuration holds no ${typeof value}`);
  // fromEntries() makes own properties of all keys, `__proto__` too.
  const record: Record<string, Wire> = Object.fromEntries(
    Object.entries(value).flatMap(([key, each]) => (each === undefined ? [] : [[key, toWire(each, table)] as const])),
  );
  return MARKS.some((mark) => Object.hasOwn(record, mark)) ? { [RECORD]: record } : record;
}

export function fromWire(wire: Wire, texts: readonly string[] = []): unknown {
  if (wire === null || typeof wire !== "object") return wire;
  if (Array.isArray(wire)) return wire.map((each) => fromWire(each, texts));
  const record = wire as { readonly [key: string]: Wire };
  if (Object.hasOwn(record, SECRET)) return new Secret(String(record[SECRET]));
  if (Object.hasOwn(record, TEXT)) return texts[Number(record[TEXT])];
  if (Object.hasOwn(record, BYTES)) return new Uint8Array(Buffer.from(String(record[BYTES]), "base64"));
  const inner = Object.hasOwn(record, RECORD) ? (record[RECORD] as { readonly [key: string]: Wire }) : record;
  return Object.fromEntries(Object.entries(inner).map(([key, each]) => [key, fromWire(each, texts)]));
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
  const table = new TextTable();
  const head = toWire(rest, table) as { readonly [key: string]: Wire };
  return { head: { ...head, [TEXTS]: table.texts }, routes: batches };
}

/** Puts together what packConfig() took apart, piece by piece as they come. */
export class ConfigAssembly {
  readonly #head: object;
  readonly #routes: unknown[] = [];

  constructor(head: Wire) {
    const { [TEXTS]: texts = [], ...rest } = head as { readonly [key: string]: Wire };
    this.#head = fromWire(rest, texts as readonly string[]) as object;
  }

  add(batch: Wire): void {
    this.#routes.push(...(fromWire(batch) as unknown[]));
  }

  finish(): GatewayConfig {
    return { ...this.#head, routes: this.#routes } as unknown as GatewayConfig;
  }
}
