// The gateway's own file and its teams' put together. A team whose file is bad keeps its last good text where that still fits, or is left
// out; whatever it writes, nobody else's part changes.

import type { GatewayConfig } from "./config.ts";
import { type ConfigHost, systemConfigHost } from "./config-host.ts";
import type { Finding, Issue } from "./issue.ts";
import type { ReferenceReader } from "./references.ts";
import type { Masking } from "./references-masking.ts";
import { judgeTeam, type OpenedTeam, openTeam, readText, type TeamPart, type TeamRoot } from "./teams-file.ts";
import { judgeTogether, type Member, type Verdict } from "./teams-together.ts";

export interface TeamState {
  /** Null when the file doesn't tell. */
  readonly name: string | null;
  readonly file: string;
  /** `good`: as the file says. `kept`: its last good text serves in the place of the file. `missing`: nothing of it is served. */
  readonly state: "good" | "kept" | "missing";
  /** Of the file as it is now. */
  readonly issues: readonly Issue[];
  /** The text that is served. */
  readonly text: string | null;
}

/** Where teams' files are judged. */
export interface TeamSurroundings {
  readonly host: ConfigHost;
  readonly stateDir: string | null;
  readonly reader: ReferenceReader;
  readonly masking: Masking;
}

/** Each file as it lies there. */
export function openTeams(files: readonly string[], { host, reader, masking }: TeamSurroundings): OpenedTeam[] {
  return files.map((file) => {
    reader.onFile(file);
    return openTeam(file, readText(file, host), reader, masking);
  });
}

/** What says that nobody does something: while a team's part is missing, nobody knows. */
const OF_ABSENCE: readonly Finding["code"][] = ["SP_CONFIG_UNUSED", "SP_CONFIG_INVARIANT_IDLE"];

export interface Assembly {
  readonly states: readonly TeamState[];
  /** What is served beside the gateway's own part, in the order of the files. */
  readonly parts: readonly TeamPart[];
}

/**
 * Puts in `root`, and in each team's part, the issues that they bring about together. With `rootMember` null the root is bad, and each
 * team is judged by itself.
 */
export function assemble(opened: readonly OpenedTeam[], root: TeamRoot, rootMember: Member | null, around: TeamSurroundings): Assembly {
  const good = opened.flatMap((team) => judgeTeam(team, root, around.host) ?? []);
  if (rootMember === null) return { states: opened.map((team) => toState(team, "missing", null)), parts: [] };
  const current = settle(rootMember, [], good, root, true);
  const bad = opened.filter((team) => !current.parts.some((part) => part.opened === team));
  const keepable = bad.flatMap((team) => openLastGood(team, root, around) ?? []);
  const served = keepable.length === 0 ? current : settle(rootMember, current.parts, keepable, root, false);
  // What is said of a text that was kept is of no use to whoever mends the file.
  const heard = new Set([rootMember.part, ...current.parts.map((part) => part.opened.part)]);
  const isWhole = served.parts.length === opened.length;
  for (const { member, finding } of served.warnings) {
    if (heard.has(member.part) && (isWhole || !OF_ABSENCE.includes(finding.code))) member.part.put(finding);
  }
  const byFile = new Map(served.parts.map((part) => [part.opened.file, part]));
  const states = opened.map((team) => {
    const part = byFile.get(team.file);
    return toState(team, part === undefined ? "missing" : part.opened === team ? "good" : "kept", part ?? null);
  });
  return { states, parts: opened.flatMap(({ file }) => byFile.get(file) ?? []) };
}

/** Of `candidates` those that get on with `fixed` and with each other, the earlier before the later. What is wrong with the others is told. */
function settle(
  rootMember: Member,
  fixed: readonly TeamPart[],
  candidates: readonly TeamPart[],
  root: TeamRoot,
  isFirst: boolean,
): { readonly parts: readonly TeamPart[]; readonly warnings: readonly Verdict[] } {
  let left = [...candidates];
  for (let round = 0; ; round++) {
    const members = new Map(left.map((part) => [toMember(part), part]));
    const verdicts = judgeTogether([rootMember, ...fixed.map(toMember), ...members.keys()], root.written.invariants);
    const refused = new Set<TeamPart>();
    for (const { member, finding, isError } of verdicts) {
      if (!isError) continue;
      const part = members.get(member);
      if (part !== undefined) refused.add(part);
      if (part !== undefined || (isFirst && round === 0)) member.part.put(finding);
    }
    if (refused.size === 0) return { parts: [...fixed, ...left], warnings: verdicts.filter(({ isError }) => !isError) };
    left = left.filter((part) => !refused.has(part));
  }
}

function openLastGood(team: OpenedTeam, root: TeamRoot, { host, stateDir, reader, masking }: TeamSurroundings): TeamPart | null {
  const text = stateDir === null ? null : (host.lastGood?.read(stateDir, team.file) ?? null);
  return text === null ? null : judgeTeam(openTeam(team.file, text, reader, masking), root, host);
}

function toMember({ opened, written, upstreams, routes }: TeamPart): Member {
  return { part: opened.part, team: written.team.name, upstreams, routes };
}

function toState(team: OpenedTeam, state: TeamState["state"], part: TeamPart | null): TeamState {
  team.part.sort();
  return {
    name: team.name ?? part?.opened.name ?? null,
    file: team.file,
    state,
    issues: team.part.issues,
    text: part?.opened.text ?? null,
  };
}

/** Keeps the text of each good team for days on which its file is bad. Throws when it can't be written. */
export function saveLastGood(
  loaded: { readonly config: GatewayConfig | null; readonly teams: readonly TeamState[] },
  host: ConfigHost = systemConfigHost(),
): void {
  const stateDir = loaded.config?.gateway.stateDir ?? null;
  if (stateDir === null || host.lastGood === null) return;
  for (const { file, state, text } of loaded.teams) {
    if (state !== "good" || text === null || host.lastGood.read(stateDir, file) === text) continue;
    host.lastGood.write(stateDir, file, text);
  }
}
