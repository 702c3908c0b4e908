// docs/reference/issues.md from the table of codes: what an issue means and how to mend it, with what is said of the first configuration of
// the corpus that has it.
import { readdirSync, readFileSync } from "node:fs";
import { ISSUE_CODES } from "../src/config/index.ts";
import { TLS_FINDINGS } from "../src/tls/index.ts";

const CORPUS = new URL("../src/config/testdata/", import.meta.url);

/** The page in Markdown. */
export function formatIssuePage(): string {
  const parts = [
    `# Issues

Written by \`npm run docs\` from the source; changes are made there.

An issue is one mistake in a configuration, told with its place in the file before anything runs. An error refuses the configuration, or in
a team's file that team's part; a warning does not. Codes are permanent: match on them, never on the text. The mistakes that people make
first stand with what is said to them in [mistakes](../guides/mistakes.md).`,
  ];
  const examples = readExamples();
  for (const [code, { severity, means, mend }] of Object.entries(ISSUE_CODES)) {
    parts.push(`## ${code}`, `${severity === "error" ? "Error" : "Warning"}. ${means}`, mend);
    const example = examples.get(code);
    if (example !== undefined) parts.push(`\`\`\`text\n${example}\n\`\`\``);
  }
  parts.push(
    `## SP_TLS_…

What is wrong inside of the certificates, keys, authorities and revocation lists that a configuration names. The message says what, the hint what to do. What
can't work is an error; what only time made wrong is a warning, since a gateway that served yesterday must start today.`,
    listTlsCodes("error"),
    listTlsCodes("warning"),
  );
  return `${parts.join("\n\n")}\n`;
}

function listTlsCodes(severity: "error" | "warning"): string {
  const codes = Object.entries(TLS_FINDINGS).flatMap(([code, kind]) => (kind === severity ? [`\`${code}\``] : []));
  return `${severity === "error" ? "Errors" : "Warnings"}: ${codes.join(", ")}.`;
}

/** By code, the first issue in the order of the corpus. */
function readExamples(): ReadonlyMap<string, string> {
  const examples = new Map<string, string>();
  const files = readdirSync(CORPUS, { recursive: true })
    .map(String)
    .filter((path) => /(?:\.issues\.txt|expected\.issues)$/.test(path));
  for (const file of files.sort()) {
    for (const issue of readFileSync(new URL(file, CORPUS), "utf8").split("\n\n")) {
      const code = /^\S+:\d+:\d+ (SP_CONFIG_\w+)/.exec(issue)?.[1];
      // The corpus lies in a folder of its own, under names that say what is wrong.
      if (code !== undefined && !examples.has(code))
        examples.set(
          code,
          issue.trimEnd().replaceAll(/\/etc\/sallyport\/(?:[\w-]+\.yaml)?/g, (found) => (found.endsWith("/") ? "" : "gateway.yaml")),
        );
    }
  }
  return examples;
}
