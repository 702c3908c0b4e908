// One slice of load in which every request has a full handshake of its own. wrk can't do it: it resumes its sessions, whatever it is told.
// ab and `openssl s_time` can, but a handshake costs OpenSSL's client more than twice what it costs BoringSSL's, and more than the contestant.
// Also the program that Bun is started with. Prints the line that wrk-summary.lua prints.
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { findRuntime } from "./contestants/runtimes.ts";
import { wholeSize } from "./probe.ts";
import { TLS_NAME } from "./tls-files.ts";
import { type Load, type LoadResult, parseSummary, refuseReason } from "./wrk.ts";

const SCRIPT = new URL(import.meta.url).pathname;
// One that all contestants have: left to themselves the newer libraries agree on a post-quantum exchange, which costs more.
const GROUP = "X25519";

/** As runLoad of wrk.ts, over a new connection and a full TLS 1.3 handshake for each request; the certificate is verified against `ca`. */
export async function runHandshakes(ca: string, core: number, load: Load): Promise<LoadResult> {
  const bun = findRuntime("bun");
  if (bun instanceof Error) throw bun;
  const args = ["-c", `${core}`, bun, SCRIPT, load.url, `${load.connections}`, `${load.seconds}`, ca, ...load.headers];
  const { stdout } = await promisify(execFile)("taskset", args);
  const result = parseSummary(stdout);
  if (result === null) throw new Error(`the handshakes gave no summary: ${stdout}`);
  const reason = refuseReason(result, load.responseBytes);
  if (reason !== null) throw new Error(`${load.url}: ${reason}`);
  return result;
}

/** What this program uses of Bun's sockets. */
interface ClientSocket {
  write(data: string): number;
  end(): void;
  getTLSVersion(): string;
  isSessionReused(): boolean;
}

interface BunConnect {
  connect(options: {
    hostname: string;
    port: number;
    tls: { ca: string; serverName: string; ecdhCurve: string };
    socket: {
      open(socket: ClientSocket): void;
      handshake(socket: ClientSocket, ok: boolean, error: Error | null): void;
      data(socket: ClientSocket, chunk: Uint8Array): void;
      close(socket: ClientSocket): void;
      connectError(): void;
    };
  }): Promise<unknown>;
}

/** A place in which one connection follows the other until the time is up. */
class Lane {
  readonly #run: Run;
  #chunks: Buffer[] = [];
  #isWhole = false;
  #begun = 0;

  constructor(run: Run) {
    this.#run = run;
    this.#next();
  }

  #next(): void {
    const { bun, port, ca } = this.#run;
    this.#chunks = [];
    this.#isWhole = false;
    this.#begun = performance.now();
    const handlers = {
      open: () => {},
      handshake: (socket: ClientSocket, ok: boolean, error: Error | null) => this.#shaken(socket, ok ? error : (error ?? new Error("no"))),
      data: (socket: ClientSocket, chunk: Uint8Array) => this.#take(socket, chunk),
      close: () => this.#ended(),
      connectError: () => this.#ended(),
    };
    // Rejects with what connectError has told.
    bun.connect({ hostname: "127.0.0.1", port, tls: { ca, serverName: TLS_NAME, ecdhCurve: GROUP }, socket: handlers }).catch(() => {});
  }

  #shaken(socket: ClientSocket, error: Error | null): void {
    if (error !== null || socket.getTLSVersion() !== "TLSv1.3" || socket.isSessionReused()) {
      this.#run.problem ??= error?.message ?? `${socket.getTLSVersion()}, resumed: ${socket.isSessionReused()}`;
      socket.end();
    } else socket.write(this.#run.head);
  }

  #take(socket: ClientSocket, chunk: Uint8Array): void {
    this.#chunks.push(Buffer.from(chunk));
    const received = Buffer.concat(this.#chunks);
    const size = wholeSize(received);
    if (size === null || received.length < size) return;
    this.#isWhole = received.length === size && received.toString("latin1", 0, 13) === "HTTP/1.1 200 ";
    if (this.#isWhole) this.#run.count(size, performance.now() - this.#begun);
    socket.end();
  }

  #ended(): void {
    if (!this.#isWhole) this.#run.errors++;
    if (this.#run.isOver) this.#run.laneEnded();
    else this.#next();
  }
}

class Run {
  readonly bun: BunConnect;
  readonly port: number;
  readonly head: string;
  readonly ca: string;
  readonly #until: number;
  readonly #begun = performance.now();
  readonly #latenciesUs: number[] = [];
  #bytes = 0;
  #lanes: number;
  errors = 0;
  problem: string | null = null;

  constructor(bun: BunConnect, url: URL, lanes: number, seconds: number, caFile: string, headers: readonly string[]) {
    this.bun = bun;
    this.port = Number(url.port);
    this.head = `GET ${url.pathname} HTTP/1.1\r\nHost: ${url.host}\r\n${headers.map((header) => `${header}\r\n`).join("")}\r\n`;
    this.ca = readFileSync(caFile, "utf8");
    this.#until = this.#begun + seconds * 1e3;
    this.#lanes = lanes;
    for (let i = 0; i < lanes; i++) new Lane(this);
  }

  get isOver(): boolean {
    return performance.now() >= this.#until;
  }

  count(bytes: number, ms: number): void {
    this.#bytes += bytes;
    this.#latenciesUs.push(Math.round(ms * 1e3));
  }

  laneEnded(): void {
    if (--this.#lanes > 0) return;
    const sorted = this.#latenciesUs.toSorted((a, b) => a - b);
    const at = (share: number): number => sorted[Math.floor(sorted.length * share)] ?? 0;
    const us = Math.round((performance.now() - this.#begun) * 1e3);
    if (this.problem !== null) process.stdout.write(`${this.problem}\n`);
    process.stdout.write(`SUMMARY ${us} ${sorted.length} ${this.#bytes} 0 ${this.errors} 0 0 0 ${at(0.5)} ${at(0.99)}\n`);
  }
}

if (import.meta.main) {
  const { Bun: bun } = globalThis as { Bun?: BunConnect };
  if (bun === undefined) throw new Error("bench/handshakes.ts runs on Bun");
  const [url = "", lanes = "", seconds = "", caFile = "", ...headers] = process.argv.slice(2);
  new Run(bun, new URL(url), Number(lanes), Number(seconds), caFile, headers);
}
