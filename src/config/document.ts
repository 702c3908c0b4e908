// A text of any schema of this language: its value, or every mistake with its place. What only one kind of file knows is not here.

import type * as z from "zod";
import type { Issue } from "./issue.ts";
import { PathSet } from "./path-set.ts";
import { parseSource, type Source } from "./source.ts";
import { translateIssues } from "./translate.ts";

export interface ParsedDocument<Value> {
  /** Null exactly when there are issues. */
  readonly value: Value | null;
  /** Gives later findings their places. */
  readonly source: Source;
  readonly issues: Issue[];
}

/** Never throws, whatever the text. */
export function parseDocument<Schema extends z.ZodType>(text: string, file: string, schema: Schema): ParsedDocument<z.output<Schema>> {
  const { source, issues } = parseSource(text, file);
  if (source.value === undefined) return { value: null, source, issues };
  const parsed = schema.safeParse(source.value);
  if (!parsed.success) {
    const findings = translateIssues(parsed.error.issues, { schema, value: source.value, covered: new PathSet() });
    issues.push(...findings.map((finding) => source.locate(finding)));
    issues.sort((a, b) => a.line - b.line || a.column - b.column);
  }
  return { value: parsed.success && issues.length === 0 ? parsed.data : null, source, issues };
}
