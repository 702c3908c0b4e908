import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FakeClock } from "../base/index.ts";
import { StoreFailure, type Stores } from "../stores/index.ts";
import { deferStores } from "./deferred-stores.ts";

/** Stores of which only the removal of sessions answers. */
function stores(closed: string[] = []): Stores {
  const sessions = {
    count: 7,
    async removeExpired() {
      return this.count;
    },
  };
  return { sessions, close: async () => void closed.push("closed") } as unknown as Stores;
}

describe("deferred stores", () => {
  it("are opened once, by the first call, however many come", async () => {
    let opened = 0;
    const deferred = deferStores(async () => {
      opened++;
      return stores();
    }, new FakeClock());
    assert.equal(opened, 0);
    assert.deepEqual(await Promise.all([deferred.sessions.removeExpired(0), deferred.sessions.removeExpired(0)]), [7, 7]);
    assert.equal(opened, 1);
  });

  it("tell of a failure for a second, then try again", async () => {
    const clock = new FakeClock();
    let opened = 0;
    const deferred = deferStores(async () => {
      opened++;
      if (opened === 1) throw new StoreFailure("away");
      return stores();
    }, clock);
    await assert.rejects(deferred.sessions.removeExpired(0), /away/);
    clock.advance(999);
    await assert.rejects(deferred.sessions.removeExpired(0), /away/);
    assert.equal(opened, 1);
    clock.advance(1);
    assert.equal(await deferred.sessions.removeExpired(0), 7);
    assert.equal(opened, 2);
    clock.advance(10_000);
    assert.equal(await deferred.sessions.removeExpired(0), 7);
    assert.equal(opened, 2);
  });

  it("close what was opened, and open nothing afterwards", async () => {
    const closed: string[] = [];
    const clock = new FakeClock();
    const used = deferStores(async () => stores(closed), clock);
    await used.sessions.removeExpired(0);
    await used.close();
    assert.deepEqual(closed, ["closed"]);
    await assert.rejects(used.sessions.removeExpired(0), StoreFailure);
    const unused = deferStores(() => assert.fail("opened for nothing"), clock);
    await unused.close();
  });
});
