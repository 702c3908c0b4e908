// The files that `respond.file` names, read while the configuration is loaded: a request never waits for a disk.

import { dirname, extname, resolve } from "node:path";
import { toReason } from "./config-host.ts";
import type { Finding } from "./issue.ts";
import type { PathSet } from "./path-set.ts";
import type { ReferenceReader } from "./references.ts";
import { children, get } from "./written.ts";

export interface Body {
  readonly bytes: Uint8Array;
  readonly contentType: string;
}

const MAX_BYTES = 1024 * 1024;

const TYPES: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".htm": "text/html; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".ico": "image/x-icon",
  ".jpeg": "image/jpeg",
  ".jpg": "image/jpeg",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".pdf": "application/pdf",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".webp": "image/webp",
  ".xml": "application/xml",
};

/** By the index of the route. One file that many routes name is read once. */
export function readBodies(
  root: unknown,
  file: string,
  reader: ReferenceReader,
  covered: PathSet,
): { readonly bodies: ReadonlyMap<number, Body>; readonly findings: readonly Finding[] } {
  const folder = dirname(resolve(file));
  const bodies = new Map<number, Body>();
  const findings: Finding[] = [];
  const read = new Map<string, Body | { readonly reason: string }>();
  for (const [path, route] of children(root, [], "routes")) {
    const name = get(route, "respond", "file");
    const at = [...path, "respond", "file"];
    const index = path.at(-1);
    if (typeof name !== "string" || name === "" || typeof index !== "number" || covered.covers(at)) continue;
    const found = read.get(name) ?? readBody(resolve(folder, name), reader);
    read.set(name, found);
    if ("bytes" in found) bodies.set(index, found);
    else {
      const message = `the file \`${name}\` can't be an answer's body: ${found.reason}`;
      const hint = "paths are relative to the file that they stand in";
      findings.push({ code: "SP_CONFIG_REFERENCED_FILE", path: at, at: "value", message, hint });
    }
  }
  return { bodies, findings };
}

function readBody(file: string, { host, onFile }: ReferenceReader): Body | { readonly reason: string } {
  onFile(file);
  try {
    const bytes = host.readFile(file, MAX_BYTES);
    if (bytes.length > MAX_BYTES) return { reason: "it is larger than 1 MiB" };
    return { bytes, contentType: TYPES[extname(file).toLowerCase()] ?? "application/octet-stream" };
  } catch (error) {
    return { reason: toReason(error) };
  }
}
