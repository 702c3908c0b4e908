import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { get, PolicyStage, type StageClient } from "../../../test/pipeline/policy-stage.ts";
import type { SecurityHeadersConfig } from "../../config/index.ts";
import { CONTINUE, type Policy } from "../../pipeline/index.ts";
import { compileSecurityHeaders } from "./index.ts";

const HSTS = "max-age=31536000; includeSubDomains";

const HTTPS: Policy = {
  name: "https",
  phase: "sanitise",
  request(exchange) {
    exchange.clientScheme = "https";
    return CONTINUE;
  },
};

async function open(config: SecurityHeadersConfig, upstream = "", listenerPolicies: readonly Policy[] = []): Promise<PolicyStage> {
  const policy = compileSecurityHeaders(config) ?? assert.fail();
  const stage = await PolicyStage.create({ policies: [policy], listenerPolicies });
  stage.server.script = {
    onHead() {},
    onRequest: (connection) => connection.send(`HTTP/1.1 200 OK\r\n${upstream}Content-Length: 0\r\n\r\n`),
  };
  return stage;
}

function told(client: StageClient): string[] {
  const { fields } = client.response();
  return fields.filter(([name]) => name.startsWith("x-") || name.startsWith("strict")).map((field) => field.join(": "));
}

describe("security headers", () => {
  it("replace what the upstream says", async () => {
    const fields = [
      ["X-Frame-Options", "DENY"],
      ["X-Content-Type-Options", "nosniff"],
    ] as const;
    const stage = await open({ hsts: null, fields }, "x-frame-options: SAMEORIGIN\r\nX-Frame-Options: ALLOW\r\nX-Kept: 1\r\n");
    assert.deepEqual(told(stage.send(get())), ["x-kept: 1", "x-frame-options: DENY", "x-content-type-options: nosniff"]);
    stage.finish();
  });

  it("stand on the gateway's own faults", async () => {
    const stage = await open({ hsts: null, fields: [["X-Frame-Options", "DENY"]] });
    stage.network.setConnectFault(stage.server.address, "ECONNREFUSED");
    const client = stage.send(get());
    assert.equal(client.status, 502);
    assert.deepEqual(told(client), ["x-frame-options: DENY"]);
    stage.finish();
  });

  it("stand on the fault of another response step", async () => {
    const policy = compileSecurityHeaders({ hsts: null, fields: [["X-Frame-Options", "DENY"]] }) ?? assert.fail();
    const failing: Policy = {
      name: "failing",
      phase: "cors",
      response() {
        throw new Error("as a bug would");
      },
    };
    const stage = await PolicyStage.create({ policies: [failing, policy] });
    const client = stage.send(get());
    assert.equal(client.status, 500);
    assert.deepEqual(told(client), ["x-frame-options: DENY"]);
    stage.finish();
  });

  it("speak of TLS only to who came over TLS, and let no upstream do otherwise", async () => {
    const upstream = "Strict-Transport-Security: max-age=1\r\n";
    const clear = await open({ hsts: HSTS, fields: [] }, upstream);
    assert.deepEqual(told(clear.send(get())), []);
    clear.finish();
    const secure = await open({ hsts: HSTS, fields: [] }, upstream, [HTTPS]);
    assert.deepEqual(told(secure.send(get())), [`strict-transport-security: ${HSTS}`]);
    secure.finish();
  });

  it("are no policy where there is nothing to say", () => {
    assert.equal(compileSecurityHeaders(null), null);
    assert.equal(compileSecurityHeaders({ hsts: null, fields: [] }), null);
  });
});
