// What one client connection does with requests and responses, byte for byte.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { FLOW } from "../http/index.ts";
import { interleavings, playInterleaving } from "./server-connection.fuzz.ts";
import { ECHO, ServerStage, SILENT, toFields } from "./stage/server-stage.ts";

const GET = "GET /a HTTP/1.1\r\nHost: a\r\n\r\n";
const OK_A = "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nGET /a ";

function get(target: string, more = ""): string {
  return `GET ${target} HTTP/1.1\r\nHost: a\r\n${more}\r\n`;
}

function post(body: string, more = ""): string {
  return `POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n${more}\r\n${body}`;
}

describe("requests on one connection", () => {
  it("are answered, and the connection is kept", () => {
    const stage = new ServerStage().send(GET);
    assert.equal(stage.take(), OK_A);
    assert.equal(stage.connection?.isIdle, true);
    stage.send(GET);
    assert.equal(stage.take(), OK_A);
    assert.equal(stage.exchanges.length, 2);
    assert.equal(stage.exchange(0).client.facts.address, "192.0.2.7");
    assert.equal(stage.exchange(0).client.facts.localPort, 80);
  });

  it("are answered the same however they are cut", () => {
    const all =
      get("/1") +
      post("hello") +
      `POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n${get("/2")}`;
    const whole = new ServerStage().send(all).take();
    assert.equal(whole.split("HTTP/1.1 200 OK").length, 5);
    assert.match(whole, /POST \/c abcde/);
    for (let cut = 1; cut < all.length; cut++) {
      const stage = new ServerStage().send(all.slice(0, cut)).send(all.slice(cut));
      assert.equal(stage.take(), whole, `cut at ${cut}`);
    }
    const bytewise = new ServerStage({ network: { chunkBytes: 1 } }).send(all);
    assert.equal(bytewise.take(), whole);
  });

  it("are answered in their order when they come together, one at a time", () => {
    const stage = new ServerStage({ script: SILENT }).send(get("/1") + get("/2") + get("/3"));
    assert.equal(stage.exchanges.length, 1);
    for (const n of [0, 1, 2]) {
      assert.equal(stage.exchanges.length, n + 1);
      stage.act(() => stage.exchange(n).answer(200, { body: `${n}` }));
    }
    assert.deepEqual(
      [...stage.take().matchAll(/\r\n\r\n(\d)/g)].map((match) => match[1]),
      ["0", "1", "2"],
    );
  });

  it("are answered also when FIN came right behind them", () => {
    const stage = new ServerStage().send(get("/1") + get("/2")).finish();
    assert.equal(stage.take().split("HTTP/1.1 200 OK").length, 3);
    assert.equal(stage.leftovers, "0 sockets, 0 timers");
  });

  it("may follow one stray CRLF, not two, and no bare LF", () => {
    assert.equal(new ServerStage().send(`\r\n${GET}`).take(), OK_A);
    assert.equal(new ServerStage().send("\r").send("\n").send(GET).take(), OK_A);
    assert.equal(new ServerStage().send(GET).send(`\r\n${GET}`).take(), OK_A + OK_A);
    for (const stray of ["\r\n\r\n", "\n", "\r", "\r\r\n"]) {
      const stage = new ServerStage().send(stray + GET);
      assert.match(stage.take(), /^HTTP\/1\.1 400 /, JSON.stringify(stray));
      const cut = new ServerStage({ network: { chunkBytes: 1 } }).send(stray + GET);
      assert.match(cut.take(), /^HTTP\/1\.1 400 /, JSON.stringify(stray));
    }
  });
});

describe("a refused request", () => {
  it("is answered by the acceptor, and nothing after it is read", () => {
    const stage = new ServerStage().send(`GET / HTTP/1.1\r\nHost: a\r\nBad Name: x\r\n\r\n${GET}`);
    assert.equal(stage.exchanges.length, 1);
    assert.equal(stage.exchange(0).refusal?.kind.code, "SP_H1_SPACE_BEFORE_COLON");
    assert.match(stage.take(), /^HTTP\/1\.1 400 Bad Request\r\nContent-Length: 24\r\nConnection: close\r\n\r\n/);
    assert.ok(stage.isEnded);
    stage.send(GET);
    assert.equal(stage.take(), "");
    stage.finish();
    assert.equal(stage.leftovers, "0 sockets, 0 timers");
  });

  it("comes after the answers that its predecessors get", () => {
    const stage = new ServerStage({ script: SILENT }).send(`${GET}BAD\r\n\r\n`);
    assert.equal(stage.exchanges.length, 1);
    stage.act(() => stage.exchange(0).answer(204));
    assert.match(stage.take(), /^HTTP\/1\.1 204 No Content\r\n\r\nHTTP\/1\.1 400 /);
  });

  it("is one whose connection ends inside its head", () => {
    const stage = new ServerStage().send("GET / HTTP/1.1\r\nHos").finish();
    assert.equal(stage.exchange(0).refusal?.kind.code, "SP_H1_TRUNCATED");
    assert.match(stage.take(), /^HTTP\/1\.1 400 /);
    assert.equal(stage.leftovers, "0 sockets, 0 timers");
  });

  it("leaves time to read the answer: what still comes is thrown away for a while", () => {
    const stage = new ServerStage().send(post("x", "Content-Length: 1\r\n"));
    assert.match(stage.take(), /^HTTP\/1\.1 400 /);
    stage.send("y".repeat(60_000));
    assert.equal(stage.closed, null);
    stage.advance(2_020);
    assert.equal(stage.connection, null);
    assert.equal(stage.wheel.size, 0);
  });

  it("does not oblige us to read for ever", () => {
    const stage = new ServerStage().send(post("x", "Content-Length: 1\r\n"));
    for (let i = 0; i < 5; i++) stage.send("y".repeat(60_000));
    assert.equal(stage.connection, null);
  });
});

describe("persistence", () => {
  const CASES: readonly (readonly [string, string, "kept" | "closed"])[] = [
    ["HTTP/1.1", get("/"), "kept"],
    ["HTTP/1.1 with close", get("/", "Connection: close\r\n"), "closed"],
    ["HTTP/1.1 with close in a list", get("/", "Connection: x, CLOSE\r\n"), "closed"],
    ["HTTP/1.0", "GET / HTTP/1.0\r\n\r\n", "closed"],
    ["HTTP/1.0 with keep-alive", "GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", "kept"],
    ["HTTP/1.0 with both", "GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n", "closed"],
    ["GET with a body", `GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab`, "closed"],
    ["GET with a chunked body", `GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, "closed"],
    ["HEAD with a body", `HEAD / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab`, "closed"],
    ["GET with a body of no length", `GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n`, "kept"],
    ["DELETE with a body", `DELETE / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nab`, "kept"],
  ];
  for (const [name, request, expected] of CASES) {
    it(`${name}: ${expected}`, () => {
      const stage = new ServerStage().send(request);
      const answer = stage.take();
      assert.match(answer, /^HTTP\/1\.1 200 /);
      assert.equal(/^Connection: close\r$/m.test(answer), expected === "closed");
      if (request.includes("1.0") && expected === "kept") assert.match(answer, /^Connection: keep-alive\r$/m);
      assert.equal(stage.isEnded, expected === "closed");
      stage.send(GET);
      assert.equal(stage.take(), expected === "kept" ? OK_A : "");
    });
  }

  it("ends when the exchange says so", () => {
    const stage = new ServerStage({
      script: {
        onReady: (exchange) => {
          exchange.client.closeAfterResponse();
          exchange.answer(200);
        },
      },
    }).send(GET);
    assert.match(stage.take(), /\r\nConnection: close\r\n/);
    assert.ok(stage.isEnded);
  });

  it("that is idle serves one more request while the listener drains, and says so", () => {
    const stage = new ServerStage().send(GET).advance(700);
    stage.context.draining = true;
    stage.act(() => stage.connection?.drain(1000)).advance(250);
    assert.ok(!stage.isEnded);
    stage.take();
    stage.send(GET);
    assert.match(stage.take(), /^HTTP\/1\.1 200 .*\r\nConnection: close\r\n/s);
    assert.ok(stage.isEnded);
  });

  it("that stays idle ends once it has been so for long enough, what it was before the listener drained included", () => {
    const stage = new ServerStage().send(GET).advance(700);
    stage.context.draining = true;
    stage.act(() => stage.connection?.drain(1000)).advance(280);
    assert.ok(!stage.isEnded);
    stage.advance(30);
    assert.ok(stage.isEnded);
    const old = new ServerStage().send(GET).advance(5000);
    old.act(() => old.connection?.drain(1000));
    assert.ok(old.isEnded);
    const fresh = new ServerStage();
    fresh.act(() => fresh.connection?.drain(1000)).advance(980);
    assert.ok(!fresh.isEnded);
    fresh.advance(30);
    assert.ok(fresh.isEnded);
  });

  it("that was told keep-alive before the listener drained serves one more request behind that answer", () => {
    const stage = new ServerStage({ script: SILENT }).send(GET);
    stage.act(() => stage.exchange(0).begin(200, { declaredLength: 2 }));
    stage.context.draining = true;
    stage.act(() => stage.connection?.drain(1000)).advance(3000);
    stage.act(() => {
      stage.exchange(0).write("ok");
      stage.exchange(0).client.end(null);
    });
    assert.ok(!stage.isEnded);
    stage.take();
    stage.send(GET).act(() => stage.exchange(1).answer(200));
    assert.match(stage.take(), /\r\nConnection: close\r\n/);
    assert.ok(stage.isEnded);
  });

  it("in the middle of a head has the time of a head while the listener drains", () => {
    const stage = new ServerStage().send(GET).send("GET / HT");
    stage.context.draining = true;
    stage.act(() => stage.connection?.drain(100)).advance(5000);
    stage.take();
    stage.send("TP/1.1\r\nHost: a\r\n\r\n");
    assert.match(stage.take(), /^HTTP\/1\.1 200 .*\r\nConnection: close\r\n/s);
  });

  it("ends with the listener: idle connections at once where there is no time, others behind their response", () => {
    const idle = new ServerStage().send(GET);
    idle.act(() => idle.connection?.drain());
    assert.ok(idle.isEnded);
    const busy = new ServerStage({ script: SILENT }).send(GET);
    busy.context.draining = true;
    busy.act(() => busy.connection?.drain());
    assert.ok(!busy.isEnded);
    busy.act(() => busy.exchange(0).answer(200));
    assert.match(busy.take(), /\r\nConnection: close\r\n/);
    assert.ok(busy.isEnded);
  });
});

describe("the request body", () => {
  it("waits until it is asked for", () => {
    const stage = new ServerStage({ script: SILENT }).send(post("hello"));
    assert.equal(stage.exchange(0).story, "ready");
    stage.act(() => stage.exchange(0).client.resumeRequest());
    assert.equal(stage.exchange(0).story, "ready, chunk, end");
    assert.equal(stage.exchange(0).body, "hello");
  });

  it("stops when the exchange has enough and goes on when it resumes", () => {
    const stage = new ServerStage({ script: { onReady: (exchange) => exchange.client.resumeRequest(), onChunk: () => false } });
    stage.send(post("x".repeat(200_000)));
    const first = stage.exchange(0).body.length;
    assert.ok(first > 0 && first <= 2 * 65_536, `${first} bytes before the pause held`);
    for (let i = 0; i < 10; i++) stage.act(() => stage.exchange(0).client.resumeRequest());
    assert.equal(stage.exchange(0).body.length, 200_000);
    assert.equal(stage.exchange(0).events.at(-1), "end");
  });

  it("gives its trailers", () => {
    const stage = new ServerStage({ script: { onReady: (exchange) => exchange.client.resumeRequest() } });
    stage.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nX-Sum: 1\r\n\r\n");
    assert.equal(stage.exchange(0).trailers?.toLines(), "X-Sum: 1\r\n");
  });

  it("that is malformed is a fault of the exchange, which may still answer; then the connection ends", () => {
    const stage = new ServerStage({
      script: { onReady: (e) => e.client.resumeRequest(), onFault: (e, fault) => e.answer(fault.kind.status) },
    });
    stage.send(`POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nabX${GET}`);
    assert.equal(stage.exchange(0).story, "ready, chunk, fault SP_H1_BAD_CHUNK");
    assert.equal(stage.exchanges.length, 1);
    assert.match(stage.take(), /^HTTP\/1\.1 400 .*Connection: close/s);
    assert.ok(stage.isEnded);
  });

  it("that the client cuts short is a fault", () => {
    const stage = new ServerStage({ script: { onReady: (exchange) => exchange.client.resumeRequest() } })
      .send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc")
      .finish();
    assert.equal(stage.exchange(0).story, "ready, chunk, fault SP_H1_TRUNCATED");
  });

  it("does not outlive an answer that came early", () => {
    const stage = new ServerStage({ script: { onReady: (exchange) => exchange.answer(403) } });
    stage.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc`);
    assert.match(stage.take(), /^HTTP\/1\.1 403 .*\r\nConnection: close\r\n/s);
    assert.ok(stage.isEnded);
    stage.send(`defghi${GET}`);
    assert.equal(stage.exchanges.length, 1);
    assert.equal(stage.take(), "");
  });

  it("may be abandoned in the middle of its last chunk", () => {
    for (const chunked of [false, true]) {
      const stage = new ServerStage({
        script: {
          onReady: (e) => e.client.resumeRequest(),
          onChunk: (e) => {
            e.client.abort(FLOW.UPSTREAM_RESET);
            e.client.resumeRequest();
            return true;
          },
        },
      });
      const framing = chunked ? "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n" : "Content-Length: 3\r\n\r\nabc";
      stage.send(`POST / HTTP/1.1\r\nHost: a\r\n${framing}${GET}`);
      assert.equal(stage.exchange(0).story, "ready, chunk");
      assert.equal(stage.exchanges.length, 1);
      assert.equal(stage.closed, "ECONNRESET");
      assert.equal(stage.leftovers, "0 sockets, 0 timers");
    }
  });
});

describe("100 Continue", () => {
  const WAITING = "POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n";

  it("is sent when the body is asked for, once", () => {
    const stage = new ServerStage({ script: SILENT }).send(WAITING);
    assert.equal(stage.take(), "");
    stage.act(() => stage.exchange(0).client.resumeRequest());
    assert.equal(stage.take(), "HTTP/1.1 100 Continue\r\n\r\n");
    stage.act(() => {
      stage.exchange(0).client.pauseRequest();
      stage.exchange(0).client.resumeRequest();
    });
    stage.send("ab");
    stage.act(() => stage.exchange(0).answer(200));
    assert.equal(stage.take(), "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    assert.ok(!stage.isEnded);
  });

  it("is not sent to a client that did not wait for it", () => {
    const stage = new ServerStage().send(`${WAITING}ab`);
    assert.equal(stage.take(), "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nPOST /p ab");
  });

  it("is not sent without an Expect, to HTTP/1.0, or for no body", () => {
    const stage = new ServerStage({ script: SILENT }).send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n");
    stage.act(() => stage.exchange(0).client.resumeRequest());
    assert.equal(stage.take(), "");
    const old = new ServerStage({ script: SILENT }).send(WAITING.replace("1.1", "1.0"));
    old.act(() => old.exchange(0).client.resumeRequest());
    assert.equal(old.take(), "");
    const none = new ServerStage().send(WAITING.replace(": 2", ": 0"));
    assert.match(none.take(), /^HTTP\/1\.1 200 /);
    assert.ok(!none.isEnded);
  });

  it("that was never sent costs the connection: the body may come or not", () => {
    const stage = new ServerStage({ script: { onReady: (exchange) => exchange.answer(401) } }).send(WAITING);
    assert.match(stage.take(), /^HTTP\/1\.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n$/);
    assert.ok(stage.isEnded);
  });

  it("is the only expectation", () => {
    const stage = new ServerStage().send(WAITING.replace("100-continue", "200-ok"));
    assert.equal(stage.exchange(0).refusal?.kind.code, "SP_H1_BAD_EXPECT");
  });
});

describe("interim responses", () => {
  it("are passed to HTTP/1.1 before the head, not to HTTP/1.0", () => {
    const stage = new ServerStage({ script: SILENT }).send(GET);
    stage.act(() => stage.exchange(0).client.sendInterim(103, toFields({ Link: "</a>" })));
    assert.equal(stage.take(), "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
    const old = new ServerStage({ script: SILENT }).send("GET / HTTP/1.0\r\n\r\n");
    old.act(() => old.exchange(0).client.sendInterim(103, toFields({})));
    assert.equal(old.take(), "");
  });
});

describe("the response body", () => {
  function answered(request: string, status: number, answer: Parameters<ServerStage["exchanges"][0]["answer"]>[1]): ServerStage {
    return new ServerStage({ script: { onReady: (exchange) => exchange.answer(status, answer) } }).send(request);
  }

  it("has a length or is chunked for HTTP/1.1", () => {
    assert.equal(answered(GET, 200, { body: "abc" }).take(), "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc");
    assert.equal(
      answered(GET, 200, { body: "0123456789abcdef!", streamed: true }).take(),
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n11\r\n0123456789abcdef!\r\n0\r\n\r\n",
    );
  });

  it("ends with the connection for HTTP/1.0 when its length is not known", () => {
    const stage = answered("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", 200, { body: "abc", streamed: true });
    assert.equal(stage.take(), "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabc");
    assert.ok(stage.isEnded);
  });

  it("is absent from answers to HEAD, and from 204 and 304", () => {
    const head = GET.replace("GET", "HEAD");
    assert.equal(answered(head, 200, { body: "abc" }).take(), "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n");
    assert.equal(answered(head, 200, { streamed: true }).take(), "HTTP/1.1 200 OK\r\n\r\n");
    assert.equal(answered(GET, 204, {}).take(), "HTTP/1.1 204 No Content\r\n\r\n");
    assert.equal(answered(GET, 304, { declaredLength: 7 }).take(), "HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n");
    assert.equal(answered(GET, 200, {}).take(), "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  });

  it("is followed by trailers only for a client that takes them", () => {
    const answer = { body: "a", streamed: true, trailers: { "X-Sum": "1" } };
    assert.match(answered(get("/", "TE: trailers\r\nConnection: TE\r\n"), 200, answer).take(), /\r\n0\r\nX-Sum: 1\r\n\r\n$/);
    assert.match(answered(GET, 200, answer).take(), /\r\n1\r\na\r\n0\r\n\r\n$/);
    assert.match(answered("GET / HTTP/1.0\r\nTE: trailers\r\n\r\n", 200, answer).take(), /\r\n\r\na$/);
  });

  it("never looks complete when it is not", () => {
    const short = new ServerStage({ script: SILENT }).send(GET);
    short.act(() => {
      short.exchange(0).begin(200, { declaredLength: 9 });
      short.exchange(0).write("abc");
      short.exchange(0).client.end(null);
    });
    assert.equal(short.closed, "ECONNRESET");
    const long = new ServerStage({ script: SILENT }).send(GET);
    long.act(() => {
      long.exchange(0).begin(200, { declaredLength: 2 });
      long.exchange(0).write("abc");
      long.exchange(0).client.end(null);
    });
    assert.equal(long.closed, "ECONNRESET");
    const cut = new ServerStage({ script: SILENT }).send(GET);
    cut.act(() => {
      cut.exchange(0).begin(200, { streamed: true });
      cut.exchange(0).write("abc");
    });
    cut.act(() => cut.exchange(0).client.abort(FLOW.UPSTREAM_RESET));
    assert.doesNotMatch(cut.take(), /0\r\n\r\n$/);
    assert.equal(cut.closed, "ECONNRESET");
    assert.equal(cut.leftovers, "0 sockets, 0 timers");
  });

  it("of an empty chunk sends nothing that would end it", () => {
    const stage = new ServerStage({ script: SILENT }).send(GET);
    stage.act(() => {
      stage.exchange(0).begin(200, { streamed: true });
      stage.exchange(0).write("");
      stage.exchange(0).write("a");
      stage.exchange(0).client.end(null);
    });
    assert.match(stage.take(), /\r\n\r\n1\r\na\r\n0\r\n\r\n$/);
  });
});

describe("a client that leaves", () => {
  it("by reset is told to the exchange at once", () => {
    const stage = new ServerStage({ script: SILENT }).send(GET);
    stage.act(() => stage.client.reset());
    assert.equal(stage.exchange(0).story, "ready, gone");
    assert.equal(stage.leftovers, "0 sockets, 0 timers");
  });

  it("without a request leaves nothing behind", () => {
    assert.equal(new ServerStage().finish().leftovers, "0 sockets, 0 timers");
    assert.equal(new ServerStage().send(GET).finish().leftovers, "0 sockets, 0 timers");
    assert.equal(
      new ServerStage({ script: ECHO })
        .act(() => undefined)
        .send("\r")
        .finish().exchanges.length,
      0,
    );
  });
});

describe("any interleaving of bytes, pauses and answers", () => {
  it("loses nothing and mixes nothing up", () => {
    fc.assert(fc.property(interleavings, playInterleaving), { seed: 3, numRuns: 1_000 });
  });
});
