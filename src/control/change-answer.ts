// What a reload or a rollback answers: 200 with the outcome, or problem+json (RFC 9457) with the mistakes and their places. And the same
// problems for what other pages refuse.

import type { FaultDefinition } from "../base/index.ts";
import type { Issue } from "../config/index.ts";
import type { ReloadOutcome } from "./control-plane.ts";
import type { Answer } from "./endpoints.ts";
import { IMPOSSIBLE, REFUSED } from "./faults.ts";
import { json } from "./json-answer.ts";

export function answerChange(outcome: ReloadOutcome, requestId: string): Answer {
  const { generation } = outcome;
  const issues = outcome.issues.map(toPlainIssue);
  if (outcome.outcome === "refused") return problem(REFUSED, outcome.reason, { generation, issues, requestId });
  if (outcome.outcome === "impossible") return problem(IMPOSSIBLE, outcome.reason, { generation, requestId });
  return json({ outcome: outcome.outcome, generation, issues });
}

export function problem({ code, title, status }: FaultDefinition, detail: string, more: object): Answer {
  return { ...json({ type: "about:blank", title, status, code, detail, ...more }, status), type: "application/problem+json" };
}

/** The documented form of an issue in JSON: without the excerpt, which is for people and may hold more than the mistake. */
function toPlainIssue({ code, severity, file, line, column, path, message, hint }: Issue): object {
  return { code, severity, file, line, column, path, message, ...(hint !== undefined && { hint }) };
}
