import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CONTINUE, type Policy } from "../../src/pipeline/index.ts";
import type { UpstreamRecord } from "../kit/index.ts";
import { answering, get, PolicyStage } from "./policy-stage.ts";

function within(...delaysMs: readonly number[]): Policy {
  return {
    name: "within",
    phase: "authenticate",
    request(exchange) {
      for (const delayMs of delaysMs) exchange.answerWithin(delayMs);
      return CONTINUE;
    },
  };
}

async function lateAt(timeoutMs: number | null, ...delaysMs: readonly number[]): Promise<number | null> {
  const stage = await PolicyStage.create({ policies: [within(...delaysMs)], timeoutMs });
  stage.server.script = answering(() => {});
  const client = stage.send(get());
  for (let passedMs = 0; passedMs <= 5000; passedMs += 100) {
    if (client.status === 504) return passedMs;
    stage.advance(100);
  }
  return null;
}

describe("a step that says until when the answer must be there", () => {
  it("sets a time where the route has none", async () => assert.equal(await lateAt(null, 1000), 1000));
  it("shortens the route's time", async () => assert.equal(await lateAt(3000, 1000), 1000));
  it("never lengthens it", async () => assert.equal(await lateAt(2000, 4000), 2000));
  it("of several times the first to come counts", async () => assert.equal(await lateAt(3000, 2000, 1000, 4000), 1000));

  it("says nothing of a body that is on its way by then", async () => {
    const stage = await PolicyStage.create({ policies: [within(1000)] });
    const asked: UpstreamRecord[] = [];
    stage.server.script = answering((connection) => {
      asked.push(connection);
      connection.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab");
    });
    const client = stage.send(get());
    stage.advance(5000);
    asked[0]?.send("cd");
    stage.pump();
    assert.equal(client.response().body, "abcd");
    stage.finish();
  });
});
