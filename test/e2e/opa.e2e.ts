// `authorize.opa` against Open Policy Agent itself, with policies in its own language: what it is told can be judged there, and what it
// answers is understood. Built from its source where Go is (scripts/install-test-tools.sh); skipped without it.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { systemClock } from "../../src/base/index.ts";
import { createCalls } from "../../src/calls/index.ts";
import { CONTINUE, type Policy, Principal } from "../../src/pipeline/index.ts";
import { compileAuthorize } from "../../src/policies/authorize/index.ts";
import { get, PolicyStage } from "../pipeline/policy-stage.ts";
import { findProgram, freePort, RUNTIME, Stage, waitFor } from "./processes.ts";

/** Where `go install` puts it. */
const BUILT = join(homedir(), "go/bin/opa");
const program = findProgram("opa") ?? (existsSync(BUILT) ? BUILT : null);
const skip = program === null ? "not installed: opa (scripts/install-test-tools.sh brings it)" : false;

const POLICY = `package gateway

default allow := false

allow if "admin" in input.principal.roles

allow if {
  input.method == "GET"
  input.path == ["orders", input.principal.id]
  net.cidr_contains("127.0.0.0/8", input.ip)
}

allow if {
  input.headers["x-plan"] == "gold"
  input.principal.claims.level >= 3
}

decision := {"allow": allow, "reason": "as written"}
`;

describe(`authorize.opa on ${RUNTIME}`, { skip }, () => {
  const processes = new Stage();
  const calls = createCalls();
  let origin = "";

  before(async () => {
    const file = join(processes.folder, "gateway.rego");
    writeFileSync(file, POLICY);
    origin = await start(processes, file);
  });
  after(async () => {
    calls.close();
    await processes.stop();
  });

  async function statusOf(path: string, principal: Principal, request: string, host = origin): Promise<number> {
    const authenticate: Policy = {
      name: "auth",
      phase: "authenticate",
      writes: ["principal"],
      request(exchange) {
        exchange.principal = principal;
        return CONTINUE;
      },
    };
    const rule = { scopes: [], roles: [], claims: [], from: [], times: [], anyOf: [], allOf: [], not: null };
    const opa = { url: `${host}${path}`, timeoutMs: 5000, cacheForMs: 0, cachedAnswers: 10, sendHeaders: ["X-Plan"], ca: null };
    const watcher = { onAsked: () => undefined, onLookup: () => undefined };
    const policy = compileAuthorize({ name: "orders", authorize: { rule, cedar: null, opa } }, { clock: systemClock, calls, watcher });
    const stage = await PolicyStage.create({ policies: [authenticate, policy as Policy] });
    const client = stage.send(request);
    await waitFor(
      () => {
        stage.pump();
        return client.status !== 0;
      },
      10_000,
      "the answer",
    );
    const { status } = client;
    stage.finish();
    return status;
  }

  const alice = named("alice", [], { level: 2 });
  for (const path of ["/v1/data/gateway/allow", "/v1/data/gateway/decision"]) {
    it(`asks for a decision at ${path}`, async () => {
      assert.equal(await statusOf(path, named("root", ["admin"], {}), get("/anything")), 200);
      assert.equal(await statusOf(path, alice, get("/orders/alice")), 200);
      assert.equal(await statusOf(path, alice, get("/orders/bob")), 403);
      assert.equal(await statusOf(path, alice, get("/orders/alice/")), 403);
      assert.equal(await statusOf(path, alice, get("/orders/alice").replace("GET", "HEAD")), 403);
      assert.equal(await statusOf(path, named("eve", [], { level: 3 }), get("/x", "X-Plan: gold\r\n")), 200);
      assert.equal(await statusOf(path, alice, get("/x", "X-Plan: gold\r\n")), 403);
    });
  }

  it("denies by a rule that is not there: OPA answers without a result", async () => {
    assert.equal(await statusOf("/v1/data/gateway/nix", named("root", ["admin"], {}), get()), 403);
  });

  it("lets nobody through while nothing listens there", async () => {
    const nowhere = `http://127.0.0.1:${await freePort()}`;
    assert.equal(await statusOf("/v1/data/gateway/allow", named("root", ["admin"], {}), get(), nowhere), 503);
  });
});

function named(id: string, roles: readonly string[], claims: Readonly<Record<string, unknown>>): Principal {
  const nothing = { tenant: null, plan: null, expiresAtMs: null, scopes: [], lines: [] };
  return new Principal({ identity: "users", source: "jwt", id, roles, claims, ...nothing });
}

/** Resolves to its origin, when it answers. */
async function start(processes: Stage, file: string): Promise<string> {
  const origin = `http://127.0.0.1:${await freePort()}`;
  const child = spawn(program as string, ["run", "--server", "--skip-version-check", "--addr", origin.slice("http://".length), file], {
    stdio: "ignore",
  });
  const ended = new Promise((resolve) => child.once("close", resolve));
  processes.onStop(() => {
    child.kill("SIGKILL");
    return ended;
  });
  const isUp = () =>
    fetch(`${origin}/health`).then(
      ({ ok }) => ok,
      () => false,
    );
  await waitFor(isUp, 15_000, "OPA");
  return origin;
}
