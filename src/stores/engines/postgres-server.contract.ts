// A PostgreSQL server of a test's own: made in a folder that goes with it, on a unix socket and a loopback port. PostgreSQL refuses to run
// as root, so root hands it to another user of the system.

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Secret } from "../../base/index.ts";
import type { StoreDatabase } from "../open-stores.ts";

const ROOT_OF_VERSIONS = "/usr/lib/postgresql";
const START_MS = 30_000;

function findPrograms(): string | null {
  const versions = existsSync(ROOT_OF_VERSIONS) ? readdirSync(ROOT_OF_VERSIONS) : [];
  const folders = versions.sort((a, b) => Number(b) - Number(a)).map((version) => join(ROOT_OF_VERSIONS, version, "bin"));
  return folders.find((folder) => existsSync(join(folder, "initdb"))) ?? null;
}

/** Null: whoever runs the test may run the server, too. */
function findUser(): { readonly uid: number; readonly gid: number } | null {
  if (process.getuid?.() !== 0) return null;
  const number = (flag: string, name: string) => Number(spawnSync("id", [flag, name], { encoding: "utf8" }).stdout.trim() || Number.NaN);
  for (const name of ["postgres", "nobody"]) {
    const user = { uid: number("-u", name), gid: number("-g", name) };
    if (Number.isInteger(user.uid) && Number.isInteger(user.gid)) return user;
  }
  return null;
}

/** False: nothing is missing here. */
export function whyNoPostgres(): string | false {
  if (findPrograms() === null) return "needs PostgreSQL's server (Debian: postgresql)";
  return process.getuid?.() === 0 && findUser() === null ? "needs a user other than root to run PostgreSQL as" : false;
}

export class PostgresServer {
  readonly folder = mkdtempSync(join(tmpdir(), "sallyport-pg-"));
  readonly password: string;
  readonly #programs = findPrograms()!;
  readonly #user = findUser();
  #port = 0;
  #process: ChildProcess | null = null;

  private constructor(password: string) {
    this.password = password;
  }

  static async start(password: string): Promise<PostgresServer> {
    const server = new PostgresServer(password);
    const { folder } = server;
    if (server.#user !== null) chownSync(folder, server.#user.uid, server.#user.gid);
    chmodSync(folder, 0o700);
    const passwordFile = join(folder, "password");
    writeFileSync(passwordFile, password, { mode: 0o644 });
    server.#run("initdb", [
      "-D",
      server.#data,
      "-U",
      "gateway",
      "-A",
      "scram-sha-256",
      `--pwfile=${passwordFile}`,
      "-E",
      "UTF8",
      "--no-sync",
    ]);
    rmSync(passwordFile);
    server.#port = await findFreePort();
    await server.restart();
    return server;
  }

  get #data(): string {
    return join(this.folder, "data");
  }

  get port(): number {
    return this.#port;
  }

  get database(): StoreDatabase {
    return this.databaseWith(this.password);
  }

  databaseWith(password: string, parameters = ""): StoreDatabase {
    const url = `postgres://gateway:${encodeURIComponent(password)}@127.0.0.1:${this.#port}/postgres${parameters}`;
    return { kind: "postgres", url: new Secret(url), ca: null };
  }

  get databaseOnSocket(): StoreDatabase {
    const url = `postgres://gateway:${encodeURIComponent(this.password)}@/postgres?host=${encodeURIComponent(this.folder)}&port=${this.#port}`;
    return { kind: "postgres", url: new Secret(url), ca: null };
  }

  /** Starts it again, as it is after `kill`. `settings` are of postgresql.conf. */
  async restart(settings: Readonly<Record<string, string>> = {}): Promise<void> {
    const all = {
      port: String(this.#port),
      listen_addresses: "127.0.0.1",
      unix_socket_directories: this.folder,
      fsync: "off",
      ...settings,
    };
    const flags = Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
    const child = spawn(join(this.#programs, "postgres"), ["-D", this.#data, ...flags], {
      stdio: ["ignore", "ignore", "pipe"],
      cwd: this.folder,
      ...this.#user,
    });
    this.#process = child;
    await new Promise<void>((resolve, reject) => {
      let said = "";
      const late = setTimeout(() => reject(new Error(`PostgreSQL doesn't start: ${said}`)), START_MS);
      child.stderr!.setEncoding("utf8").on("data", (text: string) => {
        said += text;
        if (!said.includes("ready to accept connections")) return;
        clearTimeout(late);
        resolve();
      });
      child.once("exit", () => {
        clearTimeout(late);
        reject(new Error(`PostgreSQL ended: ${said}`));
      });
    });
  }

  /** As a crash does: connections are reset, nothing is said. */
  async kill(): Promise<void> {
    await this.#end("SIGQUIT");
  }

  /** Neither ends nor answers. */
  pause(): void {
    this.#signalAll("SIGSTOP");
  }

  resume(): void {
    this.#signalAll("SIGCONT");
  }

  async stop(): Promise<void> {
    await this.#end("SIGQUIT");
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** A folder of the server's own that it may read. */
  place(name: string, text: string): string {
    const file = join(this.folder, name);
    writeFileSync(file, text, { mode: 0o600 });
    if (this.#user !== null) chownSync(file, this.#user.uid, this.#user.gid);
    return file;
  }

  #signalAll(signal: NodeJS.Signals): void {
    const { pid } = this.#process!;
    const children = spawnSync("ps", ["-o", "pid=", "--ppid", String(pid)], { encoding: "utf8" }).stdout;
    for (const each of [pid!, ...children.split("\n").map(Number)]) {
      if (each > 0) process.kill(each, signal);
    }
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#process;
    this.#process = null;
    if (child === null || child.exitCode !== null) return;
    const ended = once(child, "exit");
    child.kill(signal);
    await ended;
  }

  #run(program: string, words: readonly string[]): void {
    const { status, stderr } = spawnSync(join(this.#programs, program), words, { encoding: "utf8", cwd: this.folder, ...this.#user });
    if (status !== 0) throw new Error(`${program} failed: ${stderr}`);
  }
}

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
