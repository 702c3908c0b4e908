// Several gateways, processes each, that share their counters, and clients that ask all of them.

import { Agent, request } from "node:http";
import type { GatewayProcess, Stage } from "./processes.ts";
import { sleep } from "./processes.ts";

export interface LimitedGatewaysPlan {
  readonly gateways: number;
  readonly workers?: number;
  /** In the words of the configuration: `redis: { url: "redis://…" }`. */
  readonly counters: string;
  /** Below `rateLimits:`, a limit a line; each NAME is enforced at `/NAME`. */
  readonly limits: Readonly<Record<string, string>>;
  /** Further sections, from the first column on. */
  readonly more?: string;
}

export async function startLimitedGateways(stage: Stage, plan: LimitedGatewaysPlan): Promise<readonly GatewayProcess[]> {
  const names = Object.keys(plan.limits);
  const text = (index: number) => `version: 1
gateway: { name: limited-${index}, workers: ${plan.workers ?? 1}, watch: false, stateDir: ${stage.folder}/state-${index} }
counters: { ${plan.counters} }
listeners: [{ name: main, address: "127.0.0.1:0" }]
rateLimits:
${names.map((name) => `  ${name}: ${plan.limits[name]}`).join("\n")}
routes:
${names.map((name) => `  - { name: ${name}, match: { path: /${name} }, public: true, rateLimits: [${name}], respond: { status: 200, body: ok } }`).join("\n")}
  - { name: free, match: { path: /free }, public: true, respond: { status: 200, body: ok } }
telemetry: { accessLog: off }
${plan.more ?? ""}`;
  return Promise.all(Array.from({ length: plan.gateways }, (_, index) => stage.startConfigured(text(index))));
}

export interface Answer {
  /** 0: there was none. */
  readonly status: number;
  readonly tookMs: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

/** Asks on kept connections, as many at once as are needed. */
export class Client {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 64 });

  ask(gateway: GatewayProcess, path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    const beganMs = performance.now();
    const { host, port } = gateway;
    return new Promise((resolve) => {
      const fail = () => resolve({ status: 0, tookMs: performance.now() - beganMs, headers: {}, body: "" });
      const asked = request({ host, port, path, headers, agent: this.#agent }, (answer) => {
        let body = "";
        answer.setEncoding("utf8").on("data", (text: string) => {
          body += text;
        });
        answer.once("error", fail);
        answer.once("end", () =>
          resolve({ status: answer.statusCode ?? 0, tookMs: performance.now() - beganMs, headers: answer.headers, body }),
        );
      });
      asked.once("error", fail);
      asked.end();
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}

/** How many there are of each status. */
export function countStatuses(answers: readonly { readonly status: number }[]): Readonly<Record<number, number>> {
  const counts: Record<number, number> = {};
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

/** Sends `perSecond` requests for `forMs`, spread over the gateways; one that is late does not hold up the next. */
export async function offerSteadily(
  client: Client,
  gateways: readonly GatewayProcess[],
  { path, perSecond, forMs }: { readonly path: string; readonly perSecond: number; readonly forMs: number },
): Promise<readonly (Answer & { readonly atMs: number })[]> {
  const beganMs = performance.now();
  const all: Promise<Answer & { atMs: number }>[] = [];
  for (;;) {
    const atMs = performance.now() - beganMs;
    if (atMs >= forMs) break;
    for (; all.length < (atMs / 1000) * perSecond; ) {
      const gateway = gateways[all.length % gateways.length]!;
      all.push(client.ask(gateway, path).then((answer) => ({ ...answer, atMs })));
    }
    await sleep(5);
  }
  return Promise.all(all);
}

/** Waits where a window of this length ends before so much time has passed: what is counted in two windows is another figure. */
export async function haveRoomInWindow(windowMs: number, neededMs: number): Promise<void> {
  const leftMs = windowMs - (Date.now() % windowMs);
  if (leftMs < neededMs) await sleep(leftMs);
}
