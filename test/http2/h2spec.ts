// h2spec, a conformance tool for HTTP/2 servers that is not ours, in its strict mode: runs it and reads its report.

import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { findProgram, run } from "../e2e/processes.ts";

/** Where `go install` puts it. */
const BUILT = join(homedir(), "go/bin/h2spec");

export function findH2spec(): string | null {
  return findProgram("h2spec") ?? (existsSync(BUILT) ? BUILT : null);
}

export interface H2specCase {
  /** The part of the suite and the section: `http2/5.1.1 Sends even-numbered stream identifier`. */
  readonly title: string;
  /** What came in place of what was expected; null when it passed. */
  readonly failure: string | null;
}

/** Every case of the report. */
export function readReport(xml: string): H2specCase[] {
  const cases: H2specCase[] = [];
  for (const [, section = "", name = "", body = ""] of xml.matchAll(
    /<testcase package="([^"]*)" classname="([^"]*)"[^>]*>([\s\S]*?)<\/testcase>/g,
  )) {
    const failure = /<(?:error|failure)[^>]*>([\s\S]*?)<\/(?:error|failure)>/.exec(body)?.[1] ?? null;
    cases.push({ title: `${section} ${name.replaceAll("&#39;", "'").replaceAll("&amp;", "&")}`, failure });
  }
  return cases;
}

export async function runH2spec(program: string, folder: string, port: number, isTls: boolean): Promise<H2specCase[]> {
  const report = join(folder, `h2spec-${port}.xml`);
  const secure = isTls ? ["-t", "-k"] : [];
  await run(program, ["-S", "-h", "127.0.0.1", "-p", `${port}`, "-P", "/small", "-o", "3", ...secure, "-j", report]);
  return readReport(readFileSync(report, "utf8"));
}
