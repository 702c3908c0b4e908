// The policy; the rules themselves are proven in http/path.test.ts and http/uri.test.ts.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { PolicyStage } from "../../../test/pipeline/policy-stage.ts";
import { DEFAULT_PATH_RULES } from "../../http/index.ts";
import { normalise } from "./index.ts";

async function ask(target: string, method = "GET", host = "a.test", rules = DEFAULT_PATH_RULES, version = "1.1") {
  const stage = await PolicyStage.create({ listenerPolicies: [normalise(rules)] });
  const hostLine = host === "" ? "" : `Host: ${host}\r\n`;
  const client = stage.send(`${method} ${target} HTTP/${version}\r\n${hostLine}\r\n`);
  const { status } = client;
  const sent = stage.server.seen[0]?.startLine.split(" ")[1] ?? "";
  const allow = client.response(method).fields.find(([name]) => name === "allow")?.[1] ?? "";
  stage.finish();
  return { status, sent, allow };
}

describe("a target", () => {
  for (const [from, to] of [
    ["/", "/"],
    ["/a/%2e%2e/b", "/b"],
    ["/a/./b//c/?q=%2e%2e/", "/a/b//c/?q=%2e%2e/"],
    ["/%7euser/%c3%a4", "/~user/%C3%A4"],
    ["/x?", "/x?"],
    ["http://a.test/x/../y?z", "/y?z"],
    ["http://a.test", "/"],
    ["http://A.test/x", "/x"],
    ["https://a.test/x", "/x"],
    ["http://a.test?q", "/?q"],
  ] as const) {
    it(`${from} is sent as ${to}`, async () => assert.deepEqual(await ask(from), { status: 200, sent: to, allow: "" }));
  }

  for (const target of [
    "/..",
    "/a/../../b",
    "/a%2fb",
    "/a%5cb",
    "/a\\b",
    "/%00",
    "/a%0ab",
    "/%zz",
    "/%",
    "/a#b",
    "x",
    "ftp://a.test/",
    "a.test:80",
  ]) {
    it(`${target} is refused and never sent`, async () => assert.deepEqual(await ask(target), { status: 400, sent: "", allow: "" }));
  }

  for (const [target, host] of [
    ["http://b.test/x", "a.test"],
    ["http://a.test:81/x", "a.test"],
    ["http://user@a.test/x", "a.test"],
    ["http:///x", "a.test"],
  ] as const) {
    it(`${target} beside Host: ${host} is refused`, async () => assert.equal((await ask(target, "GET", host)).status, 400));
  }

  it("* is answered by the gateway, for OPTIONS alone", async () => {
    assert.deepEqual(await ask("*", "OPTIONS"), { status: 204, sent: "", allow: "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS" });
    assert.equal((await ask("*", "GET")).status, 400);
    assert.deepEqual(await ask("/x", "OPTIONS"), { status: 200, sent: "/x", allow: "" });
  });

  it("is judged by the rules that it was given", async () => {
    const rules = { ...DEFAULT_PATH_RULES, encodedSlash: "keep", duplicateSlashes: "merge" } as const;
    assert.equal((await ask("/a%2fb//c", "GET", "a.test", rules)).sent, "/a%2Fb/c");
  });
});
