import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { describe, it } from "node:test";
import { valuesOf } from "../../../test/kit/index.ts";
import { get, PolicyStage, post } from "../../../test/pipeline/policy-stage.ts";
import type { RespondConfig } from "../../config/index.ts";
import { FIELD } from "../../http/index.ts";
import { CONTINUE, type Policy } from "../../pipeline/index.ts";
import { compileRespond } from "./index.ts";

async function answer(config: Partial<RespondConfig>, request = get(), method = "GET") {
  const whole = { status: 200, contentType: "text/plain", body: Buffer.from("hello\n"), ...config };
  const stage = await PolicyStage.create({ answersItself: true, policies: [compileRespond(whole)] });
  const message = stage.send(request).response(method);
  assert.equal(stage.server.seen.length, 0);
  stage.finish();
  const [type, length] = ["content-type", "content-length"].map((name) => valuesOf(message, name)[0]);
  return { status: Number(message.startLine.split(" ")[1]), type, length, body: message.body };
}

describe("a fixed answer", () => {
  it("has status, type and body", async () => {
    assert.deepEqual(await answer({}), { status: 200, type: "text/plain", length: "6", body: "hello\n" });
    assert.deepEqual(await answer({ status: 404 }, post("body"), "POST"), {
      status: 404,
      type: "text/plain",
      length: "6",
      body: "hello\n",
    });
  });

  it("tells a HEAD the length and sends no body", async () => {
    assert.deepEqual(await answer({}, get().replace("GET", "HEAD"), "HEAD"), { status: 200, type: "text/plain", length: "6", body: "" });
  });

  it("has a type only where there is a body", async () => {
    assert.deepEqual(await answer({ body: new Uint8Array() }), { status: 200, type: undefined, length: "0", body: "" });
  });

  it("has no body where the status has none, whatever was written, and no length but for 205", async () => {
    for (const status of [204, 304])
      for (const method of ["GET", "HEAD"]) {
        const seen = await answer({ status }, get().replace("GET", method), method);
        assert.deepEqual(seen, { status, type: undefined, length: undefined, body: "" });
      }
    assert.deepEqual(await answer({ status: 205 }), { status: 205, type: undefined, length: "0", body: "" });
  });

  it("is the same each time, and the route's response steps change it", async () => {
    const untyped: Policy = {
      name: "untyped",
      phase: "transform",
      response(exchange) {
        exchange.response?.fields.remove(FIELD.CONTENT_TYPE);
        return CONTINUE;
      },
    };
    const respond = compileRespond({ status: 200, contentType: "text/plain", body: Buffer.from("hello\n") });
    const stage = await PolicyStage.create({ answersItself: true, policies: [respond, untyped] });
    const answers = stage.send(get() + get() + get()).responses();
    assert.deepEqual(
      answers.map((each) => [each.body, valuesOf(each, "content-type")]),
      [1, 2, 3].map(() => ["hello\n", []]),
    );
    stage.finish();
  });
});
