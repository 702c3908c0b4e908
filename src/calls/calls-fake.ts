// Calls without a network, for tests of whoever makes them: scripted answers by URL, counted, and held back until the test lets them go.

import { type Call, type CallAnswer, CallFailure, type Calls } from "./call.ts";

export type FakeReply = CallAnswer | CallFailure | ((call: Call) => CallAnswer | CallFailure);

export class FakeCalls implements Calls {
  /** Every call, in its order. */
  readonly made: Call[] = [];
  isClosed = false;
  readonly #replies = new Map<string, FakeReply>();
  /** By URL: what resolves when the test lets the calls go. */
  readonly #gates = new Map<string, ReturnType<typeof Promise.withResolvers<void>>>();

  /** What calls of this very URL get from now on. Without one nothing answers. */
  reply(url: string, reply: FakeReply): void {
    this.#replies.set(url, reply);
  }

  /** The same, with 200 and a JSON body. */
  replyJson(url: string, value: unknown, status = 200): void {
    this.reply(url, jsonAnswer(value, status));
  }

  /** From now on nobody is there. */
  refuse(url: string): void {
    this.#replies.delete(url);
  }

  /** Calls of this URL wait until release(); what they get is decided then. */
  hold(url: string): void {
    if (!this.#gates.has(url)) this.#gates.set(url, Promise.withResolvers<void>());
  }

  /** Answers those that wait, and those that come. */
  release(url: string): void {
    this.#gates.get(url)?.resolve();
    this.#gates.delete(url);
  }

  count(url: string): number {
    return this.made.filter((call) => call.url === url).length;
  }

  async call(call: Call): Promise<CallAnswer> {
    this.made.push(call);
    await this.#gates.get(call.url)?.promise;
    const reply = this.#replies.get(call.url) ?? new CallFailure("connect", `nothing answers at ${call.url}`);
    const result = typeof reply === "function" ? reply(call) : reply;
    if (result instanceof CallFailure) throw result;
    return result;
  }

  close(): void {
    this.isClosed = true;
  }
}

export function jsonAnswer(value: unknown, status = 200): CallAnswer {
  return textAnswer(JSON.stringify(value), status, "application/json");
}

export function textAnswer(text: string, status = 200, type = "text/plain"): CallAnswer {
  return { status, headers: { "content-type": type }, body: new TextEncoder().encode(text) };
}
