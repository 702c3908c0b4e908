// The steps inside the process: runs every src/**/*.bench.ts on both runtimes and prints what one step costs in ns.
// A bench file prints lines `name  123 ns` (also `ns/op` or `µs`); its other lines are left out here.
// Usage: micro.ts [PART_OF_PATH …] [--runs N] [--json]
import { execFile } from "node:child_process";
import { globSync } from "node:fs";
import { parseArgs, promisify } from "node:util";
import { findRuntime, type Runtime } from "./contestants/runtimes.ts";
import { parseStepLines } from "./step-lines.ts";

const ROOT = new URL("../", import.meta.url).pathname;
const RUNTIMES: readonly Runtime[] = ["bun", "node"];
const run = promisify(execFile);

interface StepCost {
  readonly name: string;
  /** The least of all runs: what the step costs when nobody interferes. Null when it did not run there. */
  readonly bunNs: number | null;
  readonly nodeNs: number | null;
}

async function measureFile(file: string, runs: number): Promise<StepCost[]> {
  const least = { bun: new Map<string, number>(), node: new Map<string, number>() };
  // Runtimes alternate, so that a slow minute does not fall on one of them.
  for (let i = 0; i < runs; i++) {
    for (const runtime of RUNTIMES) {
      const program = findRuntime(runtime);
      if (program instanceof Error) throw program;
      const { stdout } = await run("taskset", ["-c", "0", program, file], { cwd: ROOT, timeout: 300_000 });
      for (const { name, ns } of parseStepLines(stdout)) least[runtime].set(name, Math.min(ns, least[runtime].get(name) ?? ns));
    }
  }
  const names = new Set([...least.bun.keys(), ...least.node.keys()]);
  return [...names].map((name) => ({ name, bunNs: least.bun.get(name) ?? null, nodeNs: least.node.get(name) ?? null }));
}

function toLine(name: string, bun: string, node: string): string {
  return `${name.padEnd(64)} ${bun.padStart(12)} ${node.padStart(12)}\n`;
}

async function main(): Promise<void> {
  const options = { runs: { type: "string", default: "2" }, json: { type: "boolean", default: false } } as const;
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const files = globSync("src/**/*.bench.ts", { cwd: ROOT }).sort();
  const chosen = files.filter((file) => positionals.length === 0 || positionals.some((part) => file.includes(part)));
  if (chosen.length === 0) throw new Error(`no bench file's path holds ${positionals.join(" or ")}; there are ${files.join(", ")}`);
  const results: Record<string, StepCost[]> = {};
  for (const file of chosen) {
    const steps = await measureFile(file, Number(values.runs));
    results[file] = steps;
    if (values.json) continue;
    process.stdout.write(`\n${toLine(file, "bun ns", "node ns")}`);
    for (const step of steps) process.stdout.write(toLine(`  ${step.name}`, step.bunNs?.toFixed(1) ?? "–", step.nodeNs?.toFixed(1) ?? "–"));
  }
  if (values.json) process.stdout.write(`${JSON.stringify(results)}\n`);
}

await main();
