// Many streams of one connection at once, in any order. Whatever the interleaving, each side sees what the other sent, whole and in order
// or cut off, nothing behind an end, nobody sends more than a window allows, and nothing is left over. fuzzing.test.ts runs a short dose;
// run as a program this file goes on for a minute (`FUZZ_SECONDS`).

import assert from "node:assert/strict";
import fc from "fast-check";
import { FLOW, UNKNOWN_LENGTH } from "../../src/http/index.ts";
import * as H2 from "../kit/h2-frames.ts";
import { block, type H2Field } from "../kit/h2-hpack.ts";
import { type Interleaving, interleavings, MOST_STREAMS, type Near, Play, type Played } from "./interleaving.ts";
import { ClientStage, post, ServerStage, StagedAttempt, type StagedExchange } from "./stage.ts";

class ServerPlay extends Play {
  readonly stage: ServerStage;

  constructor(interleaving: Interleaving, stage: ServerStage) {
    super(interleaving);
    this.stage = stage;
    stage.script = (exchange) => this.#onExchange(exchange);
    this.watch();
  }

  get farSocket() {
    return this.stage.client;
  }

  #onExchange(exchange: StagedExchange): void {
    const stream = this.streams[Number(exchange.head?.target.slice(1))]!;
    const { client } = exchange;
    const near: Near = {
      get body() {
        return exchange.body;
      },
      get events() {
        return exchange.events;
      },
      get trailers() {
        return exchange.trailers;
      },
      get wantsMore() {
        return exchange.wantsMore;
      },
      set wantsMore(wantsMore) {
        exchange.wantsMore = wantsMore;
      },
      write: (piece) => client.write(piece),
      end: (trailers) => {
        stream.eventsAtEnd = exchange.events.length;
        client.end(trailers);
      },
      giveUp: () => client.abort({ kind: FLOW.UPSTREAM_RESET.kind, detail: "", told: null }),
      resume: () => client.resumeRequest(),
      pause: () => client.pauseRequest(),
    };
    stream.near = near;
    const onChunk = exchange.onRequestChunk.bind(exchange);
    exchange.onRequestChunk = (chunk) => {
      onChunk(chunk);
      this.onChunk(stream);
      return exchange.wantsMore;
    };
    exchange.onClientDrain = () => this.onDrain(stream);
  }

  beginFar(stream: Played): void {
    if (this.streams.filter((each) => each.farBegun && !this.isOver(each)).length >= MOST_STREAMS) return;
    const { far } = stream.plan;
    const length: H2Field[] = far.isDeclared ? [["content-length", `${far.bytes}`]] : [];
    const fields = post(...length).map(([name, value]): H2Field => [name, name === ":path" ? `/${stream.index}` : value]);
    const ends = far.bytes === 0 && !far.endsLate && !far.hasTrailers;
    stream.farBegun = true;
    stream.farEnded = ends;
    stream.credit = this.initialCredit;
    const id = this.peer.nextStreamId();
    stream.record = this.peer.stream(id);
    this.peer.send(H2.headers(id, block(fields), ends ? H2.END_STREAM : 0));
  }

  beginNear(stream: Played): void {
    if (stream.near === null) return;
    const exchange = this.stage.exchanges.find(({ head }) => head?.target === `/${stream.index}`)!;
    stream.nearBegun = true;
    const { near } = stream.plan;
    exchange.begin(200, near.isDeclared ? near.bytes : UNKNOWN_LENGTH);
  }

  /** What an exchange with a request that has no body waits for. */
  mayEnd(stream: Played): boolean {
    const hasBody = this.stage.exchanges.find(({ head }) => head?.target === `/${stream.index}`)?.head?.bodyLength !== 0;
    return stream.plan.isEarly || !hasBody || stream.heardEnd;
  }

  isNearDone({ nearEnded }: Played): boolean {
    return nearEnded;
  }

  isOver({ record, farReset, farEnded }: Played): boolean {
    return record !== null && (farReset || record.resetCode !== null || (record.isEnded && farEnded));
  }

  override carriesTrailers({ near }: Played): boolean {
    return near !== null;
  }

  checkStream({ nearEnded, farReset, record, near, nearGaveUp }: Played, what: string): void {
    if (record === null) return;
    if (nearEnded && !farReset) assert.ok(record.isEnded, what);
    if (nearGaveUp && !farReset) assert.notEqual(record.resetCode, null, what);
    if (farReset && near !== null && !nearGaveUp && !nearEnded) assert.equal(near.events.at(-1), "gone SP_H2_STREAM_RESET", what);
  }
}

class ClientPlay extends Play {
  readonly stage: ClientStage;
  readonly #unseen: Played[] = [];
  /** Streams whose batch is not over. */
  readonly batches = new Set<Played>();

  constructor(interleaving: Interleaving, stage: ClientStage) {
    super(interleaving);
    this.stage = stage;
    this.watch();
  }

  get farSocket() {
    return this.stage.server!;
  }

  override onNewStream(id: number): void {
    const stream = this.#unseen.shift();
    assert.ok(stream !== undefined, `stream ${id} is nobody's`);
    stream.record = this.peer.stream(id);
    stream.credit = this.initialCredit;
  }

  beginNear(stream: Played): void {
    if (this.stage.connection.freeStreams === 0) return;
    const { near } = stream.plan;
    const attempt = new StagedAttempt();
    attempt.onBatchStart = () => {
      assert.ok(!this.batches.has(stream), "a batch begins once");
      this.batches.add(stream);
    };
    attempt.onBatchEnd = () => {
      assert.ok(this.batches.delete(stream), "what ends has begun");
    };
    const onChunk = attempt.onResponseChunk.bind(attempt);
    attempt.onResponseChunk = (chunk) => {
      assert.ok(this.batches.has(stream), "content comes in batches");
      onChunk(chunk);
      this.onChunk(stream);
      return attempt.wantsMore;
    };
    attempt.onUpstreamDrain = () => this.onDrain(stream);
    const ended = () => {
      stream.eventsAtEnd = attempt.events.length;
    };
    const onEnd = attempt.onResponseEnd.bind(attempt);
    attempt.onResponseEnd = (trailers) => {
      onEnd(trailers);
      ended();
    };
    const onFault = attempt.onUpstreamFault.bind(attempt);
    attempt.onUpstreamFault = (fault) => {
      onFault(fault);
      ended();
    };
    stream.near = {
      get body() {
        return attempt.body;
      },
      get events() {
        return attempt.events;
      },
      get trailers() {
        return attempt.trailers;
      },
      get wantsMore() {
        return attempt.wantsMore;
      },
      set wantsMore(wantsMore) {
        attempt.wantsMore = wantsMore;
      },
      write: (piece) => attempt.stream!.write(piece),
      end: (trailers) => attempt.stream!.endRequest(trailers),
      giveUp: () => attempt.stream!.cancel(),
      resume: () => attempt.stream!.resumeResponse(),
      pause: () => {
        attempt.wantsMore = false;
      },
    };
    stream.nearBegun = true;
    this.#unseen.push(stream);
    const hasBody = near.bytes > 0 || near.endsLate || near.hasTrailers;
    const length = near.isDeclared ? near.bytes : UNKNOWN_LENGTH;
    if (!hasBody) stream.nearEnded = true;
    this.stage.ask({ method: "POST", bodyLength: hasBody && length === 0 ? UNKNOWN_LENGTH : hasBody ? length : 0 }, attempt);
  }

  beginFar(stream: Played): void {
    const { record, plan } = stream;
    if (record?.head == null || record.resetCode !== null) return;
    const { far } = plan;
    const length: H2Field[] = far.isDeclared ? [["content-length", `${far.bytes}`]] : [];
    const ends = far.bytes === 0 && !far.endsLate && !far.hasTrailers;
    stream.farBegun = true;
    stream.farEnded = ends;
    this.peer.send(H2.headers(record.id, block([[":status", "200"], ...length]), ends ? H2.END_STREAM : 0));
  }

  mayEnd(): boolean {
    return true;
  }

  isNearDone(stream: Played): boolean {
    return stream.heardEnd;
  }

  isOver(stream: Played): boolean {
    return stream.nearGaveUp || stream.heardFault || stream.heardEnd;
  }

  checkStream(stream: Played, what: string): void {
    const { nearGaveUp, farReset, farEnded, near } = stream;
    if (!nearGaveUp) assert.ok(!this.batches.has(stream), `its batch goes on: ${what}`);
    if (farEnded && !nearGaveUp && near !== null) assert.ok(stream.heardEnd, what);
    if (farReset && !nearGaveUp) assert.ok(stream.heardFault, what);
  }
}

export async function playServer(interleaving: Interleaving): Promise<void> {
  const { network, window } = interleaving;
  const stage = await ServerStage.open({ network, peer: { opensWindows: false }, bounds: { streams: MOST_STREAMS } }, [
    H2.SETTINGS_INITIAL_WINDOW_SIZE,
    window,
  ]);
  const play = new ServerPlay(interleaving, stage);
  for (const each of interleaving.actions) play.act(each);
  await play.finish();
  assert.deepEqual(stage.faults, []);
  play.check();
  stage.client.end();
  await stage.advance(2_010);
  assert.equal(stage.leftovers, "0 sockets, 0 timers");
}

export async function playClient(interleaving: Interleaving): Promise<void> {
  const { network, window } = interleaving;
  const stage = await ClientStage.connect({ network, peer: { opensWindows: false }, streams: MOST_STREAMS });
  stage.peer.send(H2.settings([H2.SETTINGS_INITIAL_WINDOW_SIZE, window]), H2.settingsAck());
  await stage.settle();
  const play = new ClientPlay(interleaving, stage);
  for (const each of interleaving.actions) play.act(each);
  await play.finish();
  play.check();
  assert.equal(stage.connection.openStreams, 0);
  stage.connection.close();
  await stage.settle();
  assert.equal(stage.events.at(-1), "closed");
  stage.server?.close();
  await stage.advance(10);
  assert.equal(stage.leftovers, "0 sockets, 0 timers");
}

if (import.meta.main) {
  const { FUZZ_SECONDS } = process.env;
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(interleavings, async (interleaving) => {
      runs++;
      await playServer(interleaving);
      await playClient(interleaving);
    }),
    { numRuns: Number.POSITIVE_INFINITY, interruptAfterTimeLimit: Number(FUZZ_SECONDS ?? 60) * 1000 },
  );
  process.stdout.write(`${runs} interleavings on either side, nothing lost\n`);
}
