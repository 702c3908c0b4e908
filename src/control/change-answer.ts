// What a reload or a rollback answers: 200 with the outcome, or problem+json (RFC 9457) with the mistakes and their places.

import type { FaultDefinition } from "../base/index.ts";
import type { Issue } from "../config/index.ts";
import type { ReloadOutcome } from "./control-plane.ts";
import { type Answer, JSON_TYPE } from "./endpoints.ts";
import { IMPOSSIBLE, REFUSED } from "./faults.ts";

export function answerChange(outcome: ReloadOutcome, requestId: string): Answer {
  const { generation } = outcome;
  const issues = outcome.issues.map(toPlainIssue);
  if (outcome.outcome === "refused") return problem(REFUSED, outcome.reason, { generation, issues, requestId });
  if (outcome.outcome === "impossible") return problem(IMPOSSIBLE, outcome.reason, { generation, requestId });
  return { status: 200, type: JSON_TYPE, text: write({ outcome: outcome.outcome, generation, issues }) };
}

function problem({ code, title, status }: FaultDefinition, detail: string, more: object): Answer {
  return { status, type: "application/problem+json", text: write({ type: "about:blank", title, status, code, detail, ...more }) };
}

function write(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** The documented form of an issue in JSON: without the excerpt, which is for people and may hold more than the mistake. */
function toPlainIssue({ code, severity, file, line, column, path, message, hint }: Issue): object {
  return { code, severity, file, line, column, path, message, ...(hint !== undefined && { hint }) };
}
