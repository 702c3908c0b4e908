// What people are told of a change: what came of it, and by whom it was asked for.

import type { ReloadOutcome } from "../control/index.ts";
import type { Report } from "./supervisor-host.ts";

/** `moves`: what of it an operator would look for on the machine (listMoves()). */
export function toReport(outcome: ReloadOutcome, cause: string, moves: readonly string[]): Report {
  const { generation, issues } = outcome;
  switch (outcome.outcome) {
    case "applied":
      return { level: "info", text: [`${cause}: generation ${generation} serves`, ...moves].join("; "), issues };
    case "unchanged":
      return { level: "info", text: `${cause}: nothing to change, generation ${generation} serves on`, issues };
    default:
      return { level: "error", text: `${cause}: ${outcome.outcome}, generation ${generation} serves on: ${outcome.reason}`, issues };
  }
}
