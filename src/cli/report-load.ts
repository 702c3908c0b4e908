// What `start` says about a configuration before it serves: warnings, and loudly each team whose file is bad.

import { basename } from "node:path";
import { formatIssues, type LoadedConfig, type TeamState } from "../config/index.ts";
import type { Terminal } from "./terminal.ts";

const SERVED = {
  kept: "its last good part is served instead",
  missing: "nothing of it is served, since no part of it was kept that is good today",
} as const;

/** Of a configuration that is served. */
export function reportLoad(loaded: Pick<LoadedConfig, "issues" | "teams">, terminal: Terminal): void {
  const { paint, coloured } = terminal;
  const show = (issues: LoadedConfig["issues"]) => {
    if (issues.length > 0) terminal.err(formatIssues(issues, { colour: coloured }).trimEnd());
  };
  const bad = loaded.teams.filter(({ state }) => state !== "good");
  const ofBad = new Set(bad.flatMap(({ issues }) => issues));
  show(loaded.issues.filter((issue) => !ofBad.has(issue)));
  for (const team of bad) {
    if (team.state === "good") continue;
    terminal.err(`${paint.bad("DEGRADED:")} the file of the team ${toTeamName(team)} is refused; ${SERVED[team.state]} (${team.file})`);
    show(team.issues);
  }
}

/** A file that doesn't tell whose it is goes by its own name. */
function toTeamName({ name, file }: TeamState): string {
  return name ?? basename(file);
}
