import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FakeClock } from "../base/index.ts";
import { parseConfig } from "../config/index.ts";
import { MemoryNetwork, type Socket } from "../transport/index.ts";
import { ConnectionBudget } from "./connection-budget.ts";
import { createGateway } from "./index.ts";

const CONFIG = `version: 1
listeners: [{ name: http, address: 127.0.0.1:8080 }]
upstreams: { a: { endpoints: [http://127.0.0.1:3000], pool: { connections: 10, pending: 0 } } }
routes: [{ name: r, match: { path: /* }, public: true, upstream: a }]
telemetry: { accessLog: off }
`;

describe("the connection budget", () => {
  it("leaves the descriptors that upstreams and files need", () => {
    assert.equal(new ConnectionBudget(1024, 128).max, 1024 - 128 - 64);
  });

  it("gives clients a quarter where the limit is small", () => {
    assert.equal(new ConnectionBudget(100, 1000).max, 25);
  });

  it("is infinite where the system sets no limit", () => {
    assert.equal(new ConnectionBudget(Number.POSITIVE_INFINITY, 1000).max, Number.POSITIVE_INFINITY);
  });

  it("refuses a client over it with its own fault, and takes clients again when one leaves", async () => {
    const network = new MemoryNetwork({ schedule: null });
    const { config } = parseConfig(CONFIG, "test.yaml");
    assert.ok(config);
    const gateway = await createGateway(config, { transport: network.transport, clock: new FakeClock(), descriptorLimit: 76 });
    const received = new Map<Socket, string>();
    const connect = (): Socket => {
      const socket = network.transport.connect(
        { host: "127.0.0.1", port: 8080 },
        {
          onOpen() {},
          onData: (chunk) => received.set(socket, (received.get(socket) ?? "") + Buffer.from(chunk).toString("latin1")),
          onDrain() {},
          onEnd() {},
          onClose() {},
        },
      );
      network.pump();
      return socket;
    };
    const sockets = Array.from({ length: 19 }, () => connect());
    assert.equal(received.size, 0);
    const refused = connect();
    assert.match(received.get(refused) ?? "", /^HTTP\/1\.1 503 .*"code":"SP_H1_GATEWAY_FULL"/s);
    sockets[0]?.close();
    network.pump();
    const next = connect();
    next.writeText("GET / HTTP/1.1\r\n\r\n");
    network.pump();
    assert.match(received.get(next) ?? "", /^HTTP\/1\.1 400 .*SP_H1_BAD_HOST/s);
    const stopped = gateway.stop(0);
    for (const socket of [...sockets, next]) socket.close();
    network.pump();
    await stopped;
  });
});
