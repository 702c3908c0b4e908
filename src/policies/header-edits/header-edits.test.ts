import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { get, PolicyStage, reply } from "../../../test/pipeline/policy-stage.ts";
import type { HeaderEdits } from "../../config/index.ts";
import { compileHeaderEdits } from "./index.ts";

const NONE: HeaderEdits = { set: [], add: [], remove: [] };

async function edit(config: { request?: Partial<HeaderEdits>; response?: Partial<HeaderEdits> }, request = "", response = "") {
  const policy = compileHeaderEdits({ request: { ...NONE, ...config.request }, response: { ...NONE, ...config.response } });
  const stage = await PolicyStage.create({ policies: policy === null ? [] : [policy] });
  stage.server.script = {
    onHead() {},
    onRequest: (connection) => connection.send(`HTTP/1.1 200 OK\r\n${response}Content-Length: 0\r\n\r\n`),
  };
  const answer = stage.send(get("/x", request)).response();
  const list = (fields: readonly (readonly [string, string])[], own: string) =>
    fields.filter(([name]) => name !== own).map((field) => field.join(": "));
  const result = { request: list(stage.server.seen[0]?.fields ?? [], "host"), response: list(answer.fields, "content-length") };
  stage.finish();
  return result;
}

describe("header edits", () => {
  it("set takes the place of every line of that name, whatever the case of its letters", async () => {
    const { request } = await edit({ request: { set: [["X-A", ["new"]]] } }, "x-a: 1\r\nX-B: 2\r\nX-A: 3\r\n");
    assert.deepEqual(request, ["x-b: 2", "x-a: new"]);
  });

  it("add leaves what is there", async () => {
    const { request } = await edit(
      {
        request: {
          add: [
            ["X-A", ["2"]],
            ["X-A", ["3"]],
          ],
        },
      },
      "X-A: 1\r\n",
    );
    assert.deepEqual(request, ["x-a: 1", "x-a: 2", "x-a: 3"]);
  });

  it("remove takes every line of that name, from requests in every spelling, from responses as it is written", async () => {
    const lines = "x-a: 1\r\nX_A: 2\r\nX-A: 3\r\nX-AB: 4\r\n";
    const both = await edit({ request: { remove: ["X-A"] }, response: { remove: ["X-A"] } }, lines, lines);
    assert.deepEqual(both.request, ["x-ab: 4"]);
    assert.deepEqual(both.response, ["x_a: 2", "x-ab: 4"]);
  });

  it("remove, then set, then add", async () => {
    const { request } = await edit({ request: { remove: ["X-A"], set: [["X-A", ["set"]]], add: [["X-A", ["added"]]] } }, "X-A: client\r\n");
    assert.deepEqual(request, ["x-a: set", "x-a: added"]);
  });

  it("change responses the same way, and each side alone", async () => {
    const both = await edit(
      { response: { remove: ["Server", "X-Powered-By"], set: [["X-Frame-Options", ["DENY"]]], add: [["Vary", ["Origin"]]] } },
      "Server: client\r\n",
      "Server: app/1\r\nx-powered-by: app\r\nX-Frame-Options: ALLOW\r\nVary: Accept\r\n",
    );
    assert.deepEqual(both.request, ["server: client"]);
    assert.deepEqual(both.response, ["vary: Accept", "x-frame-options: DENY", "vary: Origin"]);
  });

  it("change the gateway's own faults", async () => {
    const policy = compileHeaderEdits({ request: NONE, response: { ...NONE, set: [["X-Frame-Options", ["DENY"]]] } });
    const stage = await PolicyStage.create({ policies: policy === null ? [] : [policy] });
    stage.network.setConnectFault(stage.server.address, "ECONNREFUSED");
    assert.match(stage.send(get()).text, /502[\s\S]*X-Frame-Options: DENY\r\n/);
    stage.finish();
  });

  it("see each request fresh: nothing of one reaches the next", async () => {
    const policy = compileHeaderEdits({ request: { ...NONE, add: [["X-A", ["1"]]] }, response: NONE });
    const stage = await PolicyStage.create({ policies: policy === null ? [] : [policy] });
    stage.server.script = { onHead() {}, onRequest: (connection) => reply(connection, 200, "x") };
    stage.send(get() + get() + get());
    for (const { fields } of stage.server.seen) assert.equal(fields.filter(([name]) => name === "x-a").length, 1);
    stage.finish();
  });

  it("are no policy where nothing is to be changed", () => {
    assert.equal(compileHeaderEdits({ request: NONE, response: NONE }), null);
  });
});
