// What identities ask of other services (key sets, introspection, logins, policies) in a test: answered by the test, by URL. No socket.

import { Buffer } from "node:buffer";
import { type Call, type CallAnswer, CallFailure, type Calls } from "../calls/index.ts";
import type { Wiring } from "./wiring.ts";

// Kept from before a test runner puts its own timers in their place.
const { setImmediate } = globalThis;

/** A call as the service sees it. */
export interface ServiceCall {
  readonly method: string;
  readonly url: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** `json` and `body` are two ways to say the same; without either the body is empty. */
export interface ServiceReply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly json?: unknown;
}

/** `down`: nobody listens there. */
export type ServiceHandler = ServiceReply | "down" | ((call: ServiceCall) => ServiceReply | "down" | Promise<ServiceReply | "down">);

export class FakeServices implements Calls {
  readonly #wiring: Wiring;
  readonly #handlers: Readonly<Record<string, ServiceHandler>>;
  /** What was asked so far, in order. */
  readonly calls: ServiceCall[] = [];

  constructor(wiring: Wiring, handlers: Readonly<Record<string, ServiceHandler>>) {
    this.#wiring = wiring;
    this.#handlers = handlers;
  }

  call(call: Call): Promise<CallAnswer> {
    const answer = this.#answer(call);
    // What is done with the answer is done before the test goes on.
    const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
    this.#wiring.track(answer.then(turn, turn));
    return answer;
  }

  close(): void {}

  async #answer({ method, url, headers, body }: Call): Promise<CallAnswer> {
    const lower = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
    const seen: ServiceCall = { method, url, headers: lower, body: body ?? "" };
    this.calls.push(seen);
    const handler = this.#handlers[url] ?? this.#handlers[url.split("?")[0] ?? ""];
    const reply = typeof handler === "function" ? await handler(seen) : handler;
    if (reply === undefined) throw new CallFailure("connect", `no service is played at ${url}`);
    if (reply === "down") throw new CallFailure("connect", `${url} can't be reached`);
    const text = reply.body ?? (reply.json === undefined ? "" : JSON.stringify(reply.json));
    const type = reply.json === undefined ? {} : { "content-type": "application/json" };
    return { status: reply.status ?? 200, headers: { ...type, ...reply.headers }, body: Buffer.from(text) };
  }
}
