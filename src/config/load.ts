// The door for configurations: text or a file in, a resolved configuration or every mistake at once out. Nothing a user writes makes
// it throw, and nothing is started or looked up here.

import { readFileSync, statSync } from "node:fs";
import { checkMeaning } from "./check-meaning.ts";
import { checkReferences } from "./checks.ts";
import type { GatewayConfig } from "./config.ts";
import type { Finding, Issue } from "./issue.ts";
import { checkNotBuilt } from "./not-built.ts";
import { resolveConfiguration } from "./resolve.ts";
import { configurationSchema } from "./schema.ts";
import { parseSource } from "./source.ts";
import { translateIssues } from "./translate.ts";

// 10,000 routes of 600 bytes are 6 MB.
const MAX_FILE_BYTES = 32 * 1024 * 1024;

/** `config` is null exactly when there are issues. Issues stand in the order of the file. */
export interface LoadedConfig {
  readonly config: GatewayConfig | null;
  readonly issues: Issue[];
}

/** Reads and parses `file`, a YAML 1.2 or JSON text in UTF-8. Blocks while it reads. */
export function loadConfig(file: string): LoadedConfig {
  let bytes: Buffer;
  try {
    const size = statSync(file).size;
    if (size > MAX_FILE_BYTES)
      return refuseFile(file, "SP_CONFIG_FILE_TOO_LARGE", `the file has ${size} bytes; the most is ${MAX_FILE_BYTES}`);
    bytes = readFileSync(file);
  } catch (error) {
    return refuseFile(file, "SP_CONFIG_FILE_UNREADABLE", `the file can't be read: ${toReason(error)}`);
  }
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return refuseFile(file, "SP_CONFIG_YAML_SYNTAX", "the file is not UTF-8 text");
  }
  return parseConfig(text, file);
}

/** Parses `text` as the content of `file`, to whose folder relative paths in it belong. */
export function parseConfig(text: string, file: string): LoadedConfig {
  const { source, issues } = parseSource(text, file);
  if (source.value === undefined) return { config: null, issues };
  const { findings, covered } = checkNotBuilt(source.value);
  const parsed = configurationSchema.safeParse(source.value);
  if (!parsed.success)
    findings.push(...translateIssues(parsed.error.issues, { schema: configurationSchema, value: source.value, covered }));
  findings.push(...checkReferences(source.value, { nowMs: Date.now() }).filter((finding) => !covered.covers(finding.path)));
  issues.push(...keepFirst(findings).map((finding) => source.locate(finding)));
  issues.sort((a, b) => a.line - b.line || a.column - b.column);
  if (issues.some((issue) => issue.severity === "error") || !parsed.success) return { config: null, issues };
  const config = resolveConfiguration(parsed.data, file);
  const meaning = checkMeaning([{ value: source.value, routes: config.routes }], parsed.data.invariants);
  issues.push(...meaning.map(({ finding }) => source.locate(finding)));
  issues.sort((a, b) => a.line - b.line || a.column - b.column);
  return { config: issues.some((issue) => issue.severity === "error") ? null : config, issues };
}

/** One mistake may break two rules of the same kind at the same place; saying it once is enough. */
function keepFirst(findings: readonly Finding[]): Finding[] {
  const seen = new Set<string>();
  return findings.filter((finding) => {
    const key = `${finding.code} ${JSON.stringify(finding.path)} ${finding.message}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
}

function refuseFile(file: string, code: Issue["code"], message: string): LoadedConfig {
  return { config: null, issues: [{ code, severity: "error", path: "", file, line: 1, column: 1, message }] };
}

function toReason(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ENOENT") return "there is none of this name";
  if (code === "EACCES") return "permission denied";
  if (code === "EISDIR") return "it is a directory";
  return String(error instanceof Error ? error.message : error);
}
