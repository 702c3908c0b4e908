// docs/reference/faults.md from the registry of faults: what went wrong, what the client gets, and what the operator should do.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { type FaultDefinition, listFaults, type RetrySafety } from "../src/base/index.ts";

const SRC = fileURLToPath(new URL("../src", import.meta.url));

const RETRY: Readonly<Record<RetrySafety, string>> = {
  never: "no",
  "reused-connection": "yes, if the connection had served before",
  idempotent: "yes, if the method is idempotent",
  always: "yes: nothing was sent",
};

/** Loads every file of src/ that defines a fault, so that listFaults() knows them all. */
export async function loadFaults(): Promise<void> {
  for (const entry of readdirSync(SRC, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !entry.name.endsWith(".ts") || /\.(test|fuzz|bench|contract)\.ts$/.test(entry.name)) continue;
    const file = join(entry.parentPath, entry.name);
    if (/\bdefineFault\(/.test(readFileSync(file, "utf8"))) await import(pathToFileURL(file).href);
  }
}

/** The page in Markdown. */
export function formatFaultPage(): string {
  const faults = listFaults();
  const rooms = Map.groupBy(faults, (fault) => fault.code.split("_")[1] ?? "");
  const parts = [
    `# Faults

Written by \`npm run docs\` from the source; changes are made there.

A fault is what went wrong with one exchange. Its code stands in the access log (\`fault\`), in the metrics and, where the client gets an
answer, in the answer's body, which is \`application/problem+json\` (RFC 9457). Codes are permanent: match on them, never on the text.
The second word of a code is the room of the source that found the fault.`,
  ];
  for (const [room, members] of rooms) parts.push(`## ${room}`, ...members.map(formatFault));
  return `${parts.join("\n\n")}\n`;
}

function formatFault(fault: FaultDefinition): string {
  return `### ${fault.code}

${fault.title.replace(/\.?$/, ".")}

| status | gRPC | to blame | another attempt is safe | the client's connection |
| --- | --- | --- | --- | --- |
| ${fault.status === 0 ? "none: nobody is left to answer" : fault.status} | ${fault.grpc} | ${fault.blame} | ${RETRY[fault.retry]} | ${fault.closes ? "closes" : "stays open"} |

${fault.remedy}`;
}
