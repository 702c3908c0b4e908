import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { dial, Recorder } from "../contract/recorder.ts";
import { bindListener } from "../shared-listener/index.ts";
import type { AcceptedSocket } from "../socket.ts";
import { nodeTransport } from "./index.ts";

const ANY = { host: "127.0.0.1", port: 0 };
// Bun's node:net knows neither; the bun transport does.
const SKIP = process.versions.bun === undefined ? false : "on Bun the bun transport listens";

describe("node transport's listeners", { skip: SKIP }, () => {
  it("accept on a descriptor that was bound by somebody else, and know its address", async () => {
    const bound = await bindListener(ANY);
    const accepted: Recorder[] = [];
    const accept = (socket: AcceptedSocket): Recorder => {
      const recorder = new Recorder().attach(socket);
      accepted.push(recorder);
      return recorder;
    };
    const listener = await nodeTransport().listen(bound.address, accept, { descriptor: bound.descriptor });
    assert.deepEqual(listener.address, bound.address);
    const near = dial(nodeTransport(), bound.address);
    near.call((socket) => socket.writeText("hello"));
    await near.opened();
    near.call((socket) => socket.end());
    while (accepted[0] === undefined) await new Promise((resolve) => setImmediate(resolve));
    await accepted[0].received(5);
    accepted[0].call((socket) => socket.end());
    await near.closed();
    listener.close();
  });

  it("share a port where each asks for it, and only there", async () => {
    const transport = nodeTransport();
    const accept = (): Recorder => new Recorder();
    const first = await transport.listen(ANY, accept, { reusePort: true });
    const second = await transport.listen(first.address, accept, { reusePort: true });
    assert.deepEqual(second.address, first.address);
    await assert.rejects(transport.listen(first.address, accept), { code: "EADDRINUSE" });
    first.close();
    second.close();
  });
});
