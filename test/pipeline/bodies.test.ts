import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FIELD, Fields } from "../../src/http/index.ts";
import { type BodySink, type BodyTransform, CONTINUE, type Exchange, PENDING, type Policy } from "../../src/pipeline/index.ts";
import { valuesOf } from "../kit/index.ts";
import { answering, get, PolicyStage, post, postChunked, reply } from "./policy-stage.ts";

/** Reads the whole body, then judges it. */
function gate(maxBytes: number, seen: string[] = []): Policy[] {
  return [
    { name: "gate", phase: "body", writes: ["body"], request: (exchange) => exchange.collectBody(maxBytes) },
    {
      name: "judge",
      phase: "validate",
      reads: ["body"],
      request(exchange) {
        seen.push(exchange.requestBody === null ? "none" : Buffer.from(exchange.requestBody.toBytes()).toString());
        return CONTINUE;
      },
    },
  ];
}

/** Each chunk changed by itself, and a word at the end. */
class Changing implements BodyTransform {
  readonly #change: (text: string) => string;
  readonly #last: string;

  constructor(change: (text: string) => string, last = "") {
    this.#change = change;
    this.#last = last;
  }

  write(chunk: Uint8Array, next: BodySink): boolean {
    return next.write(Buffer.from(this.#change(Buffer.from(chunk).toString("latin1")), "latin1"));
  }

  end(trailers: Fields | null, next: BodySink): void {
    if (this.#last !== "") next.write(Buffer.from(this.#last));
    next.end(trailers);
  }
}

const upper = () => new Changing((text) => text.toUpperCase());
const twice = (last = "") => new Changing((text) => [...text].map((c) => c + c).join(""), last);

function changes(name: string, make: () => BodyTransform, where: "request" | "response" | "both"): Policy {
  return {
    name,
    phase: "transform",
    request(exchange) {
      if (where !== "response") exchange.transformRequest(make());
      return CONTINUE;
    },
    response(exchange) {
      if (where !== "request") exchange.transformResponse(make());
      return CONTINUE;
    },
  };
}

describe("a body gate", () => {
  for (const chunkBytes of [1, 7, 65_536]) {
    it(`has the whole body before anything goes upstream (${chunkBytes} bytes at a time)`, async () => {
      const seen: string[] = [];
      const stage = await PolicyStage.create({ policies: gate(100, seen), network: { chunkBytes } });
      const client = stage.connect();
      client.send(post("hello world").slice(0, -3));
      assert.equal(stage.server.records.length, 0);
      client.send("rld");
      assert.deepEqual(seen, ["hello world"]);
      assert.equal(client.response().body, "POST /x hello world");
      client.send(postChunked(["hello", " ", "chunks"]));
      assert.deepEqual(seen.slice(1), ["hello chunks"]);
      client.send(get());
      assert.deepEqual(seen.slice(2), ["none"]);
      assert.equal(client.responses().length, 3);
      stage.finish();
    });
  }

  it("takes a body of exactly its bound", async () => {
    const stage = await PolicyStage.create({ policies: gate(5) });
    assert.equal(stage.send(post("12345")).status, 200);
    assert.equal(stage.send(postChunked(["123", "45"])).status, 200);
    stage.finish();
  });

  it("refuses a longer one at once when the head says so, without asking for it", async () => {
    const stage = await PolicyStage.create({ policies: gate(5) });
    const client = stage.send("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\nExpect: 100-continue\r\n\r\n");
    assert.equal(client.status, 413);
    assert.equal(client.code, "SP_EXCHANGE_BODY_TOO_LARGE");
    assert.doesNotMatch(client.text, /100 Continue/);
    assert.equal(stage.server.records.length, 0);
    stage.finish();
  });

  it("refuses a longer one when it turns out to be, and the connection ends", async () => {
    const stage = await PolicyStage.create({ policies: gate(5), network: { chunkBytes: 1 } });
    const client = stage.send(postChunked(["123", "456", "789"]) + get("/next"));
    assert.equal(client.code, "SP_EXCHANGE_BODY_TOO_LARGE");
    assert.equal(client.responses().length, 1);
    assert.equal(client.raw.ended, true);
    assert.equal(stage.server.records.length, 0);
    stage.finish();
  });

  it("asks a client that expects 100 for its body, and the upstream no more", async () => {
    const stage = await PolicyStage.create({ policies: gate(100) });
    for (const framing of ["Content-Length: 2", "Transfer-Encoding: chunked"]) {
      const client = stage.send(`POST /x HTTP/1.1\r\nHost: a\r\n${framing}\r\nExpect: 100-continue\r\n\r\n`);
      assert.equal(client.text, "HTTP/1.1 100 Continue\r\n\r\n");
      client.send(framing === "Content-Length: 2" ? "hi" : "0\r\n\r\n");
      assert.equal(client.status, 200);
    }
    for (const request of stage.server.seen) assert.deepEqual(valuesOf(request, "expect"), []);
    stage.finish();
  });

  it("behind another one takes what that one has, if it is small enough", async () => {
    const seen: string[] = [];
    const stage = await PolicyStage.create({ policies: [...gate(10, seen), ...gate(4, seen)] });
    assert.equal(stage.send(post("1234")).status, 200);
    assert.equal(stage.send(postChunked(["1234"])).status, 200);
    assert.equal(stage.send(postChunked(["12345"])).status, 413);
    stage.finish();
  });

  it("gives up at a truncated, malformed or slow body", async () => {
    const stage = await PolicyStage.create({ policies: gate(100), timeoutMs: 5000 });
    const cut = stage.send(post("hello").slice(0, -2));
    cut.raw.close();
    stage.advance(10);
    assert.equal(stage.ended[0]?.fault?.kind.blame, "client");
    assert.equal(stage.send(postChunked(["hello"]).replace("5\r\n", "zz\r\n")).status, 400);
    const slow = stage.send(post("hello").slice(0, -2));
    stage.advance(5100);
    assert.equal(slow.status, 504);
    assert.equal(stage.server.records.length, 0);
    stage.finish();
  });
});

describe("the route's bound on the body", () => {
  it("counts what the client sends, not what a transform makes of it", async () => {
    const stage = await PolicyStage.create({ policies: [changes("twice", twice, "request")], bodyBytes: 5 });
    assert.equal(stage.send(postChunked(["12345"])).response().body, "POST /x 1122334455");
    assert.equal(stage.send(postChunked(["123", "456"])).status, 413);
    assert.equal(stage.ended[0]?.requestBody?.received, 5);
    stage.finish();
  });
});

describe("body transforms", () => {
  for (const chunkBytes of [1, 5, 65_536]) {
    it(`change the request and the response, composed in order (${chunkBytes} bytes at a time)`, async () => {
      const policies = [changes("upper", upper, "both"), changes("twice", twice, "both")];
      const stage = await PolicyStage.create({ policies, network: { chunkBytes } });
      stage.server.script = answering((connection, request) => reply(connection, 200, `got ${request.body}`));
      const client = stage.send(post("abc"));
      assert.equal(stage.server.seen[0]?.body, "AABBCC");
      assert.equal(stage.server.seen[0]?.framing, "chunked");
      assert.equal(client.response().body, "GGOOTT  AAAABBBBCCCC");
      assert.equal(client.response().framing, "chunked");
      assert.equal(stage.ended[0]?.bytesOut, 20, "what the client got");
      stage.finish();
    });
  }

  it("may write at the end, and let trailers pass", async () => {
    const stage = await PolicyStage.create({ policies: [changes("sum", () => twice("!"), "both")] });
    stage.server.script = answering((connection) =>
      connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-Sum: 1\r\n\r\n"),
    );
    const client = stage.send(postChunked(["x"], "TE: trailers\r\nConnection: TE\r\n").replace("0\r\n\r\n", "0\r\nX-In: 2\r\n\r\n"));
    assert.equal(stage.server.seen[0]?.body, "xx!");
    assert.deepEqual(stage.server.seen[0]?.trailers, [["x-in", "2"]]);
    assert.equal(client.response().body, "aa!");
    assert.deepEqual(client.response().trailers, [["x-sum", "1"]]);
    stage.finish();
  });

  it("get what was collected before them, and the length is known again", async () => {
    const seen: string[] = [];
    const stage = await PolicyStage.create({
      policies: [...gate(100, seen), changes("upper", upper, "request"), changes("twice", twice, "request")],
    });
    assert.equal(stage.send(post("abc")).response().body, "POST /x AABBCC");
    assert.deepEqual(seen, ["abc"]);
    assert.deepEqual(valuesOf(stage.server.seen[0] as never, "content-length"), ["6"]);
    stage.finish();
  });

  it("that only look leave the length as it was said", async () => {
    const seen: string[] = [];
    class Looking extends Changing {
      readonly keepsLength = true;
    }
    const look = () =>
      new Looking((text) => {
        seen.push(text);
        return text;
      });
    const stage = await PolicyStage.create({ policies: [changes("look", look, "both")] });
    const client = stage.send(post("abc"));
    assert.deepEqual(valuesOf(stage.server.seen[0] as never, "content-length"), ["3"]);
    assert.deepEqual(valuesOf(client.response(), "content-length"), ["11"]);
    assert.deepEqual(seen, ["abc", "POST /x abc"]);
    const head = stage.send(get().replace("GET", "HEAD")).response("HEAD");
    assert.deepEqual(valuesOf(head, "content-length"), ["8"]);
    stage.finish();
  });

  it("leave alone what has no body: HEAD, 204, 304, a length of 0", async () => {
    const stage = await PolicyStage.create({ policies: [changes("sum", () => twice("!"), "response")] });
    for (const [request, answer] of [
      ["HEAD", "200 OK\r\nContent-Length: 5\r\n\r\n"],
      ["GET", "204 No Content\r\n\r\n"],
      ["GET", "304 Not Modified\r\nContent-Length: 5\r\n\r\n"],
      ["GET", "200 OK\r\nContent-Length: 0\r\n\r\n"],
    ] as const) {
      stage.server.script = answering((connection) => connection.send(`HTTP/1.1 ${answer}`));
      const client = stage.send(get().replace("GET", request));
      const response = client.response(request);
      assert.equal(response.body, "");
      assert.equal(response.end, client.text.length, "nothing behind the head");
      // The length of what a GET would get is not known any more.
      if (answer.includes("Length: 5")) assert.deepEqual(valuesOf(response, "content-length"), []);
    }
    stage.finish();
  });

  it("change the gateway's own answers too", async () => {
    const stage = await PolicyStage.create({ policies: [changes("upper", upper, "response")] });
    for (const server of stage.servers) server.stop();
    const client = stage.send(get());
    assert.equal(client.status, 502);
    assert.match(client.response().body, /"CODE":"SP_UPSTREAM_CONNECT_FAILED"/);
    stage.finish();
  });

  it("run once over a response that is tried again while it is held back", async () => {
    const tickets: [Exchange, number][] = [];
    const hold: Policy = {
      name: "hold",
      phase: "early-limits",
      response(exchange) {
        tickets.push([exchange, exchange.suspend()]);
        return PENDING;
      },
      judge: { onResponse: () => -1, onFault: () => 0 },
    };
    const stage = await PolicyStage.create({ policies: [changes("twice", twice, "response"), hold] });
    let count = 0;
    stage.server.script = answering((connection) => {
      connection.send(`HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n${count++ === 0 ? "a" : "abc"}`);
    });
    const client = stage.send(get());
    stage.server.records[0]?.reset();
    stage.pump();
    assert.equal(tickets.length, 2, "once for the response that broke, once for the next");
    for (const [exchange, ticket] of tickets) exchange.resume(ticket);
    stage.pump();
    assert.equal(client.response().body, "aabbcc");
    stage.finish();
  });

  it("answer back-pressure like what they stand in front of", async () => {
    const stage = await PolicyStage.create({ policies: [changes("twice", twice, "both")], network: { windowBytes: 1000 } });
    const body = "z".repeat(50_000);
    stage.server.script = answering((connection, request) => reply(connection, 200, `${request.body.length} ${body}`));
    const client = stage.connect();
    client.raw.pause();
    client.send(post(body));
    assert.equal(stage.server.seen[0]?.body.length, 100_000);
    const sent = stage.begun[0]?.bytesOut as number;
    assert.ok(sent < 10_000, `${sent} bytes were taken for a client that reads none`);
    client.raw.resume();
    stage.pump();
    assert.equal(client.response().body.length, 2 * (50_000 + "100000 ".length));
    stage.finish();
  });
});

describe("full duplex", () => {
  it("begins the response before the request ends, and goes on with both", async () => {
    const stage = await PolicyStage.create({ policies: [changes("upper", upper, "both")] });
    stage.server.script = {
      onHead: (connection) => connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nready\r\n"),
      onRequest: (connection, request) => connection.send(`${request.body.length.toString(16)}\r\n${request.body}\r\n0\r\n\r\n`),
    };
    const client = stage.send("POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    assert.equal(client.status, 200);
    assert.match(client.text, /READY/);
    client.send("3\r\nabc\r\n");
    assert.match(stage.server.records[0]?.unfinished as string, /3\r\nABC\r\n/);
    client.send("3\r\ndef\r\n0\r\n\r\n");
    assert.equal(client.response().body, "READYABCDEF");
    stage.finish();
  });

  it("is cut when the request's body breaks, for nothing can be added to the response", async () => {
    const stage = await PolicyStage.create({ bodyBytes: 5 });
    stage.server.script = {
      onHead: (connection) => connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nready\r\n"),
      onRequest() {},
    };
    const client = stage.send("POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    client.send("6\r\nabcdef\r\n");
    assert.equal(client.status, 200);
    assert.doesNotMatch(client.text, /413|problem|\r\n0\r\n/);
    assert.equal(client.raw.ended, true);
    assert.equal(stage.ended[0]?.fault?.kind.status, 413);
    assert.equal(stage.server.records[0]?.dropped, true);
    stage.finish();
  });

  it("ends when the response is complete first, and both connections close", async () => {
    const stage = await PolicyStage.create();
    stage.server.script = { onHead: (connection) => reply(connection, 403, "no"), onRequest() {} };
    const client = stage.send("POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
    assert.equal(client.response().body, "no");
    assert.equal(client.raw.ended, true);
    assert.equal(stage.server.records[0]?.dropped, true);
    stage.finish();
  });
});

describe("a slow upload", () => {
  it("may take longer than an idle connection may rest", async () => {
    const stage = await PolicyStage.create({ upstreamBounds: { idleMs: 10_000, firstByteMs: 5000, betweenBytesMs: 5000 } });
    stage.send(get());
    const client = stage.send(post("12345").slice(0, -5));
    for (const piece of "12345") {
      stage.advance(4000);
      client.send(piece);
    }
    assert.equal(client.response().body, "POST /x 12345");
    assert.equal(stage.server.records.length, 1, "on the connection that had rested");
    stage.finish();
  });
});

describe("an answer made by a request step", () => {
  it("may come with the body unread: the connection ends instead of reading it as the next request", async () => {
    const stage = await PolicyStage.create({
      policies: [
        {
          name: "static",
          phase: "cache",
          request(exchange) {
            const fields = new Fields("");
            fields.add(FIELD.CONTENT_TYPE, "text/plain");
            return exchange.answer(200, fields, Buffer.from("hello"));
          },
        },
      ],
    });
    const client = stage.send(post(get("/smuggled")));
    assert.equal(client.response().body, "hello");
    assert.equal(stage.begun.length, 1);
    assert.equal(stage.send("HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n").response("HEAD").body, "");
    stage.finish();
  });
});
