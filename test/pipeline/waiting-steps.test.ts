import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Fault } from "../../src/base/index.ts";
import { Fields, fieldName } from "../../src/http/index.ts";
import { ANSWERED, CONTINUE, DELIVER, type Exchange, type MemoryKey, PENDING, type Policy, Principal } from "../../src/pipeline/index.ts";
import { valuesOf } from "../kit/index.ts";
import { get, PolicyStage, post } from "./policy-stage.ts";

// Not registered: the registry is the product's, and tests may share a process with those that read it.
const DENIED: Fault = {
  detail: "",
  told: null,
  kind: {
    code: "SP_STAGE_DENIED",
    status: 401,
    grpc: 16,
    blame: "client",
    retry: "never",
    closes: false,
    title: "Who are you?",
    remedy: "A test.",
  },
};
const X_USER = fieldName("X-User");

interface Lookup {
  readonly exchange: Exchange;
  readonly ticket: number;
}

/** Authentication that asks somebody who answers when the test says so. */
function slowAuth(): { lookups: Lookup[]; policy: Policy } {
  const lookups: Lookup[] = [];
  return {
    lookups,
    policy: {
      name: "slow-auth",
      phase: "authenticate",
      writes: ["principal"],
      request(exchange) {
        lookups.push({ exchange, ticket: exchange.suspend() });
        return PENDING;
      },
    },
  };
}

function principalOf(id: string): Principal {
  const nothing = { tenant: null, roles: [], scopes: [], claims: {}, plan: null, expiresAtMs: null, lines: [] };
  return new Principal({ identity: "users", source: "jwt", id, ...nothing });
}

function grant({ exchange, ticket }: Lookup, user: string): boolean {
  exchange.principal = principalOf(user);
  return exchange.resume(ticket);
}

/** Tells the upstream who was found. */
const tell: Policy = {
  name: "tell",
  phase: "transform",
  reads: ["principal"],
  request(exchange) {
    exchange.head.fields.set(X_USER, exchange.principal?.id ?? "");
    return CONTINUE;
  },
};

function start(policies: readonly Policy[], options = {}): Promise<PolicyStage> {
  return PolicyStage.create({ policies, timeoutMs: 5000, ...options });
}

describe("an authentication that waits", () => {
  it("holds the request, then lets it go on with what it found", async () => {
    const auth = slowAuth();
    const stage = await start([tell, auth.policy]);
    const client = stage.send(get());
    assert.equal(stage.server.records.length, 0, "nothing goes upstream meanwhile");
    stage.advance(1000);
    assert.equal(grant(auth.lookups[0] as Lookup, "ada"), true);
    stage.pump();
    assert.equal(client.response().body, "GET /x ");
    assert.deepEqual(valuesOf(stage.server.seen[0] as never, "x-user"), ["ada"]);
    assert.equal((auth.lookups[0] as Lookup).exchange.endedMs - (auth.lookups[0] as Lookup).exchange.startedMs, 1000);
    stage.finish();
  });

  it("reads no byte of the body while it waits", async () => {
    const auth = slowAuth();
    const stage = await start([auth.policy], { network: { windowBytes: 1000 } });
    const client = stage.send(post("x".repeat(100_000)));
    const [lookup] = auth.lookups as [Lookup];
    assert.equal(lookup.exchange.requestBody?.received, 0);
    assert.equal(lookup.exchange.requestBody?.heldBytes, 0);
    lookup.exchange.resume(lookup.ticket);
    stage.pump();
    assert.equal(client.response().body.length, "POST /x ".length + 100_000);
    stage.finish();
  });

  it("refuses, and the connection serves the next request", async () => {
    const auth = slowAuth();
    const stage = await start([auth.policy]);
    const client = stage.send(get() + get("/second"));
    const [first] = auth.lookups as [Lookup];
    assert.equal(auth.lookups.length, 1, "a pipelined request waits for its turn");
    assert.equal(first.exchange.fail(first.ticket, DENIED), true);
    stage.pump();
    assert.equal(client.code, "SP_STAGE_DENIED");
    grant(auth.lookups[1] as Lookup, "ada");
    stage.pump();
    assert.deepEqual(
      client.responses().map((response) => response.startLine),
      ["HTTP/1.1 401 Unauthorized", "HTTP/1.1 200 OK"],
    );
    assert.equal(first.exchange.fault?.kind, DENIED.kind);
    stage.finish();
  });

  it("is cut short by the deadline, and its late answer touches nothing", async () => {
    const auth = slowAuth();
    const stage = await start([tell, auth.policy]);
    const client = stage.send(get());
    stage.advance(4900);
    assert.equal(client.text, "");
    stage.advance(200);
    assert.equal(client.code, "SP_EXCHANGE_DEADLINE");
    assert.equal(client.status, 504);
    const [late] = auth.lookups as [Lookup];
    const before = client.text;
    assert.equal(grant(late, "ada"), false);
    assert.equal(late.exchange.fail(late.ticket, DENIED), false);
    stage.pump();
    assert.equal(client.text, before);
    assert.equal(stage.server.records.length, 0);
    stage.finish();
  });

  it("comes to nothing when the client leaves", async () => {
    const auth = slowAuth();
    const stage = await start([auth.policy]);
    stage.send(get()).leave();
    const [lookup] = auth.lookups as [Lookup];
    assert.equal(lookup.exchange.fault?.kind.code, "SP_CLIENT_GONE");
    assert.equal(stage.ended.length, 1);
    assert.equal(lookup.exchange.resume(lookup.ticket), false);
    stage.pump();
    assert.equal(stage.server.records.length, 0);
    stage.finish();
  });

  it("that answers late never reaches the next request of the same connection", async () => {
    const auth = slowAuth();
    const stage = await start([tell, auth.policy]);
    const client = stage.send(get());
    stage.advance(5100);
    client.send(get("/second"));
    const [late, second] = auth.lookups as [Lookup, Lookup];
    assert.notEqual(late.exchange, second.exchange);
    assert.equal(grant(late, "mallory"), false);
    stage.pump();
    assert.equal(stage.server.records.length, 0, "the second still waits for its own answer");
    grant(second, "ada");
    stage.pump();
    assert.deepEqual(valuesOf(stage.server.seen[0] as never, "x-user"), ["ada"]);
    assert.equal(client.responses().length, 2);
    stage.finish();
  });

  it("takes each ticket once, and only the last one given out", async () => {
    const tickets: number[] = [];
    let exchange: Exchange | null = null;
    const waits = (name: string): Policy => ({
      name,
      phase: "authorise",
      request(each) {
        exchange = each;
        tickets.push(each.suspend());
        return PENDING;
      },
    });
    const stage = await start([waits("first"), waits("second")]);
    const client = stage.send(get());
    const it = exchange as unknown as Exchange;
    assert.equal(it.resume(tickets[0] as number), true);
    assert.equal(tickets.length, 2, "the second step waits now");
    assert.equal(it.resume(tickets[0] as number), false, "the first one's ticket is spent");
    assert.equal(it.resume(99), false);
    assert.equal(client.text, "");
    assert.equal(it.resume(tickets[1] as number), true);
    assert.equal(it.resume(tickets[1] as number), false, "spent, though nobody has waited since");
    assert.equal(it.fail(tickets[1] as number, DENIED), false);
    stage.pump();
    assert.equal(client.status, 200);
    stage.finish();
  });

  it("may be answered inside its own step", async () => {
    const order: string[] = [];
    const stage = await start([
      {
        name: "cached",
        phase: "authenticate",
        request(exchange) {
          const ticket = exchange.suspend();
          order.push(`resume ${exchange.resume(ticket)}`);
          return PENDING;
        },
      },
      {
        name: "next",
        phase: "authorise",
        request() {
          order.push("next");
          return CONTINUE;
        },
      },
    ]);
    assert.equal(stage.send(get()).status, 200);
    assert.deepEqual(order, ["resume true", "next"]);
    stage.finish();
  });

  it("may be refused inside its own step", async () => {
    const stage = await start([
      {
        name: "cached",
        phase: "authenticate",
        request(exchange) {
          exchange.fail(exchange.suspend(), DENIED);
          return PENDING;
        },
      },
    ]);
    assert.equal(stage.send(get()).status, 401);
    assert.equal(stage.server.records.length, 0);
    stage.finish();
  });

  it("that was answered inside its step and did not wait lends no next step its answer", async () => {
    const auth = slowAuth();
    const stage = await start([
      {
        name: "early",
        phase: "early-limits",
        request(exchange) {
          exchange.resume(exchange.suspend());
          return CONTINUE;
        },
      },
      auth.policy,
    ]);
    const client = stage.send(get());
    assert.equal(client.text, "", "the second step waits though the first was woken");
    assert.equal(stage.server.records.length, 0);
    grant(auth.lookups[0] as Lookup, "ada");
    stage.pump();
    assert.equal(client.status, 200);
    stage.finish();
  });
});

describe("a response step that waits", () => {
  /** Holds responses until told. */
  function holding(): { lookups: Lookup[]; policy: Policy } {
    const lookups: Lookup[] = [];
    const policy: Policy = {
      name: "holding",
      phase: "transform",
      response(exchange) {
        lookups.push({ exchange, ticket: exchange.suspend() });
        return PENDING;
      },
    };
    return { lookups, policy };
  }

  it("holds head and body back, however long the body is", async () => {
    const hold = holding();
    const stage = await start([hold.policy], { network: { windowBytes: 5000 } });
    stage.server.script = {
      onHead() {},
      onRequest: (connection) => connection.send(`HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n${"y".repeat(100_000)}`),
    };
    const client = stage.send(get());
    assert.equal(client.text, "");
    const [held] = hold.lookups as [Lookup];
    assert.equal(held.exchange.bytesOut, 0);
    held.exchange.resume(held.ticket);
    stage.pump();
    assert.equal(client.response().body, "y".repeat(100_000));
    stage.finish();
  });

  it("holds back an answer without a body, and a chunked one with trailers", async () => {
    for (const answer of [
      "HTTP/1.1 204 No Content\r\n\r\n",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX-Sum: 1\r\n\r\n",
      "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    ]) {
      const hold = holding();
      const stage = await start([hold.policy]);
      stage.server.script = { onHead() {}, onRequest: (connection) => connection.send(answer) };
      const client = stage.send(get());
      assert.equal(client.text, "");
      const [held] = hold.lookups as [Lookup];
      held.exchange.resume(held.ticket);
      stage.pump();
      assert.equal(client.response().startLine.slice(0, 12), answer.slice(0, 12));
      assert.notEqual(held.exchange.winner, null, "the record still knows who answered");
      stage.finish();
    }
  });

  it("is cut short by the deadline, once, though it would wait again", async () => {
    const hold = holding();
    const stage = await start([hold.policy]);
    const client = stage.send(get());
    stage.advance(5100);
    assert.equal(client.code, "SP_EXCHANGE_DEADLINE");
    const [held] = hold.lookups as [Lookup];
    assert.equal(held.exchange.resume(held.ticket), false);
    stage.finish();
  });

  it("does not hold up the fault of a deadline that came before it", async () => {
    const hold = holding();
    const auth = slowAuth();
    const stage = await start([hold.policy, auth.policy]);
    const client = stage.send(get());
    stage.advance(5100);
    assert.equal(client.code, "SP_EXCHANGE_DEADLINE");
    assert.equal(hold.lookups.length, 1, "the step ran for the fault as for any answer");
    stage.finish();
  });

  it("may fail: its fault takes the place of the response, and the upstream's body is let go", async () => {
    const hold = holding();
    const stage = await start([hold.policy], { network: { windowBytes: 5000 } });
    stage.server.script = {
      onHead() {},
      onRequest: (connection) => connection.send(`HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n${"y".repeat(100_000)}`),
    };
    const client = stage.send(get());
    const [held] = hold.lookups as [Lookup];
    assert.equal(held.exchange.fail(held.ticket, DENIED), true);
    stage.pump();
    assert.equal(client.code, "SP_STAGE_DENIED");
    assert.equal(stage.server.records[0]?.dropped, true);
    stage.finish();
  });

  it("finds its client gone", async () => {
    const hold = holding();
    const stage = await start([hold.policy]);
    stage.send(get()).leave();
    const [held] = hold.lookups as [Lookup];
    assert.equal(held.exchange.resume(held.ticket), false);
    assert.equal(held.exchange.fault?.kind.code, "SP_CLIENT_GONE");
    stage.finish();
  });

  it("loses its response to an upstream that breaks meanwhile", async () => {
    const hold = holding();
    const stage = await start([hold.policy]);
    stage.server.script = {
      onHead() {},
      onRequest: (connection) => connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"),
    };
    const client = stage.send(get());
    stage.network.injectReset(stage.network.openSockets.find((socket) => socket.remotePort === port(stage)) as never);
    stage.pump();
    assert.equal(client.text, "", "the step runs again for the fault, and holds it");
    const [first, second] = hold.lookups as [Lookup, Lookup];
    assert.equal(first.exchange.resume(first.ticket), false);
    second.exchange.resume(second.ticket);
    stage.pump();
    assert.equal(client.status, 502);
    stage.finish();
  });

  it("opens a tunnel only when it lets 101 go, and loses no byte of it", async () => {
    const hold = holding();
    const stage = await start([hold.policy]);
    const upgrade = "Connection: Upgrade\r\nUpgrade: echo\r\n";
    stage.server.script = {
      onHead() {},
      onRequest: (connection) => connection.send(`HTTP/1.1 101 Switching Protocols\r\n${upgrade}\r\nearly`),
    };
    const client = stage.send(get("/ws", upgrade));
    client.send("hello");
    assert.equal(client.text, "");
    const [held] = hold.lookups as [Lookup];
    held.exchange.resume(held.ticket);
    stage.pump();
    assert.match(client.text, /^HTTP\/1\.1 101 [\s\S]*\r\n\r\nearly$/);
    assert.equal(stage.server.records[0]?.unfinished, "hello");
    client.leave();
    stage.finish();
  });
});

describe("an attempt step that waits", () => {
  it("sets a field of its own attempt before it is sent, and the exchange's deadline holds", async () => {
    const waiting: (() => void)[] = [];
    const policy: Policy = {
      name: "token",
      phase: "transform",
      attempt(attempt) {
        waiting.push(() => {
          attempt.setField(X_USER, "token");
          attempt.start();
        });
        return PENDING;
      },
    };
    const stage = await start([policy]);
    const client = stage.send(post("body"));
    assert.equal(stage.server.records.length, 0);
    waiting[0]?.();
    stage.pump();
    assert.equal(client.response().body, "POST /x body");
    assert.deepEqual(valuesOf(stage.server.seen[0] as never, "x-user"), ["token"]);
    const late = stage.send(get());
    stage.advance(5100);
    assert.equal(late.code, "SP_EXCHANGE_DEADLINE");
    waiting[1]?.();
    stage.pump();
    assert.equal(stage.server.seen.length, 1, "an attempt that was given up is not sent");
    stage.finish();
  });
});

describe("an attempt step that refuses", () => {
  // Not registered: the registry is the product's, and tests may share a process with those that read it.
  const OPEN: Fault = {
    detail: "",
    told: null,
    kind: {
      code: "SP_STAGE_BREAKER_OPEN",
      status: 503,
      grpc: 14,
      blame: "upstream",
      retry: "never",
      closes: false,
      title: "Not now.",
      remedy: "A test.",
    },
  };

  /** Refuses the first attempts of each exchange, as a breaker does. */
  function breaker(refused: number): Policy {
    return {
      name: "breaker",
      phase: "transform",
      attempt(attempt) {
        if (attempt.exchange.attempts.length > refused) return CONTINUE;
        attempt.onUpstreamFault(OPEN);
        return ANSWERED;
      },
    };
  }

  it("fails its attempt, and with it the exchange when nobody tries again", async () => {
    const stage = await start([breaker(1)]);
    const client = stage.send(post("hello"));
    assert.equal(client.code, "SP_STAGE_BREAKER_OPEN");
    assert.deepEqual(valuesOf(client.response(), "retry-after"), ["1"]);
    assert.equal(stage.server.records.length, 0);
    stage.finish();
  });

  it("leaves it to the judges whether another attempt is made", async () => {
    const judge = { onResponse: () => DELIVER, onFault: () => 0 };
    const stage = await start([breaker(2), { name: "retry", phase: "transform", replayBytes: 100, judge }]);
    assert.equal(stage.send(post("hello")).response().body, "POST /x hello");
    assert.deepEqual(
      stage.begun[0]?.attempts.map(({ fault }) => fault?.kind.code ?? null),
      ["SP_STAGE_BREAKER_OPEN", "SP_STAGE_BREAKER_OPEN", null],
    );
    stage.finish();
  });
});

describe("the memory of an exchange", () => {
  it("keeps what one step finds for later ones, by key", async () => {
    const key: MemoryKey<{ n: number }> = { name: "a" };
    const other: MemoryKey<{ n: number }> = { name: "a" };
    const seen: unknown[] = [];
    const stage = await start([
      {
        name: "remembers",
        phase: "limits",
        request(exchange) {
          seen.push(exchange.memory.get(key));
          exchange.memory.put(key, { n: 1 });
          exchange.memory.put(other, { n: 2 });
          return CONTINUE;
        },
        response(exchange) {
          seen.push(exchange.memory.get(key)?.n, exchange.memory.get(other)?.n);
          exchange.memory.put(other, null);
          return CONTINUE;
        },
        end: (exchange) => void seen.push(exchange.memory.get(key)?.n, exchange.memory.get(other)),
      },
    ]);
    assert.equal(stage.send(get()).status, 200);
    assert.deepEqual(seen, [null, 1, 2, 1, null]);
    stage.finish();
  });

  it("is not shared between exchanges", async () => {
    const key: MemoryKey<object> = { name: "a" };
    const stage = await start([
      {
        name: "once",
        phase: "limits",
        request(exchange) {
          assert.equal(exchange.memory.get(key), null);
          exchange.memory.put(key, {});
          return exchange.answer(204, new Fields(""), null) === ANSWERED ? ANSWERED : CONTINUE;
        },
      },
    ]);
    assert.equal(stage.send(get() + get()).responses().length, 2);
    assert.deepEqual(stage.bugs, []);
    stage.finish();
  });
});

function port(stage: PolicyStage): number {
  const { address } = stage.server;
  return "port" in address ? address.port : 0;
}
