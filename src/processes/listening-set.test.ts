import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ListenerConfig } from "../config/index.ts";
import type { SharedListener } from "../transport/index.ts";
import { isSamePlaces, ListeningSet, toDescriptors } from "./listening-set.ts";

interface Place {
  readonly name: string;
  readonly port: number;
  readonly tls?: object | null;
}

function listen({ name, port, tls = null }: Place): ListenerConfig {
  const listener = { name, address: { host: "127.0.0.1", port }, reusePort: false, tls, proxyProtocol: null };
  return listener as unknown as ListenerConfig;
}

/** Binds by counting. */
class Sockets {
  readonly open = new Set<number>();
  #bound = 0;

  readonly bind = async (address: SharedListener["address"]): Promise<SharedListener> => {
    const descriptor = ++this.#bound;
    if ("port" in address && address.port === 1) throw new Error("EACCES");
    this.open.add(descriptor);
    return { descriptor, address, close: () => this.open.delete(descriptor) };
  };
}

async function hold(...places: readonly Place[]) {
  const sockets = new Sockets();
  const set = new ListeningSet(sockets.bind, new Map(), []);
  const prepare = async (...wanted: readonly Place[]) => set.prepare(wanted.map(listen));
  set.commit(await prepare(...places));
  return { sockets, set, prepare };
}

describe("the sockets of a gateway's listeners", () => {
  it("stay at their places, whatever the listeners are called, and go with them", async () => {
    const { sockets, set, prepare } = await hold({ name: "a", port: 80 }, { name: "b", port: 81 });
    const next = await prepare({ name: "b", port: 80 }, { name: "c", port: 82 });
    assert.deepEqual(
      [...toDescriptors(next)],
      [
        ["b", 1],
        ["c", 3],
      ],
    );
    set.commit(next);
    assert.deepEqual([...sockets.open], [1, 3]);
  });

  it("change hands where two listeners change addresses", async () => {
    const { prepare } = await hold({ name: "a", port: 80 }, { name: "b", port: 81 });
    assert.deepEqual(
      [...toDescriptors(await prepare({ name: "a", port: 81 }, { name: "b", port: 80 }))],
      [
        ["a", 2],
        ["b", 1],
      ],
    );
  });

  it("are each listener's own where the system chooses both ports", async () => {
    const { sockets, set, prepare } = await hold({ name: "a", port: 0 }, { name: "b", port: 0 });
    const next = await prepare({ name: "b", port: 0 }, { name: "a", port: 0 });
    assert.deepEqual(
      [...toDescriptors(next)],
      [
        ["b", 2],
        ["a", 1],
      ],
    );
    set.commit(next);
    assert.deepEqual([...sockets.open], [1, 2]);
  });

  it("are not left open when one of them can't be bound, nor when they are not used", async () => {
    const { sockets, set, prepare } = await hold({ name: "a", port: 80 });
    await assert.rejects(prepare({ name: "a", port: 80 }, { name: "b", port: 81 }, { name: "c", port: 1 }), /EACCES/);
    assert.deepEqual([...sockets.open], [1]);
    set.discard(await prepare({ name: "a", port: 80 }, { name: "d", port: 82 }));
    assert.deepEqual([...sockets.open], [1]);
  });

  it("are never opened again once they were closed, also by who has begun before", async () => {
    const { sockets, set, prepare } = await hold({ name: "a", port: 80 });
    const begun = await prepare({ name: "a", port: 80 }, { name: "b", port: 81 });
    set.close();
    set.commit(begun);
    assert.deepEqual([...sockets.open], []);
    assert.deepEqual(set.addresses, []);
    await assert.rejects(prepare({ name: "a", port: 80 }), /the gateway is stopping/);
    assert.deepEqual([...sockets.open], []);
  });

  it("are others where TLS begins or ends", () => {
    const [plain, secure] = [listen({ name: "a", port: 80 }), listen({ name: "a", port: 80, tls: {} })];
    assert.equal(isSamePlaces([plain], [plain]), true);
    assert.equal(isSamePlaces([plain], [secure]), false);
    assert.equal(isSamePlaces([plain], [plain, listen({ name: "b", port: 81 })]), false);
  });
});
