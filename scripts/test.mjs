// `npm test`: the tools that tests need, format, lint and types, then every test on Bun and on Node; closes with `N passed, N failed`.
// `npm test -- [--only bun|node|checks] [PART-OF-A-PATH…]` runs less. Plain JavaScript: any Node from 20 on may start it.
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { listRuntimes } from "../bin/runtime.mjs";
import { completeReport, findSkipReason, readBunReport, readNodeReport } from "./test-reports.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
// A folder of this run alone: several runs may share a checkout.
const REPORTS = mkdtempSync(join(tmpdir(), "sallyport-test-"));
const FOLDERS = ["src", "test", "bench", "examples", "scripts"];

// Both runners run two files at once: more only makes timing tests compete on the machines that run CI.
const CONCURRENCY = 2;

// Per test. No runner notices a file that ends its tests but leaves something open: silence does.
const SUITES = [
  { name: "unit", suffix: ".test.ts", timeoutMs: 60_000 },
  { name: "e2e", suffix: ".e2e.ts", timeoutMs: 240_000 },
];

// How much longer than one test may take a runner may say nothing: it reports a file when those before it are done.
const SILENCE_MARGIN_MS = 60_000;
const CHECK_SILENCE_MS = 300_000;

// The list at the end helps as long as it can be read.
const MAX_LISTED = 100;

process.chdir(ROOT);
const { values, positionals } = parseArgs({ options: { only: { type: "string" } }, allowPositionals: true });
if (values.only !== undefined && !["bun", "node", "checks"].includes(values.only)) {
  console.error(`--only takes bun, node or checks, got "${values.only}".`);
  process.exit(2);
}
process.on("exit", () => rmSync(REPORTS, { recursive: true, force: true }));
process.exit(await runAll(values.only, positionals));

async function runAll(only, paths) {
  const rows = [];
  const whole = only === undefined && paths.length === 0;
  if (whole) spawnSync("bash", [join(ROOT, "scripts/install-test-tools.sh")], { stdio: ["ignore", "inherit", "inherit"] });
  if (whole || only === "checks") {
    for (const check of listChecks()) rows.push(await runCheck(check));
  }
  if (only !== "checks") {
    const runtimes = listRuntimes();
    for (const suite of SUITES) {
      const files = listFiles(suite.suffix).filter((file) => paths.length === 0 || paths.some((path) => file.includes(path)));
      if (files.length === 0) continue;
      for (const name of ["bun", "node"]) {
        if (only === undefined || only === name) rows.push(await runSuite(suite, name, runtimes[name], files));
      }
    }
  }
  return summarize(rows);
}

function listChecks() {
  const { bun, node } = listRuntimes();
  const typescript = join(ROOT, "node_modules/typescript/bin/tsc");
  const biome = join(ROOT, "node_modules/@biomejs/biome/bin/biome");
  const host = node ?? bun ?? process.execPath;
  return [
    { name: "format and lint", command: [host, biome, "ci", "--colors=off", "--max-diagnostics=50"] },
    { name: "types", command: [host, typescript, "--noEmit", "-p", "."] },
  ];
}

async function runCheck({ name, command }) {
  heading(name);
  const startedAtMs = performance.now();
  const exitCode = await run(command, CHECK_SILENCE_MS);
  const outcome = exitCode === 0 ? "passed" : "failed";
  return { name, durationMs: performance.now() - startedAtMs, tests: [{ file: "", name, outcome, reason: "", line: 0 }] };
}

async function runSuite(suite, runtime, path, files) {
  const name = `${suite.name} on ${runtime}`;
  heading(`${name}: ${files.length} files`);
  if (path === null) {
    console.log(`There is no ${runtime} here: npm install brings it unless optional packages are left out.`);
    return { name, durationMs: 0, tests: completeReport([], files, 1) };
  }
  const startedAtMs = performance.now();
  const reportFile = join(REPORTS, `${suite.name}-${runtime}.${runtime === "bun" ? "xml" : "jsonl"}`);
  const exitCode = runtime === "bun" ? await runOnBun(path, suite, files, reportFile) : await runOnNode(path, suite, files, reportFile);
  const reported = runtime === "bun" ? readBunReport(reportFile) : readNodeReport(reportFile);
  if (runtime === "bun") reported.push(...(await findSkippedFiles(path, files, reported)));
  return { name, durationMs: performance.now() - startedAtMs, tests: completeReport(reported, files, exitCode) };
}

function runOnBun(path, suite, files, reportFile) {
  const flags = [`--parallel=${CONCURRENCY}`, `--timeout=${suite.timeoutMs}`, "--reporter=junit", `--reporter-outfile=${reportFile}`];
  const command = [path, "test", ...flags, ...files.map((file) => `./${file}`)];
  return run(command, suite.timeoutMs + SILENCE_MARGIN_MS, {}, (line) => !/^\((pass|skip|todo)\) /.test(line) && line.trim() !== "");
}

/** Bun reports nothing of a suite that is skipped as a whole: a silent file that ends well by itself, and speaks of skipping, is one. */
async function findSkippedFiles(path, files, reported) {
  const found = [];
  for (const file of files) {
    if (reported.some((test) => test.file === file) || !readFileSync(file, "utf8").includes("skip")) continue;
    const { status } = spawnSync(path, ["test", `./${file}`], { stdio: "ignore", timeout: 60_000 });
    if (status === 0) found.push({ file, name: "(all of it)", outcome: "skipped", reason: "", line: 0 });
  }
  return found;
}

function runOnNode(path, suite, files, reportFile) {
  const flags = ["--test", `--test-concurrency=${CONCURRENCY}`, `--test-timeout=${suite.timeoutMs}`];
  const reporter = ["--test-reporter=./scripts/node-test-reporter.mjs", "--test-reporter-destination=stdout"];
  const command = [path, ...flags, ...reporter, ...files];
  return run(command, suite.timeoutMs + SILENCE_MARGIN_MS, { SALLYPORT_TEST_REPORT: reportFile });
}

/** Runs a command in a process group of its own, shows the lines that `isWanted` keeps, and resolves to its exit code. Ends it after `silenceMs` without a line. */
function run([program, ...args], silenceMs, env = {}, isWanted = () => true) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...env }, detached: true });
    let silence = setTimeout(giveUp, silenceMs);
    function giveUp() {
      console.log(`Nothing was heard for ${silenceMs / 1000} s; given up.`);
      endGroup(child);
    }
    const interrupt = () => endGroup(child);
    process.once("SIGINT", interrupt);
    process.once("SIGTERM", interrupt);
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on("line", (line) => {
        clearTimeout(silence);
        silence = setTimeout(giveUp, silenceMs);
        if (isWanted(line)) console.log(line);
      });
    }
    child.on("error", (error) => console.log(`${program} could not be started: ${error.message}`));
    child.on("close", (code, signal) => {
      clearTimeout(silence);
      process.removeListener("SIGINT", interrupt);
      process.removeListener("SIGTERM", interrupt);
      resolve(code ?? signal ?? 1);
    });
  });
}

function endGroup(child) {
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // Gone already.
  }
}

function summarize(rows) {
  const all = rows.flatMap((row) => row.tests);
  const failed = rows.flatMap((row) => row.tests.filter((test) => test.outcome === "failed").map((test) => ({ row, test })));
  const skips = new Map();
  for (const row of rows) {
    for (const test of row.tests.filter((candidate) => candidate.outcome === "skipped")) {
      const line = `${test.file}: ${test.name} (${findSkipReason(test, all)})`;
      skips.set(line, [...(skips.get(line) ?? []), row.name]);
    }
  }
  if (skips.size > 0) {
    heading("skipped");
    for (const [line, where] of skips) console.log(`${line} [${where.join(", ")}]`);
  }
  if (failed.length > 0) {
    heading("failed");
    for (const { row, test } of failed.slice(0, MAX_LISTED)) console.log(`${row.name}: ${test.file} ${test.name}`.replaceAll("  ", " "));
    if (failed.length > MAX_LISTED) console.log(`… and ${failed.length - MAX_LISTED} more, each told above`);
  }
  heading("summary");
  const width = Math.max(0, ...rows.map((row) => row.name.length));
  for (const row of rows) {
    const { passed, failed: lost, skipped } = countOutcomes(row.tests);
    const seconds = (row.durationMs / 1000).toFixed(1).padStart(7);
    console.log(`${row.name.padEnd(width)} ${pad(passed)} passed ${pad(lost)} failed ${pad(skipped)} skipped ${seconds} s`);
  }
  const total = countOutcomes(all);
  // A run in which nothing ran has shown nothing.
  const empty = total.passed + total.failed === 0;
  if (empty) console.log("No test ran.");
  console.log(`${total.passed} passed, ${total.failed} failed${total.skipped > 0 ? `, ${total.skipped} skipped` : ""}`);
  return total.failed > 0 || empty ? 1 : 0;
}

function countOutcomes(tests) {
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const test of tests) counts[test.outcome]++;
  return counts;
}

// Not globSync, which Node 20 lacks.
function listFiles(suffix) {
  const found = [];
  for (const folder of FOLDERS) {
    let entries = [];
    try {
      entries = readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true });
    } catch {
      // The folder is not there: nothing to run in it.
    }
    for (const entry of entries) {
      if (!entry.isFile() || !entry.name.endsWith(suffix)) continue;
      const file = relative(ROOT, join(entry.parentPath ?? entry.path, entry.name));
      if (!file.includes("node_modules")) found.push(file);
    }
  }
  return found.sort();
}

function pad(count) {
  return String(count).padStart(5);
}

function heading(text) {
  console.log(`\n── ${text} ${"─".repeat(Math.max(0, 100 - text.length))}`);
}
