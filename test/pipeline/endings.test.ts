import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Fields, fieldName } from "../../src/http/index.ts";
import { CONTINUE, type Exchange, PENDING, PHASES, type Policy } from "../../src/pipeline/index.ts";
import { valuesOf } from "../kit/index.ts";
import { answering, get, PolicyStage, post, type StageOptions } from "./policy-stage.ts";

interface Charge {
  readonly status: number;
  readonly bytesOut: number;
  readonly bytesIn: number;
  readonly fault: string | null;
  readonly attempts: number;
}

/** Charges for what was delivered, once the exchange is over. */
function charging(charges: Charge[]): Policy {
  return {
    name: "charging",
    phase: "limits",
    end(exchange) {
      charges.push({
        status: exchange.headSentMs > 0 ? (exchange.response?.status ?? 0) : 0,
        bytesOut: exchange.bytesOut,
        bytesIn: exchange.requestBody?.received ?? 0,
        fault: exchange.fault?.kind.code ?? null,
        attempts: exchange.attempts.length,
      });
    },
  };
}

const SEEN = fieldName("X-Seen");

/** Leaves its name on every response. */
function mark(name: string, phase: Policy["phase"] = "transform"): Policy {
  return {
    name,
    phase,
    response(exchange) {
      exchange.response?.fields.add(SEEN, name);
      return CONTINUE;
    },
  };
}

describe("an end step", () => {
  async function charge(options: StageOptions, play: (stage: PolicyStage) => void): Promise<Charge> {
    const charges: Charge[] = [];
    const stage = await PolicyStage.create({ timeoutMs: 5000, ...options, policies: [charging(charges), ...(options.policies ?? [])] });
    play(stage);
    stage.finish();
    assert.equal(charges.length, 1, "charged exactly once");
    return charges[0] as Charge;
  }

  it("sees status and bytes of a response that was delivered", async () => {
    const it = await charge({}, (stage) => {
      assert.equal(stage.send(post("hello")).status, 200);
      assert.equal(stage.ended.length, 1);
    });
    assert.deepEqual(it, { status: 200, bytesOut: 13, bytesIn: 5, fault: null, attempts: 1 });
  });

  it("sees the gateway's own answer", async () => {
    const policy: Policy = { name: "own", phase: "cache", request: (exchange) => exchange.answer(200, new Fields(""), Buffer.from("own")) };
    const it = await charge({ policies: [policy] }, (stage) => void stage.send(get()));
    assert.deepEqual(it, { status: 200, bytesOut: 3, bytesIn: 0, fault: null, attempts: 0 });
  });

  it("sees a fault that was answered", async () => {
    const it = await charge({}, (stage) => {
      stage.network.setConnectFault(stage.server.address, "ECONNREFUSED");
      stage.send(get());
    });
    assert.deepEqual([it.status, it.fault, it.attempts], [502, "SP_UPSTREAM_CONNECT_FAILED", 1]);
    assert.ok(it.bytesOut > 50);
  });

  it("sees a client that left before the answer", async () => {
    const it = await charge({}, (stage) => {
      stage.server.script = answering(() => {});
      stage.send(get()).leave();
      assert.equal(stage.server.records[0]?.dropped, true);
    });
    assert.deepEqual(it, { status: 0, bytesOut: 0, bytesIn: 0, fault: "SP_CLIENT_GONE", attempts: 1 });
  });

  it("sees a client that shut its side and was given its second", async () => {
    const it = await charge({}, (stage) => {
      stage.server.script = answering(() => {});
      stage.send(get()).raw.close();
      stage.pump();
      stage.advance(900);
      assert.equal(stage.ended.length, 0);
      stage.advance(200);
      assert.equal(stage.ended.length, 1);
    });
    assert.equal(it.fault, "SP_CLIENT_GONE");
  });

  it("sees a client that left in the middle of the response", async () => {
    const it = await charge({}, (stage) => {
      stage.server.script = answering((connection) => connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"));
      stage.send(get()).leave();
      assert.equal(stage.server.records[0]?.dropped, true, "cancelled upstream");
    });
    assert.deepEqual(it, { status: 200, bytesOut: 3, bytesIn: 0, fault: "SP_CLIENT_GONE", attempts: 1 });
  });

  it("sees the deadline", async () => {
    const it = await charge({}, (stage) => {
      stage.server.script = answering(() => {});
      const client = stage.send(get());
      stage.advance(5100);
      assert.equal(client.code, "SP_EXCHANGE_DEADLINE");
      assert.equal(stage.server.records[0]?.dropped, true);
    });
    assert.deepEqual([it.status, it.fault], [504, "SP_EXCHANGE_DEADLINE"]);
  });

  it("sees an upstream that cut its response off; the client sees a cut, and nothing behind it", async () => {
    const it = await charge({}, (stage) => {
      stage.server.script = answering((connection) => {
        connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
        connection.end();
      });
      const client = stage.send(get());
      assert.equal(client.raw.error, "ECONNRESET");
      assert.doesNotMatch(client.text, /0\r\n\r\n|SP_/);
    });
    assert.deepEqual([it.status, it.bytesOut, it.fault], [200, 3, "SP_H1_RESPONSE_TRUNCATED"]);
  });

  it("sees an upstream that stalls in the middle of its response, for which the deadline no longer counts", async () => {
    const it = await charge({ upstreamBounds: { betweenBytesMs: 20_000 } }, (stage) => {
      stage.server.script = answering((connection) => connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"));
      const client = stage.send(get());
      stage.advance(19_000);
      assert.equal(client.raw.ended, false);
      stage.advance(2000);
      assert.equal(client.raw.error, "ECONNRESET");
    });
    assert.equal(it.fault, "SP_UPSTREAM_BETWEEN_BYTES_TIMEOUT");
  });

  it("sees a body that broke", async () => {
    const it = await charge({ bodyBytes: 10 }, (stage) => {
      stage.send("POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\nzz\r\n");
    });
    assert.deepEqual([it.status, it.fault], [400, "SP_H1_BAD_CHUNK"]);
  });

  it("sees a tunnel's end", async () => {
    const upgrade = "Connection: Upgrade\r\nUpgrade: echo\r\n";
    const it = await charge({}, (stage) => {
      stage.server.script = answering((connection) => connection.send(`HTTP/1.1 101 Switching Protocols\r\n${upgrade}\r\nhi`));
      const client = stage.send(get("/ws", upgrade));
      client.send("hello");
      assert.equal(stage.ended.length, 0);
      stage.advance(6000);
      assert.equal(stage.ended.length, 0, "the deadline is for the head");
      client.leave();
    });
    assert.deepEqual([it.status, it.bytesOut, it.bytesIn], [101, 2, 5]);
  });

  it("that throws harms no other and is told", async () => {
    const charges: Charge[] = [];
    const bad: Policy = {
      name: "bad",
      phase: "cache",
      end() {
        throw new Error("end");
      },
    };
    const stage = await PolicyStage.create({ policies: [charging(charges), bad] });
    assert.equal(stage.send(get()).status, 200);
    assert.equal(charges.length, 1);
    assert.equal(String(stage.bugs[0]?.error), "Error: end");
    stage.finish();
  });

  it("of the listener runs for routed requests too, and for those that never reach a route", async () => {
    const charges: Charge[] = [];
    const refuse: Policy = {
      name: "refuse",
      phase: "guard",
      request: (exchange) => (exchange.head.target === "/refused" ? exchange.answer(429, new Fields(""), null) : CONTINUE),
    };
    const stage = await PolicyStage.create({ listenerPolicies: [charging(charges), refuse] });
    stage.send(get());
    stage.send(get("/refused"));
    stage.send("nonsense\r\n\r\n");
    assert.deepEqual(
      charges.map(({ status }) => status),
      [200, 429, 400],
    );
    stage.finish();
  });
});

describe("response steps", () => {
  it("run for an upstream's answer and for the gateway's own faults, from the inside out, the listener's last", async () => {
    const stage = await PolicyStage.create({
      policies: [mark("cors", "cors"), mark("inner", "cache"), mark("middle", "limits")],
      listenerPolicies: [mark("outer", "normalise")],
      timeoutMs: 1000,
    });
    const order = ["inner", "middle", "cors", "outer"];
    const client = stage.send(get());
    assert.deepEqual(valuesOf(client.response(), "x-seen"), order);
    stage.server.script = answering(() => {});
    const late = stage.send(get());
    stage.advance(1100);
    assert.deepEqual(valuesOf(late.response(), "x-seen"), order);
    assert.equal(late.status, 504);
    assert.deepEqual(valuesOf(stage.send("nonsense\r\n\r\n").response(), "x-seen"), ["outer"], "no route, no route's steps");
    stage.finish();
  });

  it("may put another response in the place of the one they got: an error page", async () => {
    const page: Policy = {
      name: "page",
      phase: "transform",
      response(exchange) {
        if ((exchange.response?.status ?? 0) < 500) return CONTINUE;
        return exchange.answer(exchange.response?.status ?? 500, new Fields(""), Buffer.from("sorry"));
      },
    };
    const stage = await PolicyStage.create({ policies: [mark("inner", "cache"), page, mark("cors", "cors")] });
    stage.server.script = answering((connection) =>
      connection.send(`HTTP/1.1 500 Oh\r\nContent-Length: 100000\r\n\r\n${"s".repeat(100_000)}`),
    );
    const client = stage.send(get());
    assert.equal(client.status, 500);
    assert.equal(client.response().body, "sorry");
    assert.deepEqual(valuesOf(client.response(), "x-seen"), ["cors"], "what is outside of it runs on the new one");
    stage.network.setConnectFault(stage.server.address, "ECONNREFUSED");
    stage.server.closeConnections();
    stage.pump();
    assert.equal(stage.send(get()).response().body, "sorry");
    stage.finish();
  });
});

describe("a policy that throws", () => {
  const boom = (): never => {
    throw new Error("boom");
  };

  const places: Readonly<Record<string, Partial<Policy>>> = {
    "a request step": { request: boom },
    "a response step": { response: boom },
    "an attempt step": { attempt: boom },
    "a forward step": { forward: boom },
    "a judge of responses": { replayBytes: 100, judge: { onResponse: boom, onFault: boom } },
  };
  for (const [place, part] of Object.entries(places)) {
    it(`in ${place} is answered 500 with the request's id, and told`, async () => {
      const stage = await PolicyStage.create({ policies: [mark("cors", "cors"), { name: "bad", phase: "transform", ...part }] });
      const client = stage.send(post("hello"));
      const problem = JSON.parse(client.response().body) as { status: number; code: string; requestId: string };
      assert.equal(client.status, 500);
      assert.equal(problem.code, "SP_EXCHANGE_BUG");
      assert.doesNotMatch(client.text, /boom/);
      assert.deepEqual(valuesOf(client.response(), "x-seen"), ["cors"]);
      assert.equal(stage.bugs.length, 1);
      assert.equal(String(stage.bugs[0]?.error), "Error: boom");
      assert.equal(problem.requestId, stage.ended[0]?.requestId);
      assert.equal(client.raw.ended, true);
      stage.finish();
    });
  }

  it("in a judge of faults is answered 500", async () => {
    const stage = await PolicyStage.create({
      policies: [{ name: "bad", phase: "transform", judge: { onResponse: () => -1, onFault: boom } }],
    });
    stage.server.script = answering((connection) => connection.reset());
    assert.equal(stage.send(get()).status, 500);
    stage.finish();
  });

  it("in every response step still gets its 500 out", async () => {
    const stage = await PolicyStage.create({
      policies: [
        { name: "bad", phase: "transform", response: boom },
        { name: "worse", phase: "cors", response: boom },
      ],
    });
    assert.equal(stage.send(get()).status, 500);
    assert.equal(stage.bugs.length, 2);
    stage.finish();
  });

  it("after it had waited is answered 500", async () => {
    const waiting: (() => void)[] = [];
    const stage = await PolicyStage.create({
      policies: [
        {
          name: "wait",
          phase: "authenticate",
          request(exchange) {
            const ticket = exchange.suspend();
            waiting.push(() => void exchange.resume(ticket));
            return PENDING;
          },
        },
        { name: "bad", phase: "transform", request: boom },
      ],
    });
    const client = stage.send(get());
    waiting[0]?.();
    stage.pump();
    assert.equal(client.status, 500);
    stage.finish();
  });

  it("in a transform of the request is answered 500", async () => {
    const stage = await PolicyStage.create({
      policies: [
        {
          name: "bad",
          phase: "transform",
          request(exchange) {
            exchange.transformRequest({ write: boom, end: boom });
            return CONTINUE;
          },
        },
      ],
    });
    const client = stage.send(post("hello"));
    assert.equal(client.status, 500);
    assert.equal(stage.bugs.length, 1);
    assert.equal(stage.server.records[0]?.dropped, true);
    stage.finish();
  });

  for (const part of ["write", "end"] as const) {
    it(`in a transform of the response (${part}) cuts it off: its head is out`, async () => {
      const stage = await PolicyStage.create({
        policies: [
          {
            name: "bad",
            phase: "transform",
            response(exchange) {
              exchange.transformResponse({ write: part === "write" ? boom : (chunk, next) => next.write(chunk), end: boom });
              return CONTINUE;
            },
          },
        ],
      });
      const client = stage.send(get());
      assert.equal(client.responses().length, 0);
      assert.equal(client.raw.error, "ECONNRESET");
      assert.equal(stage.bugs.length, 1);
      assert.equal(stage.ended[0]?.fault?.kind.code, "SP_EXCHANGE_BUG");
      stage.finish();
    });
  }
});

describe("the order of phases", () => {
  it("is the written one, whatever the order of the policies", async () => {
    const order: string[] = [];
    const policies = [...PHASES].reverse().map(
      (phase): Policy => ({
        name: phase,
        phase,
        request() {
          order.push(phase);
          return CONTINUE;
        },
        response() {
          order.push(`/${phase}`);
          return CONTINUE;
        },
      }),
    );
    const isListeners = ({ phase }: Policy) => PHASES.indexOf(phase) < PHASES.indexOf("route");
    const stage = await PolicyStage.create({
      policies: policies.filter((policy) => !isListeners(policy)),
      listenerPolicies: policies.filter(isListeners),
    });
    stage.send(get());
    assert.deepEqual(order, [...PHASES, ...[...PHASES].reverse().map((phase) => `/${phase}`)]);
    stage.finish();
  });
});

describe("what an exchange leaves for the record", () => {
  it("has times in order, the endpoint, and whether the connection had served before", async () => {
    const stage = await PolicyStage.create();
    stage.server.script = answering(() => {});
    const client = stage.send(get());
    stage.advance(50);
    const answer = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab";
    stage.server.records[0]?.send(answer);
    stage.pump();
    stage.advance(30);
    stage.server.records[0]?.send("cd");
    stage.pump();
    client.send(get());
    stage.server.records[0]?.send(`${answer}cd`);
    stage.pump();
    const [first, second] = stage.ended as [Exchange, Exchange];
    const { winner } = first;
    assert.deepEqual([first.startedMs, first.headSentMs, first.endedMs], [1000, 1050, 1080]);
    assert.deepEqual([winner?.connectedMs, winner?.firstByteMs, winner?.status], [1000, 1050, 200]);
    assert.equal(winner?.isReused, false);
    assert.equal(second.winner?.isReused, true);
    assert.match(winner?.endpoint ?? "", /^127\.0\.0\.1:\d+$/);
    assert.equal(first.plan.route, "route");
    assert.deepEqual([first.bytesOut, first.fault], [4, null]);
    stage.finish();
  });
});
