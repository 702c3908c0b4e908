// Values with holes, as upstreams and clients see them.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { get, PolicyStage } from "../../../test/pipeline/policy-stage.ts";
import { CidrSet } from "../../base/index.ts";
import type { HeaderEdits, ValueTemplate } from "../../config/index.ts";
import { DEFAULT_PATH_RULES } from "../../http/index.ts";
import { forwardRequest, normalise } from "../index.ts";
import { compileHeaderEdits } from "./index.ts";

const NONE: HeaderEdits = { set: [], add: [], remove: [] };
const FACTS = ["id", "method", "scheme", "host", "path", "client"] as const;
const ALL: ValueTemplate = [{ param: "id" }, " ", { param: "*" }, ...FACTS.flatMap((request) => [" ", { request }])];

function start(request: HeaderEdits, response: HeaderEdits = NONE, trusted = "127.0.0.0/8"): Promise<PolicyStage> {
  const policy = compileHeaderEdits({ request, response });
  return PolicyStage.create({
    path: "/u/:id/*",
    listenerPolicies: [normalise(DEFAULT_PATH_RULES), forwardRequest(CidrSet.of(trusted))],
    policies: policy === null ? [] : [policy],
  });
}

describe("a template in a request's edit", () => {
  it("is filled from this request's path and facts", async () => {
    const stage = await start({ ...NONE, set: [["X-Facts", ALL]] });
    stage.send(get("/u/a%20b/c?q", "X-Request-Id: abc\r\nX-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: https\r\n"));
    const [, value] = stage.server.seen[0]?.fields.find(([name]) => name === "x-facts") ?? [];
    assert.equal(value, "a%20b c abc GET https a.test /u/a%20b/c 192.0.2.7");
    stage.finish();
  });

  it("takes nothing from the request before on the same connection", async () => {
    const stage = await start({ ...NONE, add: [["X-User", [{ param: "id" }]]] });
    stage.send(get("/u/1/x") + get("/u/2/x"));
    assert.deepEqual(
      stage.server.seen.map(({ fields }) => fields.filter(([name]) => name === "x-user")),
      [[["x-user", "1"]], [["x-user", "2"]]],
    );
    stage.finish();
  });

  it("makes no second line and no invisible character of anything that a client can send", async () => {
    const stage = await start({ ...NONE, set: [["X-Facts", ["[", ...ALL, "]"]]] }, NONE, "192.0.2.1/32");
    const odd = fc.constantFrom(
      "%0d%0a",
      "%00",
      "\r",
      "\n",
      "\0",
      "\t",
      "\x7f",
      "\x80",
      "\xff",
      " ",
      "%zz",
      "%e4",
      "%C3%A4",
      ":",
      "a",
      "/",
    );
    const piece = fc.oneof(odd, fc.string({ unit: "binary-ascii", maxLength: 6 }));
    const text = fc.array(piece, { maxLength: 4 }).map((parts) => parts.join(""));
    const sane = fc.constantFrom("x", "a.test", "GET", "1");
    const any = (usual: string) => fc.oneof({ weight: 3, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: fc.oneof(text, sane) });
    let forwarded = 0;
    fc.assert(
      fc.property(any("POST"), fc.oneof(text, sane), fc.oneof(text, sane), any("a.test"), any("r-1"), any("192.0.2.9"), (...parts) => {
        const [method, id, tail, host, requestId, client] = parts;
        const before = stage.server.seen.length;
        const fields = `Host: ${host}\r\nX-Request-Id: ${requestId}\r\nX-Forwarded-For: ${client}\r\n`;
        stage.connect("192.0.2.1").send(`${method} /u/${id}/${tail} HTTP/1.1\r\n${fields}\r\n`).leave();
        for (const { fields: seen } of stage.server.seen.slice(before)) {
          forwarded++;
          const values = seen.filter(([name]) => name === "x-facts").map(([, value]) => value);
          assert.equal(values.length, 1);
          assert.match(values[0] ?? "", /^\[[ -~]*\]$/);
        }
      }),
      { numRuns: 500 },
    );
    assert.ok(forwarded > 25, `only ${forwarded} requests were fit to be forwarded`);
    assert.ok(stage.server.records.every(({ problem }) => problem === null));
    stage.finish();
  });
});

describe("a template in a response's edit", () => {
  const response: HeaderEdits = { ...NONE, set: [["X-For", [{ request: "id" }, " ", { param: "id" }]]] };
  const told = (fields: readonly (readonly [string, string])[]) => fields.find(([name]) => name === "x-for")?.[1];

  it("is filled from the request, for upstreams' answers and the gateway's own faults", async () => {
    const stage = await start(NONE, response);
    assert.equal(told(stage.send(get("/u/7/x", "X-Request-Id: abc\r\n")).response().fields), "abc 7");
    stage.network.setConnectFault(stage.server.address, "ECONNREFUSED");
    stage.pool.close();
    const refused = stage.send(get("/u/8/x", "X-Request-Id: def\r\n")).response();
    assert.match(refused.startLine, / 50[23] /);
    assert.equal(told(refused.fields), "def 8");
    stage.finish();
  });

  it("is not there for what never came to the route", async () => {
    const stage = await start(NONE, response);
    const refused = stage.send(get("/u/%00/x")).response();
    assert.match(refused.startLine, / 400 /);
    assert.equal(told(refused.fields), undefined);
    stage.finish();
  });
});
