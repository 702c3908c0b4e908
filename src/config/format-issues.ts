// Issues as a person reads them in a terminal: the place, the line with a caret below, what is wrong, how to mend it.

import type { Issue } from "./issue.ts";

export interface FormatOptions {
  /** ANSI colours, for a terminal. */
  readonly colour: boolean;
}

// A line of minified JSON is no help to anyone.
const MAX_EXCERPT = 160;

/** Each issue as a block of lines and, when there is more than one, how many of each kind; ends in a newline. Empty for no issues. */
export function formatIssues(issues: readonly Issue[], options: FormatOptions): string {
  if (issues.length === 0) return "";
  const blocks = issues.map((issue) => formatIssue(issue, options));
  if (issues.length > 1) blocks.push(`${countIssues(issues)}\n`);
  return blocks.join("\n");
}

/** `2 errors, 1 warning`. */
export function countIssues(issues: readonly Issue[]): string {
  const errors = issues.filter(({ severity }) => severity === "error").length;
  const count = (number: number, word: string) => (number === 0 ? [] : [`${number} ${word}${number === 1 ? "" : "s"}`]);
  return [...count(errors, "error"), ...count(issues.length - errors, "warning")].join(", ");
}

function formatIssue(issue: Issue, options: FormatOptions): string {
  const paint = (code: number, text: string) => (options.colour ? `\u001b[${code}m${text}\u001b[0m` : text);
  const isWarning = issue.severity === "warning";
  const ink = isWarning ? 33 : 31;
  const code = `${paint(ink, issue.code)}${isWarning ? ` ${paint(ink, "(warning)")}` : ""}`;
  const lines = [`${paint(1, `${issue.file}:${issue.line}:${issue.column}`)} ${code}`];
  if (issue.excerpt !== undefined && issue.excerpt.text.trim() !== "" && issue.column + issue.excerpt.width <= MAX_EXCERPT) {
    const gutter = String(issue.line);
    const before = issue.excerpt.text.slice(0, issue.column - 1);
    // Tabs are kept, so that the caret stands below what it points at whatever their width.
    const indent = before.replaceAll(/[^\t]/g, " ");
    lines.push(`  ${paint(2, `${gutter} |`)} ${toPrintable(issue.excerpt.text.slice(0, MAX_EXCERPT))}`);
    lines.push(`  ${paint(2, `${" ".repeat(gutter.length)} |`)} ${indent}${paint(ink, "^".repeat(issue.excerpt.width))}`);
  }
  lines.push(`  ${toPrintable(issue.message)}`);
  if (issue.hint !== undefined) lines.push(`  ${paint(36, "hint:")} ${toPrintable(issue.hint)}`);
  return `${lines.join("\n")}\n`;
}

/** Escape sequences in a file must not reach the terminal. */
function toPrintable(text: string): string {
  return text.replaceAll(/(?!\t)\p{Cc}/gu, "\ufffd");
}
