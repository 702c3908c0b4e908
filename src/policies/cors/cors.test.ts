import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { get, PolicyStage, type StageClient, type StageOptions } from "../../../test/pipeline/policy-stage.ts";
import type { CorsConfig } from "../../config/index.ts";
import { fieldName } from "../../http/index.ts";
import { CONTINUE, type Policy } from "../../pipeline/index.ts";
import { compileCors, markPreflight, readAnnouncedHeaders, readAnnouncedMethod, sharedOrigins } from "./index.ts";

const SHOP = "https://shop.example.com";

const CONFIG: CorsConfig = {
  origins: [SHOP],
  methods: [],
  headers: "*",
  exposeHeaders: [],
  credentials: false,
  maxAgeSeconds: null,
  privateNetwork: false,
};

/** As routing does where the announced route has `cors`. */
const MARKING: Policy = {
  name: "marking",
  phase: "guard",
  request(exchange) {
    if (readAnnouncedMethod(exchange.head) !== null) markPreflight(exchange);
    return CONTINUE;
  },
};

async function open(config: Partial<CorsConfig> = {}, upstream = "", options: StageOptions = {}): Promise<PolicyStage> {
  const policy = compileCors({ ...CONFIG, ...config });
  assert.ok(policy);
  const stage = await PolicyStage.create({ ...options, listenerPolicies: [MARKING], policies: [policy, ...(options.policies ?? [])] });
  stage.server.script = {
    onHead() {},
    onRequest: (connection) => connection.send(`HTTP/1.1 200 OK\r\n${upstream}Content-Length: 2\r\n\r\nok`),
  };
  return stage;
}

/** The fields of CORS and Vary of the one answer, in the order of their names. */
function told(client: StageClient, method = "GET"): Record<string, string> {
  const { fields } = client.response(method);
  const ours = fields.filter(([name]) => name.startsWith("access-control-") || name === "vary");
  assert.equal(new Set(ours.map(([name]) => name)).size, ours.length, "a field stands twice");
  return Object.fromEntries(ours);
}

function options(fields: string): string {
  return `OPTIONS /x HTTP/1.1\r\nHost: a.test\r\n${fields}\r\n`;
}

function preflight(origin: string, method: string, more = ""): string {
  return options(`Origin: ${origin}\r\nAccess-Control-Request-Method: ${method}\r\n${more}`);
}

const PREFLIGHT_VARY = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers, Access-Control-Request-Private-Network";

describe("a preflight", () => {
  it("is answered 204 without a body, with what was asked for, and never reaches the upstream", async () => {
    const stage = await open();
    const client = stage.send(preflight(SHOP, "PATCH", "Access-Control-Request-Headers: content-type,x-a\r\n"));
    const answer = client.response("OPTIONS");
    assert.match(answer.startLine, /^HTTP\/1\.1 204 /);
    assert.equal(answer.body, "");
    assert.deepEqual(told(client), {
      vary: PREFLIGHT_VARY,
      "access-control-allow-origin": SHOP,
      "access-control-allow-methods": "PATCH",
      "access-control-allow-headers": "content-type,x-a",
    });
    assert.equal(stage.server.seen.length, 0);
    stage.finish();
  });

  it("is told everything that the configuration grants", async () => {
    const stage = await open({
      methods: ["GET", "PUT"],
      headers: ["X-One", "X-Two"],
      credentials: true,
      maxAgeSeconds: 600,
      privateNetwork: true,
      exposeHeaders: ["X-Shown"],
    });
    const more = "Access-Control-Request-Headers: x-two\r\nAccess-Control-Request-Private-Network: true\r\n";
    assert.deepEqual(told(stage.send(preflight(SHOP, "PUT", more))), {
      vary: PREFLIGHT_VARY,
      "access-control-allow-origin": SHOP,
      "access-control-allow-credentials": "true",
      "access-control-allow-methods": "GET, PUT",
      "access-control-allow-headers": "X-One, X-Two",
      "access-control-max-age": "600",
      "access-control-allow-private-network": "true",
    });
    stage.finish();
  });

  it("hears of the private network only when it asks and may", async () => {
    for (const [privateNetwork, asks] of [
      [true, ""],
      [false, "Access-Control-Request-Private-Network: true\r\n"],
      [true, "Access-Control-Request-Private-Network: false\r\n"],
    ] as const) {
      const stage = await open({ privateNetwork });
      assert.equal("access-control-allow-private-network" in told(stage.send(preflight(SHOP, "GET", asks))), false);
      stage.finish();
    }
  });

  it("is refused with a code and no allow fields when origin, method or headers are not allowed", async () => {
    const narrow: Partial<CorsConfig> = { methods: ["GET"], headers: ["X-A"] };
    const cases: readonly (readonly [string, string])[] = [
      [preflight("https://evil.test", "GET"), "SP_CORS_ORIGIN"],
      [preflight("null", "GET"), "SP_CORS_ORIGIN"],
      [preflight(`${SHOP}\r\nOrigin: ${SHOP}`, "GET"), "SP_CORS_ORIGIN"],
      [preflight(SHOP, "DELETE"), "SP_CORS_METHOD"],
      [preflight(SHOP, "get"), "SP_CORS_METHOD"],
      [preflight(SHOP, "GET", "Access-Control-Request-Method: GET\r\n"), "SP_CORS_METHOD"],
      [preflight(SHOP, "GET", "Access-Control-Request-Headers: x-a, x-b\r\n"), "SP_CORS_HEADERS"],
    ];
    for (const [request, code] of cases) {
      const stage = await open(narrow);
      const client = stage.send(request);
      assert.equal(client.status, 403, request);
      assert.equal(client.code, code, request);
      assert.deepEqual(told(client), { vary: PREFLIGHT_VARY });
      assert.equal(stage.ended[0]?.fault?.kind.code, code);
      assert.equal(stage.server.seen.length, 0);
      stage.finish();
    }
  });

  it("refuses what is no method and no header even where anything may be asked for", async () => {
    for (const [request, code] of [
      [preflight(SHOP, "G T"), "SP_CORS_METHOD"],
      [preflight(SHOP, "GET", "Access-Control-Request-Headers: a b\r\n"), "SP_CORS_HEADERS"],
    ] as const) {
      const stage = await open();
      assert.equal(stage.send(request).code, code);
      stage.finish();
    }
  });

  it("may announce HEAD where GET is allowed, and header names in any case", async () => {
    const stage = await open({ methods: ["GET"], headers: ["X-A"] });
    const client = stage.send(preflight(SHOP, "HEAD", "Access-Control-Request-Headers: , X-a ,\r\n"));
    assert.equal(client.status, 204);
    stage.finish();
  });

  it("is one only with Origin and an announced method: every other OPTIONS goes to the upstream", async () => {
    const stage = await open();
    stage.send(options("")).response("OPTIONS");
    stage.send(options(`Origin: ${SHOP}\r\n`)).response("OPTIONS");
    stage.send(options("Access-Control-Request-Method: GET\r\n")).response("OPTIONS");
    assert.equal(stage.server.seen.length, 3);
    stage.finish();
  });

  it("keeps its allow fields from whatever `headers` of the route do to them", async () => {
    const edits: Policy = {
      name: "edits",
      phase: "transform",
      response(exchange) {
        exchange.response?.fields.set(fieldName("Access-Control-Allow-Origin"), "*");
        return CONTINUE;
      },
    };
    const stage = await open({}, "", { policies: [edits] });
    assert.equal(told(stage.send(preflight(SHOP, "GET")))["access-control-allow-origin"], SHOP);
    stage.finish();
  });

  it("tells routing what it announces", async () => {
    const stage = await PolicyStage.create();
    stage.send(preflight(SHOP, "PUT", "Access-Control-Request-Headers: a\r\nAccess-Control-Request-Headers: b\r\n"));
    const head = stage.begun[0]?.head ?? assert.fail();
    assert.equal(readAnnouncedMethod(head), "PUT");
    assert.equal(readAnnouncedHeaders(head), "a, b");
    stage.finish();
  });
});

describe("an actual request", () => {
  it("of an allowed origin is told so, and caches that the answer depends on it", async () => {
    const stage = await open({ credentials: true, exposeHeaders: ["X-Total", "Link"] });
    assert.deepEqual(told(stage.send(get("/x", `Origin: ${SHOP}\r\n`))), {
      vary: "Origin",
      "access-control-allow-origin": SHOP,
      "access-control-allow-credentials": "true",
      "access-control-expose-headers": "X-Total, Link",
    });
    stage.finish();
  });

  it("of another origin, of two origins or of none passes, and is told only that others may be told more", async () => {
    for (const fields of [
      "",
      "Origin: https://evil.test\r\n",
      `Origin: ${SHOP}\r\nOrigin: ${SHOP}\r\n`,
      "Origin: null\r\n",
      "Origin:\r\n",
    ]) {
      const stage = await open({ credentials: true });
      const client = stage.send(get("/x", fields));
      assert.equal(client.status, 200, fields);
      assert.deepEqual(told(client), { vary: "Origin" }, fields);
      stage.finish();
    }
  });

  it("is told the same whoever asks where every origin may read", async () => {
    for (const fields of ["", "Origin: https://any.test\r\n", "Origin: null\r\n"]) {
      const stage = await open({ origins: "*" });
      assert.deepEqual(told(stage.send(get("/x", fields))), { "access-control-allow-origin": "*" });
      stage.finish();
    }
  });

  it("never gets credentials for every origin, were it configured past all checks", async () => {
    for (const origins of ["*", ["*", SHOP]] as const) {
      const stage = await open({ origins, credentials: true });
      assert.deepEqual(told(stage.send(get("/x", "Origin: https://evil.test\r\n"))), { "access-control-allow-origin": "*" });
      assert.equal("access-control-allow-credentials" in told(stage.send(preflight(SHOP, "GET"))), false);
      stage.finish();
    }
  });

  it("hears nothing of what the upstream says of CORS, in any spelling", async () => {
    const upstream =
      "Access-Control-Allow-Origin: https://evil.test\r\naccess-control-allow-credentials: true\r\nAccess-Control-Expose-Headers: X\r\n" +
      "Access-Control-Allow-Everything: 1\r\nAccess_Control_Allow_Origin: *\r\nX-Kept: 1\r\n";
    const stage = await open({}, upstream);
    const { fields } = stage.send(get("/x", "Origin: https://evil.test\r\n")).response();
    const names = fields.map(([name]) => name);
    assert.deepEqual(
      names.filter((name) => !["content-length"].includes(name)),
      ["x-kept", "vary"],
    );
    stage.finish();
  });

  it("adds to the Vary that is there", async () => {
    for (const [before, after] of [
      ["Vary: Accept\r\nVary: Accept-Language\r\n", "Accept, Accept-Language, Origin"],
      ["Vary: accept, ORIGIN\r\n", "accept, ORIGIN"],
      ["Vary: *\r\n", "*"],
      ["Vary: X-Origin\r\n", "X-Origin, Origin"],
      ["Vary:\r\n", "Origin"],
    ] as const) {
      const stage = await open({}, before);
      assert.equal(told(stage.send(get()))["vary"], after, before);
      stage.finish();
    }
  });

  it("is judged by the origin that came, even where `headers` of the route remove it on the way up", async () => {
    const edits: Policy = {
      name: "edits",
      phase: "transform",
      request(exchange) {
        exchange.head.fields.remove(fieldName("Origin"));
        return CONTINUE;
      },
    };
    const stage = await open({}, "", { policies: [edits] });
    assert.equal(told(stage.send(get("/x", `Origin: ${SHOP}\r\n`)))["access-control-allow-origin"], SHOP);
    assert.equal(
      stage.server.seen[0]?.fields.some(([name]) => name === "origin"),
      false,
    );
    stage.finish();
  });

  it("may read the gateway's own faults", async () => {
    const stage = await open({}, "", { bodyBytes: 3 });
    const tooLarge = stage.send(`POST /x HTTP/1.1\r\nHost: a.test\r\nOrigin: ${SHOP}\r\nContent-Length: 4\r\n\r\n1234`);
    assert.equal(tooLarge.status, 413);
    assert.equal(told(tooLarge)["access-control-allow-origin"], SHOP);
    stage.network.setConnectFault(stage.server.address, "ECONNREFUSED");
    const refused = stage.send(get("/x", `Origin: ${SHOP}\r\n`));
    assert.equal(refused.status, 502);
    assert.deepEqual(told(refused), { vary: "Origin", "access-control-allow-origin": SHOP });
    stage.finish();
  });
});

describe("cors", () => {
  it("is no policy where it is off", () => {
    assert.equal(compileCors(null), null);
  });
});

describe("origins whose pages may use what browsers add by themselves", () => {
  it("are those that are named with credentials, and never all", () => {
    const shared = sharedOrigins({ ...CONFIG, credentials: true });
    assert.deepEqual([shared?.has(SHOP), shared?.has("https://evil.example"), shared?.has("null")], [true, false, false]);
    for (const config of [
      null,
      CONFIG,
      { ...CONFIG, credentials: true, origins: "*" as const },
      { ...CONFIG, credentials: true, origins: ["*"] },
    ]) {
      assert.equal(sharedOrigins(config), null);
    }
  });
});
