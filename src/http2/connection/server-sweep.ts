// Every five seconds while a client connection has streams open: who sends or reads too slowly, and whether the client is there at all.
// One timer a connection, however many streams; RATE_WINDOW_MS is the length over which HTTP/1.1 judges too. @hot

import { type FaultDefinition, Timer, type TimerOwner } from "../../base/index.ts";
import * as H2 from "../faults.ts";
import type { Http2ServerContext } from "../server-context.ts";
import type { Http2ServerConnection } from "./server-connection.ts";
import type { ServerStream } from "./server-stream.ts";
import { PING_SWEEPS, PONG_SWEEPS, SWEEP_MS } from "./sweeps.ts";

const NOT_WATCHED = -1;
const PING = new Uint8Array(8).fill(0x70);

export class ServerSweep implements TimerOwner {
  readonly #connection: Http2ServerConnection;
  readonly #context: Http2ServerContext;
  readonly #timer = new Timer(this, 0);
  /** Of the connection, when it was last looked at. */
  #bytesIn = 0;
  #bytesLeft = 0;
  #contentOut = 0;
  /** Everything has been waiting since the last sweep. */
  #wasStalled = false;
  /** Sweeps since anything came. */
  #silence = 0;
  #sweepsSincePing = NOT_WATCHED;

  constructor(connection: Http2ServerConnection, context: Http2ServerContext) {
    this.#connection = connection;
    this.#context = context;
  }

  start(): void {
    this.#bytesIn = this.#connection.bytesIn;
    this.#silence = 0;
    this.#context.wheel.armFromTouch(this.#timer, SWEEP_MS);
  }

  stop(): void {
    this.#context.wheel.disarm(this.#timer);
    this.#wasStalled = false;
    this.#sweepsSincePing = NOT_WATCHED;
  }

  onPong(): void {
    this.#sweepsSincePing = NOT_WATCHED;
  }

  onTimer(): void {
    const connection = this.#connection;
    const came = connection.bytesIn - this.#bytesIn;
    this.#bytesIn = connection.bytesIn;
    const rate = this.#context.bounds.minBodyBytesPerSecond;
    const least = rate === null ? 1 : Math.max(1, (rate * SWEEP_MS) / 1000);
    if (!this.#isAlive(came) || !this.#isRead(least)) return;
    const lateReaders: ServerStream[] = [];
    const lateSenders: ServerStream[] = [];
    let senders = 0;
    // hot-exception: every five seconds, connection.bench.ts
    for (const each of connection.streams.values()) {
      const stream = each as ServerStream;
      if (isLateReader(stream, least)) lateReaders.push(stream);
      const isSender = rate !== null && !stream.paused && !stream.remoteEnded && !stream.isConversation && !stream.hasSentHead;
      if (isSender) senders++;
      if (isSender && stream.sweptIn !== NOT_WATCHED && stream.bytesIn - stream.sweptIn < least) lateSenders.push(stream);
      stream.sweptIn = isSender ? stream.bytesIn : NOT_WATCHED;
    }
    giveUpAll(connection, lateReaders, H2.READ_TOO_SLOW);
    // Streams that share a thin line may each be slow: then the line is judged.
    if (came < least * senders) for (let i = 0; i < lateSenders.length; i++) lateSenders[i]!.exchange?.onRequestFault(H2.BODY_TOO_SLOW);
    if (connection.streams.size > 0) this.#context.wheel.armFromTouch(this.#timer, SWEEP_MS);
  }

  /** A client that says nothing for a minute is asked whether it is there. */
  #isAlive(came: number): boolean {
    if (came > 0) {
      this.#silence = 0;
      this.#sweepsSincePing = NOT_WATCHED;
    } else if (this.#sweepsSincePing !== NOT_WATCHED) {
      if (++this.#sweepsSincePing < PONG_SWEEPS) return true;
      this.#connection.failWith(H2.PING_LATE);
      return false;
    } else if (++this.#silence >= PING_SWEEPS) {
      this.#silence = 0;
      this.#sweepsSincePing = 0;
      this.#connection.output.ping(0, PING, 0);
    }
    return true;
  }

  /**
   * Whether enough left of what waits for the connection as a whole: for its window, or for its socket. Behind a shut window other
   * frames than DATA leave as ever, answers to pings, and tell nothing.
   */
  #isRead(least: number): boolean {
    const { output } = this.#connection;
    const isStalled = output.waiting.length > 0 && (output.isBlocked || output.sendWindow <= 0);
    const left = this.#connection.bytesLeft;
    const moved = output.isBlocked ? left - this.#bytesLeft : output.contentOut - this.#contentOut;
    this.#bytesLeft = left;
    this.#contentOut = output.contentOut;
    if (isStalled && this.#wasStalled && moved < least) {
      this.#connection.failWith(H2.UNREAD);
      return false;
    }
    this.#wasStalled = isStalled;
    return true;
  }
}

/**
 * Its own window keeps it waiting, and next to nothing got through since the last sweep. Whichever window it was that it waited for then:
 * a client may open one and shut the other in turn.
 */
function isLateReader(stream: ServerStream, least: number): boolean {
  const { hasOutput, sweptOut } = stream;
  stream.sweptOut = hasOutput ? stream.bytesOut : NOT_WATCHED;
  return hasOutput && stream.sendWindow <= 0 && sweptOut !== NOT_WATCHED && stream.bytesOut - sweptOut < least;
}

function giveUpAll(connection: Http2ServerConnection, streams: readonly ServerStream[], fault: FaultDefinition): void {
  for (let i = 0; i < streams.length; i++) connection.giveUp(streams[i]!, fault);
}
