// The Cedar engine, which is WebAssembly of some megabytes: loaded when the first policy needs it, and synchronously, so that a
// configuration can be judged where nothing is waited for.

import { createRequire } from "node:module";
import type { DetailedError } from "@cedar-policy/cedar-wasm/nodejs";

export type CedarEngine = typeof import("@cedar-policy/cedar-wasm/nodejs");

const require = createRequire(import.meta.url);
let loaded: CedarEngine | null = null;

export function loadEngine(): CedarEngine {
  loaded ??= require("@cedar-policy/cedar-wasm/nodejs") as CedarEngine;
  return loaded;
}

/** What is wrong, with its line where the engine says where: `file:3: unexpected token`. `text` is what was read of the file. */
export function describeError({ message, help, sourceLocations }: DetailedError, file: string, text: string): string {
  const start = sourceLocations?.[0]?.start;
  const place = start === undefined || text === "" ? file : `${file}:${lineAt(text, start)}`;
  return `${place}: ${message}${help === null ? "" : ` (${help})`}`.replace(/\s+/g, " ");
}

/** Offsets count bytes of UTF-8. */
function lineAt(text: string, offset: number): number {
  return new TextDecoder().decode(new TextEncoder().encode(text).subarray(0, offset)).split("\n").length;
}
