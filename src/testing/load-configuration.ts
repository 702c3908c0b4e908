// From what a test gives as its configuration to a resolved one. Not the loader: every form ends there.

import { basename, dirname, resolve } from "node:path";
import {
  type ConfigHost,
  type ConfigurationInput,
  formatIssues,
  type GatewayConfig,
  type Issue,
  type LoadedConfig,
  loadConfig,
  parseConfig,
  resolveInput,
  systemConfigHost,
} from "../config/index.ts";

/** One of four forms. */
export type ConfigurationSource =
  /** The path of a configuration file. */
  | { readonly file: string }
  /** The text of one. `at` is the path that it pretends to have. */
  | { readonly yaml: string; readonly at?: string }
  /** What `defineGateway` takes. */
  | { readonly config: ConfigurationInput }
  /** What the loader made of one. */
  | { readonly resolved: GatewayConfig };

/** The configuration has mistakes. The message shows all of them, as `sallyport check` does. */
export class ConfigurationMistakes extends Error {
  readonly issues: readonly Issue[];

  constructor(issues: readonly Issue[]) {
    super(`the configuration has mistakes:\n${formatIssues(issues, { colour: false })}`);
    this.name = "ConfigurationMistakes";
    this.issues = issues;
  }
}

/** What the configuration finds around it, in place of the machine's own. */
export interface Surroundings {
  /** Variables for `${env:NAME}`; none when left out, so that no test depends on the machine. */
  readonly env?: Readonly<Record<string, string>>;
  /** Files by path, relative to the working directory or absolute: they are there although the disk has none, or others. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
}

/** Throws ConfigurationMistakes. `nowMs` is the date by which dates in the configuration are judged. */
export async function loadConfiguration(source: ConfigurationSource, around: Surroundings, nowMs: number): Promise<GatewayConfig> {
  if ("resolved" in source) return source.resolved;
  const { config, issues } = await load(source, createTestConfigHost(around, nowMs));
  if (config === null) throw new ConfigurationMistakes(issues);
  return config;
}

async function load(source: Exclude<ConfigurationSource, { readonly resolved: GatewayConfig }>, host: ConfigHost): Promise<LoadedConfig> {
  if ("file" in source) return loadConfig(source.file, host);
  if ("yaml" in source) return parseConfig(source.yaml, source.at ?? "gateway.yaml", host);
  return resolveInput(source.config, "gateway.ts", host);
}

/** Reads the disk where `files` has nothing, and never writes: no team's last good text is kept or found. */
export function createTestConfigHost(around: Surroundings, nowMs: number): ConfigHost {
  const files = new Map(Object.entries(around.files ?? {}).map(([path, content]) => [resolve(path), Buffer.from(content)]));
  const system = systemConfigHost();
  return {
    env: around.env ?? {},
    readFile: (path, maxBytes) => files.get(resolve(path)) ?? system.readFile(path, maxBytes),
    listFolder(path) {
      const played = [...files.keys()].filter((file) => dirname(file) === resolve(path)).map((file) => basename(file));
      if (played.length === 0) return system.listFolder(path);
      return [...new Set([...played, ...listRealFolder(path, system)])];
    },
    nowMs,
    lastGood: null,
  };
}

function listRealFolder(path: string, system: ConfigHost): readonly string[] {
  try {
    return system.listFolder(path);
  } catch {
    // Played files may stand in a folder that is nowhere else.
    return [];
  }
}
