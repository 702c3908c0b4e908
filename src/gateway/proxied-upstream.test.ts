// Upstreams whose connections begin with a PROXY header, through a whole gateway.

import assert from "node:assert/strict";
import { it } from "node:test";
import { FakeClock } from "../base/index.ts";
import { parseConfig } from "../config/index.ts";
import { MemoryNetwork, type Socket } from "../transport/index.ts";
import { createGateway } from "./index.ts";

const CONFIG = `
version: 1
admin: off
telemetry: { accessLog: off }
listeners: [{ name: public, address: "10.0.0.1:8080" }]
upstreams: { app: { endpoints: ["http://10.0.0.2:80"] } }
routes: [{ name: all, match: { path: /* }, public: true, upstream: app }]
`;
const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

it("each client's requests reach the upstream on connections that begin with its own address", async () => {
  const { config, issues } = parseConfig(CONFIG, "gateway.yaml");
  assert.ok(config !== null, JSON.stringify(issues));
  const network = new MemoryNetwork({ schedule: null });
  const clock = new FakeClock();
  const seen: string[] = [];
  await network.transport.listen({ host: "10.0.0.2", port: 80 }, (socket) => {
    const at = seen.push("") - 1;
    return {
      onOpen() {},
      onData(chunk) {
        seen[at] += Buffer.from(chunk).toString("latin1");
        if (seen[at]?.endsWith("\r\n\r\n")) socket.writeText("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
      },
      onDrain() {},
      onEnd: () => socket.close(),
      onClose() {},
    };
  });
  const upstreams = config.upstreams.map((upstream) => ({ ...upstream, proxyProtocol: "v1" as const }));
  const gateway = await createGateway({ ...config, upstreams }, { transport: network.transport, clock });
  let answers = 0;
  const open = (from: string): Socket =>
    network
      .transportFrom(from)
      .connect({ host: "10.0.0.1", port: 8080 }, { onOpen() {}, onData: () => void answers++, onDrain() {}, onEnd() {}, onClose() {} });
  const clients = [open("192.0.2.7"), open("192.0.2.8")];
  for (let round = 0; round < 3; round++) {
    for (const client of clients) {
      client.writeText(GET);
      network.pump();
    }
  }
  assert.equal(answers, 6);
  assert.deepEqual(
    seen.map((text) => text.slice(0, text.indexOf("\r\n"))),
    clients.map(({ localAddress, localPort }) => `PROXY TCP4 ${localAddress} 10.0.0.1 ${localPort} 8080`),
  );
  for (const text of seen) assert.equal(text.split("GET / HTTP/1.1").length, 4, "three requests behind one header");
  for (const client of clients) client.close();
  network.pump();
  const stopped = gateway.stop(0);
  clock.advance(10);
  network.pump();
  await stopped;
});
