// Connections of which nobody knows yet what they speak, cut at every byte.

import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock, TimerWheel } from "../base/index.ts";
import { readClientFacts } from "../http1/index.ts";
import {
  type AcceptedSocket,
  MemoryNetwork,
  type Socket,
  type SocketError,
  type SocketHandler,
  type TlsFacts,
} from "../transport/index.ts";
import { type ServedConnection, UndecidedConnection, type UndecidedOwner } from "./undecided-connection.ts";

const ADDRESS = { host: "10.0.0.1", port: 80 };
const QUIET: SocketHandler = { onOpen() {}, onData() {}, onDrain() {}, onEnd() {}, onClose() {} };
const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const FRAME = "\x00\x00\x00\x04\x00\x00\x00\x00\x00";

/** A listener that writes down what becomes of one connection. */
class Stage implements UndecidedOwner {
  readonly clock = new FakeClock();
  readonly wheel = new TimerWheel(this.clock);
  readonly bounds = { headTimeoutMs: 10_000 };
  readonly scheme: "http" | "https";
  readonly speaksHttp1: boolean;
  readonly network = new MemoryNetwork({ schedule: null });
  readonly client: Socket;
  readonly events: string[] = [];
  connection: UndecidedConnection | null = null;
  socket: AcceptedSocket | null = null;

  constructor(scheme: "http" | "https" = "http", speaksHttp1 = true) {
    this.scheme = scheme;
    this.speaksHttp1 = speaksHttp1;
    void this.network.transport.listen(ADDRESS, (socket) => {
      this.socket = socket;
      this.connection = new UndecidedConnection(socket, readClientFacts(socket, "http"), this);
      return this.connection;
    });
    this.client = this.network.transport.connect(ADDRESS, {
      ...QUIET,
      onEnd: () => void this.events.push("FIN for the client"),
      onClose: (error) => void this.events.push(`closed for the client ${error ?? "in order"}`),
    });
    this.network.pump();
  }

  #served(name: string, before: UndecidedConnection): ServedConnection & { onTimer(): void } {
    assert.equal(before, this.connection);
    this.events.push(name);
    return {
      facts: before.facts,
      drain() {},
      destroy() {},
      onOpen() {},
      onDrain() {},
      onData: (chunk) => void this.events.push(Buffer.from(chunk).toString("latin1")),
      onEnd: () => void this.events.push("end"),
      onClose: () => void this.events.push("closed"),
      onTimer: () => void this.events.push("late"),
    };
  }

  startHttp1(before: UndecidedConnection): ServedConnection & { onTimer(): void } {
    return this.#served("http/1.1", before);
  }

  startHttp2(before: UndecidedConnection): ServedConnection {
    return this.#served("h2", before);
  }

  onHandshake({ facts }: UndecidedConnection): void {
    this.events.push(`handshake ${facts.tls?.version}`);
  }

  onNoProtocol(): void {
    this.events.push("no protocol");
  }

  onConnectionClosed(connection: UndecidedConnection, error: SocketError | null): void {
    assert.equal(connection.facts.isGone, true);
    this.events.push(`went undecided ${error ?? "in order"}`);
  }

  send(...pieces: readonly string[]): this {
    for (const piece of pieces) {
      this.client.writeText(piece);
      this.network.pump();
    }
    return this;
  }

  shake(alpn: string): this {
    const tls: TlsFacts = { version: "TLSv1.3", cipher: "", serverName: "", alpn, resumed: false, identity: null, peerCertificate: null };
    Object.assign(this.socket as object, { tls });
    this.connection?.onSecure();
    this.network.pump();
    return this;
  }

  advance(ms: number): this {
    this.clock.advance(ms);
    this.network.pump();
    return this;
  }

  /** Nothing more happens by itself, and no timer is left. */
  rest(): void {
    this.events.length = 0;
    this.advance(20_000);
    assert.deepEqual(this.events, []);
    assert.equal(this.clock.pendingCalls, 0);
  }

  /** All that was written down, what came as one text. */
  take(): [what: string | undefined, text: string] {
    const [what, ...rest] = this.events.splice(0);
    return [what, rest.join("")];
  }
}

test("a preface makes it HTTP/2 in whichever pieces it comes, and its bytes are handed over whole", () => {
  const all = PREFACE + FRAME;
  for (let cut = 1; cut < all.length; cut++) {
    const stage = new Stage().send(all.slice(0, cut), all.slice(cut));
    assert.deepEqual(stage.take(), ["h2", all], `cut at ${cut}`);
    stage.rest();
  }
  assert.deepEqual(new Stage().send(...all).take(), ["h2", all]);
});

test("nothing is decided before the preface is whole", () => {
  for (let length = 0; length < PREFACE.length; length++)
    assert.deepEqual(new Stage().send(PREFACE.slice(0, length)).take(), [undefined, ""]);
});

test("the first byte that is none of the preface makes it HTTP/1.1, with all that was read", () => {
  for (let same = 0; same < PREFACE.length; same++) {
    const all = `${PREFACE.slice(0, same)}\x01 and more`;
    assert.deepEqual(new Stage().send(all).take(), ["http/1.1", all], `whole, after ${same}`);
    assert.deepEqual(new Stage().send(...all).take(), ["http/1.1", all], `byte by byte, after ${same}`);
  }
  for (const request of [
    "GET / HTTP/1.1\r\n",
    "PROPFIND /a HTTP/1.1\r\n",
    "P",
    "PRI * HTTP/1.1\r\n",
    `${PREFACE.slice(0, 18)}GET / HTTP/1.1\r\n`,
  ]) {
    const expected = PREFACE.startsWith(request) ? [undefined, ""] : ["http/1.1", request];
    assert.deepEqual(new Stage().send(request).take(), expected);
  }
});

test("one that stays undecided for the time of a head is HTTP/1.1", () => {
  assert.deepEqual(new Stage().advance(9900).take(), [undefined, ""]);
  assert.deepEqual(new Stage().advance(10_100).take(), ["http/1.1", "late"]);
  const half = PREFACE.slice(0, 23);
  assert.deepEqual(
    new Stage()
      .send(...half)
      .advance(10_100)
      .take(),
    ["http/1.1", half],
    "whose own time for a head begins",
  );
});

test("what ends undecided is HTTP/1.1 that ended, and what breaks is told to the listener alone", () => {
  const ended = new Stage().send("PRI");
  ended.client.end();
  ended.network.pump();
  assert.deepEqual(ended.take(), ["http/1.1", "PRIend"]);
  const broken = new Stage().send("PRI");
  broken.client.reset();
  broken.network.pump();
  assert.deepEqual(broken.take(), ["closed for the client in order", "went undecided ECONNRESET"]);
  broken.rest();
});

test("a handshake decides by the name that it agreed on", () => {
  for (const [alpn, speaksHttp1, expected] of [
    ["h2", true, ["handshake TLSv1.3", "h2"]],
    ["h2", false, ["handshake TLSv1.3", "h2"]],
    ["http/1.1", true, ["handshake TLSv1.3", "http/1.1"]],
    ["", true, ["handshake TLSv1.3", "http/1.1"]],
  ] as const) {
    const stage = new Stage("https", speaksHttp1).shake(alpn);
    const [first, second] = expected;
    assert.deepEqual(stage.take(), [first, second]);
    assert.equal(stage.send(PREFACE).take()[0], PREFACE, "what follows goes to who took over");
    stage.rest();
  }
});

test("a handshake without a name is refused where HTTP/1.1 is not spoken, and one for a challenge has had what it came for", () => {
  for (const [alpn, first] of [
    ["", "no protocol"],
    ["acme-tls/1", "handshake TLSv1.3"],
  ] as const) {
    const stage = new Stage("https", false).shake(alpn);
    const events = stage.events.splice(0);
    assert.equal(events.shift(), first);
    assert.deepEqual(events.sort(), ["FIN for the client", "went undecided in order"]);
    stage.rest();
  }
});

test("a handshake that takes longer than a head may closes", () => {
  const stage = new Stage("https").advance(10_100);
  assert.equal(stage.events.includes("went undecided in order"), true);
  assert.equal(stage.socket?.closed, true);
});

test("one that drains has the idle time counted from its beginning, unless it has begun to speak", () => {
  const drained = (stage: Stage, idleMs: number): Stage => {
    stage.connection?.drain(idleMs);
    return stage;
  };
  assert.deepEqual(drained(new Stage(), 0).take(), ["http/1.1", "late"]);
  const later = drained(new Stage().advance(1000), 3000);
  assert.deepEqual(later.advance(1900).take(), [undefined, ""]);
  assert.deepEqual(later.advance(200).take(), ["http/1.1", "late"]);
  const speaking = drained(new Stage().send("PRI"), 0).advance(9900);
  assert.deepEqual(speaking.take(), [undefined, ""]);
  assert.deepEqual(speaking.send(PREFACE.slice(3)).take(), ["h2", PREFACE]);
  assert.deepEqual(drained(new Stage().send("x"), 0).take(), ["http/1.1", "x"], "what it became drains by itself");
});

test("one that is destroyed is reset", () => {
  const stage = new Stage().send("PRI");
  assert.deepEqual(stage.take(), [undefined, ""]);
  stage.connection?.destroy();
  stage.network.pump();
  assert.equal(
    stage.events.some((event) => event.startsWith("went undecided")),
    true,
  );
  stage.rest();
});
