// Loads a configuration for a command that needs a good one, and tells its mistakes when it is none.

import { existsSync } from "node:fs";
import { formatIssues, type GatewayConfig, type Issue, type LoadedConfig, loadConfig } from "../config/index.ts";
import { loadingHost } from "../gateway/index.ts";
import type { Terminal } from "./terminal.ts";

export type Loaded = LoadedConfig & { readonly config: GatewayConfig };

const DEFAULTS = ["gateway.yaml", "gateway.yml", "gateway.json", "gateway.ts"];
export const NO_CONFIGURATION = `there is no ${DEFAULTS.join(", ")} here: name the configuration with -c FILE`;

/** The file that `--config` names, or the one that lies here; null: there is none. */
export function findConfiguration(named: unknown): string | null {
  return typeof named === "string" ? named : (DEFAULTS.find((name) => existsSync(name)) ?? null);
}

/** The configuration, or null after its mistakes were told: as JSON on standard output when that is asked for. */
export async function loadOrTell(file: string, terminal: Terminal, json: boolean): Promise<Loaded | null> {
  const loaded = await loadConfig(file, loadingHost());
  const { config } = loaded;
  if (config !== null) return { ...loaded, config };
  if (json) terminal.out(JSON.stringify({ ok: false, issues: loaded.issues.map(toPlainIssue) }));
  else terminal.err(formatIssues(loaded.issues, { colour: terminal.coloured }).trimEnd());
  return null;
}

/** The documented form of an issue in JSON: without the excerpt, which is for people. */
export function toPlainIssue({ code, severity, file, line, column, path, message, hint }: Issue): object {
  return { code, severity, file, line, column, path, message, ...(hint !== undefined && { hint }) };
}
