// Reporter for Node's test runner: a line for each file, failures in full, and every test as a JSON line in the file that
// SALLYPORT_TEST_REPORT names, for scripts/test.mjs to count.
import { appendFileSync } from "node:fs";
import { relative } from "node:path";
import { inspect } from "node:util";

export default async function* report(source) {
  const reportFile = process.env.SALLYPORT_TEST_REPORT;
  let path = [];
  // All that is told between two summaries belongs to the file of the second: a test names the file that defines it, which is
  // another one where a suite is shared.
  let group = 0;
  for await (const { type, data } of source) {
    if (type === "test:start") {
      path = [...path.slice(0, data.nesting), data.name];
    } else if (type === "test:stderr" || type === "test:stdout") {
      yield data.message;
    } else if (type === "test:pass" || type === "test:fail") {
      const file = data.file === undefined ? "?" : relative(process.cwd(), data.file);
      // The runner's own entry for the file: it fails when the process did, whatever the tests in it said.
      const isFile = isFileEntry(data);
      // A suite counts only where its tests don't: skipped as a whole, or failed in a hook.
      if (data.details.type === "suite" && type === "test:pass" && !data.skip) continue;
      const record = {
        file,
        group,
        name: data.name,
        isFile,
        isSuite: data.details.type === "suite",
        outcome: data.skip || data.todo ? "skipped" : type === "test:pass" ? "passed" : "failed",
        reason: typeof data.skip === "string" ? data.skip : data.todo ? "to do" : "",
      };
      if (reportFile) appendFileSync(reportFile, `${JSON.stringify(record)}\n`);
      // Comes in place of the summary when the file held no test or its process died.
      if (isFile) {
        if (reportFile) appendFileSync(reportFile, `${JSON.stringify({ file, summary: group })}\n`);
        group++;
        if (type === "test:pass") continue;
      }
      const cause = data.details.error?.cause ?? data.details.error;
      // A suite fails because a test in it did, which has been told already; a broken hook is told nowhere else.
      if (record.outcome === "failed" && !(record.isSuite && /subtests? failed/.test(data.details.error?.message ?? ""))) {
        yield `\n(fail) ${file}: ${path.slice(0, data.nesting).join(" > ")}${data.nesting > 0 ? " > " : ""}${data.name}\n${inspect(cause)}\n\n`;
      }
    } else if (type === "test:complete" && isFileEntry(data)) {
      // Comes when the file's process is gone, in whatever order that happens; all else is held back until the files before it are told.
      if (reportFile) appendFileSync(reportFile, `${JSON.stringify({ file: relative(process.cwd(), data.file), ended: true })}\n`);
    } else if (type === "test:summary" && data.file !== undefined) {
      if (reportFile) appendFileSync(reportFile, `${JSON.stringify({ file: relative(process.cwd(), data.file), summary: group })}\n`);
      group++;
      const { tests, failed, cancelled, skipped } = data.counts;
      yield `${failed + cancelled > 0 ? "✗" : "✓"} ${relative(process.cwd(), data.file)}  ${tests} tests${skipped > 0 ? `, ${skipped} skipped` : ""}\n`;
    }
  }
}

function isFileEntry({ nesting, name, file }) {
  return nesting === 0 && file !== undefined && (name === file || name === relative(process.cwd(), file));
}
