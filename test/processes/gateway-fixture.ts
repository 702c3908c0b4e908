// A gateway with several workers and an admin address, as tests and soaks run it: its configuration in revisions that answers tell,
// each way to have it taken up, and what it says of itself.

import assert from "node:assert/strict";
import { renameSync, writeFileSync } from "node:fs";
import type { GatewayStatus, ReloadOutcome } from "../../src/control/index.ts";
import { type GatewayProcess, type Stage, waitFor } from "../e2e/processes.ts";

export interface FixtureOptions {
  readonly upstream: string;
  readonly workers?: number;
  readonly drain?: string;
  /** More words of the listener, such as `reusePort: true`. */
  readonly listener?: string;
  readonly port?: number;
  /** A second listener, which changes of it open and close. */
  readonly hasSecond?: boolean;
  /** Of all requests together, as a limit says it: `concurrency: { limit: 2 }`. */
  readonly limit?: string;
  /** So many more routes than the one that is asked. */
  readonly routes?: number;
  readonly env?: Readonly<Record<string, string>>;
}

export type Way = "in place" | "rename" | "SIGHUP" | "POST /reload";
export const WAYS: readonly Way[] = ["in place", "rename", "SIGHUP", "POST /reload"];

/** As long as a machine that others keep busy may take. */
const TAKE_MS = 60_000;

/** Every third revision has other settings for its upstream too, so that its pools are replaced. */
export function fixtureYaml(revision: number, options: FixtureOptions, isValid = true): string {
  const more = Array.from(
    { length: options.routes ?? 0 },
    (_, index) => `  - { name: r${index}, match: { path: /r${index}/* }, public: true, upstream: only }`,
  );
  return `version: 1
gateway: { name: fixture, workers: ${options.workers ?? 2}, drain: ${options.drain ?? "9s"} }
admin: { address: "127.0.0.1:0" }
listeners:
  - { name: main, address: "127.0.0.1:${options.port ?? 0}"${options.listener === undefined ? "" : `, ${options.listener}`} }
${options.hasSecond === true ? '  - { name: second, address: "127.0.0.1:0" }\n' : ""}upstreams:
  only: { endpoints: ["${options.upstream}"], timeouts: { connect: ${2000 + Math.floor(revision / 3)}ms } }
${options.limit === undefined ? "" : `rateLimits: { all: { key: global, ${options.limit} } }\n`}routes:
  - { name: all, match: { path: /* }, public: true, upstream: ${isValid ? "only" : "nowhere"},${options.limit === undefined ? "" : " rateLimits: [all],"} headers: { response: { set: { X-Revision: "${revision}" } } } }
${more.join("\n")}
telemetry: { accessLog: off }
`;
}

export class GatewayFixture {
  options: FixtureOptions;
  readonly file: string;
  readonly process: GatewayProcess;
  adminUrl = "";
  revision = 1;

  constructor(file: string, process: GatewayProcess, options: FixtureOptions) {
    this.file = file;
    this.process = process;
    this.options = options;
  }

  static async start(stage: Stage, options: FixtureOptions): Promise<GatewayFixture> {
    const file = stage.writeConfig(fixtureYaml(1, options));
    const fixture = new GatewayFixture(file, stage.launchGateway(file, options.env), options);
    await fixture.#listens();
    return fixture;
  }

  async #listens(): Promise<void> {
    const { process } = this;
    await waitFor(() => !process.isAlive || /admin on/.test(process.err), TAKE_MS, "the gateway listens");
    const [, port] = /listening on https?:\/\/127\.0\.0\.1:(\d+)/.exec(process.err) ?? [];
    const [, admin] = /admin on (http:\/\/\S+)/.exec(process.err) ?? [];
    assert.ok(port !== undefined && admin !== undefined, process.err);
    process.port = Number(port);
    this.adminUrl = admin;
  }

  get port(): number {
    return this.process.port;
  }

  async status(): Promise<GatewayStatus> {
    return (await this.#ask("/status")) as GatewayStatus;
  }

  async metrics(): Promise<string> {
    return (await fetch(`${this.adminUrl}/metrics`)).text();
  }

  async workerPids(): Promise<number[]> {
    return (await this.status()).workers.filter(({ state }) => state === "serving").map(({ pid }) => pid);
  }

  postReload(): Promise<ReloadOutcome> {
    return this.#ask("/reload", "POST") as Promise<ReloadOutcome>;
  }

  /** Back to the revision before, or forward again. */
  async rollback(): Promise<void> {
    const outcome = (await this.#ask("/rollback", "POST")) as ReloadOutcome;
    assert.equal(outcome.outcome, "applied", JSON.stringify(outcome));
  }

  signal(signal: NodeJS.Signals): void {
    this.process.child.kill(signal);
  }

  /** Takes up the next revision, with other options too; resolves when every worker serves it. */
  async advance(way: Way, change: Partial<FixtureOptions> = {}): Promise<number> {
    this.options = { ...this.options, ...change };
    const { generation } = await this.status();
    this.revision++;
    await this.#write(fixtureYaml(this.revision, this.options), way);
    await waitFor(async () => (await this.status()).generation !== generation, TAKE_MS, `revision ${this.revision} by ${way}`);
    return this.revision;
  }

  /** Offers a revision that is wrong; resolves when it was refused, to what was said of it. */
  async offend(way: Way): Promise<string> {
    const { generation, lastReload } = await this.status();
    const from = this.process.err.length;
    await this.#write(fixtureYaml(this.revision + 1, this.options, false), way);
    await waitFor(
      async () => {
        const status = await this.status();
        assert.equal(status.generation, generation, "an invalid configuration is served");
        return status.lastReload?.outcome === "refused" && status.lastReload.at !== lastReload?.at;
      },
      TAKE_MS,
      `the refusal by ${way}`,
    );
    return this.process.err.slice(from);
  }

  async #write(text: string, way: Way): Promise<void> {
    if (way === "rename") {
      writeFileSync(`${this.file}.new`, text);
      renameSync(`${this.file}.new`, this.file);
    } else {
      writeFileSync(this.file, text);
    }
    if (way === "SIGHUP") this.signal("SIGHUP");
    else if (way === "POST /reload") await this.postReload();
  }

  async #ask(path: string, method = "GET"): Promise<unknown> {
    const response = await fetch(`${this.adminUrl}${path}`, { method });
    return response.json();
  }
}
