import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { answering, get, PolicyStage, reply } from "../../../test/pipeline/policy-stage.ts";
import { FakeClock } from "../../base/index.ts";
import { CONTINUE, type Exchange, PENDING, type Policy } from "../../pipeline/index.ts";
import { compileGatewayShedding, compileUpstreamShedding, LoadShedder } from "./index.ts";
import { PATIENCE_MS } from "./places.ts";

const ROUTE = { name: "route", priority: "critical", action: { kind: "upstream", upstream: "main" } } as const;
const UPLOAD = "POST /x HTTP/1.1\r\nHost: a.test\r\nContent-Length: 4\r\n\r\nsl";

async function start(where: "gateway" | "upstream", policies: readonly Policy[] = []) {
  const shedder = new LoadShedder({ minimum: 2, maximum: 100, tolerance: 2, retryAfterSeconds: 7 }, new FakeClock(1000));
  const host = { gatewayShedder: shedder, shedderOf: () => shedder };
  const policy = where === "gateway" ? compileGatewayShedding(ROUTE, host) : compileUpstreamShedding(ROUTE, host);
  const stage = await PolicyStage.create({ policies: [policy ?? assert.fail(), ...policies], connections: 100 });
  const waiting: (() => void)[] = [];
  stage.server.script = answering((connection, { body }) => void waiting.push(() => reply(connection, 200, `got ${body}`)));
  const answerAll = () => {
    for (const answer of waiting.splice(0)) answer();
    stage.pump();
  };
  return { stage, shedder, answerAll, working: () => waiting.length };
}

for (const where of ["gateway", "upstream"] as const) {
  describe(`places of a ${where}'s shedder`, () => {
    it("are not kept from others by clients that are slow in sending their bodies", async () => {
      const { stage, shedder, answerAll } = await start(where);
      const slow = Array.from({ length: 2 }, () => stage.connect("192.0.2.66").send(UPLOAD));
      assert.equal(stage.send(get()).status, 503);
      stage.advance(PATIENCE_MS);
      const others = [stage.send(get()), stage.send(get())];
      assert.equal(stage.send(get()).status, 503, "those who work hold theirs");
      answerAll();
      assert.deepEqual(
        others.map(({ status }) => status),
        [200, 200],
      );
      assert.equal(shedder.inFlight, 0);
      for (const each of slow) each.send("ow");
      answerAll();
      assert.deepEqual([...slow.map(({ status }) => status), shedder.inFlight], [200, 200, 0]);
      stage.finish();
      assert.equal(shedder.inFlight, 0);
    });

    it("are held again by those whose bodies have come, so that many of them at once don't let more in", async () => {
      const { stage, shedder, answerAll } = await start(where);
      const slow: ReturnType<typeof stage.connect>[] = [];
      for (let i = 0; i < 5; i++) {
        for (let k = 0; k < 2; k++) slow.push(stage.connect(`192.0.2.${i}`).send(UPLOAD));
        stage.advance(PATIENCE_MS);
      }
      for (const each of slow) each.send("ow");
      stage.advance(PATIENCE_MS);
      const late = Array.from({ length: 4 }, () => stage.send(get()));
      assert.ok(
        late.some(({ status }) => status === 503),
        `${shedder.inFlight}`,
      );
      stage.advance(PATIENCE_MS);
      assert.equal(stage.send(get()).status, 503);
      assert.ok(shedder.inFlight >= 10, `${shedder.inFlight}`);
      answerAll();
      assert.deepEqual([...new Set(slow.map(({ status }) => status)), shedder.inFlight], [200, 0]);
      stage.finish();
    });

    it("are given back once by those that leave while they rest", async () => {
      const { stage, shedder } = await start(where);
      const slow = Array.from({ length: 2 }, () => stage.connect().send(UPLOAD));
      stage.advance(PATIENCE_MS);
      const other = stage.send(get());
      assert.equal(shedder.inFlight, 1);
      for (const each of slow) each.leave();
      assert.equal(shedder.inFlight, 1);
      other.leave();
      assert.equal(shedder.inFlight, 0);
      stage.finish();
      assert.equal(shedder.inFlight, 0);
    });
  });
}

describe("places of a gateway's shedder, where a limit makes requests wait", () => {
  it("are not kept from others, and are held again when the wait is over", async () => {
    const waiters: (() => void)[] = [];
    const bucket: Policy = {
      name: "bucket",
      phase: "limits",
      request(exchange: Exchange) {
        if (exchange.head.path !== "/waits") return CONTINUE;
        const ticket = exchange.suspend();
        waiters.push(() => exchange.resume(ticket));
        return PENDING;
      },
    };
    const { stage, shedder, answerAll, working } = await start("gateway", [bucket]);
    const waiting = [stage.send(get("/waits")), stage.send(get("/waits"))];
    assert.equal(stage.send(get()).status, 503);
    stage.advance(PATIENCE_MS);
    const other = stage.send(get());
    assert.deepEqual([shedder.inFlight, working()], [1, 1]);
    for (const go of waiters) go();
    stage.pump();
    const last = stage.send(get());
    stage.advance(PATIENCE_MS);
    assert.equal(stage.send(get()).status, 503);
    assert.deepEqual([shedder.inFlight, working()], [4, 4]);
    answerAll();
    const statuses = [...waiting, other, last].map(({ status }) => status);
    assert.deepEqual([...statuses, shedder.inFlight], [200, 200, 200, 200, 0]);
    stage.finish();
  });
});
