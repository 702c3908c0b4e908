// A gateway in memory before services that speak HTTP/2, written frame by frame: each call of theirs is answered as a test says.

import assert from "node:assert/strict";
import { FakeClock } from "../../src/base/index.ts";
import { parseConfig } from "../../src/config/index.ts";
import { createGateway, type Gateway } from "../../src/gateway/index.ts";
import { MemoryNetwork, type Socket } from "../../src/transport/index.ts";
import * as FRAME from "./h2-frames.ts";
import * as HPACK from "./h2-hpack.ts";
import { H2Peer, type H2StreamRecord } from "./h2-peer.ts";
import { RawClient } from "./raw-client.ts";

export const GATEWAY = { host: "10.0.0.1", port: 8080 };

/** One connection to a service. */
export class ServiceConnection extends H2Peer {
  readonly service: string;
  readonly socket: Socket;
  #hasBegun = false;

  constructor(service: string, socket: Socket) {
    super((bytes) => void socket.write(bytes), { isServer: true });
    this.service = service;
    this.socket = socket;
  }

  take(chunk: Uint8Array): void {
    if (!this.#hasBegun) this.send(FRAME.settings());
    this.#hasBegun = true;
    this.receive(chunk);
  }

  /** A call's head, its messages and its trailers, which end it. */
  reply({ id }: H2StreamRecord, messages: readonly Uint8Array[], trailers: readonly HPACK.H2Field[]): void {
    this.head(id);
    for (const message of messages) this.send(FRAME.data(id, message));
    this.send(FRAME.headers(id, HPACK.block(trailers), FRAME.END_STREAM));
  }

  head(id: number, type = "application/grpc"): void {
    const fields = [
      [":status", "200"],
      ["content-type", type],
    ] as const;
    this.send(FRAME.headers(id, HPACK.block(fields)));
  }

  /** A call that ends with its head. */
  refuse({ id }: H2StreamRecord, status: number): void {
    const fields = [
      [":status", "200"],
      ["content-type", "application/grpc"],
      ["grpc-status", String(status)],
    ] as const;
    this.send(FRAME.headers(id, HPACK.block(fields), FRAME.END_STREAM));
  }
}

export type ServiceScript = (connection: ServiceConnection, stream: H2StreamRecord) => void;

export class GrpcStage {
  readonly network = new MemoryNetwork({ schedule: null });
  readonly clock = new FakeClock();
  readonly connections: ServiceConnection[] = [];
  /** What health checks told. */
  readonly told: string[] = [];
  /** What is done with each call once the whole of it has come. */
  script: ServiceScript = () => undefined;
  gateway!: Gateway;
  readonly #clients: { close(): void }[] = [];

  /** Services at the addresses 10.0.1.1, 10.0.1.2 and so on, port 80, and a gateway of this configuration at GATEWAY. */
  static async create(yaml: string, services = 1): Promise<GrpcStage> {
    const stage = new GrpcStage();
    for (let i = 1; i <= services; i++) await stage.#listen(`10.0.1.${i}`);
    const { config, issues } = parseConfig(yaml, "gateway.yaml");
    assert.ok(config !== null, JSON.stringify(issues));
    stage.gateway = await createGateway(config, {
      transport: stage.network.transport,
      clock: stage.clock,
      onHealth: (upstream, endpoint, isHealthy, why) => {
        stage.told.push(`${upstream} ${endpoint} ${isHealthy ? "up" : "down"} ${why}`.trimEnd());
      },
    });
    return stage;
  }

  async #listen(host: string): Promise<void> {
    await this.network.transport.listen({ host, port: 80 }, (socket) => {
      const connection = new ServiceConnection(host, socket);
      this.connections.push(connection);
      connection.onFrame = ({ streamId, type }) => {
        if ((type !== FRAME.HEADERS && type !== FRAME.DATA) || !connection.stream(streamId).isEnded) return;
        this.script(connection, connection.stream(streamId));
      };
      return { onOpen() {}, onData: (chunk) => connection.take(chunk), onDrain() {}, onEnd: () => socket.close(), onClose() {} };
    });
  }

  async ask(request: string): Promise<RawClient> {
    const client = new RawClient(this.network.transportFrom("192.0.2.7"), GATEWAY);
    this.#clients.push(client);
    this.network.pump();
    client.send(request);
    await this.settle();
    return client;
  }

  /** A client that speaks HTTP/2 with prior knowledge. */
  async connectHttp2(): Promise<H2Peer> {
    let socket: Socket | null = null;
    const peer = new H2Peer((bytes) => void socket?.write(bytes));
    const handler = {
      onOpen() {},
      onData: (chunk: Uint8Array) => peer.receive(chunk),
      onDrain() {},
      onEnd: () => socket?.close(),
      onClose() {},
    };
    socket = this.network.transportFrom("192.0.2.7").connect(GATEWAY, handler);
    this.#clients.push({ close: () => socket?.close() });
    this.network.pump();
    peer.begin();
    await this.settle();
    return peer;
  }

  /** HTTP/2 connections gather what they write until the turn ends. */
  async settle(): Promise<void> {
    do {
      this.network.pump();
      await new Promise((resolve) => setImmediate(resolve));
    } while (this.network.pump() > 0);
  }

  /** Lets time pass; each timer finds the network at rest. */
  async advance(ms: number): Promise<void> {
    const endMs = this.clock.now() + ms;
    for (let due = this.clock.nextDueMs; due !== null && due <= endMs; due = this.clock.nextDueMs) {
      this.clock.advance(due - this.clock.now());
      await this.settle();
    }
    this.clock.advance(endMs - this.clock.now());
    await this.settle();
  }

  metrics(name: string): string[] {
    return this.gateway
      .exposeMetrics()
      .split("\n")
      .filter((line) => line.startsWith(name));
  }

  async stop(): Promise<void> {
    for (const client of this.#clients) client.close();
    await this.settle();
    const stopped = this.gateway.stop(0);
    this.clock.advance(2000);
    await this.settle();
    for (const { problem } of this.connections) assert.equal(problem, null);
    for (const { socket } of this.connections) socket.close();
    await this.settle();
    await stopped;
    assert.equal(this.network.openSockets.length, 0);
  }
}
