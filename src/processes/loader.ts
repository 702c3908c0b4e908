// From a configuration's file to a revision: everything that a supervisor needs to serve it, or to say why not.

import { readFileSync } from "node:fs";
import {
  type GatewayConfig,
  type Issue,
  type LoadedConfig,
  loadConfig,
  parseConfig,
  saveLastGood,
  type TeamState,
} from "../config/index.ts";
import { BlueprintError, loadingHost, proveBlueprint } from "../gateway/index.ts";

/** A configuration that can be served. */
export interface Revision {
  readonly generation: string;
  readonly config: GatewayConfig;
  /** Warnings, and what is wrong with the files of teams. */
  readonly issues: readonly Issue[];
  readonly teams: readonly TeamState[];
  /** What else the operator should know, in sentences. */
  readonly remarks: readonly string[];
  /** Every file that it came from. */
  readonly files: readonly string[];
  /** The root's text as it was written; null of one that is a program. */
  readonly text: string | null;
  /** Served last and kept, since its file can't be served now. */
  readonly isKept?: true;
}

export type LoadOutcome =
  | { readonly revision: Revision }
  | { readonly revision: null; readonly issues: readonly Issue[]; readonly messages: readonly string[]; readonly files: readonly string[] };

/** Reads `file`, or takes `text` for its content. Never rejects for what the file says. */
export async function loadRevision(file: string, text?: string): Promise<LoadOutcome> {
  const written = text ?? readWritten(file);
  const loaded = written === null ? await loadConfig(file, loadingHost()) : parseConfig(written, file, loadingHost());
  const { config, issues, teams, files } = loaded;
  if (config === null) return { revision: null, issues, messages: [], files };
  try {
    const { generation } = proveBlueprint(config);
    const remarks = keepTeams(loaded);
    return { revision: { generation, config, issues, teams, remarks, files, text: written } };
  } catch (error) {
    if (error instanceof BlueprintError) return { revision: null, issues, messages: error.messages, files };
    throw error;
  }
}

/** Null of a program, and of what can't be read: loadConfig() says why. */
function readWritten(file: string): string | null {
  if (/\.[cm]?[jt]s$/.test(file)) return null;
  try {
    return readFileSync(file, "utf8");
  } catch {
    return null;
  }
}

/** A gateway serves also where its state can't be kept. */
function keepTeams(loaded: LoadedConfig): string[] {
  try {
    saveLastGood(loaded);
    return [];
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return [
      `stateDir: the last good parts of teams can't be kept, so that a bad file takes its team's routes away at the next start: ${reason}`,
    ];
  }
}
