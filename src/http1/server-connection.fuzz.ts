// Requests, pauses, drains and answers in any order: whatever the interleaving, each exchange hears its own body whole and the
// client its answers whole and in order. server-connection.test.ts runs a short dose; run as a program this file goes on for a minute.

import assert from "node:assert/strict";
import fc from "fast-check";
import { ServerStage, SILENT, type StagedExchange } from "./stage/server-stage.ts";

interface Asked {
  readonly body: string;
  /** Bytes a chunk, 0 for a body with a length. */
  readonly chunkBytes: number;
  readonly answer: string;
  readonly isStreamed: boolean;
}

const text = fc.string({ unit: fc.constantFrom(..."abc\r\n0;"), maxLength: 60 });
const asked: fc.Arbitrary<Asked> = fc.record({ body: text, chunkBytes: fc.nat(9), answer: text, isStreamed: fc.boolean() });
const network = fc.record({
  chunkBytes: fc.integer({ min: 1, max: 80 }),
  windowBytes: fc.integer({ min: 1, max: 200 }),
  spuriousDrain: fc.boolean(),
});

/** What clients ask, what the wire is like, and which of ACTIONS is taken when. */
export const interleavings = fc.tuple(fc.array(asked, { minLength: 1, maxLength: 4 }), network, fc.array(fc.nat(9), { maxLength: 80 }));

export function playInterleaving([asks, wire, actions]: readonly [
  readonly Asked[],
  typeof network extends fc.Arbitrary<infer T> ? T : never,
  readonly number[],
]): void {
  const stage = new ServerStage({ script: SILENT, network: wire });
  const progress = asks.map(() => ({ hasBegun: false, written: 0, hasEnded: false }));
  let isRoom = true;
  stage.client.writeText(asks.map(encodeRequest).join(""));

  function act(action: number): void {
    const n = stage.exchanges.length - 1;
    const exchange = stage.exchanges[n];
    const ask = asks[n];
    const state = progress[n];
    if (action === 0) stage.client.pause();
    else if (action === 1) stage.client.resume();
    if (action >= 7 || exchange === undefined || ask === undefined || state === undefined || state.hasEnded) {
      for (let i = 0; i < action; i++) stage.network.step();
    } else if (action === 2) {
      exchange.client.resumeRequest();
    } else if (action === 3) {
      exchange.client.pauseRequest();
    } else if (hasHeardAll(exchange)) {
      answer(exchange, ask, state, action);
    }
  }

  function answer(
    exchange: StagedExchange,
    ask: Asked,
    state: { hasBegun: boolean; written: number; hasEnded: boolean },
    action: number,
  ): void {
    if (!state.hasBegun) {
      exchange.begin(200, { declaredLength: ask.answer.length, streamed: ask.isStreamed });
      state.hasBegun = true;
    } else if (state.written < ask.answer.length) {
      if (!isRoom && action !== 5 && !exchange.events.includes("drain")) return;
      const piece = ask.answer.slice(state.written, state.written + action);
      isRoom = exchange.write(piece);
      state.written += piece.length;
    } else {
      exchange.client.end(null);
      state.hasEnded = true;
    }
  }

  for (const action of actions) act(action);
  for (let round = 0; progress.some(({ hasEnded }) => !hasEnded); round++) {
    assert.ok(round < 10_000, "the exchange comes to an end");
    for (const action of [1, 2, 9, 5]) act(action);
  }
  stage.act(() => stage.client.resume());
  assert.deepEqual(
    stage.exchanges.map(({ body }) => body),
    asks.map(({ body }) => body),
  );
  assert.equal(readAnswers(stage.received, asks), asks.map((ask) => ask.answer).join("|"));
  assert.equal(stage.finish().leftovers, "0 sockets, 0 timers");
}

function hasHeardAll(exchange: StagedExchange): boolean {
  return exchange.head?.bodyLength === 0 || exchange.events.includes("end");
}

function encodeRequest({ body, chunkBytes }: Asked): string {
  if (chunkBytes === 0) return `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  let chunks = "";
  for (let at = 0; at < body.length; at += chunkBytes) {
    const chunk = body.slice(at, at + chunkBytes);
    chunks += `${chunk.length.toString(16)}\r\n${chunk}\r\n`;
  }
  return `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${chunks}0\r\n\r\n`;
}

/** The bodies of the answers; throws where what came is not what such answers look like. */
function readAnswers(received: string, asks: readonly Asked[]): string {
  let rest = received;
  const bodies: string[] = [];
  function take(expected: string): void {
    assert.ok(rest.startsWith(expected), `${JSON.stringify(rest.slice(0, 80))} begins with ${JSON.stringify(expected)}`);
    rest = rest.slice(expected.length);
  }
  for (const { answer, isStreamed } of asks) {
    let body = "";
    if (isStreamed) {
      take("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
      while (!rest.startsWith("0\r\n")) {
        const size = Number.parseInt(rest, 16);
        take(`${size.toString(16)}\r\n`);
        body += rest.slice(0, size);
        rest = rest.slice(size);
        take("\r\n");
      }
      take("0\r\n\r\n");
    } else {
      take(`HTTP/1.1 200 OK\r\nContent-Length: ${answer.length}\r\n\r\n`);
      body = rest.slice(0, answer.length);
      rest = rest.slice(answer.length);
    }
    bodies.push(body);
  }
  assert.equal(rest, "");
  return bodies.join("|");
}

if (import.meta.main) {
  const { FUZZ_SECONDS } = process.env;
  let runs = 0;
  fc.assert(
    fc.property(interleavings, (play) => {
      runs++;
      playInterleaving(play);
    }),
    { numRuns: Number.POSITIVE_INFINITY, interruptAfterTimeLimit: Number(FUZZ_SECONDS ?? 60) * 1000 },
  );
  process.stdout.write(`${runs} interleavings, nothing lost\n`);
}
