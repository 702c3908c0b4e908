// What the figures were taken on and with: a figure without it can't be compared with any other.
import { execFileSync } from "node:child_process";
import { cpus, loadavg, release } from "node:os";
import { findRuntime } from "./contestants/runtimes.ts";
import { fetchTool, findProgram } from "./tools.ts";

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly kernel: string;
  readonly loadAverage: readonly number[];
  readonly versions: Readonly<Record<string, string>>;
}

export function readMachine(): Machine {
  const programs: [name: string, path: string | Error | null, flag: string][] = [
    ["nginx", findProgram("nginx"), "-v"],
    ["haproxy", findProgram("haproxy"), "-v"],
    ["envoy", fetchTool("envoy"), "--version"],
    ["caddy", fetchTool("caddy"), "version"],
    ["wrk", findProgram("wrk"), "-v"],
    ["h2load", findProgram("h2load"), "--version"],
    ["bun", findRuntime("bun"), "--version"],
    ["node", findRuntime("node"), "--version"],
  ];
  const versions: Record<string, string> = {};
  for (const [name, path, flag] of programs) if (typeof path === "string") versions[name] = readVersion(path, flag);
  return { cpu: cpus()[0]?.model ?? "unknown", cores: cpus().length, kernel: release(), loadAverage: loadavg(), versions };
}

// Some print it on stderr, and wrk exits with 1.
function readVersion(path: string, flag: string): string {
  let text: string;
  try {
    text = execFileSync("/bin/sh", ["-c", `"$0" ${flag} 2>&1`, path], { encoding: "utf8" });
  } catch (error) {
    text = error instanceof Error && "stdout" in error ? String(error.stdout) : "";
  }
  return /\d+\.\d+[\w.+~-]*/.exec(text)?.[0] ?? "unknown";
}
