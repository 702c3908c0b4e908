import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FakeClock, TimerWheel } from "../base/index.ts";
import type { AdminConfig } from "../config/index.ts";
import type { ControlPlane } from "../control/index.ts";
import { MetricRegistry } from "../telemetry/index.ts";
import { MemoryNetwork, type Transport } from "../transport/index.ts";
import { AdminDesk } from "./admin-desk.ts";

function at(port: number): AdminConfig {
  return { address: { host: "127.0.0.1", port }, token: null, hosts: [], tls: null };
}

function createDesk() {
  const { transport } = new MemoryNetwork({ schedule: null });
  const listening = new Set<number>();
  const counting: Transport = {
    ...transport,
    connect: (address, handler, options) => transport.connect(address, handler, options),
    listen: async (address, accept, options) => {
      // As long as a system takes.
      await new Promise(setImmediate);
      const listener = await transport.listen(address, accept, options);
      const port = "port" in address ? address.port : 0;
      listening.add(port);
      return {
        address: listener.address,
        close: () => {
          listening.delete(port);
          listener.close();
        },
      };
    },
  };
  const clock = new FakeClock();
  const host = { transport: counting, clock, wheel: new TimerWheel(clock), registry: new MetricRegistry() };
  return { desk: new AdminDesk({} as ControlPlane, host), listening };
}

describe("the admin address over the life of a gateway", () => {
  it("is the last that was asked for, and the only one, however fast they follow each other", async () => {
    const { desk, listening } = createDesk();
    await desk.open(at(9901));
    await Promise.all([desk.follow(at(9902)), desk.follow(at(9903)), desk.follow(at(9904))]);
    assert.deepEqual([...listening], [9904]);
    assert.deepEqual(desk.address, { host: "127.0.0.1", port: 9904 });
    await Promise.all([desk.follow(null), desk.follow(at(9905))]);
    assert.deepEqual([...listening], [9905]);
    await desk.close();
    assert.deepEqual([...listening], []);
  });

  it("is not opened any more once it was closed", async () => {
    const { desk, listening } = createDesk();
    await desk.open(at(9901));
    await Promise.all([desk.follow(at(9902)), desk.close(), desk.follow(at(9903))]);
    assert.deepEqual([...listening], []);
    assert.equal(desk.address, null);
  });
});
