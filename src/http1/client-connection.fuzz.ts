// Requests and responses on one upstream connection, with pauses, in any order of events: whatever the interleaving, the upstream
// gets each request whole and each attempt its own response whole. client-connection.test.ts runs a short dose; run as a program
// this file goes on for a minute.

import assert from "node:assert/strict";
import fc from "fast-check";
import { type StagedAttempt, UpstreamStage } from "./stage/upstream-stage.ts";

interface Turn {
  readonly body: string;
  readonly isChunkedRequest: boolean;
  readonly answer: string;
  /** Bytes a chunk, 0 for a body with a length. */
  readonly chunkBytes: number;
  readonly interims: number;
}

const text = fc.string({ unit: fc.constantFrom(..."abc\r\n0;"), maxLength: 60 });
const turn: fc.Arbitrary<Turn> = fc.record({
  body: text,
  isChunkedRequest: fc.boolean(),
  answer: text,
  chunkBytes: fc.nat(9),
  interims: fc.nat(2),
});
const network = fc.record({
  chunkBytes: fc.integer({ min: 1, max: 80 }),
  windowBytes: fc.integer({ min: 1, max: 200 }),
  spuriousDrain: fc.boolean(),
});

/** What is asked one after the other, whether the last answer ends with FIN, what the wire is like, and what happens when. */
export const upstreamInterleavings = fc.tuple(
  fc.array(turn, { minLength: 1, maxLength: 4 }),
  fc.boolean(),
  network,
  fc.array(fc.nat(9), { maxLength: 80 }),
);

export function playUpstreamInterleaving([turns, endsWithFin, wire, actions]: readonly [
  readonly Turn[],
  boolean,
  typeof network extends fc.Arbitrary<infer T> ? T : never,
  readonly number[],
]): void {
  const stage = new UpstreamStage({ network: wire });
  const plays = [...actions];
  for (const [n, turn] of turns.entries()) {
    const isLast = n === turns.length - 1;
    const attempt = playTurn(stage, turn, endsWithFin && isLast, plays);
    assert.equal(attempt.body, turn.answer);
    assert.equal(attempt.events.filter((event) => event !== "drain").join(", "), storyOf(turn));
    assert.equal(stage.connection.isIdle, !(endsWithFin && isLast));
  }
  stage.act(() => stage.connection.close());
  assert.equal(stage.wheel.size, 0);
}

function playTurn(stage: UpstreamStage, turn: Turn, endsWithFin: boolean, plays: number[]): StagedAttempt {
  const attempt = stage.ask({ method: "POST", bodyLength: turn.isChunkedRequest ? -1 : turn.body.length });
  let sent = 0;
  let hasEnded = !turn.isChunkedRequest && turn.body.length === 0;
  let isAnswered = false;
  const isOver = () => attempt.events.includes("end") || attempt.fault !== null;
  for (let round = 0; !isOver(); round++) {
    assert.ok(round < 20_000, `the attempt comes to an end, not: ${attempt.story}`);
    const action = plays.shift() ?? [1, 3, 4, 5, 9][round % 5] ?? 0;
    if (action === 0) {
      attempt.wantsMore = false;
    } else if (action === 1) {
      attempt.wantsMore = true;
      stage.connection.resumeResponse();
    } else if (action === 2) {
      stage.upstream?.pause();
    } else if (action === 3) {
      stage.upstream?.resume();
    } else if (action === 4 && !hasEnded) {
      const piece = turn.body.slice(sent, sent + 7);
      if (piece === "") stage.connection.endRequest(null);
      else stage.connection.write(Buffer.from(piece, "latin1"));
      sent += piece.length;
      hasEnded = piece === "";
    } else if (action === 5 && !isAnswered && hasEnded && bodyOf(stage.received) === encodeBody(turn)) {
      isAnswered = true;
      stage.upstream?.writeText(encodeAnswer(turn, endsWithFin));
      if (endsWithFin) stage.upstream?.end();
    } else {
      for (let i = 0; i < action; i++) stage.network.step();
    }
  }
  assert.equal(bodyOf(stage.take()), encodeBody(turn));
  return attempt;
}

function storyOf({ answer, interims }: Turn): string {
  return `${"interim 103, ".repeat(interims)}head 200${answer === "" ? "" : ", chunk"}, end`;
}

/** The request's body as the upstream must receive it: in pieces of 7 bytes. */
function encodeBody({ body, isChunkedRequest }: Turn): string {
  return isChunkedRequest ? encodeChunks(body, 7) : body;
}

/** What stands behind the first empty line; null when that has not come. */
function bodyOf(received: string): string | null {
  const at = received.indexOf("\r\n\r\n");
  return at < 0 ? null : received.slice(at + 4);
}

function encodeAnswer({ answer, chunkBytes, interims }: Turn, endsWithFin: boolean): string {
  const interim = "HTTP/1.1 103 Early Hints\r\n\r\n".repeat(interims);
  if (endsWithFin) return `${interim}HTTP/1.1 200 OK\r\n\r\n${answer}`;
  if (chunkBytes === 0) return `${interim}HTTP/1.1 200 OK\r\nContent-Length: ${answer.length}\r\n\r\n${answer}`;
  return `${interim}HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${encodeChunks(answer, chunkBytes)}`;
}

function encodeChunks(body: string, chunkBytes: number): string {
  let chunks = "";
  for (let at = 0; at < body.length; at += chunkBytes) {
    const chunk = body.slice(at, at + chunkBytes);
    chunks += `${chunk.length.toString(16)}\r\n${chunk}\r\n`;
  }
  return `${chunks}0\r\n\r\n`;
}

if (import.meta.main) {
  const { FUZZ_SECONDS } = process.env;
  let runs = 0;
  fc.assert(
    fc.property(upstreamInterleavings, (play) => {
      runs++;
      playUpstreamInterleaving(play);
    }),
    { numRuns: Number.POSITIVE_INFINITY, interruptAfterTimeLimit: Number(FUZZ_SECONDS ?? 60) * 1000 },
  );
  process.stdout.write(`${runs} interleavings, nothing lost\n`);
}
