// The door for configurations: text, a file or a value in, a resolved configuration or every mistake at once out. Nothing a user writes
// makes it throw, and nothing is started here.

import { resolve } from "node:path";
import { type CodeCount, countCustomCode, type ReadCode } from "./code-budget.ts";
import type { GatewayConfig } from "./config.ts";
import { type ConfigHost, systemConfigHost, toReason } from "./config-host.ts";
import { listIncluded } from "./include.ts";
import type { Invariant } from "./invariant-schema.ts";
import { type Finding, type Issue, type IssuePath, type OutsideFinding, toPathText } from "./issue.ts";
import { Part, type PartSource } from "./load-part.ts";
import { importConfiguration, isModule } from "./module.ts";
import { toValueSource } from "./module-source.ts";
import { Masking } from "./references-masking.ts";
import { resolveConfiguration } from "./resolve.ts";
import { completeConfiguration } from "./resolve-stores.ts";
import { configurationSchema } from "./schema.ts";
import { parseSource } from "./source.ts";
import { assemble, openTeams, type TeamState, type TeamSurroundings } from "./teams.ts";
import { readText } from "./teams-file.ts";
import { has } from "./written.ts";

export interface LoadedConfig {
  /** Null exactly when the gateway's own file has an error. */
  readonly config: GatewayConfig | null;
  /** Errors and warnings: the gateway's own file first, then its teams', each in the order of the file. */
  readonly issues: readonly Issue[];
  readonly teams: readonly TeamState[];
  /** Some team's part is not what its file says now. */
  readonly isDegraded: boolean;
  /** What the gateway's own file demands of every route; empty when that file is bad. */
  readonly invariants: readonly Invariant[];
  /** Lines of plugins, counted as `gateway.customCode` does. */
  readonly customCodeLines: number;
  /** Values of conditions that came from a reference: nobody may be shown them. */
  readonly hidden: readonly string[];
  /** Every file that was read or should have been, and every folder that was looked into: absolute paths. */
  readonly files: readonly string[];
  /** An issue with its place, of what another room found in a certificate or key that the configuration names. */
  readonly toIssue: (finding: OutsideFinding) => Issue;
}

/** Reads and parses `file`: YAML 1.2 or JSON in UTF-8, or a module whose default export is a configuration. */
export async function loadConfig(file: string, host: ConfigHost = systemConfigHost()): Promise<LoadedConfig> {
  if (!isModule(file)) {
    const text = readText(file, host);
    return typeof text === "string" ? parseConfig(text, file, host) : refuse(file, [text]);
  }
  const imported = await importConfiguration(file);
  return "issue" in imported ? refuse(file, [imported.issue]) : resolveInput(imported.value, file, host);
}

/** Parses `text` as the content of `file`, to whose folder relative paths in it belong. Blocks while it reads the files that it names. */
export function parseConfig(text: string, file: string, host: ConfigHost = systemConfigHost()): LoadedConfig {
  const { source, issues } = parseSource(text, file);
  return load(source, issues, host);
}

/** The same for a configuration that is a value, as `defineGateway` gives it. Issues stand at line 1, with their path. */
export function resolveInput(value: unknown, file: string, host: ConfigHost = systemConfigHost()): LoadedConfig {
  const { source, issues } = toValueSource(value, file);
  return load(source, issues, host);
}

function refuse(file: string, issues: readonly Issue[]): LoadedConfig {
  const toIssue = ({ code, severity, path, message, hint }: OutsideFinding): Issue => {
    return { code, severity, path: toPathText(path), file, line: 1, column: 1, message, hint };
  };
  const nothing = { config: null, teams: [], isDegraded: false, invariants: [], customCodeLines: 0, hidden: [] };
  return { ...nothing, issues, files: [resolve(file)], toIssue };
}

function load(source: PartSource, issues: readonly Issue[], host: ConfigHost): LoadedConfig {
  const { file } = source;
  if (source.value === undefined) return refuse(file, issues);
  const files = new Set([resolve(file)]);
  const masking = new Masking();
  const reader = { host, onFile: (path: string) => files.add(path) };
  const root = new Part(source, issues, reader, masking);
  if (has(source.value, "team")) {
    const message = "the gateway's own file has no `team`";
    const hint = "a team's file is named by `gateway.include` of the gateway's own";
    root.cover({ code: "SP_CONFIG_TEAM_FILE", path: ["team"], at: "key", message, hint });
  }
  // A folder that was looked into counts as read: a file that is new in it is a team's.
  const included = listIncluded(root.value, file, {
    ...host,
    listFolder: (path) => {
      files.add(path);
      return host.listFolder(path);
    },
  });
  for (const finding of included.findings) root.put(finding);
  const written = root.parse(configurationSchema);
  const { from } = root;
  const resolved = written === null ? null : resolveConfiguration(written, file, from);
  const around: TeamSurroundings = { host, stateDir: resolved?.gateway.stateDir ?? null, reader, masking };
  const opened = openTeams(included.files, around);
  const deferred = root.check({ nowMs: host.nowMs, teams: opened.map(({ part }) => part.checked) }, isAboutTeams);
  const parts = [root, ...opened.map(({ part }) => part)];
  const folders = parts.map((part) => ({ value: part.checked, folder: resolve(part.source.file, "..") }));
  const code = countCustomCode(folders, createCodeReader(host));
  for (const { part, finding } of code.findings) parts[part]?.put(finding);
  // Of what has a mistake the contents may be missing.
  if (resolved !== null && root.isGood) {
    root.judgeTls(host, resolved);
    root.judgeCedar(host, resolved.routes);
  }
  // What a team defines it may take away again, and must not have the root refused.
  const hasTeams = opened.length > 0;
  for (const finding of deferred) root.put(hasTeams ? { ...finding, code: "SP_CONFIG_INVARIANT_IDLE" } : finding);
  if (written === null || resolved === null) return finish(null, root, [], { files, code, masking, invariants: [], owners: new Map() });
  const { upstreams, routes } = resolved;
  const { invariants } = written;
  const member = root.isGood ? { part: root, team: null, upstreams, routes } : null;
  const { states, parts: teams } = assemble(opened, { written, checked: root.checked, from }, member, around);
  const owners = new Map(teams.flatMap(({ opened: { part }, upstreams: own }) => own.map(({ name }) => [name, part] as const)));
  if (!root.isGood) return finish(null, root, states, { files, code, masking, invariants, owners });
  const all = {
    ...resolved,
    upstreams: [...upstreams, ...teams.flatMap((team) => team.upstreams)],
    routes: [...routes, ...teams.flatMap((team) => team.routes)],
  };
  return finish(completeConfiguration(all, written), root, states, { files, code, masking, invariants, owners });
}

interface Read {
  readonly files: ReadonlySet<string>;
  readonly code: CodeCount;
  readonly masking: Masking;
  readonly invariants: readonly Invariant[];
  /** Teams' upstreams. */
  readonly owners: ReadonlyMap<IssuePath[number] | undefined, Part>;
}

/** An invariant names an upstream that nobody defines. */
function isAboutTeams({ code, path }: Finding): boolean {
  return code === "SP_CONFIG_UNKNOWN_REFERENCE" && path[0] === "invariants";
}

function finish(config: GatewayConfig | null, root: Part, teams: readonly TeamState[], read: Read): LoadedConfig {
  const { files, code, masking, invariants, owners } = read;
  root.sort();
  const issues = [...root.issues, ...teams.flatMap((team) => team.issues)];
  const isDegraded = teams.some(({ state }) => state !== "good");
  const toIssue = (finding: OutsideFinding) => {
    const owner = finding.path[0] === "upstreams" ? owners.get(finding.path[1]) : undefined;
    return (owner ?? root).toOutsideIssue(finding);
  };
  const rest = { customCodeLines: code.lines, hidden: [...masking.hidden], files: [...files], toIssue };
  return { config, issues, teams, isDegraded, invariants, ...rest };
}

const MAX_CODE_BYTES = 4 * 1024 * 1024;

function createCodeReader(host: ConfigHost): ReadCode {
  return (file) => {
    try {
      const bytes = host.readFile(file, MAX_CODE_BYTES);
      return bytes.length > MAX_CODE_BYTES ? { reason: "it is larger than 4 MiB" } : { text: new TextDecoder().decode(bytes) };
    } catch (error) {
      return { reason: toReason(error) };
    }
  };
}
