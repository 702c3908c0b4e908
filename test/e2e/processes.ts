// Real processes for end-to-end tests: the gateway as `sallyport start` runs it, a Node service and nginx behind it, and programs
// of the system. All of them end with the stage that started them.

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { listRuntimes } from "../../bin/runtime.mjs";

/** The runtime that runs the test is the one that is tested. */
export const RUNTIME = process.versions["bun"] === undefined ? "node" : "bun";

const LAUNCHER = fileURLToPath(new URL("../../bin/sallyport.mjs", import.meta.url));
const SERVICE = fileURLToPath(new URL("./node-service.ts", import.meta.url));
const START_MS = 15_000;
const KILL_MS = 15_000;
const PAGE_BYTES = 4096;

export interface GatewayOptions {
  /** Of the upstream `main`, such as `http://127.0.0.1:3000`. */
  readonly upstream: string;
  /** Of the listener, in the words of the configuration: `headTimeout: 1s, body: off`. */
  readonly bounds?: string;
  readonly timeouts?: string;
  readonly pool?: string;
  readonly routeTimeout?: string;
  readonly accessLog?: boolean;
  /** 2 unless it is told: one for what is bounded for each worker, such as memory and connections. */
  readonly workers?: number;
  /** More upstreams, each reached below `/NAME/`, which is taken off. */
  readonly others?: Readonly<Record<string, string>>;
}

export class GatewayProcess {
  readonly child: ChildProcess;
  readonly ended: Promise<number | null>;
  host = "127.0.0.1";
  port = 0;
  #out = "";
  #err = "";

  constructor(child: ChildProcess) {
    this.child = child;
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.#out += text;
    });
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#err += text;
    });
    this.ended = new Promise((resolve) => child.once("close", (code) => resolve(code)));
  }

  get url(): string {
    return `http://${this.host}:${this.port}`;
  }

  get out(): string {
    return this.#out;
  }

  get err(): string {
    return this.#err;
  }

  /** Of the processes that serve, as the gateway names them when it listens. */
  get workerPids(): readonly number[] {
    const named = /, workers? ([\d, ]+), generation/.exec(this.#err)?.[1] ?? "";
    return named === "" ? [] : named.split(", ").map(Number);
  }

  /** Resident memory of the workers now, in bytes: what clients do to a gateway, they do to these. */
  get rssBytes(): number {
    const { workerPids } = this;
    if (workerPids.length === 0) throw new Error(`the gateway names no worker: ${this.#err}`);
    return workerPids.reduce((sum, pid) => sum + readRssBytes(pid), 0);
  }

  get isAlive(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Asks it to end; resolves to its exit code. */
  async stop(): Promise<number | null> {
    return stopChild(this.child, this.ended);
  }
}

function readRssBytes(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/statm`, "latin1").split(" ")[1]) * PAGE_BYTES;
}

async function stopChild(child: ChildProcess, ended: Promise<number | null>): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), KILL_MS);
  const code = await ended;
  clearTimeout(timer);
  return code;
}

/** Everything a test file starts, and its folder; `stop` ends and removes it all. */
export class Stage {
  readonly folder = mkdtempSync(join(tmpdir(), "sallyport-e2e-"));
  readonly #stops: (() => unknown)[] = [];
  #configs = 0;

  /** Runs last-in first-out at `stop`. */
  onStop(stop: () => unknown): void {
    this.#stops.push(stop);
  }

  async stop(): Promise<void> {
    for (const stop of this.#stops.reverse()) await stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Writes a configuration and returns its path. */
  writeConfig(text: string): string {
    const file = join(this.folder, `gateway-${this.#configs++}.yaml`);
    writeFileSync(file, text);
    return file;
  }

  /** Starts `sallyport start FILE` and does not wait for it. */
  launchGateway(file: string, env: Readonly<Record<string, string>> = {}): GatewayProcess {
    // As many descriptors as the system gives: floods need them.
    const shell = ["-c", 'ulimit -n "$(ulimit -Hn)"; exec "$0" "$@"', process.execPath, LAUNCHER, "start", file];
    const child = spawn("sh", shell, { env: { ...process.env, ...env, SALLYPORT_RUNTIME: RUNTIME }, stdio: ["ignore", "pipe", "pipe"] });
    const gateway = new GatewayProcess(child);
    this.onStop(() => gateway.stop());
    return gateway;
  }

  /** Starts a gateway on a free port of 127.0.0.1 and resolves when it listens. */
  startGateway(options: GatewayOptions): Promise<GatewayProcess> {
    return this.startConfigured(gatewayYaml(0, options));
  }

  /** The same with a configuration of one's own, whose listener has port 0 of 127.0.0.1. */
  async startConfigured(text: string): Promise<GatewayProcess> {
    const gateway = this.launchGateway(this.writeConfig(text));
    const deadline = performance.now() + START_MS;
    for (;;) {
      const port = /listening on http:\/\/127\.0\.0\.1:(\d+)/.exec(gateway.err)?.[1];
      if (port !== undefined) {
        gateway.port = Number(port);
        return gateway;
      }
      if (!gateway.isAlive || performance.now() > deadline) throw new Error(`the gateway did not start: ${gateway.err}`);
      await sleep(10);
    }
  }

  /** Starts node-service.ts on Node, whatever runtime the test runs on; resolves to its URL. */
  async startService(): Promise<string> {
    const node = listRuntimes().node;
    if (node === null) throw new Error("there is no Node for the service behind the gateway");
    const child = spawn(node, ["--disable-warning=ExperimentalWarning", SERVICE], { stdio: ["pipe", "pipe", "inherit"] });
    const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
    this.onStop(() => stopChild(child, ended));
    const port = await new Promise<string>((resolve, reject) => {
      child.stdout.setEncoding("utf8").once("data", (text: string) => resolve(text.trim()));
      child.once("close", () => reject(new Error("the service did not start")));
    });
    return `http://127.0.0.1:${port}`;
  }

  /** Starts nginx with the directives of one `server` block; resolves to its URL. */
  async startNginx(directives: string): Promise<string> {
    const program = findProgram("nginx");
    if (program === null) throw new Error("there is no nginx");
    const port = await freePort();
    const file = join(this.folder, "nginx.conf");
    const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${this.folder}/${name};`);
    writeFileSync(
      file,
      `daemon off; master_process off; pid ${this.folder}/nginx.pid; error_log ${this.folder}/nginx.log;
events { worker_connections 2048; }
http { access_log off; ${temporary.join(" ")} server { listen 127.0.0.1:${port}; ${directives} } }
`,
    );
    const child = spawn(program, ["-c", file, "-e", join(this.folder, "nginx.log")], { stdio: ["ignore", "ignore", "ignore"] });
    const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
    this.onStop(() => stopChild(child, ended));
    await waitFor(() => isListening(port), START_MS, "nginx listens");
    return `http://127.0.0.1:${port}`;
  }
}

export function gatewayYaml(port: number, options: GatewayOptions): string {
  const upstreams = { ...options.others, main: options.upstream };
  const names = Object.keys(upstreams) as (keyof typeof upstreams)[];
  const details = `${options.timeouts === undefined ? "" : `timeouts: { ${options.timeouts} }, `}${options.pool === undefined ? "" : `pool: { ${options.pool} }, `}`;
  return `version: 1
gateway: { name: e2e, workers: ${options.workers ?? 2}, watch: false }
${options.routeTimeout === undefined ? "" : `defaults: { timeout: ${options.routeTimeout} }\n`}admin: off
listeners:
  - { name: main, address: "127.0.0.1:${port}", bounds: { ${options.bounds ?? "body: off"} } }
upstreams:
${names.map((name) => `  ${name}: { ${details}endpoints: ["${upstreams[name]}"] }`).join("\n")}
routes:
${names
  .map((name) =>
    name === "main"
      ? "  - { name: main, match: { path: /* }, public: true, upstream: main }"
      : `  - { name: ${name}, match: { path: /${name}/* }, public: true, upstream: ${name}, rewrite: { stripPrefix: /${name} } }`,
  )
  .join("\n")}
${options.accessLog === true ? "" : "telemetry: { accessLog: off }\n"}`;
}

/** Path of a program of the system, null when it is not installed. */
export function findProgram(name: string): string | null {
  for (const folder of [...(process.env["PATH"] ?? "").split(":"), "/usr/sbin", "/sbin"]) {
    if (folder !== "" && existsSync(join(folder, name))) return join(folder, name);
  }
  return null;
}

/** For `skip`: a sentence when one of the programs is missing, else false. */
export function missing(...programs: readonly string[]): string | false {
  const absent = programs.filter((name) => findProgram(name) === null);
  return absent.length === 0 ? false : `not installed: ${absent.join(", ")} (scripts/install-test-tools.sh brings it)`;
}

export interface Outcome {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs a program to its end. Not spawnSync: servers of the test itself must go on meanwhile. */
export function run(program: string, args: readonly string[], input?: Uint8Array): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, [...args], { stdio: ["pipe", "pipe", "pipe"] });
    let out = "";
    let err = "";
    child.stdout.setEncoding("latin1").on("data", (text: string) => {
      out += text;
    });
    child.stderr.setEncoding("latin1").on("data", (text: string) => {
      err += text;
    });
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, out, err }));
    child.stdin.on("error", () => {});
    child.stdin.end(input);
  });
}

/** States a measured figure in the output of the test run. */
export function tell(figure: string): void {
  console.log(`  [${RUNTIME}] ${figure}`);
}

export function toMiB(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Resolves when `isDone` holds; rejects with what was waited for after `mostMs`. */
export async function waitFor(isDone: () => boolean | Promise<boolean>, mostMs: number, what: string): Promise<void> {
  const deadline = performance.now() + mostMs;
  while (!(await isDone())) {
    if (performance.now() > deadline) throw new Error(`waited ${mostMs} ms in vain: ${what}`);
    await sleep(10);
  }
}

/** Descriptors that this process and the gateway may open. */
export function maxOpenFiles(): number {
  return Number(spawnSync("sh", ["-c", "ulimit -Hn"], { encoding: "utf8" }).stdout.trim()) || Number.POSITIVE_INFINITY;
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function isListening(port: number): Promise<boolean> {
  try {
    await fetch(`http://127.0.0.1:${port}/`);
    return true;
  } catch {
    return false;
  }
}
