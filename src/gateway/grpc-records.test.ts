// What an operator is told of gRPC calls: the line of the access log and the counter, through a whole gateway.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FakeClock, listFaults } from "../base/index.ts";
import { parseConfig } from "../config/index.ts";
import { GRPC_STATUS_NAMES } from "../pipeline/index.ts";
import { MemoryLineSink } from "../telemetry/index.ts";
import { MemoryNetwork, type Socket, type SocketHandler } from "../transport/index.ts";
import { createGateway, type Gateway } from "./index.ts";

function configOf(name: string): string {
  return `version: 1
listeners: [{ name: http, address: 127.0.0.1:8080 }]
upstreams: { app: { endpoints: [http://127.0.0.1:3001] } }
routes: [{ name: ${name}, match: { path: /a.B/* }, public: true, upstream: app, timeout: 3s }]
`;
}

const CALL = "POST /a.B/c HTTP/1.1\r\nHost: a\r\nContent-Type: application/grpc\r\nTE: trailers\r\nContent-Length: 5\r\n\r\n\0\0\0\0\0";

class End implements SocketHandler {
  text = "";
  readonly answer: string | null;
  socket: Socket | null = null;

  /** Says `answer` to whatever comes. */
  constructor(answer: string | null = null) {
    this.answer = answer;
  }

  onOpen(): void {}
  onDrain(): void {}
  onEnd(): void {}
  onClose(): void {}
  onData(chunk: Uint8Array): void {
    this.text += Buffer.from(chunk).toString("latin1");
    if (this.answer !== null) this.socket?.writeText(this.answer);
  }
}

class GatewayStage {
  readonly network = new MemoryNetwork({ schedule: null });
  readonly clock = new FakeClock(1_000);
  readonly log = new MemoryLineSink();
  #gateway: Gateway | null = null;

  async open(answer: string | null): Promise<this> {
    const { config } = parseConfig(configOf("calls"), "gateway.yaml");
    assert.ok(config !== null);
    if (answer !== null) {
      await this.network.transport.listen({ host: "127.0.0.1", port: 3001 }, (socket) => {
        const end = new End(answer);
        end.socket = socket;
        return end;
      });
    }
    this.#gateway = await createGateway(config, { transport: this.network.transport, clock: this.clock, logSink: this.log });
    return this;
  }

  get gateway(): Gateway {
    assert.ok(this.#gateway !== null);
    return this.#gateway;
  }

  send(text: string): End {
    const end = new End();
    end.socket = this.network.transport.connect({ host: "127.0.0.1", port: 8080 }, end);
    end.socket.writeText(text);
    this.network.pump();
    return end;
  }

  record(): Record<string, unknown> {
    return JSON.parse(this.log.lines.at(-1) ?? "{}") as Record<string, unknown>;
  }

  get counted(): string[] {
    return this.gateway
      .exposeMetrics()
      .split("\n")
      .filter((line) => line.startsWith("sallyport_grpc_requests_total{"));
  }
}

describe("a gRPC call in the log and the metrics", () => {
  it("has the status that came behind its messages", async () => {
    const answer =
      "HTTP/1.1 200 OK\r\nContent-Type: application/grpc\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n\0\0\0\0\0\r\n0\r\nGrpc-Status: 5\r\n\r\n";
    const stage = await new GatewayStage().open(answer);
    stage.send(CALL);
    stage.send(CALL);
    assert.deepEqual([stage.record()["status"], stage.record()["grpcStatus"]], [200, "NOT_FOUND"]);
    assert.deepEqual(stage.counted, ['sallyport_grpc_requests_total{route="calls",status="NOT_FOUND"} 2']);
  });

  it("has the gateway's own where nobody else answered, and the code that says why", async () => {
    const stage = await new GatewayStage().open(null);
    const client = stage.send(CALL);
    assert.match(client.text, /^HTTP\/1\.1 200 OK\r\n/);
    assert.match(client.text, /\r\nContent-Type: application\/grpc\r\nGrpc-Status: 14\r\n/);
    const record = stage.record();
    assert.deepEqual([record["status"], record["grpcStatus"], record["fault"]], [200, "UNAVAILABLE", "SP_UPSTREAM_CONNECT_FAILED"]);
    assert.deepEqual(stage.counted, ['sallyport_grpc_requests_total{route="calls",status="UNAVAILABLE"} 1']);
  });

  it("has the public table's where something else than gRPC answered", async () => {
    const stage = await new GatewayStage().open("HTTP/1.1 401 Unauthorized\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nno");
    stage.send(CALL);
    const record = stage.record();
    assert.deepEqual(
      [record["grpcStatus"], record["upstreamStatus"], record["fault"]],
      ["UNAUTHENTICATED", 401, "SP_GRPC_ANSWER_UNAUTHENTICATED"],
    );
  });

  it("is UNIMPLEMENTED where no route is, which is counted with no route", async () => {
    const stage = await new GatewayStage().open(null);
    const client = stage.send(CALL.replace("/a.B/", "/other/"));
    assert.match(client.text, /\r\nGrpc-Status: 12\r\n/);
    assert.equal(stage.record()["fault"], "SP_ROUTE_NOT_FOUND");
    assert.deepEqual(stage.counted, ['sallyport_grpc_requests_total{route="",status="UNIMPLEMENTED"} 1']);
  });

  it("is nothing for other requests", async () => {
    const stage = await new GatewayStage().open("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    stage.send("POST /a.B/c HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
    assert.equal(stage.record()["status"], 200);
    assert.equal(stage.record()["grpcStatus"], undefined);
    assert.deepEqual(stage.counted, []);
  });

  it("goes from the metrics with its route", async () => {
    const stage = await new GatewayStage().open(null);
    stage.send(CALL);
    assert.equal(stage.counted.length, 1);
    const { config } = parseConfig(configOf("others"), "gateway.yaml");
    assert.ok(config !== null);
    const prepared = await stage.gateway.prepare(config);
    prepared.commit();
    stage.network.pump();
    assert.deepEqual(stage.counted, []);
  });
});

describe("the gRPC status of every fault", () => {
  it("is one that there is, and never OK", () => {
    // Those of what comes before a request, and of a tunnel, answer no call.
    const faults = listFaults().filter(({ code }) => !/^SP_(PROXY|WS)_/.test(code));
    assert.ok(faults.length > 50);
    for (const { code, grpc } of faults) assert.ok(Number.isInteger(grpc) && grpc > 0 && grpc < GRPC_STATUS_NAMES.length, code);
  });
});
