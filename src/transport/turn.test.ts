import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { MemoryNetwork, setHandlerErrorHook, Turn } from "./index.ts";

const ADDRESS = { host: "10.0.0.1", port: 80 };

describe("a turn", () => {
  afterEach(() => setHandlerErrorHook(null));

  it("tells each listener once, behind everything that joined meanwhile", () => {
    const ends: (() => void)[] = [];
    const turn = new Turn((end) => ends.push(end));
    const told: string[] = [];
    const second = { onTurnEnd: () => told.push("second") };
    turn.add({
      onTurnEnd: () => {
        told.push("first");
        turn.add(second);
      },
    });
    assert.equal(ends.length, 1);
    ends[0]?.();
    assert.deepEqual(told, ["first", "second"]);
    turn.add(second);
    ends[1]?.();
    assert.deepEqual(told, ["first", "second", "second"]);
  });

  it("goes on behind a listener that throws", () => {
    const ends: (() => void)[] = [];
    const errors: unknown[] = [];
    setHandlerErrorHook((error) => errors.push(error));
    const turn = new Turn((end) => ends.push(end));
    let told = 0;
    turn.add({
      onTurnEnd: () => {
        throw new Error("bug");
      },
    });
    turn.add({ onTurnEnd: () => void told++ });
    ends[0]?.();
    assert.equal(told, 1);
    assert.equal((errors[0] as Error).message, "bug");
  });

  it("of a memory network ends when every event has been delivered, and what is written then is delivered too", () => {
    const network = new MemoryNetwork({ schedule: null });
    const told: string[] = [];
    void network.transport.listen(ADDRESS, (socket) => ({
      onOpen() {},
      onData(chunk) {
        told.push(`read ${chunk.length}`);
        socket.turn.add({
          onTurnEnd: () => {
            told.push("end");
            socket.write(chunk);
          },
        });
      },
      onDrain() {},
      onEnd() {},
      onClose() {},
    }));
    const clients = [1, 2].map((length) => {
      const client = network.transport.connect(ADDRESS, {
        onOpen: () => void client.write(new Uint8Array(length)),
        onData: (chunk) => told.push(`answer ${chunk.length}`),
        onDrain() {},
        onEnd() {},
        onClose() {},
      });
      return client;
    });
    network.pump();
    assert.equal(clients.length, 2);
    assert.deepEqual(told, ["read 1", "read 2", "end", "end", "answer 1", "answer 2"]);
  });
});
