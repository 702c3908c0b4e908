// One team's file by itself and beside the gateway's own: read, parsed, resolved, held to its claims. Whether it gets on with other
// teams is judged in teams.ts.

import type { GatewayConfig } from "./config.ts";
import { type ConfigHost, toReason } from "./config-host.ts";
import { ISSUE_CODES, type Issue, type IssueCode } from "./issue.ts";
import { Part, type PartSource } from "./load-part.ts";
import type { ReferenceReader } from "./references.ts";
import type { Masking } from "./references-masking.ts";
import { type FromElsewhere, resolveTeam } from "./resolve.ts";
import { type Configuration, type TeamConfiguration, teamSchema } from "./schema.ts";
import { parseSource } from "./source.ts";
import { checkClaims } from "./teams-claims.ts";
import { asMap, get, has } from "./written.ts";

// 10,000 routes of 600 bytes are 6 MB.
const MAX_FILE_BYTES = 32 * 1024 * 1024;

/** A team's text, read as values. */
export interface OpenedTeam {
  readonly file: string;
  /** Null: it can't be read. */
  readonly text: string | null;
  /** As far as it can be told. */
  readonly name: string | null;
  readonly part: Part;
}

/** A team's part that is good by itself. */
export interface TeamPart {
  readonly opened: OpenedTeam;
  readonly written: TeamConfiguration;
  readonly upstreams: GatewayConfig["upstreams"];
  readonly routes: GatewayConfig["routes"];
}

/** The gateway's own file, as far as its teams' depend on it. */
export interface TeamRoot {
  readonly written: Configuration;
  /** As checks read it. */
  readonly checked: unknown;
  readonly from: FromElsewhere;
}

/** The text of a configuration's file, or the issue that says why there is none. */
export function readText(file: string, host: ConfigHost): string | Issue {
  let bytes: Uint8Array;
  try {
    bytes = host.readFile(file, MAX_FILE_BYTES);
  } catch (error) {
    return toFileIssue(file, "SP_CONFIG_FILE_UNREADABLE", `the file can't be read: ${toReason(error)}`);
  }
  if (bytes.length > MAX_FILE_BYTES)
    return toFileIssue(file, "SP_CONFIG_FILE_TOO_LARGE", `the file has more than ${MAX_FILE_BYTES} bytes, which is the most`);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return toFileIssue(file, "SP_CONFIG_YAML_SYNTAX", "the file is not UTF-8 text");
  }
}

/** An issue about a file as a whole. */
export function toFileIssue(file: string, code: IssueCode, message: string): Issue {
  return { code, severity: ISSUE_CODES[code].severity, path: "", file, line: 1, column: 1, message };
}

/** `text` is the content of `file`, or the issue that says why it can't be read. */
export function openTeam(file: string, text: string | Issue, reader: ReferenceReader, masking: Masking): OpenedTeam {
  if (typeof text !== "string") {
    const nothing: PartSource = { file, value: undefined, locate: ({ code, message }) => toFileIssue(file, code, message) };
    return { file, text: null, name: null, part: new Part(nothing, [text], reader, masking) };
  }
  const { source, issues } = parseSource(text, file);
  const part = new Part(source, issues, reader, masking);
  const name = get(source.value, "team", "name");
  return { file, text, name: typeof name === "string" ? name : null, part };
}

/** Null when there is an error in it, which its issues tell. */
export function judgeTeam(opened: OpenedTeam, root: TeamRoot, host: ConfigHost): TeamPart | null {
  const { part, file } = opened;
  if (part.source.value === undefined) return null;
  if (asMap(part.source.value) !== undefined && !has(part.source.value, "team")) {
    const message = "the file is included and is no team's: it has no `team`";
    const hint = "a team's file begins with `version: 1` and `team: { name: … }`";
    part.cover({ code: "SP_CONFIG_TEAM_FILE", path: ["team"], at: "value", message, hint });
  }
  const written = part.parse(teamSchema);
  part.check({ nowMs: host.nowMs, gateway: root.checked });
  if (written === null || !part.isGood) return null;
  const { upstreams, routes } = resolveTeam(written, file, part.from, root);
  for (const finding of checkClaims(written.team, routes)) part.put(finding);
  part.judgeTls(host, { upstreams });
  part.judgeCedar(host, routes);
  return part.isGood ? { opened, written, upstreams, routes } : null;
}
