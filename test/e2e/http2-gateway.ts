// A gateway process that speaks both versions of HTTP on both sides, plain and over TLS, with what tests ask of it from outside: ports,
// metrics, CPU time; and the services of theirs that need a runtime of their own.

import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { listRuntimes } from "../../bin/runtime.mjs";
import { forge } from "../../src/tls/testdata/certificate-forge.ts";
import { type GatewayProcess, type Stage, waitFor } from "./processes.ts";

const START_MS = 20_000;
/** Of the kernel's clock in /proc, a second. */
const TICKS = 100;

/** A self-signed certificate for localhost and gateway.test, as files that gateway, services and clients share. */
export interface Pair {
  readonly cert: string;
  readonly key: string;
  readonly certPem: string;
}

export function writePair(stage: Stage, name = "pair"): Pair {
  const { cert, key } = forge({
    extensions: "basicConstraints=critical,CA:TRUE\nsubjectAltName=DNS:localhost,DNS:gateway.test,IP:127.0.0.1\n",
  });
  const files = { cert: join(stage.folder, `${name}.pem`), key: join(stage.folder, `${name}.key`), certPem: cert };
  writeFileSync(files.cert, cert);
  writeFileSync(files.key, key);
  return files;
}

export interface UpstreamSide {
  readonly url: string;
  readonly protocol: "h2" | "http/1.1";
  /** More words of the upstream, such as `pool: { connections: 2 }`. */
  readonly more?: string;
}

export interface Http2GatewayOptions {
  readonly pair: Pair;
  readonly upstreams: Readonly<Record<string, UpstreamSide>>;
  /** Lines below `routes:`; absent: each upstream is reached below `/NAME/`, which is taken off. */
  readonly routes?: readonly string[];
  readonly bounds?: string;
  /** Of the listener without TLS; both unless said. */
  readonly plainProtocols?: string;
  readonly workers?: number;
  /** True: one JSON line a request on stdout. */
  readonly accessLog?: boolean;
}

export class Http2Gateway {
  readonly process: GatewayProcess;
  /** Both listeners speak h2 and http/1.1: `plain` by prior knowledge, `tls` by ALPN. */
  plainPort = 0;
  tlsPort = 0;
  adminUrl = "";

  constructor(process: GatewayProcess) {
    this.process = process;
  }

  static async start(stage: Stage, options: Http2GatewayOptions): Promise<Http2Gateway> {
    const gateway = new Http2Gateway(stage.launchGateway(stage.writeConfig(http2Yaml(options))));
    await gateway.#listens();
    return gateway;
  }

  async #listens(): Promise<void> {
    const portOf = (name: string): number =>
      Number(new RegExp(`listening on https?:\\S+:(\\d+) \\(listener ${name}\\)`).exec(this.process.err)?.[1] ?? 0);
    const isUp = (): boolean => portOf("plain") > 0 && portOf("tls") > 0 && /admin on /.test(this.process.err);
    await waitFor(() => isUp() || !this.process.isAlive, START_MS, "the gateway listens").catch(() => {});
    if (!isUp()) throw new Error(`the gateway did not start: ${this.process.err}`);
    this.plainPort = portOf("plain");
    this.tlsPort = portOf("tls");
    this.process.port = this.plainPort;
    this.adminUrl = /admin on (http:\/\/\S+)/.exec(this.process.err)?.[1] ?? "";
  }

  /** All samples of the metrics whose name begins with `prefix`, by name and labels. */
  async metrics(prefix: string): Promise<Map<string, number>> {
    const text = await (await fetch(`${this.adminUrl}/metrics`)).text();
    const samples = new Map<string, number>();
    for (const line of text.split("\n")) {
      const space = line.lastIndexOf(" ");
      if (line.startsWith(prefix)) samples.set(line.slice(0, space), Number(line.slice(space + 1)));
    }
    return samples;
  }

  /** The sum of the samples of `name` whose labels hold each of `labels`. */
  async count(name: string, ...labels: readonly string[]): Promise<number> {
    let sum = 0;
    for (const [sample, value] of await this.metrics(name)) if (labels.every((label) => sample.includes(label))) sum += value;
    return sum;
  }

  /** CPU time that the workers have spent so far. */
  get cpuMs(): number {
    return this.process.workerPids.reduce((sum, pid) => sum + readCpuMs(pid), 0);
  }
}

function readCpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS;
}

export function http2Yaml({ pair, upstreams, routes, bounds, plainProtocols, workers, accessLog }: Http2GatewayOptions): string {
  const names = Object.keys(upstreams);
  const listener = (protocols: string): string => `protocols: [${protocols}], bounds: { ${bounds ?? "body: off"} }`;
  const upstreamLines = Object.entries(upstreams).map(([name, { url, protocol, more }]) => {
    const tls = url.startsWith("https:") ? `, tls: { ca: ${pair.cert}, serverName: localhost }` : "";
    return `  ${name}: { endpoints: ["${url}"], protocol: ${protocol}${tls}${more === undefined ? "" : `, ${more}`} }`;
  });
  const perName = names.map(
    (name) => `  - { name: ${name}, match: { path: /${name}/* }, public: true, upstream: ${name}, rewrite: { stripPrefix: /${name} } }`,
  );
  return `version: 1
gateway: { name: e2e, workers: ${workers ?? 1}, watch: false }
admin: { address: "127.0.0.1:0" }
listeners:
  - { name: plain, address: "127.0.0.1:0", ${listener(plainProtocols ?? "h2, http/1.1")} }
  - { name: tls, address: "127.0.0.1:0", ${listener("h2, http/1.1")}, tls: { certificates: [{ cert: ${pair.cert}, key: ${pair.key} }] } }
upstreams:
${upstreamLines.join("\n")}
routes:
${(routes ?? perName).join("\n")}
${accessLog === true ? "" : "telemetry: { accessLog: off }\n"}`;
}

export interface ServiceProcess {
  readonly port: string;
  stop(): Promise<void>;
}

/** Starts a script of this folder on Node, whatever runtime the test runs on; it prints its port and ends with its stdin. */
export async function startOnNode(stage: Stage, script: string, ...args: readonly string[]): Promise<ServiceProcess> {
  const node = listRuntimes().node;
  if (node === null) throw new Error(`there is no Node for ${script}`);
  const file = fileURLToPath(new URL(script, import.meta.url));
  const child = spawn(node, ["--disable-warning=ExperimentalWarning", file, ...args], { stdio: ["pipe", "pipe", "inherit"] });
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const stop = (): Promise<void> => {
    child.kill("SIGKILL");
    return ended;
  };
  stage.onStop(stop);
  const port = await new Promise<string>((resolve, reject) => {
    child.stdout.setEncoding("utf8").once("data", (text: string) => resolve(text.trim()));
    child.once("close", () => reject(new Error(`${script} did not start`)));
  });
  return { port, stop };
}
