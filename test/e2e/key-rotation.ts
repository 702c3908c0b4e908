// The drill of an issuer's keys under load: valid tokens all the time, while keys rotate, strangers flood with key ids that nobody has, and
// the place where keys are published goes away. What is measured: valid requests that were refused, and how often the keys were fetched.

import { randomUUID } from "node:crypto";
import { Agent, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { createIssuerKey, type IssuerKey, type TokenIssuer } from "../kit/token-issuer.ts";

export interface DrillPlan {
  readonly gatewayPort: number;
  readonly issuer: TokenIssuer;
  readonly rotations: number;
  /** Between a key's publication and its first signature: more than the least time between two fetches. */
  readonly announceMs: number;
  readonly downMs: number;
  /** Key ids that nobody has, over the whole drill. */
  readonly strangeKeys: number;
}

export interface DrillReport {
  readonly valid: number;
  /** Answers to valid tokens other than 200, by status, with how often. */
  readonly refused: Readonly<Record<string, number>>;
  readonly strange: number;
  /** Answers to the flood, by status. */
  readonly toStrange: Readonly<Record<string, number>>;
  /** Between two fetches of the keys that went well, the shortest time. */
  readonly shortestPauseMs: number;
  readonly fetches: number;
}

const CLIENTS = 8;

export async function drillRotation(plan: DrillPlan): Promise<DrillReport> {
  const { issuer, rotations, announceMs, downMs, strangeKeys } = plan;
  const valid = new Load(plan.gatewayPort, "127.0.0.1", () => issuer.token());
  const durationMs = rotations * (announceMs + 1000) + downMs;
  const stranger = createIssuerKey();
  const strange = new Load(
    plan.gatewayPort,
    "127.0.0.2",
    () => strangeToken(issuer, stranger),
    // Its answers take their time as well.
    Math.floor((0.7 * durationMs * CLIENTS) / strangeKeys),
    strangeKeys,
  );
  for (let round = 0; round < rotations; round++) {
    issuer.announce();
    await sleep(announceMs);
    issuer.switch();
    await sleep(1000);
  }
  await issuer.stop();
  await sleep(downMs);
  await issuer.start();
  await strange.finish();
  await valid.stop();
  const times = issuer.fetchedAtMs;
  return {
    valid: valid.sent,
    refused: valid.answersBut(200),
    strange: strange.sent,
    toStrange: strange.answersBut(0),
    shortestPauseMs: Math.min(...times.slice(1).map((time, index) => time - times[index]!)),
    fetches: times.length,
  };
}

function strangeToken(issuer: TokenIssuer, key: IssuerKey): string {
  return issuer.token({}, { key, kid: randomUUID() });
}

/** Clients that ask one after the other until they are told to stop, or have asked often enough. */
class Load {
  sent = 0;
  readonly #statuses = new Map<number, number>();
  readonly #agent: Agent;
  readonly #clients: Promise<void>[];
  #isStopped = false;

  constructor(port: number, from: string, token: () => string, pauseMs = 5, most = Number.POSITIVE_INFINITY) {
    this.#agent = new Agent({ keepAlive: true, localAddress: from, maxSockets: CLIENTS } as object);
    this.#clients = Array.from({ length: CLIENTS }, () => this.#run(port, token, pauseMs, most));
  }

  async #run(port: number, token: () => string, pauseMs: number, most: number): Promise<void> {
    while (!this.#isStopped && this.sent < most) {
      this.sent++;
      const status = await this.#ask(port, token());
      this.#statuses.set(status, (this.#statuses.get(status) ?? 0) + 1);
      await sleep(pauseMs);
    }
  }

  #ask(port: number, token: string): Promise<number> {
    return new Promise((resolve) => {
      const asked = request({ port, host: "127.0.0.1", agent: this.#agent, path: "/", headers: { Authorization: `Bearer ${token}` } });
      asked.on("response", (response) => {
        response.resume();
        response.once("end", () => resolve(response.statusCode ?? 0));
      });
      asked.once("error", () => resolve(0));
      asked.end();
    });
  }

  stop(): Promise<void> {
    this.#isStopped = true;
    return this.finish();
  }

  /** Waits until it has asked as often as it should. */
  async finish(): Promise<void> {
    await Promise.all(this.#clients);
    this.#agent.destroy();
  }

  answersBut(status: number): Record<string, number> {
    return Object.fromEntries([...this.#statuses].filter(([each]) => each !== status).map(([each, count]) => [String(each), count]));
  }
}
