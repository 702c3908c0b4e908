// The files of key sets and policies that a configuration names, read while it is loaded: whoever serves reads no files, and what they hold
// belongs to the generation. Only what their form is at all is judged here.

import { dirname, resolve } from "node:path";
import { toReason } from "./config-host.ts";
import type { Finding, IssuePath } from "./issue.ts";
import type { PathSet } from "./path-set.ts";
import type { ReferenceReader } from "./references.ts";
import { walkTable } from "./table-walk.ts";

const MAX_BYTES = 1024 * 1024;

type Form = "text" | "json" | "key set";

/** As in table-walk.ts. */
const PLACES: readonly (readonly [at: string, form: Form])[] = [
  ["identities.*.jwt.jwks.file", "key set"],
  ["identities.*.internal.trust[].jwks.file", "key set"],
  ["routes[].authorize.cedar.policies[]", "text"],
  ["routes[].authorize.cedar.entities", "json"],
  ["routes[].authorize.cedar.schema", "text"],
];

/** Texts by absolute path. */
export type FileTexts = ReadonlyMap<string, string>;

/** A file that many places name is read once. */
export function readTextFiles(
  root: unknown,
  file: string,
  reader: ReferenceReader,
  covered: PathSet,
): { readonly texts: FileTexts; readonly findings: readonly Finding[] } {
  const folder = dirname(resolve(file));
  const texts = new Map<string, string>();
  const reasons = new Map<string, string>();
  const findings: Finding[] = [];
  for (const [at, form] of PLACES) {
    walkTable(root, at, (path: IssuePath, name: unknown) => {
      if (typeof name !== "string" || name === "" || covered.covers(path)) return;
      const absolute = resolve(folder, name);
      if (!texts.has(absolute) && !reasons.has(absolute)) read(absolute, reader, texts, reasons);
      const text = texts.get(absolute);
      const reason = text === undefined ? reasons.get(absolute) : toMisfit(text, form);
      if (reason === undefined) return;
      const message = `the file \`${name}\` can't be used here: ${reason}`;
      // A file that was found is not looked for elsewhere.
      const hint = text === undefined ? { hint: "paths are relative to the file that they stand in" } : {};
      findings.push({ code: "SP_CONFIG_REFERENCED_FILE", path, at: "value", message, ...hint });
    });
  }
  return { texts, findings };
}

function read(file: string, { host, onFile }: ReferenceReader, texts: Map<string, string>, reasons: Map<string, string>): void {
  onFile(file);
  try {
    const bytes = host.readFile(file, MAX_BYTES);
    if (bytes.length > MAX_BYTES) reasons.set(file, "it is larger than 1 MiB");
    else texts.set(file, new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (error) {
    reasons.set(file, error instanceof TypeError ? "it is not UTF-8 text" : toReason(error));
  }
}

function toMisfit(text: string, form: Form): string | undefined {
  if (form === "text") return undefined;
  try {
    const value: unknown = JSON.parse(text);
    const isSet = typeof value === "object" && value !== null && "keys" in value && Array.isArray(value.keys);
    return form === "json" || isSet ? undefined : 'it is no key set: JSON with a list `"keys"` (RFC 7517)';
  } catch {
    return "it is not JSON";
  }
}
