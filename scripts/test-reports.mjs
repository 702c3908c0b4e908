// Reads what the test runners report: Bun's JUnit file and the JSON lines of node-test-reporter.mjs. A report is a list of
// { file, name, outcome: "passed" | "failed" | "skipped", reason, line }. Knows no runner's command line.
import { existsSync, readFileSync } from "node:fs";
import { relative, resolve } from "node:path";

const ENTITIES = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

export function readBunReport(reportFile) {
  if (!existsSync(reportFile)) return [];
  const tests = [];
  for (const [, attributes, rest = ""] of readFileSync(reportFile, "utf8").matchAll(/<testcase ([^>]*?)(?:\/>|>([\s\S]*?)<\/testcase>)/g)) {
    const { file = "?", name = "?", line } = readAttributes(attributes);
    const outcome = /<(failure|error)\b/.test(rest) ? "failed" : rest.includes("<skipped") ? "skipped" : "passed";
    tests.push({ file: normalize(file), name, outcome, line: Number(line ?? 0), reason: "" });
  }
  return tests;
}

export function readNodeReport(reportFile) {
  if (!existsSync(reportFile)) return [];
  const records = readFileSync(reportFile, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line));
  const fileOfGroup = new Map(records.filter((record) => record.summary !== undefined).map((record) => [record.summary, record.file]));
  const entries = records
    .filter((record) => record.outcome !== undefined)
    // The runner's own entry for a file knows which it is about.
    .map((record) => (record.isFile ? record : { ...record, file: fileOfGroup.get(record.group) ?? record.file }));
  const tests = entries.filter((record) => !record.isFile && (!record.isSuite || record.outcome === "skipped"));
  // A process that died, or a hook that failed without a test to blame, must not be lost among tests that passed.
  for (const record of entries) {
    if (!(record.isFile || record.isSuite) || record.outcome !== "failed") continue;
    if (!tests.some((test) => test.file === record.file && test.outcome === "failed")) tests.push(record);
  }
  const ended = new Set(records.filter((record) => record.ended === true).map((record) => record.file));
  for (const file of new Set(entries.map((record) => record.file))) {
    if (ended.has(file)) continue;
    tests.push({ file, name: "(its process did not end: something that a test opened is still open)", outcome: "failed", reason: "" });
  }
  return tests.map(({ file, name, outcome, reason }) => ({ file: normalize(file), name, outcome, reason, line: 0 }));
}

/**
 * Adds a failure for what the report alone would not show: a file of which no test was reported (it broke when it loaded, left the
 * process, or holds no test), and a runner that failed although each of its tests passed.
 */
export function completeReport(tests, files, exitCode) {
  const reported = new Set(tests.map((test) => test.file));
  const complete = [...tests];
  for (const file of files) {
    if (!reported.has(file)) complete.push({ file, name: "(no test of this file was reported)", outcome: "failed", reason: "", line: 0 });
  }
  if (exitCode !== 0 && !complete.some((test) => test.outcome === "failed")) {
    complete.push({ file: "", name: `(the runner ended with ${exitCode})`, outcome: "failed", reason: "", line: 0 });
  }
  return complete;
}

/** Why a test was skipped: as reported, else as the other runtime reported it, else the text in the source. */
export function findSkipReason(test, otherTests) {
  if (test.reason !== "") return test.reason;
  const twin = otherTests.find((other) => other.file === test.file && other.name === test.name && other.reason !== "");
  if (twin !== undefined) return twin.reason;
  if (!existsSync(test.file)) return "no reason given";
  const text = readFileSync(test.file, "utf8");
  const lines = text.split("\n");
  const from = test.line > 0 ? test.line - 1 : lines.findIndex((line) => line.includes(test.name));
  const literal = /skip[:(][^"'`]*(["'`])(.+?)\1/.exec(lines.slice(Math.max(from, 0), from + 4).join("\n"));
  const onlyOne = /\bskip\b[^"'`\n]*(["'`])(.+?)\1/.exec(text);
  return literal?.[2] ?? onlyOne?.[2] ?? `no reason given; see ${test.file}:${from + 1}`;
}

function readAttributes(text) {
  return Object.fromEntries([...text.matchAll(/([\w-]+)="([^"]*)"/g)].map(([, name, value]) => [name, decodeEntities(value)]));
}

function decodeEntities(text) {
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (whole, hex, decimal, name) => {
    if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
    if (decimal !== undefined) return String.fromCodePoint(Number(decimal));
    return ENTITIES[name] ?? whole;
  });
}

function normalize(file) {
  return relative(process.cwd(), resolve(file)).replaceAll("\\", "/");
}
