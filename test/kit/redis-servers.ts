// Real Redis servers of a test's own on loopback, in a folder that goes with them: one alone, a cluster, or a primary with its replica under
// three sentinels. Each is a process that a test can kill, stop, wake and start again.

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";

const START_MS = 10_000;
const POLL_MS = 50;

/** What a test that ends too soon leaves behind. */
const running = new Set<ChildProcess>();
const folders = new Set<string>();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL");
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** False: nothing is missing here. */
export function whyNoRedis(): string | false {
  return hasProgram("redis-server") ? false : "needs redis-server";
}

export function whyNoSentinel(): string | false {
  if (!hasProgram("redis-server")) return "needs redis-server";
  return hasProgram("redis-sentinel") ? false : "needs redis-sentinel";
}

export function hasProgram(program: string, ask = "--version"): boolean {
  return spawnSync(program, [ask]).status === 0;
}

export interface RedisOptions {
  /** Of the user `default`; with `user`, of that one, and `default` may do nothing. */
  readonly password?: string;
  readonly user?: string;
  /** PEM files of the server; it then speaks TLS alone. `ca` is who signed them. */
  readonly tls?: RedisTls;
  /** Lines of redis.conf, without their line ends. */
  readonly settings?: readonly string[];
}

export interface RedisTls {
  readonly certificateFile: string;
  readonly keyFile: string;
  readonly ca: string;
  readonly caFile: string;
}

type Reply = string | number | null | Reply[];

export class RedisServer {
  readonly port: number;
  readonly #program: string;
  readonly #folder: string;
  readonly #options: RedisOptions;
  readonly #config: string;
  #process: ChildProcess | null = null;

  private constructor(program: string, port: number, folder: string, options: RedisOptions, lines: readonly string[]) {
    this.port = port;
    this.#program = program;
    this.#folder = folder;
    this.#options = options;
    folders.add(folder);
    this.#config = join(folder, "redis.conf");
    writeFileSync(this.#config, `${lines.join("\n")}\n`, { mode: 0o600 });
  }

  static async start(options: RedisOptions = {}, port?: number): Promise<RedisServer> {
    const at = port ?? (await findFreePort());
    const folder = mkdtempSync(join(tmpdir(), "sallyport-redis-"));
    const { password, user, tls, settings = [] } = options;
    const lines = ["bind 127.0.0.1", `dir ${folder}`, 'save ""', "daemonize no"];
    if (tls === undefined) lines.push(`port ${at}`);
    else {
      lines.push("port 0", `tls-port ${at}`, `tls-cert-file ${tls.certificateFile}`, `tls-key-file ${tls.keyFile}`);
      lines.push(`tls-ca-cert-file ${tls.caFile}`, "tls-auth-clients no");
    }
    if (user !== undefined) {
      lines.push("user default off", `user ${user} on ${JSON.stringify(`>${password ?? ""}`)} ~* &* +@all`, `masteruser ${user}`);
    } else if (password !== undefined) lines.push(`requirepass ${JSON.stringify(password)}`);
    if (password !== undefined) lines.push(`masterauth ${JSON.stringify(password)}`);
    const server = new RedisServer("redis-server", at, folder, options, [...lines, ...settings]);
    await server.restart();
    return server;
  }

  static async startSentinel(master: string, primary: RedisServer, quorum: number, failoverMs: number): Promise<RedisServer> {
    const { user, password } = primary.#options;
    const port = await findFreePort();
    const folder = mkdtempSync(join(tmpdir(), "sallyport-sentinel-"));
    const server = new RedisServer("redis-sentinel", port, folder, {}, [
      "bind 127.0.0.1",
      `port ${port}`,
      `dir ${folder}`,
      `sentinel monitor ${master} 127.0.0.1 ${primary.port} ${quorum}`,
      `sentinel down-after-milliseconds ${master} ${failoverMs}`,
      `sentinel failover-timeout ${master} ${failoverMs * 5}`,
      ...(user === undefined ? [] : [`sentinel auth-user ${master} ${user}`]),
      ...(password === undefined ? [] : [`sentinel auth-pass ${master} ${JSON.stringify(password)}`]),
    ]);
    await server.restart();
    return server;
  }

  /** For a client that is let in. */
  get url(): string {
    const { user = "", password, tls } = this.#options;
    const who = password === undefined ? "" : `${encodeURIComponent(user)}:${encodeURIComponent(password)}@`;
    return `${tls === undefined ? "redis" : "rediss"}://${who}127.0.0.1:${this.port}`;
  }

  get isRunning(): boolean {
    return this.#process !== null;
  }

  /** Starts it, as after `kill`; returns when it answers. */
  async restart(): Promise<void> {
    const child = spawn(this.#program, [this.#config], { stdio: ["ignore", "pipe", "ignore"], cwd: this.#folder });
    this.#process = child;
    running.add(child);
    child.once("exit", () => running.delete(child));
    let said = "";
    child.stdout!.setEncoding("utf8").on("data", (text: string) => {
      said = (said + text).slice(-2000);
    });
    await waitFor("a Redis server that answers", async () => {
      if (child.exitCode !== null) throw new Error(`${this.#program} ended: ${said}`);
      return (await this.ask("PING").catch(() => "")) === "PONG";
    });
  }

  /** As a crash: connections are reset, nothing is kept. */
  async kill(): Promise<void> {
    const child = this.#process;
    this.#process = null;
    if (child === null || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  }

  /** Neither ends nor answers. */
  pause(): void {
    this.#process?.kill("SIGSTOP");
  }

  resume(): void {
    this.#process?.kill("SIGCONT");
  }

  async stop(): Promise<void> {
    await this.kill();
    rmSync(this.#folder, { recursive: true, force: true });
    folders.delete(this.#folder);
  }

  /** Asks by a connection of its own, without the library that is tested. Rejects with what the server refuses. */
  async ask(...words: (string | number)[]): Promise<Reply> {
    const { password, user, tls } = this.#options;
    const socket = tls === undefined ? connect(this.port, "127.0.0.1") : connectTls({ port: this.port, host: "127.0.0.1", ca: tls.ca });
    try {
      await once(socket, tls === undefined ? "connect" : "secureConnect");
      const login =
        password === undefined || this.#program === "redis-sentinel" ? [] : [["AUTH", ...(user === undefined ? [] : [user]), password]];
      const commands = [...login, words];
      socket.write(commands.map(encode).join(""));
      const replies = await new Promise<Reply[]>((resolve, reject) => {
        let read = Buffer.alloc(0);
        socket.on("error", reject).on("close", () => reject(new Error("the server closed the connection")));
        socket.on("data", (chunk: Buffer) => {
          read = Buffer.concat([read, chunk]);
          try {
            const found = decodeAll(read, commands.length);
            if (found !== null) resolve(found);
          } catch (error) {
            reject(error);
          }
        });
      });
      return replies.at(-1)!;
    } finally {
      socket.destroy();
    }
  }
}

/** Three primaries, each with a replica where `replicas` is 1. */
export class RedisCluster {
  readonly servers: readonly RedisServer[];

  private constructor(servers: readonly RedisServer[]) {
    this.servers = servers;
  }

  static async start(replicas: 0 | 1 = 0): Promise<RedisCluster> {
    const settings = [
      "cluster-enabled yes",
      "cluster-node-timeout 1000",
      "cluster-replica-validity-factor 0",
      "repl-diskless-sync-delay 0",
    ];
    const servers: RedisServer[] = [];
    for (let i = 0; i < 3 * (1 + replicas); i++) servers.push(await RedisServer.start({ settings }, await findFreePort(55_535)));
    const nodes = servers.map(({ port }) => `127.0.0.1:${port}`);
    const words = ["--cluster", "create", ...nodes, "--cluster-replicas", String(replicas), "--cluster-yes"];
    const made = spawnSync("redis-cli", words, { encoding: "utf8", timeout: 30_000 });
    if (made.status !== 0) throw new Error(`redis-cli --cluster create failed: ${made.stdout}${made.stderr}`);
    const cluster = new RedisCluster(servers);
    await waitFor("a cluster that is whole", async () => {
      for (const server of servers) {
        if (!String(await server.ask("CLUSTER", "INFO")).includes("cluster_state:ok")) return false;
        // A replica that has not been fed yet can't take over.
        if (replicas === 1 && (await cluster.primaries()).length === 3 && !(await isFed(server))) return false;
      }
      return true;
    });
    return cluster;
  }

  get urls(): string[] {
    return this.servers.map(({ url }) => url);
  }

  /** Those that are running and have slots; `away` is one that isn't asked. */
  async primaries(away: RedisServer | null = null): Promise<RedisServer[]> {
    const found: RedisServer[] = [];
    for (const server of this.servers) {
      if (!server.isRunning || server === away) continue;
      if (/role:master/.test(String(await server.ask("INFO", "replication")))) found.push(server);
    }
    return found;
  }

  /** Whether all slots are served, without `away`. */
  async isWhole(away: RedisServer): Promise<boolean> {
    if ((await this.primaries(away)).length < 3) return false;
    for (const server of this.servers) {
      if (server === away || !server.isRunning) continue;
      if (!String(await server.ask("CLUSTER", "INFO")).includes("cluster_state:ok")) return false;
    }
    return true;
  }

  async stop(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.stop()));
  }
}

/** A primary, its replica, and three sentinels, two of which have to agree. */
export class RedisSentinels {
  readonly master = "counters";
  readonly sentinels: readonly RedisServer[];
  readonly servers: readonly RedisServer[];

  private constructor(servers: readonly RedisServer[], sentinels: readonly RedisServer[]) {
    this.servers = servers;
    this.sentinels = sentinels;
  }

  static async start(options: RedisOptions = {}, failoverMs = 500): Promise<RedisSentinels> {
    const settings = [...(options.settings ?? []), "repl-diskless-sync-delay 0"];
    const primary = await RedisServer.start({ ...options, settings });
    const replica = await RedisServer.start({ ...options, settings: [...settings, `replicaof 127.0.0.1 ${primary.port}`] });
    await waitFor("a replica that is fed", () => isFed(replica));
    const sentinels: RedisServer[] = [];
    const stage = new RedisSentinels([primary, replica], sentinels);
    for (let i = 0; i < 3; i++) sentinels.push(await RedisServer.startSentinel(stage.master, primary, 2, failoverMs));
    await waitFor("sentinels that know each other and the replica", async () => {
      for (const sentinel of sentinels) {
        const told = String(await sentinel.ask("INFO", "sentinel"));
        if (!/slaves=1,sentinels=3/.test(told)) return false;
      }
      return true;
    });
    return stage;
  }

  get urls(): string[] {
    return this.sentinels.map(({ url }) => url);
  }

  /** Whether all sentinels name the server as the primary. */
  async isNamed(server: RedisServer): Promise<boolean> {
    for (const sentinel of this.sentinels) {
      const address = (await sentinel.ask("SENTINEL", "GET-MASTER-ADDR-BY-NAME", this.master)) as Reply[];
      if (Number(address[1]) !== server.port) return false;
    }
    return true;
  }

  async stop(): Promise<void> {
    await Promise.all([...this.sentinels, ...this.servers].map((server) => server.stop()));
  }
}

/** A certificate for 127.0.0.1 by an authority of its own, made by OpenSSL in `folder`. */
export function makeRedisTls(folder: string): RedisTls {
  mkdirSync(folder, { recursive: true });
  const file = (name: string) => join(folder, name);
  const run = (...words: string[]): string => {
    const { status, stdout, stderr } = spawnSync("openssl", words, { encoding: "utf8" });
    if (status !== 0) throw new Error(`openssl ${words[0]} failed: ${stderr}`);
    return stdout;
  };
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  run("req", "-x509", ...key, "-days", "2", "-subj", "/CN=authority", "-keyout", file("ca.key"), "-out", file("ca.pem"));
  run("req", ...key, "-subj", "/CN=redis", "-keyout", file("redis.key"), "-out", file("redis.csr"));
  writeFileSync(file("redis.ext"), "subjectAltName=IP:127.0.0.1\n");
  const signing = ["-CA", file("ca.pem"), "-CAkey", file("ca.key"), "-CAcreateserial", "-days", "2", "-extfile", file("redis.ext")];
  run("x509", "-req", "-in", file("redis.csr"), ...signing, "-out", file("redis.pem"));
  const ca = run("x509", "-in", file("ca.pem"));
  return { certificateFile: file("redis.pem"), keyFile: file("redis.key"), ca, caFile: file("ca.pem") };
}

export async function waitFor(what: string, isSo: () => Promise<boolean> | boolean, mostMs = START_MS): Promise<void> {
  const endMs = performance.now() + mostMs;
  while (!(await isSo())) {
    if (performance.now() > endMs) throw new Error(`there was never ${what}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** Whether it is a primary, or a replica that has all that its primary has. */
async function isFed(server: RedisServer): Promise<boolean> {
  const told = String(await server.ask("INFO", "replication"));
  return /role:master/.test(told) || /master_link_status:up/.test(told);
}

async function findFreePort(below = 65_536): Promise<number> {
  for (;;) {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, "close");
    // The nodes of a cluster speak with each other at their port and 10,000.
    if (port < below) return port;
  }
}

function encode(words: readonly (string | number)[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(String(word))}\r\n${word}\r\n`).join("")}`;
}

/** Null: not all of it is there. Throws what the server refuses. */
function decodeAll(bytes: Buffer, count: number): Reply[] | null {
  let at = 0;
  const line = (): string | null => {
    const end = bytes.indexOf("\r\n", at);
    if (end < 0) return null;
    const text = bytes.toString("utf8", at, end);
    at = end + 2;
    return text;
  };
  const next = (): Reply | undefined => {
    const head = line();
    if (head === null) return undefined;
    const [kind, rest] = [head[0], head.slice(1)];
    if (kind === ":") return Number(rest);
    if (kind === "+") return rest;
    if (kind === "-") throw new Error(rest);
    const length = Number(rest);
    if (length < 0) return null;
    if (kind === "$") {
      if (bytes.length < at + length + 2) return undefined;
      const text = bytes.toString("utf8", at, at + length);
      at += length + 2;
      return text;
    }
    const items: Reply[] = [];
    for (let i = 0; i < length; i++) {
      const item = next();
      if (item === undefined) return undefined;
      items.push(item);
    }
    return items;
  };
  const replies: Reply[] = [];
  for (let i = 0; i < count; i++) {
    const reply = next();
    if (reply === undefined) return null;
    replies.push(reply);
  }
  return replies;
}
