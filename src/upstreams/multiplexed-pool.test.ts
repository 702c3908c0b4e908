// Who gets a stream on which connection of an upstream, when another connection is opened, and what is left when they go.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { H2 } from "../http2/index.ts";
import { createClient, MultiplexedStage, StoryClaim } from "./multiplexed-stage.ts";

const A = "10.0.0.1:80";
const B = "10.0.0.2:80";

describe("a pool of connections that carry many requests", () => {
  it("opens one connection for as many simultaneous requests as one may carry", () => {
    const stage = new MultiplexedStage({ connections: 64, streams: 100 });
    const claims = stage.openMany(100);
    assert.equal(stage.counts(), "1 open, 0 idle, 0 streams, 0 pending");
    stage.connections[0]!.ready();
    assert.ok(claims.every(({ story }) => story === `stream ${A}`));
    assert.equal(stage.counts(), "1 open, 0 idle, 100 streams, 0 pending");
  });

  it("opens as many more as those requests need that the first can't carry", () => {
    const stage = new MultiplexedStage({ connections: 4, streams: 3 });
    stage.openMany(7);
    assert.equal(stage.counts(), "3 open, 0 idle, 0 streams, 0 pending");
  });

  it("opens more for who waits when the upstream allows fewer streams than hoped, and remembers it", () => {
    const stage = new MultiplexedStage({ connections: 4, streams: 100 });
    const claims = stage.openMany(6);
    stage.connections[0]!.ready(2);
    assert.equal(stage.counts(), "3 open, 0 idle, 2 streams, 0 pending");
    stage.connections[1]!.ready(2);
    stage.connections[2]!.ready(2);
    assert.ok(claims.every(({ story }) => story === `stream ${A}`));
  });

  it("gives a request to the connection with the fewest streams, the oldest of several", () => {
    const stage = new MultiplexedStage({ connections: 2, streams: 2 });
    const claims = stage.openMany(3);
    for (const connection of stage.connections) connection.ready();
    assert.deepEqual([stage.connections[0]!.openStreams, stage.connections[1]!.openStreams], [2, 1]);
    claims[0]!.stream!.answer();
    assert.equal(stage.open().stream!.connection, stage.connections[0]);
    claims[2]!.stream!.answer();
    assert.equal(stage.open().stream!.connection, stage.connections[1]);
  });

  it("lets requests wait in their order when all connections are full, refuses those beyond the bound, and names no endpoint", () => {
    const stage = new MultiplexedStage({ connections: 1, streams: 1, pending: 2 });
    const first = stage.open();
    stage.connections[0]!.ready();
    const [second, third, fourth] = stage.openMany(3);
    assert.equal(fourth!.story, "SP_UPSTREAM_POOL_FULL");
    assert.equal(stage.counts(), "1 open, 0 idle, 1 streams, 2 pending");
    first.stream!.answer();
    assert.deepEqual([second!.story, third!.story], [`stream ${A} again`, ""]);
    second!.stream!.cancel();
    assert.equal(third!.story, `stream ${A} again`);
  });

  it("serves who waits when the upstream allows more streams", () => {
    const stage = new MultiplexedStage({ connections: 1, streams: 3, pending: 2 });
    const first = stage.open();
    stage.connections[0]!.ready(1);
    const waits = stage.openMany(2);
    stage.connections[0]!.allow(3);
    assert.deepEqual(
      [first, ...waits].map(({ story }) => story),
      [`stream ${A}`, `stream ${A}`, `stream ${A}`],
    );
  });

  it("lets requests wait, and opens nothing anew, where an upstream allows no stream at all", () => {
    const stage = new MultiplexedStage({ connections: 1 });
    const waits = stage.open();
    stage.connections[0]!.ready(0);
    assert.equal(stage.connections.length, 1);
    assert.equal(stage.counts(), "1 open, 1 idle, 0 streams, 1 pending");
    stage.connections[0]!.allow(1);
    assert.equal(waits.story, `stream ${A}`);
  });

  it("forgets requests that wait, in the line or for a connection that is being opened", () => {
    const stage = new MultiplexedStage({ connections: 1, streams: 1, pending: 1 });
    const [opens, waits] = stage.openMany(2);
    stage.pool.forget(opens!);
    stage.pool.forget(waits!);
    stage.connections[0]!.ready();
    assert.deepEqual([opens!.story, waits!.story], ["", ""]);
    assert.equal(stage.counts(), "1 open, 1 idle, 0 streams, 0 pending");
    assert.equal(stage.open().story, `stream ${A}`);
  });

  it("gives the place of one that left to another", () => {
    const stage = new MultiplexedStage({ connections: 1, streams: 1, pending: 0 });
    stage.pool.forget(stage.open());
    const next = stage.open();
    stage.connections[0]!.ready();
    assert.equal(next.story, `stream ${A}`);
  });

  it("tells a failed connection to all who wait for it, and each may ask again meanwhile", () => {
    const stage = new MultiplexedStage({ connections: 1, streams: 3, weights: [1, 1] });
    const claims = stage.openMany(3);
    const again = claims.map((claim) => {
      const repeat = new StoryClaim(false, [A]);
      claim.onFault = () => stage.open(repeat);
      return repeat;
    });
    stage.connections[0]!.fail();
    assert.ok(claims.every(({ story }) => story === `SP_UPSTREAM_CONNECT_FAILED ${A}`));
    assert.equal(stage.counts(), "1 open, 0 idle, 0 streams, 0 pending");
    stage.connections[1]!.ready();
    assert.ok(again.every(({ story }) => story === `stream ${B}`));
  });

  it("does not serve who leaves while others are told", () => {
    const stage = new MultiplexedStage({ connections: 1, streams: 3 });
    const [first, second] = stage.openMany(2);
    first!.onFault = () => stage.pool.forget(second!);
    stage.connections[0]!.fail();
    assert.equal(second!.story, "");
  });

  it("opens a connection in the place of a lost one for who waits", () => {
    const stage = new MultiplexedStage({ connections: 1, streams: 1 });
    const first = stage.open();
    stage.connections[0]!.ready();
    const waits = stage.open();
    stage.connections[0]!.lose();
    assert.equal(first.story, `stream ${A}, SP_UPSTREAM_RESET`);
    stage.connections[1]!.ready();
    assert.equal(waits.story, `stream ${A}`);
  });

  it("tells everybody who waits when it closes, lets streams end, and closes what becomes ready afterwards", () => {
    const stage = new MultiplexedStage({ connections: 2, streams: 1, pending: 1 });
    const first = stage.open();
    stage.connections[0]!.ready();
    const [opens, waits] = stage.openMany(2);
    stage.pool.close();
    assert.equal(waits!.story, "SP_UPSTREAM_POOL_CLOSED");
    assert.equal(stage.open().story, "SP_UPSTREAM_POOL_CLOSED");
    stage.connections[1]!.ready();
    assert.equal(opens!.story, `stream ${A}`);
    assert.equal(stage.counts(), "2 open, 0 idle, 2 streams, 0 pending");
    first.stream!.answer();
    opens!.stream!.answer();
    assert.equal(stage.counts(), "0 open, 0 idle, 0 streams, 0 pending");
  });

  it("refuses who waits for a connection that turns out too small once it is closed", () => {
    const stage = new MultiplexedStage({ connections: 1, streams: 2 });
    const [first, second] = stage.openMany(2);
    stage.pool.close();
    stage.connections[0]!.ready(1);
    assert.deepEqual([first!.story, second!.story], [`stream ${A}`, "SP_UPSTREAM_POOL_CLOSED"]);
  });
});

describe("a connection that drains", () => {
  it("gets no more requests, and another may be opened for it", () => {
    const stage = new MultiplexedStage({ connections: 1 });
    const first = stage.open();
    stage.connections[0]!.ready();
    stage.connections[0]!.drain();
    const second = stage.open();
    stage.connections[1]!.ready();
    assert.equal(second.stream!.connection, stage.connections[1]);
    assert.equal(stage.counts(), "2 open, 0 idle, 2 streams, 0 pending");
    first.stream!.answer();
    assert.equal(stage.counts(), "1 open, 0 idle, 1 streams, 0 pending");
  });

  it("is replaced at once for who waits", () => {
    const stage = new MultiplexedStage({ connections: 1, streams: 1 });
    stage.open();
    stage.connections[0]!.ready();
    const waits = stage.open();
    stage.connections[0]!.drain();
    stage.connections[1]!.ready();
    assert.equal(waits.story, `stream ${A}`);
  });

  it("is open all the same: there are never more than twice as many as the bound", () => {
    const stage = new MultiplexedStage({ connections: 1, streams: 1 });
    for (const at of [0, 1]) {
      stage.open();
      stage.connections[at]!.ready();
      stage.connections[at]!.drain();
    }
    const waits = stage.open();
    assert.equal(stage.counts(), "2 open, 0 idle, 2 streams, 1 pending");
    stage.connections[0]!.lose();
    stage.connections[2]!.ready();
    assert.equal(waits.story, `stream ${A}`);
  });
});

describe("a request that needs a fresh connection", () => {
  it("gets one that has not served, be it there or being opened", () => {
    const stage = new MultiplexedStage({ connections: 3 });
    const first = stage.open();
    stage.connections[0]!.ready();
    assert.equal(stage.open(new StoryClaim(true)).story, `stream ${A}`);
    first.stream!.answer();
    const [fresh, another] = [stage.open(new StoryClaim(true)), stage.open(new StoryClaim(true))];
    assert.equal(stage.connections.length, 2);
    stage.connections[1]!.ready();
    assert.deepEqual([fresh.story, another.story], [`stream ${A}`, `stream ${A}`]);
  });

  it("has one that served retired at the bound, whose streams go on", () => {
    const stage = new MultiplexedStage({ connections: 1 });
    const [first, second] = stage.openMany(2);
    stage.connections[0]!.ready();
    first!.stream!.answer();
    const fresh = stage.open(new StoryClaim(true));
    stage.connections[1]!.ready();
    assert.equal(fresh.story, `stream ${A}`);
    assert.equal(stage.counts(), "2 open, 0 idle, 2 streams, 0 pending");
    second!.stream!.answer();
    assert.equal(stage.counts(), "1 open, 0 idle, 1 streams, 0 pending");
  });

  it("waits where all are full, until one has room", () => {
    const stage = new MultiplexedStage({ connections: 1, streams: 1 });
    const first = stage.open();
    stage.connections[0]!.ready();
    const fresh = stage.open(new StoryClaim(true));
    assert.equal(fresh.story, "");
    first.stream!.answer();
    stage.connections[1]!.ready();
    assert.equal(fresh.story, `stream ${A}`);
  });
});

describe("a pool whose connections of many streams begin with a PROXY header", () => {
  const claimOf = (client = createClient(1)) => Object.assign(new StoryClaim(), { client });

  it("gives a connection to requests of its own client alone", () => {
    const stage = new MultiplexedStage({ connections: 3, proxyProtocol: "v2" });
    const [first, other] = [createClient(1), createClient(1)];
    for (const client of [first, first, other]) stage.open(claimOf(client));
    for (const connection of stage.connections) connection.ready();
    assert.deepEqual(
      stage.connections.map(({ client, openStreams }) => [client, openStreams]),
      [
        [first, 2],
        [other, 1],
      ],
    );
  });

  it("retires the connection of another at the bound rather than letting a request wait", () => {
    const stage = new MultiplexedStage({ connections: 1, proxyProtocol: "v2" });
    const first = stage.open(claimOf());
    stage.connections[0]!.ready();
    const second = stage.open(claimOf());
    stage.connections[1]!.ready();
    assert.deepEqual([first.story, second.story], [`stream ${A}`, `stream ${A}`]);
    first.stream!.answer();
    assert.equal(stage.counts(), "1 open, 0 idle, 1 streams, 0 pending");
  });

  it("serves who can be served although another waits longer", () => {
    const stage = new MultiplexedStage({ connections: 1, streams: 1, pending: 2, proxyProtocol: "v2" });
    const mine = createClient(1);
    const drains = stage.open(claimOf());
    stage.connections[0]!.ready();
    stage.connections[0]!.drain();
    const first = stage.open(claimOf(mine));
    stage.connections[1]!.ready();
    const [other, own] = [stage.open(claimOf()), stage.open(claimOf(mine))];
    first.stream!.answer();
    assert.deepEqual([other.story, own.story], ["", `stream ${A} again`]);
    own.stream!.answer();
    assert.equal(other.story, "");
    drains.stream!.answer();
    stage.connections[2]!.ready();
    assert.equal(other.story, `stream ${A}`);
  });

  it("keeps no connection of a client that has gone", () => {
    const stage = new MultiplexedStage({ proxyProtocol: "v2" });
    const client = createClient(1);
    const claim = stage.open(claimOf(client));
    stage.connections[0]!.ready();
    client.isGone = true;
    claim.stream!.answer();
    assert.equal(stage.counts(), "0 open, 0 idle, 0 streams, 0 pending");
  });
});

describe("endpoints with connections of many streams", () => {
  it("take turns", () => {
    const stage = new MultiplexedStage({ weights: [1, 1] });
    const claims = stage.openMany(4);
    for (const connection of stage.connections) connection.ready();
    assert.deepEqual(
      claims.map(({ story }) => story),
      [A, B, A, B].map((each) => `stream ${each}`),
    );
  });

  it("serve a request out of turn rather than let it wait, at the bound", () => {
    const stage = new MultiplexedStage({ connections: 1, weights: [1, 1] });
    const claims = stage.openMany(3);
    stage.connections[0]!.ready();
    assert.ok(claims.every(({ story }) => story === `stream ${A}`));
    assert.equal(stage.connections.length, 1);
  });

  it("that are not well give their place to those that are, for who waits", () => {
    const stage = new MultiplexedStage({ connections: 1, streams: 1, weights: [1, 1] });
    const first = stage.open();
    stage.connections[0]!.ready();
    const waits = stage.open();
    stage.pool.setHealth(stage.pool.endpoints[0]!, false);
    first.stream!.answer();
    stage.connections[1]!.ready();
    assert.equal(waits.story, `stream ${B}`);
    assert.equal(stage.counts(), "1 open, 0 idle, 1 streams, 0 pending");
  });

  it("are left for another by a repeat, which takes no turn", () => {
    const stage = new MultiplexedStage({ weights: [1, 1], connections: 9 });
    const claims = [stage.open(), stage.open(new StoryClaim(false, [A])), stage.open()];
    for (const connection of stage.connections) connection.ready();
    assert.deepEqual(
      claims.map(({ story }) => story),
      [A, B, B].map((each) => `stream ${each}`),
    );
  });

  it("that refuse a stream are known by the fault", () => {
    const stage = new MultiplexedStage();
    const claim = stage.open();
    stage.connections[0]!.ready();
    claim.stream!.refuse();
    assert.equal(claim.story, `stream ${A}, ${H2.RESPONSE_REFUSED.kind.code}`);
    assert.equal(stage.counts(), "1 open, 1 idle, 0 streams, 0 pending");
  });
});
