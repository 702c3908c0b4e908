import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { valuesOf } from "../../../test/kit/index.ts";
import { answering, get, PolicyStage, post, reply, type StageOptions } from "../../../test/pipeline/policy-stage.ts";
import { FakeClock } from "../../base/index.ts";
import type { Priority, SheddingConfig } from "../../config/index.ts";
import { CONTINUE, type Policy } from "../../pipeline/index.ts";
import { compileGatewayShedding, compileUpstreamShedding, LoadShedder, type SheddingHost } from "./index.ts";

const SETTINGS: SheddingConfig = { minimum: 2, maximum: 100, tolerance: 2, retryAfterSeconds: 7 };

function routeOf(priority: Priority = "critical") {
  return { name: "route", priority, action: { kind: "upstream", upstream: "main" } } as const;
}

function makeShedder(settings: Partial<SheddingConfig> = {}): LoadShedder {
  return new LoadShedder({ ...SETTINGS, ...settings }, new FakeClock(1000));
}

function hostOf(gatewayShedder: LoadShedder | null, upstreamShedder: LoadShedder | null): SheddingHost {
  return { gatewayShedder, shedderOf: ({ name }) => (name === "main" ? upstreamShedder : null) };
}

function present(policy: Policy | null): Policy {
  return policy ?? assert.fail();
}

/** A stage whose upstream keeps what it is asked until the test answers. */
async function start(shedder: LoadShedder, where: "gateway" | "upstream", options: StageOptions = {}) {
  const policy =
    where === "gateway"
      ? compileGatewayShedding(routeOf(), hostOf(shedder, null))
      : compileUpstreamShedding(routeOf(), hostOf(null, shedder));
  const stage = await PolicyStage.create({ ...options, policies: [...(options.policies ?? []), present(policy)] });
  const waiting: (() => void)[] = [];
  stage.server.script = answering((connection, { body }) => void waiting.push(() => reply(connection, 200, `got ${body}`)));
  const answerNext = () => {
    waiting.shift()?.();
    stage.pump();
  };
  return { stage, answerNext };
}

for (const where of ["gateway", "upstream"] as const) {
  describe(`shedding for the ${where}`, () => {
    it("refuses what is beyond the limit, says when to come again, and asks the upstream nothing", async () => {
      const shedder = makeShedder();
      const { stage, answerNext } = await start(shedder, where);
      const first = stage.send(get());
      const second = stage.send(get());
      const third = stage.send(get());
      const answer = third.response();
      const { requestId, ...problem } = JSON.parse(answer.body) as Record<string, unknown>;
      assert.ok(requestId);
      assert.deepEqual(problem, {
        type: "about:blank",
        title: where === "gateway" ? "The gateway is overloaded." : "The service is overloaded.",
        status: 503,
        code: `SP_OVERLOADED_${where.toUpperCase()}`,
      });
      assert.deepEqual(valuesOf(answer, "retry-after"), ["7"]);
      assert.equal(stage.begun[2]?.fault?.detail, where === "gateway" ? "" : "main");
      assert.equal(stage.server.records.length, 2);
      assert.equal(shedder.shed("critical"), 1);
      answerNext();
      answerNext();
      assert.deepEqual([first.status, second.status, shedder.inFlight], [200, 200, 0]);
      stage.finish();
    });

    it("tells a gRPC call that the service is unavailable", async () => {
      const shedder = makeShedder({ minimum: 1 });
      const { stage } = await start(shedder, where);
      stage.send(get());
      const answer = stage.send(post("x", "Content-Type: application/grpc\r\nTE: trailers\r\n")).response();
      assert.match(answer.startLine, / 200 /);
      assert.deepEqual(valuesOf(answer, "grpc-status"), ["14"]);
      stage.finish();
    });

    it("gives a place back with the response's head, while the body still comes", async () => {
      const shedder = makeShedder({ minimum: 1 });
      const { stage } = await start(shedder, where);
      stage.server.script = answering((connection) => connection.send("HTTP/1.1 200 X\r\nContent-Length: 100\r\n\r\npart"));
      const client = stage.send(get());
      assert.deepEqual([client.status, shedder.inFlight, stage.ended.length], [200, 0, 0]);
      stage.finish();
      assert.equal(shedder.inFlight, 0);
    });

    it("gives it back, once, when the client leaves", async () => {
      const shedder = makeShedder();
      const { stage } = await start(shedder, where);
      const client = stage.send(get());
      assert.equal(shedder.inFlight, 1);
      client.leave();
      assert.equal(shedder.inFlight, 0);
      stage.finish();
      assert.equal(shedder.inFlight, 0);
    });

    it("gives it back when the upstream does not answer in time, closes, or gives nonsense", async () => {
      const shedder = makeShedder();
      const { stage } = await start(shedder, where, { timeoutMs: 500 });
      const late = stage.send(get());
      stage.advance(600);
      assert.equal(late.code, "SP_EXCHANGE_DEADLINE");
      assert.equal(shedder.inFlight, 0);
      stage.server.script = answering((connection) => connection.send("nonsense\r\n\r\n"));
      assert.equal(stage.send(get()).status, 502);
      assert.equal(shedder.inFlight, 0);
      stage.finish();
    });

    it("gives it back when a response step throws, and when one puts another answer in the place", async () => {
      for (const response of [
        () => {
          throw new Error("a bug");
        },
        (exchange: Parameters<NonNullable<Policy["response"]>>[0]) => exchange.answer(418, exchange.response!.fields, null),
      ]) {
        const shedder = makeShedder();
        const { stage, answerNext } = await start(shedder, where, { policies: [{ name: "other", phase: "transform", response }] });
        stage.send(get());
        answerNext();
        assert.equal(shedder.inFlight, 0);
        stage.finish();
        assert.equal(shedder.inFlight, 0);
      }
    });
  });
}

describe("what is measured", () => {
  /** Sends 400 requests one after the other, each answered after `tookMs`; then a burst; returns how many of it were let in. */
  async function measure(run: (stage: PolicyStage, answerNext: () => void) => void, shedder: LoadShedder, options: StageOptions = {}) {
    const { stage, answerNext } = await start(shedder, "upstream", options);
    run(stage, answerNext);
    stage.finish();
    assert.equal(shedder.inFlight, 0);
  }

  it("is how long an upstream takes, so that the limit grows while it is used and answers stay quick", async () => {
    const shedder = makeShedder({ minimum: 1 });
    await measure((stage, answerNext) => {
      const client = stage.connect();
      for (let i = 0; i < 400; i++) {
        client.send(get());
        stage.advance(20);
        answerNext();
      }
    }, shedder);
    assert.ok(shedder.limit > 1, `${shedder.limit}`);
  });

  it("is not how long a client takes to send its body", async () => {
    const shedder = makeShedder({ minimum: 1 });
    await measure((stage, answerNext) => {
      const client = stage.connect();
      const send = (pauseMs: number) => {
        client.send("POST /x HTTP/1.1\r\nHost: a.test\r\nContent-Length: 4\r\n\r\nsl");
        stage.advance(pauseMs);
        client.send("ow");
        stage.advance(20);
        answerNext();
      };
      for (let i = 0; i < 400; i++) send(0);
      const { limit } = shedder;
      for (let i = 0; i < 100; i++) send(2000);
      assert.ok(shedder.limit >= limit, `${shedder.limit} after slow clients, ${limit} before`);
    }, shedder);
  });

  it("is nothing where another policy answers, or the client leaves soon", async () => {
    const shedder = makeShedder({ minimum: 1 });
    const answersSome: Policy = {
      name: "some",
      phase: "answer",
      request: (exchange) => (exchange.head.path === "/own" ? exchange.answer(204, exchange.head.fields.copy(), null) : CONTINUE),
    };
    const gateway = present(compileGatewayShedding(routeOf(), hostOf(shedder, null)));
    const stage = await PolicyStage.create({ policies: [gateway, answersSome] });
    for (let i = 0; i < 300; i++) {
      assert.equal(stage.send(get("/own")).status, 204);
      stage.advance(10);
    }
    assert.deepEqual([shedder.inFlight, shedder.limit], [0, 1]);
    stage.finish();
  });

  it("counts a failure as the slowest answer: the limit goes down to where it began", async () => {
    const shedder = makeShedder({ minimum: 1 });
    await measure((stage, answerNext) => {
      const client = stage.connect();
      for (let i = 0; i < 400; i++) {
        client.send(get());
        stage.advance(20);
        answerNext();
      }
      assert.ok(shedder.limit > 1);
      stage.server.script = answering((connection) => reply(connection, 503, "no"));
      for (let i = 0; i < 400; i++) {
        client.send(get());
        stage.advance(20);
      }
    }, shedder);
    assert.equal(shedder.limit, 1);
  });
});

describe("which routes shed", () => {
  it("those of an upstream that does, and all where the gateway does", () => {
    const shedder = makeShedder();
    const redirect = { name: "away", priority: "low", action: { kind: "redirect", redirect: {} } } as unknown as ReturnType<typeof routeOf>;
    assert.equal(compileUpstreamShedding(redirect, hostOf(null, shedder)), null);
    assert.equal(compileUpstreamShedding(routeOf(), hostOf(shedder, null)), null);
    assert.equal(compileGatewayShedding(routeOf(), hostOf(null, shedder)), null);
    assert.ok(compileGatewayShedding(redirect, hostOf(shedder, null)));
  });
});
