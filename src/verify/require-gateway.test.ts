import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Caller, callerOf, type RequestHeaders, type RequireOptions, requireGateway, VerifyError } from "./index.ts";

const ALICE: Caller = {
  id: "alice",
  identity: "users",
  source: "jwt",
  tenant: null,
  roles: [],
  scopes: [],
  claims: {},
  deadlineMs: null,
};

class FakeResponse {
  statusCode = 200;
  body: string | null = null;
  readonly headers = new Map<string, string>();

  setHeader(name: string, value: string): void {
    this.headers.set(name, value);
  }

  end(body: string): void {
    this.body = body;
  }
}

async function ask(outcome: Caller | Error, options?: RequireOptions, complete = true) {
  const asked: RequestHeaders[] = [];
  const verifier = {
    verify: async (headers: RequestHeaders) => {
      asked.push(headers);
      if (outcome instanceof Error) throw outcome;
      return outcome;
    },
  };
  const request = { headers: { "x-internal-token": "t" }, complete };
  const response = new FakeResponse();
  let nexts = 0;
  const caller = await requireGateway(verifier, options)(request, response, () => nexts++);
  assert.deepEqual(asked, [request.headers]);
  return { caller, request, response, nexts };
}

describe("a server that requires the gateway", () => {
  it("lets in who is verified, and knows who that was", async () => {
    const { caller, request, response, nexts } = await ask(ALICE);
    assert.equal(caller, ALICE);
    assert.equal(callerOf(request), ALICE);
    assert.deepEqual([response.body, nexts], [null, 1]);
  });

  it("refuses who is not, and calls nothing behind it", async () => {
    const told: string[] = [];
    const { caller, request, response, nexts } = await ask(new VerifyError("EXPIRED", "the token has expired"), {
      onRefused: ({ code }) => void told.push(code),
    });
    assert.deepEqual([caller, response.statusCode, nexts, told], [null, 401, 0, ["EXPIRED"]]);
    assert.deepEqual(JSON.parse(response.body ?? ""), { title: "Requests come through the gateway.", status: 401, code: "EXPIRED" });
    assert.equal(response.headers.get("WWW-Authenticate"), "Bearer");
    assert.equal(response.headers.get("Content-Type"), "application/problem+json");
    assert.throws(() => callerOf(request), /did not see this request/);
  });

  it("answers 503 while it can't know", async () => {
    const { response } = await ask(new VerifyError("KEYS_UNAVAILABLE", "the gateway's keys could not be read"));
    assert.equal(response.statusCode, 503);
    assert.equal(response.headers.has("WWW-Authenticate"), false);
  });

  it("lets nobody in with `anonymous: false`", async () => {
    const nobody = { ...ALICE, id: null };
    assert.equal((await ask(nobody)).caller, nobody);
    const { caller, response } = await ask(nobody, { anonymous: false });
    assert.deepEqual([caller, response.statusCode, (JSON.parse(response.body ?? "") as { code: string }).code], [null, 401, "NO_CALLER"]);
  });

  it("closes a connection on which a body is still to come", async () => {
    const refusal = new VerifyError("NO_TOKEN", "the request has no token");
    assert.equal((await ask(refusal, {}, false)).response.headers.get("Connection"), "close");
    assert.equal((await ask(refusal)).response.headers.has("Connection"), false);
  });

  it("hides no mistake of the verifier's", async () => {
    await assert.rejects(ask(new TypeError("a bug")), TypeError);
  });
});
