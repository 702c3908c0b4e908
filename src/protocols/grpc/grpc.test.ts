import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { valuesOf } from "../../../test/kit/index.ts";
import { answering, get, PolicyStage, post, type StageClient, type StageOptions } from "../../../test/pipeline/policy-stage.ts";
import { defineFault, type FaultDefinition } from "../../base/index.ts";
import { FIELD, fieldName } from "../../http/index.ts";
import { type BodyTransform, CONTINUE, grpcStatusOf, PENDING, type Policy } from "../../pipeline/index.ts";
import { grpcAnswer, grpcDeadline } from "./index.ts";

const GRPC = "Content-Type: application/grpc\r\nTE: trailers\r\n";
/** A message of one byte. */
const MESSAGE = "\0\0\0\0\x01x";

const SHED = defineFault({
  code: "SP_TEST_GRPC_SHED",
  status: 429,
  grpc: 8,
  blame: "client",
  retry: "never",
  closes: false,
  title: "Too much.",
  remedy: "A test.",
});

async function open(options: StageOptions = {}): Promise<PolicyStage> {
  const stage = await PolicyStage.create({ ...options, policies: [grpcDeadline, ...(options.policies ?? []), grpcAnswer] });
  stage.server.script = answering((connection) => connection.send(OK));
  return stage;
}

function call(fields = ""): string {
  return post(MESSAGE, GRPC + fields);
}

function chunked(status: number, fields: string, chunks: readonly string[], trailers: string): string {
  const body = chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join("");
  return `HTTP/1.1 ${status} X\r\n${fields}Transfer-Encoding: chunked\r\n\r\n${body}0\r\n${trailers}\r\n`;
}

const OK = chunked(200, "Content-Type: application/grpc\r\n", [MESSAGE], "Grpc-Status: 0\r\n");
/** An answer that has begun and does not end. */
const BEGUN = "HTTP/1.1 200 OK\r\nContent-Type: application/grpc\r\nTransfer-Encoding: chunked\r\n\r\n6\r\n\0\0\0\0\x01x\r\n";

function fieldsOf(client: StageClient): Record<string, string> {
  return Object.fromEntries(client.response("POST").fields);
}

/** Status and message of an answer that is nothing else. */
function statusOnly(client: StageClient): { status: string | undefined; message: string | undefined } {
  assert.equal(client.status, 200);
  const { body, trailers } = client.response("POST");
  assert.deepEqual([body, trailers], ["", []]);
  const fields = fieldsOf(client);
  assert.equal(fields["content-type"], "application/grpc");
  return { status: fields["grpc-status"], message: fields["grpc-message"] };
}

function answeringFault(fault: FaultDefinition["kind"] | ReturnType<FaultDefinition["telling"]>): Policy {
  return { name: "shed", phase: "limits", request: (exchange) => exchange.answerFault(fault as FaultDefinition) };
}

function timeoutSeen(stage: PolicyStage, at = 0): string[] {
  return valuesOf(stage.server.seen[at] ?? { startLine: "", fields: [] }, "grpc-timeout");
}

describe("a gRPC call through a route", () => {
  it("passes with its message and trailers as they are", async () => {
    const stage = await open();
    const client = stage.send(call());
    const { body, trailers } = client.response("POST");
    assert.deepEqual([body, trailers], [MESSAGE, [["grpc-status", "0"]]]);
    assert.equal(stage.ended[0]?.fault, null);
    assert.equal(grpcStatusOf(stage.ended[0]!), 0);
    stage.finish();
  });

  it("passes with an error of the upstream's own, in the head or behind the messages, and it is not tried again", async () => {
    for (const [answer, status] of [
      ["HTTP/1.1 200 OK\r\nContent-Type: application/grpc\r\nGrpc-Status: 14\r\nGrpc-Message: busy\r\nContent-Length: 0\r\n\r\n", 14],
      [chunked(200, "Content-Type: application/grpc+proto\r\n", [MESSAGE], "Grpc-Status: 9\r\n"), 9],
      // The head's status counts whatever the rest says.
      ["HTTP/1.1 415 X\r\nGrpc-Status: 3\r\nContent-Length: 0\r\n\r\n", 3],
    ] as const) {
      const stage = await open({ endpoints: 2 });
      for (const server of stage.servers) server.script = answering((connection) => connection.send(answer));
      const client = stage.send(call());
      const response = client.response("POST");
      assert.deepEqual([...valuesOf(response, "grpc-status"), ...response.trailers.map(([, value]) => value)], [String(status)]);
      assert.equal(stage.ended[0]?.attempts.length, 1);
      assert.equal(stage.ended[0]?.fault, null);
      assert.equal(grpcStatusOf(stage.ended[0]!), status);
      stage.finish();
    }
  });
});

describe("a fault of the gateway", () => {
  it("is a status in the head for a gRPC call, and a problem for any other request", async () => {
    const stage = await open({ policies: [answeringFault(SHED)] });
    assert.deepEqual(statusOnly(stage.send(call())), { status: "8", message: "Too much. (SP_TEST_GRPC_SHED)" });
    assert.equal(stage.ended[0]?.fault, SHED);
    for (const request of [get(), post("x", "Content-Type: application/grpcs\r\n"), get("/x", "Content-Type: application/grpc\r\n")]) {
      const client = stage.send(request);
      assert.equal(client.status, 429);
      assert.equal(client.code, "SP_TEST_GRPC_SHED");
    }
    stage.finish();
  });

  it("answers in the type of the call", async () => {
    const stage = await open({ policies: [answeringFault(SHED)] });
    for (const type of ["application/grpc+json", "application/grpc-web+proto", "application/grpc-web-text"]) {
      const client = stage.send(post("x", `Content-Type: ${type};a=b\r\n`));
      assert.deepEqual([client.status, fieldsOf(client)["content-type"], fieldsOf(client)["grpc-status"]], [200, type, "8"]);
    }
    stage.finish();
  });

  it("keeps the connection where its kind does, and closes it where it doesn't", async () => {
    const stage = await open({ bodyBytes: 3 });
    const client = stage.send(call());
    assert.equal(statusOnly(client).status, "8");
    assert.equal(fieldsOf(client)["connection"], "close");
    stage.finish();
  });

  it("tells when to come again in milliseconds, and what the operator has to say", async () => {
    const told = SHED.telling({ detail: "50 % of 10 €", retryAfterSeconds: 7 });
    const stage = await open({ policies: [answeringFault(told)] });
    const client = stage.send(call());
    assert.equal(statusOnly(client).message, "Too much. 50 %25 of 10 %E2%82%AC (SP_TEST_GRPC_SHED)");
    assert.equal(fieldsOf(client)["grpc-retry-pushback-ms"], "7000");
    assert.equal(fieldsOf(client)["retry-after"], undefined);
    stage.finish();
  });

  it("is UNAVAILABLE where no endpoint can be reached", async () => {
    const stage = await open();
    stage.network.setConnectFault(stage.server.address, "ECONNREFUSED");
    assert.equal(statusOnly(stage.send(call())).status, "14");
    stage.finish();
  });

  it("is INTERNAL where a step throws", async () => {
    const bug: Policy = {
      name: "bug",
      phase: "limits",
      request() {
        throw new Error("a test");
      },
    };
    const stage = await open({ policies: [bug] });
    assert.equal(statusOnly(stage.send(call())).status, "13");
    stage.finish();
  });

  it("is known by what the client sent, also when a step has taken the type away since", async () => {
    const strip: Policy = {
      name: "strip",
      phase: "transform",
      request(exchange) {
        exchange.head.fields.remove(FIELD.CONTENT_TYPE);
        return exchange.answerFault(SHED);
      },
    };
    const stage = await open({ policies: [strip] });
    assert.equal(statusOnly(stage.send(call())).status, "8");
    stage.finish();
  });
});

describe("a fault behind the head", () => {
  it("ends a call in trailers that say what it was", async () => {
    const stage = await open();
    stage.server.script = answering((connection) => {
      connection.send(BEGUN);
      connection.close();
    });
    const { body, trailers } = stage.send(call()).response("POST");
    assert.equal(body, MESSAGE);
    const [fault] = stage.ended.map((exchange) => exchange.fault?.kind);
    assert.deepEqual(Object.fromEntries(trailers), { "grpc-status": "14", "grpc-message": `${fault?.title} (${fault?.code})` });
    assert.equal(fault?.blame, "upstream");
    assert.equal(grpcStatusOf(stage.ended[0]!), 14);
    stage.finish();
  });

  it("cuts off a client that takes no trailers, a body of known length, and what is no call", async () => {
    const known = "HTTP/1.1 200 OK\r\nContent-Type: application/grpc\r\nContent-Length: 99\r\n\r\nabc";
    for (const [request, answer] of [
      [post(MESSAGE, "Content-Type: application/grpc\r\n"), BEGUN],
      [call(), known],
      [post(MESSAGE, "TE: trailers\r\n"), BEGUN],
      [post(MESSAGE, "Content-Type: application/grpc-web\r\n"), BEGUN],
    ] as const) {
      const stage = await open();
      stage.server.script = answering((connection) => connection.send(answer));
      const client = stage.send(request);
      stage.server.records[0]?.close();
      stage.pump();
      assert.equal(client.status, 200);
      assert.deepEqual(client.responses("POST"), [], "never complete");
      assert.notEqual(stage.ended[0]?.fault, null);
      stage.finish();
    }
  });

  it("passes through the transforms, and one that throws at it cuts the call off", async () => {
    const seen = fieldName("X-Seen");
    for (const isBroken of [false, true]) {
      const transform: BodyTransform = {
        write: (chunk, next) => next.write(chunk),
        end(trailers, next) {
          if (isBroken) throw new Error("a test");
          trailers?.add(seen, "yes");
          next.end(trailers);
        },
      };
      const policy: Policy = {
        name: "transform",
        phase: "transform",
        response(exchange) {
          exchange.transformResponse(transform);
          return CONTINUE;
        },
      };
      const stage = await open({ policies: [policy] });
      stage.server.script = answering((connection) => {
        connection.send(BEGUN);
        connection.close();
      });
      const client = stage.send(call());
      if (isBroken) assert.deepEqual(client.responses("POST"), []);
      else assert.equal(client.response("POST").trailers.find(([name]) => name === "x-seen")?.[1], "yes");
      assert.equal(stage.bugs.length, isBroken ? 1 : 0);
      stage.finish();
    }
  });
});

describe("an answer that is no gRPC", () => {
  it("becomes the status that the public table has for it", async () => {
    for (const [http, grpc] of [
      [400, "13"],
      [401, "16"],
      [403, "7"],
      [404, "12"],
      [429, "14"],
      [502, "14"],
      [503, "14"],
      [504, "14"],
      [200, "2"],
      [301, "2"],
      [418, "2"],
      [500, "2"],
    ] as const) {
      const stage = await open();
      const answer = `HTTP/1.1 ${http} X\r\nContent-Type: text/html\r\nSet-Cookie: a=b\r\nContent-Length: 5\r\n\r\n<h1/>`;
      stage.server.script = answering((connection) => connection.send(answer));
      const client = stage.send(call());
      assert.equal(statusOnly(client).status, grpc, String(http));
      assert.equal(fieldsOf(client)["set-cookie"], undefined);
      const [ended] = stage.ended;
      assert.match(ended?.fault?.detail ?? "", new RegExp(`: ${http} text/html$`));
      assert.equal(ended?.fault?.kind.blame, "upstream");
      assert.equal(ended?.attempts[0]?.status, http);
      assert.equal(stage.pool.counts.idle, 1, "the rest of the page was read off");
      stage.finish();
    }
  });

  it("is one with gRPC's type too when its status is none that gRPC has and nothing else says how the call went", async () => {
    const stage = await open();
    stage.server.script = answering((connection) =>
      connection.send("HTTP/1.1 503 X\r\nContent-Type: application/grpc\r\nContent-Length: 0\r\n\r\n"),
    );
    assert.equal(statusOnly(stage.send(call())).status, "14");
    stage.finish();
  });

  it("is left alone for other requests", async () => {
    const stage = await open();
    stage.server.script = answering((connection) => connection.send("HTTP/1.1 503 X\r\nContent-Length: 1\r\n\r\nx"));
    const client = stage.send(post("x"));
    assert.deepEqual([client.status, client.response("POST").body], [503, "x"]);
    stage.finish();
  });
});

describe("the deadline of a call", () => {
  it("goes on as the time that is left, in place of every line of the client's", async () => {
    const wait: { ticket: number } = { ticket: 0 };
    const slow: Policy = {
      name: "slow",
      phase: "limits",
      request(exchange) {
        wait.ticket = exchange.suspend();
        return PENDING;
      },
    };
    const stage = await open({ policies: [slow] });
    stage.send(call("grpc-timeout: 2S\r\nGrpc-Timeout: 9H\r\n"));
    stage.advance(500);
    stage.begun[0]?.resume(wait.ticket);
    stage.pump();
    assert.deepEqual(timeoutSeen(stage), ["1500m"]);
    stage.finish();
  });

  it("is told anew to each attempt", async () => {
    const stage = await open({ endpoints: 2, network: {}, upstreamBounds: { connectMs: 300 } });
    const [first, second] = stage.servers;
    stage.network.setConnectFault(first!.address, "blackhole");
    const script = answering((connection) => connection.send(OK));
    second!.script = script;
    stage.send(call("Grpc-Timeout: 1S\r\n"));
    stage.advance(400);
    assert.equal(stage.ended[0]?.attempts.length, 2);
    const [told = ""] = valuesOf(second!.seen[0]!, "grpc-timeout");
    assert.match(told, /^(6[89]\d|700)m$/);
    stage.finish();
  });

  it("is the route's time where that is over sooner", async () => {
    const stage = await open({ timeoutMs: 1000 });
    for (const fields of ["Grpc-Timeout: 2S\r\n", "Grpc-Timeout: 900m\r\n"]) stage.send(call(fields));
    assert.deepEqual([timeoutSeen(stage, 0), timeoutSeen(stage, 1)], [["1000m"], ["900m"]]);
    stage.finish();
  });

  it("is not made up where the client set none, as the route's time is not about a stream's end", async () => {
    for (const timeoutMs of [null, 1000]) {
      const stage = await open({ timeoutMs });
      stage.send(call());
      assert.deepEqual(timeoutSeen(stage), []);
      stage.finish();
    }
  });

  it("says nothing for a request that is no call", async () => {
    const stage = await open({ timeoutMs: 1000 });
    stage.send(post("x", "Grpc-Timeout: nonsense\r\n"));
    assert.deepEqual(timeoutSeen(stage), ["nonsense"]);
    stage.finish();
  });

  it("ends a call that has no answer, and its attempt", async () => {
    const stage = await open({ timeoutMs: 60_000 });
    stage.server.script = answering(() => {});
    const client = stage.send(call("Grpc-Timeout: 300m\r\n"));
    stage.advance(290);
    assert.equal(client.text, "");
    stage.advance(30);
    assert.equal(statusOnly(client).status, "4");
    assert.equal(stage.ended[0]?.fault?.kind.code, "SP_GRPC_DEADLINE");
    assert.match(stage.ended[0]?.fault?.detail ?? "", /^for the response head of /);
    assert.equal(stage.server.records[0]?.dropped, true);
    stage.finish();
  });

  it("ends an answer that has begun, in trailers", async () => {
    const stage = await open({ timeoutMs: 100 });
    stage.server.script = answering((connection) => connection.send(BEGUN));
    const client = stage.send(call("Grpc-Timeout: 1S\r\n"));
    stage.advance(900);
    assert.deepEqual(client.responses("POST"), [], "the route's time ends with the head");
    stage.advance(120);
    const { body, trailers } = client.response("POST");
    assert.deepEqual([body, trailers[0]], [MESSAGE, ["grpc-status", "4"]]);
    assert.equal(stage.server.records[0]?.dropped, true);
    assert.equal(grpcStatusOf(stage.ended[0]!), 4);
    stage.finish();
  });

  it("is not missed: the route's own time still bounds the head", async () => {
    const stage = await open({ timeoutMs: 200 });
    stage.server.script = answering(() => {});
    const client = stage.send(call("Grpc-Timeout: 5S\r\n"));
    stage.advance(250);
    assert.equal(statusOnly(client).status, "4");
    assert.equal(stage.ended[0]?.fault?.kind.code, "SP_EXCHANGE_DEADLINE");
    stage.finish();
  });

  it("is over at once when it came with no time left", async () => {
    const stage = await open();
    assert.equal(statusOnly(stage.send(call("Grpc-Timeout: 0n\r\n"))).status, "4");
    assert.equal(stage.server.seen.length, 0);
    stage.finish();
  });

  it("is refused as INTERNAL when it is malformed, before anything is sent", async () => {
    const stage = await open();
    for (const text of ["", "1", "5s", "123456789S", "1S, 2S", "-1S"]) {
      const client = stage.send(call(`Grpc-Timeout: ${text}\r\n`));
      assert.equal(statusOnly(client).status, "13", text);
    }
    assert.equal(stage.server.seen.length, 0);
    assert.equal(stage.ended[0]?.fault?.kind.code, "SP_GRPC_BAD_TIMEOUT");
    stage.finish();
  });

  it("of years leaves the call alone", async () => {
    const stage = await open();
    const client = stage.send(call("Grpc-Timeout: 99999999H\r\n"));
    assert.equal(client.response("POST").body, MESSAGE);
    assert.deepEqual(timeoutSeen(stage), ["99999999H"]);
    stage.finish();
  });
});

describe("a client that gives its call up", () => {
  it("is CANCELLED, and the upstream hears of it", async () => {
    const stage = await open();
    stage.server.script = answering((connection) => connection.send(BEGUN));
    stage.send(call()).leave();
    assert.equal(stage.server.records[0]?.dropped, true);
    assert.equal(grpcStatusOf(stage.ended[0]!), 1);
    stage.finish();
  });
});
