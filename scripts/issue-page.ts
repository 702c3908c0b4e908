// docs/reference/issues.md from the table of codes: what an issue means and how to mend it.
import { ISSUE_CODES } from "../src/config/index.ts";

/** The page in Markdown. */
export function formatIssuePage(): string {
  const parts = [
    `# Issues

Written by \`npm run docs\` from the source; changes are made there.

An issue is one mistake in a configuration, told with its place in the file before anything runs. An error refuses the configuration, or in
a team's file that team's part; a warning does not. Codes are permanent: match on them, never on the text. The mistakes that people make
first stand with what is said to them in [mistakes](../guides/mistakes.md).`,
  ];
  for (const [code, { severity, means, mend }] of Object.entries(ISSUE_CODES)) {
    parts.push(`## ${code}`, `${severity === "error" ? "Error" : "Warning"}. ${means}`, mend);
  }
  return `${parts.join("\n\n")}\n`;
}
