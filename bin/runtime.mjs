// Finds the JavaScript runtime that Sallyport's TypeScript runs on, and hands the process over to it.
// Plain JavaScript that Node 20 can run: this is what decides what everything else runs on. It reads no configuration.
import { spawn } from "node:child_process";
import { accessSync, constants, existsSync, lstatSync, mkdirSync, readFileSync } from "node:fs";
import * as nodeModule from "node:module";
import { constants as osConstants } from "node:os";
import { dirname, join } from "node:path";

// The first Node that strips types without a flag.
const NODE_FLOOR = [22, 18];

// Exit codes of the launcher itself; `sallyport --help` lists them with the others.
const EXIT_USAGE = 2;
const EXIT_NO_RUNTIME = 4;

// Neither the working directory's .env and bunfig.toml (which may name modules to preload) nor a missing package may change what runs.
const BUN_FLAGS = ["--no-env-file", "--no-install", "--config=/dev/null"];
// Node 22.18 warns of type stripping although it is on by default there.
const NODE_FLAGS = ["--disable-warning=ExperimentalWarning"];

const FORWARDED_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP", "SIGUSR2"];

// SD_LISTEN_FDS_START.
const FIRST_LISTEN_FD = 3;

// Absent before Node 22.1, and on Bun.
const { createRequire, enableCompileCache } = nodeModule;
const require = createRequire(import.meta.url);

/**
 * The runtime to use: `{ name, path, flags, own }`, where `own` says that this process already is one, or `{ problem, exitCode }` in
 * a sentence. `wanted` is SALLYPORT_RUNTIME; without it Bun comes first and Node stands in for it, with a `note` that says why.
 */
export function findRuntime(wanted) {
  if (wanted === undefined || wanted === "") {
    const bun = findBun();
    if (bun.problem === undefined) return bun;
    const node = findNode();
    if (node.problem === undefined)
      return { ...node, note: `${bun.problem} Running on Node instead; SALLYPORT_RUNTIME=node says so without this line.` };
    return { problem: `${bun.problem} ${node.problem}`, exitCode: EXIT_NO_RUNTIME };
  }
  if (wanted !== "bun" && wanted !== "node") {
    return { problem: `SALLYPORT_RUNTIME must be bun or node; it is "${wanted}".`, exitCode: EXIT_USAGE };
  }
  const found = wanted === "bun" ? findBun() : findNode();
  return found.problem === undefined
    ? found
    : { problem: `SALLYPORT_RUNTIME is ${wanted}, but: ${found.problem}`, exitCode: EXIT_NO_RUNTIME };
}

/**
 * How many listening sockets a service manager handed to this process (sd_listen_fds(3)): descriptors 3 and up. What says so is
 * addressed to a process id, and there may be one more process between it and the gateway. So it is taken out of `env` and said
 * again in words of ours, which hold for the process `pid` and its children: SALLYPORT_LISTEN_FDS, …_FDNAMES, …_BY.
 * src/processes/socket-activation.ts reads them.
 */
export function takeListenFds(env, pid, parent) {
  const { LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES, SALLYPORT_LISTEN_BY, SALLYPORT_LISTEN_FDS } = env;
  for (const name of ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"]) delete env[name];
  if (LISTEN_PID === String(pid) && /^[1-9][0-9]{0,3}$/.test(LISTEN_FDS ?? "")) {
    env.SALLYPORT_LISTEN_BY = String(pid);
    env.SALLYPORT_LISTEN_FDS = LISTEN_FDS;
    env.SALLYPORT_LISTEN_FDNAMES = LISTEN_FDNAMES ?? "";
    return Number(LISTEN_FDS);
  }
  if (SALLYPORT_LISTEN_BY !== undefined && SALLYPORT_LISTEN_BY === String(parent)) return Number(SALLYPORT_LISTEN_FDS);
  // Somebody else's, who left them in the environment.
  for (const name of ["SALLYPORT_LISTEN_BY", "SALLYPORT_LISTEN_FDS", "SALLYPORT_LISTEN_FDNAMES"]) delete env[name];
  return 0;
}

/**
 * Lets Node keep what it compiled (half of the time to a start) for this process and its children, in a folder that only our user can
 * write: code is run from it. That is CACHE_DIRECTORY (systemd), XDG_CACHE_HOME or ~/.cache; without such a folder nothing is kept.
 * NODE_COMPILE_CACHE and NODE_DISABLE_COMPILE_CACHE are Node's own and come first.
 */
export function keepCompiledCode(runtime, env) {
  if (runtime.name !== "node" || env.NODE_DISABLE_COMPILE_CACHE !== undefined) return;
  const folder = env.NODE_COMPILE_CACHE ?? openCacheFolder(env);
  // A process's environment would turn undefined into a folder of that name.
  if (folder === undefined) return;
  env.NODE_COMPILE_CACHE = folder;
  if (runtime.own) enableCompileCache?.(folder);
}

function openCacheFolder(env) {
  const base = env.CACHE_DIRECTORY || env.XDG_CACHE_HOME || (env.HOME && join(env.HOME, ".cache"));
  if (!base || typeof process.getuid !== "function") return undefined;
  const folder = join(base, "sallyport");
  try {
    // Not recursively: below /proc Node would never come to an end with it.
    for (const path of [base, folder]) if (!existsSync(path)) mkdirSync(path, { mode: 0o700 });
    const { uid, mode } = lstatSync(folder);
    const isOurs = uid === process.getuid() && (mode & 0o170022) === 0o040000;
    return isOurs ? folder : undefined;
  } catch {
    return undefined;
  }
}

/** Runs `script` with `args` on the runtime. Where the system can, this process becomes it; elsewhere it waits for it and ends as it did. */
export function runOn(runtime, script, args, listenFds = 0) {
  const argv = [...runtime.flags, script, ...args];
  // Replacing the process leaves no second one to hold memory or to be killed in the child's place. Not with an IPC channel to a
  // parent, nor with inherited sockets: execve() closes descriptors. Absent before Node 23.11 and on Windows.
  if (typeof process.execve === "function" && process.platform !== "win32" && !process.connected && listenFds === 0) {
    process.execve(runtime.path, [runtime.path, ...argv], { ...process.env });
  }
  // The channel carries no messages. It closes when this process ends in whatever way, and the child takes that for a stop.
  const sockets = Array.from({ length: listenFds }, (_, index) => FIRST_LISTEN_FD + index);
  const child = spawn(runtime.path, argv, { stdio: ["inherit", "inherit", "inherit", ...sockets, "ipc"] });
  const forward = (signal) => child.kill(signal);
  for (const signal of FORWARDED_SIGNALS) process.on(signal, forward);
  process.on("disconnect", () => child.disconnect());
  child.on("error", (error) => refuse({ problem: `${runtime.path} could not be started: ${error.message}.`, exitCode: EXIT_NO_RUNTIME }));
  child.on("exit", (code, signal) => {
    if (signal === null) process.exit(code ?? 1);
    // Ends by the same signal, so that whoever waits for this process sees what the child saw. The first process of a container
    // can't be killed from inside: that one ends with the number that a shell would give.
    process.removeListener(signal, forward);
    process.kill(process.pid, signal);
    setTimeout(() => process.exit(128 + osConstants.signals[signal]), 100);
  });
}

/** Says the problem and ends the process. */
export function refuse({ problem, exitCode }) {
  process.stderr.write(`sallyport: ${problem}\n`);
  process.exit(exitCode);
}

/** Paths of both runtimes, null where one is missing: for the test runner, which wants both. */
export function listRuntimes() {
  return { bun: findBun().path ?? null, node: findNode().path ?? null };
}

function findBun() {
  const { platform, arch } = process;
  const cpu = arch === "arm64" ? "aarch64" : arch;
  // A Bun of another version is not what the tests ran on: the engine leans on parts of its socket API that change.
  if (process.versions.bun !== undefined && process.versions.bun === pinnedBun()) {
    return { name: "bun", path: process.execPath, flags: BUN_FLAGS, own: true };
  }
  const base = `@oven/bun-${platform}-${cpu}`;
  const names = platform === "linux" && isMusl() ? [`${base}-musl`] : [base];
  if (!isOffered(names[0])) return { problem: `There is no package of Bun for ${platform} on ${arch}.` };
  if (platform === "linux" && arch === "x64" && !hasAvx2()) return { problem: "Bun needs a processor with AVX2, which this one lacks." };
  const path = findBinary(names, "bun");
  if (path === null)
    return { problem: `The package ${names[0]} is not installed: npm install brings it unless optional packages are left out.` };
  return { name: "bun", path, flags: BUN_FLAGS, own: false };
}

function findNode() {
  const { platform, arch } = process;
  if (process.versions.bun === undefined && isFitNode(process.versions.node)) {
    return { name: "node", path: process.execPath, flags: NODE_FLAGS, own: true };
  }
  const floor = NODE_FLOOR.join(".");
  // The packages of Node are built for glibc only.
  const path = platform === "linux" && isMusl() ? null : findBinary([`node-bin-${platform}-${arch}`, `node-${platform}-${arch}`], "node");
  if (path === null) {
    const running = process.versions.bun === undefined ? `this is Node ${process.versions.node}` : "this is Bun";
    return { problem: `Node ${floor} or later is needed (${running}), and no package of it is installed for ${platform} on ${arch}.` };
  }
  return { name: "node", path, flags: NODE_FLAGS, own: false };
}

function isFitNode(version) {
  const [major, minor] = version.split(".").map(Number);
  return major > NODE_FLOOR[0] || (major === NODE_FLOOR[0] && minor >= NODE_FLOOR[1]);
}

function findBinary(packages, binary) {
  for (const name of packages) {
    try {
      const path = join(dirname(require.resolve(`${name}/package.json`)), "bin", binary);
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not installed: optional packages for other platforms never are.
    }
  }
  return null;
}

function optionalPackages() {
  return require("../package.json").optionalDependencies;
}

function isOffered(name) {
  return Object.hasOwn(optionalPackages(), name);
}

function pinnedBun() {
  return optionalPackages()["@oven/bun-linux-x64"];
}

// process.report would tell as well, but takes tens of milliseconds; the loader's file tells at once.
function isMusl() {
  try {
    accessSync(`/lib/ld-musl-${process.arch === "arm64" ? "aarch64" : "x86_64"}.so.1`);
  } catch {
    return false;
  }
  // A glibc system may have musl installed beside it.
  return !process.report?.getReport().header.glibcVersionRuntime;
}

function hasAvx2() {
  try {
    return readFileSync("/proc/cpuinfo", "latin1").includes(" avx2");
  } catch {
    return true;
  }
}
