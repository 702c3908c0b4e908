// From what a test gives as its configuration to a resolved one. Not the loader: every form ends there.

import {
  type ConfigurationInput,
  formatIssues,
  type GatewayConfig,
  type Issue,
  type LoadedConfig,
  loadConfig,
  parseConfig,
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

/** Throws ConfigurationMistakes. */
export async function loadConfiguration(source: ConfigurationSource): Promise<GatewayConfig> {
  if ("resolved" in source) return source.resolved;
  const { config, issues } = await load(source);
  if (config === null) throw new ConfigurationMistakes(issues);
  return config;
}

async function load(source: Exclude<ConfigurationSource, { readonly resolved: GatewayConfig }>): Promise<LoadedConfig> {
  if ("file" in source) return loadConfig(source.file);
  if ("yaml" in source) return parseConfig(source.yaml, source.at ?? "gateway.yaml");
  // JSON is YAML: the places of issues are those in this text, which their excerpts show.
  return parseConfig(JSON.stringify(source.config, null, 2), "gateway.json");
}
