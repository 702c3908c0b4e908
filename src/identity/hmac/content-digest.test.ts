// The body of a signed request, through the real exchange: what was signed goes on, nothing of anything else does.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import { get, PolicyStage, post, postChunked } from "../../../test/pipeline/policy-stage.ts";
import type { HmacIdentity } from "../../config/index.ts";
import { type Exchange, PENDING, type Policy, Principal } from "../../pipeline/index.ts";
import { hostOf, secret } from "../mtls/testdata/exchange-double.ts";
import { createHmacIdentity } from "./index.ts";
import { hmac, signedFields } from "./testdata/sign.ts";

const SECRET = "a secret of no less than 32 bytes";
const CONFIG: HmacIdentity = {
  kind: "hmac",
  name: "partners",
  headers: null,
  principal: { id: ["owner"], tenant: "tenant", roles: "roles", scopes: "scopes" },
  keys: [{ id: "s", algorithm: "hmac-sha256", key: secret(SECRET), owner: "shop", tenant: null, roles: [], scopes: [] }],
  components: [],
  maxAgeMs: 300_000,
  requireNonce: false,
};

async function stageOf(bodyBytes: number | null = null) {
  const host = hostOf();
  const identity = createHmacIdentity(CONFIG, host);
  let coming: Promise<unknown> = Promise.resolve();
  const asking: Policy = {
    name: "asking",
    phase: "authenticate",
    writes: ["principal"],
    request(exchange: Exchange) {
      const ticket = exchange.suspend();
      coming = Promise.resolve(identity.identify(exchange)).then((outcome) => {
        if (outcome instanceof Principal) {
          exchange.principal = outcome;
          exchange.resume(ticket);
        } else if (outcome !== null) exchange.fail(ticket, outcome);
      });
      return PENDING;
    },
  };
  const stage = await PolicyStage.create({ policies: [asking, ...(identity.routePolicies ?? [])], bodyBytes });
  const send = async (request: (fields: string) => string, signed: string, algorithm = "sha256") => {
    const name = algorithm === "sha256" ? "sha-256" : "sha-512";
    const digest = `${name}=:${createHash(algorithm).update(signed).digest("base64")}:`;
    const parameters = `created=${host.clock.wall() / 1000};keyid="s"`;
    const fields = [
      ["Content-Digest", digest],
      ...signedFields({ covered: [["content-digest", digest]], parameters, signer: hmac(SECRET) }),
    ];
    const client = stage.send(request(fields.map(([field, value]) => `${field}: ${value}\r\n`).join("")));
    await coming;
    stage.pump();
    return client;
  };
  return { stage, send };
}

describe("the body of a signed request", () => {
  for (const algorithm of ["sha256", "sha512"]) {
    it(`goes on when it is the one that was signed, by ${algorithm}`, async () => {
      const { stage, send } = await stageOf();
      const whole = await send((fields) => post("hello", fields), "hello", algorithm);
      assert.equal(whole.response().body, "POST /x hello");
      const chunked = await send((fields) => postChunked(["hel", "lo"], fields), "hello", algorithm);
      assert.equal(chunked.response().body, "POST /x hello");
      assert.equal(stage.ended[1]?.principal?.id, "shop");
      stage.finish();
    });
  }

  for (const [what, request, signed] of [
    ["another one", (fields: string) => post("hellO", fields), "hello"],
    ["a part of it", (fields: string) => postChunked(["hel"], fields), "hello"],
    ["nothing, said to be something", (fields: string) => postChunked([], fields), "hello"],
    ["something, said to be nothing", (fields: string) => post("hello", fields), ""],
    ["none at all", (fields: string) => get("/x", fields), "hello"],
  ] as const) {
    it(`that is ${what} is refused, and the upstream sees nothing`, async () => {
      const { stage, send } = await stageOf();
      const client = await send(request, signed);
      assert.equal(client.code, "SP_AUTH_INVALID");
      assert.equal(client.status, 401);
      assert.equal(stage.server.seen.length, 0);
      assert.equal(stage.ended[0]?.principal, null);
      assert.doesNotMatch(client.text, /digest/i);
      stage.finish();
    });
  }

  it("that is larger than a mebibyte is not read", async () => {
    const { stage, send } = await stageOf();
    const client = await send((fields) => `POST /x HTTP/1.1\r\nHost: a.test\r\nContent-Length: 1048577\r\n${fields}\r\n`, "");
    assert.equal(client.status, 413);
    assert.equal(stage.server.seen.length, 0);
    stage.finish();
  });

  it("of nothing may be signed too", async () => {
    const { stage, send } = await stageOf();
    assert.equal((await send((fields) => get("/x", fields), "")).status, 200);
    assert.equal((await send((fields) => postChunked([], fields), "")).status, 200);
    stage.finish();
  });
});
