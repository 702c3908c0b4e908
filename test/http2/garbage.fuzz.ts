// Frames of all kinds, mostly well formed and seldom in their place, some of them damaged, sent to either kind of connection while it is
// at work: nothing throws, every exchange and attempt hears one end at most, and nothing is left over. fuzzing.test.ts runs a short dose;
// run as a program this file goes on for a minute (`FUZZ_SECONDS`).

import assert from "node:assert/strict";
import fc from "fast-check";
import { FLOW, UNKNOWN_LENGTH } from "../../src/http/index.ts";
import * as H2 from "../kit/h2-frames.ts";
import { block, type H2Field, indexed, literal } from "../kit/h2-hpack.ts";
import { ClientStage, get, post, ServerStage, StagedAttempt, type StagedExchange } from "./stage.ts";

const MINUTES_MS = 200_000;
const PRIORITY_UPDATE = 0x10;

const small = fc.uint8Array({ maxLength: 30 });
const id = fc.oneof({ weight: 6, arbitrary: fc.constantFrom(1, 3, 5, 7, 9) }, { weight: 1, arbitrary: fc.constantFrom(0, 2, 0x7fffffff) });
const flags = fc.oneof({ weight: 3, arbitrary: fc.constantFrom(0, 1, 4, 5) }, { weight: 1, arbitrary: fc.nat(255) });
const fields = fc.constantFrom<readonly H2Field[]>(
  get(),
  post(),
  post(["content-length", "5"]),
  post(["content-type", "application/grpc"], ["te", "trailers"]),
  [...get(), ["Upper", "x"]],
  [...get(), ["x-large", "y".repeat(40_000)]],
  [[":status", "200"]],
  [
    [":status", "200"],
    ["content-length", "3"],
  ],
  [[":status", "103"]],
  [["grpc-status", "0"]],
  [
    [":method", "CONNECT"],
    [":protocol", "websocket"],
    [":scheme", "http"],
    [":authority", "a"],
    [":path", "/"],
    ["sec-websocket-version", "13"],
  ],
);
const headerBlock = fc.oneof(
  { weight: 8, arbitrary: fields.map((list) => block(list)) },
  { weight: 1, arbitrary: fields.map((list) => block(list, 0x40)) },
  { weight: 1, arbitrary: fc.constantFrom(indexed(62), indexed(2), literal("x", "y", 0x40), Buffer.from([0x3f, 0xe1, 0xff, 0x03])) },
);

const frame = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(id, headerBlock, flags).map(([stream, bytes, bits]) => H2.frame(H2.HEADERS, bits | 4, stream, bytes)) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(id, headerBlock, fc.nat(40), fc.boolean())
      .map(([stream, bytes, at, isWhole]) =>
        Buffer.concat([
          H2.frame(H2.HEADERS, 1, stream, bytes.subarray(0, at)),
          H2.frame(H2.CONTINUATION, isWhole ? 4 : 0, stream, bytes.subarray(at)),
        ]),
      ),
  },
  { weight: 8, arbitrary: fc.tuple(id, small, flags).map(([stream, bytes, bits]) => H2.frame(H2.DATA, bits, stream, bytes)) },
  { weight: 1, arbitrary: fc.tuple(id, fc.nat(16_384)).map(([stream, length]) => H2.data(stream, Buffer.alloc(length))) },
  { weight: 2, arbitrary: fc.tuple(id, fc.nat(13)).map(([stream, code]) => H2.rstStream(stream, code)) },
  {
    weight: 3,
    arbitrary: fc.tuple(id, fc.constantFrom(0, 1, 100, 65_535, 0x7fffffff)).map(([stream, step]) => H2.windowUpdate(stream, step)),
  },
  { weight: 2, arbitrary: fc.tuple(fc.nat(9), fc.constantFrom(0, 1, 16_384, 65_535, 0xffffffff)).map((pair) => H2.settings(pair)) },
  { weight: 1, arbitrary: fc.constantFrom(H2.settingsAck(), H2.ping(), H2.ping("gggggggg", 1), H2.goAway(0, 0), H2.goAway(3, 11, "x")) },
  { weight: 1, arbitrary: id.map((stream) => H2.priority(stream, stream >> 1)) },
  { weight: 1, arbitrary: id.map((stream) => H2.frame(PRIORITY_UPDATE, 0, 0, Uint8Array.of(0, 0, 0, stream & 255, 117))) },
  { weight: 1, arbitrary: fc.tuple(fc.nat(20), fc.nat(255), id, small).map((parts) => H2.frame(...parts)) },
);

/** Something that happens: bytes come, the engine's own side does something, time passes. */
const happening = fc.oneof(
  { weight: 12, arbitrary: frame.map((bytes) => ({ kind: "bytes", bytes, which: 0 }) as const) },
  // A byte of it is another, or missing.
  {
    weight: 1,
    arbitrary: fc.tuple(frame, fc.nat(), fc.nat(255)).map(([bytes, place, byte]) => {
      const at = place % bytes.length;
      const damaged = byte === 0 ? Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1)]) : Buffer.from(bytes);
      if (byte !== 0) damaged[at] = byte;
      return { kind: "bytes", bytes: damaged, which: 0 } as const;
    }),
  },
  {
    weight: 6,
    arbitrary: fc
      .tuple(
        fc.constantFrom("begin", "write", "write", "end", "end with trailers", "give up", "take", "pause", "ask", "go", "lose", "late"),
        fc.nat(6),
      )
      .map(([kind, which]) => ({ kind, bytes: null, which }) as const),
  },
  { weight: 1, arbitrary: fc.constantFrom(20, 2_100, 5_100, 61_000).map((which) => ({ kind: "time", bytes: null, which }) as const) },
);

export const happenings = fc.record({
  network: fc.record({
    chunkBytes: fc.constantFrom(1, 30, 65_536),
    windowBytes: fc.constantFrom(100, 65_536),
    spuriousDrain: fc.boolean(),
  }),
  /** The connection begins as it must. */
  begins: fc.oneof({ weight: 9, arbitrary: fc.constant(true) }, { weight: 1, arbitrary: fc.constant(false) }),
  list: fc.array(happening, { maxLength: 60, size: "max" }),
});
type Happenings = typeof happenings extends fc.Arbitrary<infer T> ? T : never;

export async function playGarbageToServer({ network, begins, list }: Happenings): Promise<void> {
  const stage = await ServerStage.connect({ network: network.chunkBytes === 1 ? { ...network, windowBytes: 65_536 } : network });
  if (begins) stage.peer.begin();
  const over = new Set<StagedExchange>();
  const begun = new Set<StagedExchange>();
  stage.script = (exchange) => {
    // Refused ones are answered by the stage.
    if (exchange.refusal !== null) over.add(exchange);
  };
  for (const { kind, bytes, which } of list) {
    const exchange = stage.exchanges[which];
    if (kind === "bytes") stage.client.write(bytes);
    else if (kind === "time") await stage.advance(which);
    else if (kind === "go") stage.connection?.drain();
    else if (kind === "lose") stage.connection?.destroy();
    else if (exchange !== undefined && !over.has(exchange) && !exchange.story.includes("gone")) {
      const { client } = exchange;
      exchange.wantsMore = kind !== "pause";
      if (kind === "take") client.resumeRequest();
      else if (kind === "pause") client.pauseRequest();
      else if (kind === "begin" && !begun.has(exchange)) {
        begun.add(exchange);
        const isTunnel = exchange.head?.upgrade != null;
        exchange.begin(isTunnel ? 101 : 200, UNKNOWN_LENGTH, isTunnel ? { "Sec-WebSocket-Accept": "x" } : {});
      } else if (kind === "write" && begun.has(exchange)) exchange.write("x".repeat(which * 5000));
      else if (kind === "end" && begun.has(exchange)) {
        over.add(exchange);
        client.end(null);
      } else if (kind === "give up") {
        over.add(exchange);
        client.abort({ kind: FLOW.UPSTREAM_RESET.kind, detail: "", told: null });
      }
    }
    if (which % 2 === 0) await stage.settle();
  }
  await stage.settle();
  stage.client.end();
  await stage.settle();
  for (let i = 0; i < 400 && stage.connection !== null; i++) await stage.advance(MINUTES_MS / 400);
  assert.equal(stage.leftovers, "0 sockets, 0 timers");
  for (const exchange of stage.exchanges) {
    const ends = exchange.events.filter((event) => event.startsWith("gone"));
    assert.ok(ends.length <= 1, exchange.story);
    if (ends.length === 1) assert.ok(exchange.events.at(-1)?.startsWith("gone"), exchange.story);
    assert.ok(ends.length === 1 || over.has(exchange), `nobody told it: ${exchange.story}`);
  }
}

export async function playGarbageToClient({ network, begins, list }: Happenings): Promise<void> {
  const stage = await ClientStage.connect({ network: network.chunkBytes === 1 ? { ...network, windowBytes: 65_536 } : network });
  const attempts: StagedAttempt[] = [];
  const cancelled = new Set<StagedAttempt>();
  const ended = new Set<StagedAttempt>();
  const ask = (which: number) => {
    if (stage.connection.freeStreams === 0) return;
    const attempt = new StagedAttempt();
    attempts.push(attempt);
    if (which % 2 === 0) ended.add(attempt);
    stage.ask(which % 2 === 0 ? {} : { method: "POST", bodyLength: UNKNOWN_LENGTH }, attempt);
  };
  if (begins) stage.peer.send(H2.settings([H2.SETTINGS_ENABLE_CONNECT_PROTOCOL, 1]));
  await stage.settle();
  for (let i = 0; i < 3; i++) ask(i);
  for (const { kind, bytes, which } of list) {
    const attempt = attempts[which];
    if (kind === "bytes") stage.peer.send(bytes);
    else if (kind === "time") await stage.advance(which);
    else if (kind === "ask" || kind === "begin") ask(which);
    else if (kind === "go") stage.connection.close();
    else if (attempt !== undefined && !cancelled.has(attempt) && !isOver(attempt)) {
      attempt.wantsMore = kind !== "pause";
      if (kind === "take") attempt.stream?.resumeResponse();
      else if (kind === "write" && !ended.has(attempt)) attempt.stream?.write(Buffer.alloc(which * 5000));
      else if (kind.startsWith("end") && !ended.has(attempt)) {
        ended.add(attempt);
        attempt.stream?.endRequest(null);
      } else if (kind === "give up") {
        cancelled.add(attempt);
        attempt.stream?.cancel();
      }
    }
    if (which % 2 === 0) await stage.settle();
  }
  await stage.settle();
  stage.server?.close();
  await stage.settle();
  // An answer that was whole is there still.
  for (const attempt of attempts) {
    attempt.wantsMore = true;
    if (!cancelled.has(attempt) && !isOver(attempt)) attempt.stream?.resumeResponse();
  }
  assert.equal(stage.leftovers, "0 sockets, 0 timers");
  assert.equal(stage.events.filter((event) => event.startsWith("closed")).length, 1);
  assert.equal(stage.connection.openStreams, 0);
  for (const attempt of attempts) {
    const ends = attempt.events.filter((event) => event === "end" || event.startsWith("fault"));
    assert.equal(ends.length, cancelled.has(attempt) ? 0 : 1, attempt.story);
    if (ends.length === 1) assert.equal(attempt.events.at(-1), ends[0]);
    if (ends[0] === "end") assert.notEqual(attempt.head, null);
  }
}

function isOver({ events }: StagedAttempt): boolean {
  return events.some((event) => event === "end" || event.startsWith("fault"));
}

if (import.meta.main) {
  const { FUZZ_SECONDS } = process.env;
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(happenings, async (each) => {
      runs++;
      await playGarbageToServer(each);
      await playGarbageToClient(each);
    }),
    { numRuns: Number.POSITIVE_INFINITY, interruptAfterTimeLimit: Number(FUZZ_SECONDS ?? 60) * 1000 },
  );
  process.stdout.write(`${runs} times garbage to either side, nothing thrown and nothing left\n`);
}
