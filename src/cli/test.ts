// `sallyport test FILE…`: runs files of route tests and tells what each found.

import { readFileSync } from "node:fs";
import { formatIssues, type Issue } from "../config/index.ts";
import { type RouteTestReport, runRouteTests } from "../inspect/index.ts";
import type { CommandLine } from "./commands.ts";
import { EXIT_CONFIG, EXIT_GATE, EXIT_OK } from "./exit-codes.ts";
import { toPlainIssue } from "./load.ts";
import type { Terminal } from "./terminal.ts";

interface Ran extends RouteTestReport {
  readonly file: string;
}

export async function test({ values, operands }: CommandLine, terminal: Terminal): Promise<number> {
  const ran: Ran[] = [];
  for (const file of operands) {
    const one = await run(file);
    ran.push(one);
    if (values["json"] !== true) show(one, terminal);
  }
  const results = ran.flatMap((one) => one.results);
  const failed = results.filter((result) => !result.passed).length;
  const isBroken = ran.some((one) => one.issues.some((issue) => issue.severity === "error"));
  if (values["json"] === true) {
    const files = ran.map(({ file, issues, results: of }) => ({ file, issues: issues.map(toPlainIssue), results: of }));
    terminal.out(JSON.stringify({ ok: failed === 0 && !isBroken, passed: results.length - failed, failed, files }));
  } else {
    const { outPaint } = terminal;
    const counts = `${results.length - failed} passed, ${failed} failed`;
    terminal.out(failed > 0 || isBroken ? outPaint.bad(counts) : outPaint.good(counts));
  }
  if (isBroken) return EXIT_CONFIG;
  return failed > 0 ? EXIT_GATE : EXIT_OK;
}

async function run(file: string): Promise<Ran> {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    const message = `the file can't be read: ${error instanceof Error ? error.message : String(error)}`;
    const issue: Issue = { code: "SP_CONFIG_FILE_UNREADABLE", severity: "error", path: "", file, line: 1, column: 1, message };
    return { file, issues: [issue], results: [] };
  }
  return { file, ...(await runRouteTests(text, file)) };
}

function show({ file, issues, results }: Ran, terminal: Terminal): void {
  const { outPaint } = terminal;
  if (issues.length > 0) terminal.out(`${formatIssues(issues, { colour: terminal.outColoured }).trimEnd()}\n`);
  for (const { name, passed, failures, line } of results) {
    if (passed) {
      terminal.out(`${outPaint.good("ok")}   ${name}`);
      continue;
    }
    terminal.out(`${outPaint.bad("FAIL")} ${name} ${outPaint.dim(`(${file}:${line})`)}`);
    for (const { what, expected, actual } of failures) {
      terminal.out(`       ${what}: expected ${expected}, got ${actual}`);
    }
  }
}
