// Requests to a gateway all the time, by clients that ask one after the other on kept connections, and what came of each: when it was
// sent, how long it took, its status and the code of a refusal.

import { Agent, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

export interface LoadAnswer {
  /** When it was asked, on the monotonic clock. */
  readonly atMs: number;
  readonly tookMs: number;
  /** 0: there was no answer. */
  readonly status: number;
  /** Of a problem; "" of others; of no answer, why. */
  readonly code: string;
}

export interface RequestLoadPlan {
  readonly port: number;
  readonly path?: string;
  readonly clients?: number;
  /** Between an answer and the next question of a client. */
  readonly pauseMs?: number;
  /** Fresh for each request. */
  readonly headers: () => Readonly<Record<string, string>>;
}

export class RequestLoad {
  readonly answers: LoadAnswer[] = [];
  readonly #plan: Required<RequestLoadPlan>;
  readonly #agent: Agent;
  readonly #clients: readonly Promise<void>[];
  #isStopped = false;

  constructor(plan: RequestLoadPlan) {
    this.#plan = { path: "/", clients: 4, pauseMs: 10, ...plan };
    this.#agent = new Agent({ keepAlive: true, maxSockets: this.#plan.clients });
    this.#clients = Array.from({ length: this.#plan.clients }, () => this.#askAgainAndAgain());
  }

  async stop(): Promise<readonly LoadAnswer[]> {
    this.#isStopped = true;
    await Promise.all(this.#clients);
    this.#agent.destroy();
    return this.answers;
  }

  /** How often there was each status among what was asked in a span of time, as `{ "200": 17, "503 SP_AUTH_UNAVAILABLE": 3 }`. */
  outcomes(fromMs = Number.NEGATIVE_INFINITY, untilMs = Number.POSITIVE_INFINITY): Readonly<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (const { atMs, status, code } of this.answers) {
      if (atMs < fromMs || atMs >= untilMs) continue;
      const name = `${status} ${code}`.trimEnd();
      counts[name] = (counts[name] ?? 0) + 1;
    }
    return counts;
  }

  /** The longest that one of them took. */
  slowestMs(fromMs = Number.NEGATIVE_INFINITY, untilMs = Number.POSITIVE_INFINITY): number {
    return Math.max(0, ...this.answers.filter(({ atMs }) => atMs >= fromMs && atMs < untilMs).map(({ tookMs }) => tookMs));
  }

  async #askAgainAndAgain(): Promise<void> {
    while (!this.#isStopped) {
      this.answers.push(await this.#ask());
      await sleep(this.#plan.pauseMs);
    }
  }

  #ask(): Promise<LoadAnswer> {
    const { port, path, headers } = this.#plan;
    const atMs = performance.now();
    return new Promise((resolve) => {
      const end = (status: number, code: string) => resolve({ atMs, tookMs: performance.now() - atMs, status, code });
      const asked = request({ port, host: "127.0.0.1", agent: this.#agent, path, headers: headers() });
      asked.on("response", (response) => {
        let body = "";
        response.setEncoding("utf8").on("data", (text: string) => {
          body += text;
        });
        response.once("end", () => end(response.statusCode ?? 0, /"code":"(\w+)"/.exec(body)?.[1] ?? ""));
        response.once("error", (error) => end(0, error.message));
      });
      asked.once("error", (error) => end(0, error.message));
      asked.end();
    });
  }
}
