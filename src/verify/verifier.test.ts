import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { describe, it } from "node:test";
import { FakeClock } from "../base/index.ts";
import { type SigningKey, signToken } from "../tokens/index.ts";
import { createVerifier, type RequestHeaders, type VerifierOptions, VerifyError } from "./index.ts";

const TYPE = { type: "sp-internal+jwt" };
const URL_OF_KEYS = "https://gateway.test/.well-known/jwks.json";

interface MadeKey extends SigningKey {
  readonly jwk: object;
}

function makeKey(kid: string, algorithm: "EdDSA" | "ES256" = "EdDSA"): MadeKey {
  const pair = algorithm === "EdDSA" ? generateKeyPairSync("ed25519") : generateKeyPairSync("ec", { namedCurve: "P-256" });
  return { kid, algorithm, object: pair.privateKey, jwk: { ...pair.publicKey.export({ format: "jwk" }), kid, use: "sig", alg: algorithm } };
}

const KEY = makeKey("k1");

class Stage {
  readonly clock = new FakeClock();
  readonly published: object[] = [KEY.jwk];
  asked = 0;
  status = 200;
  isAway = false;
  cacheControl = "public, max-age=300";

  readonly fetch = async (): Promise<Response> => {
    this.asked++;
    if (this.isAway) throw new Error("connection refused");
    const headers = { "Cache-Control": this.cacheControl };
    return new Response(JSON.stringify({ keys: this.published }), { status: this.status, headers });
  };

  verifier(options: Partial<VerifierOptions> = {}) {
    return createVerifier({
      issuer: "https://edge.test",
      audience: "orders",
      jwks: URL_OF_KEYS,
      clock: this.clock,
      fetch: this.fetch,
      ...options,
    });
  }

  token(claims: Record<string, unknown> = {}, key: SigningKey = KEY, header = TYPE): string {
    const seconds = Math.floor(this.clock.wall() / 1000);
    return signToken({ iss: "https://edge.test", aud: "orders", iat: seconds, exp: seconds + 60, sub: "alice", ...claims }, header, key);
  }
}

const shown = (token: string): RequestHeaders => ({ "x-internal-token": token });

async function codeOf(verified: Promise<unknown>): Promise<string> {
  try {
    await verified;
    return "none";
  } catch (error) {
    assert.ok(error instanceof VerifyError);
    assert.equal(error.status, error.code === "KEYS_UNAVAILABLE" ? 503 : 401);
    return error.code;
  }
}

describe("the verifier of a service", () => {
  it("says who called", async () => {
    const stage = new Stage();
    const token = stage.token({ identity: "users", source: "jwt", tenant: "t", roles: ["a"], scope: "x y", claims: { email: "e" }, dl: 5 });
    assert.deepEqual(await stage.verifier().verify(shown(token)), {
      id: "alice",
      identity: "users",
      source: "jwt",
      tenant: "t",
      roles: ["a"],
      scopes: ["x", "y"],
      claims: { email: "e" },
      deadlineMs: 5,
    });
  });

  it("says that nobody called where the token names nobody", async () => {
    const stage = new Stage();
    const { id, roles, scopes, claims } = await stage.verifier().verify(shown(stage.token({ sub: undefined })));
    assert.deepEqual({ id, roles, scopes, claims }, { id: null, roles: [], scopes: [], claims: {} });
  });

  it("takes headers as any server has them", async () => {
    const stage = new Stage();
    const token = stage.token();
    const forms: RequestHeaders[] = [
      new Headers({ "X-Internal-Token": token }),
      { "X-INTERNAL-TOKEN": token },
      { "x-internal-token": [token] },
    ];
    for (const headers of forms) assert.equal((await stage.verifier().verify(headers)).id, "alice");
    const bearer = stage.verifier({ header: "Authorization" });
    assert.equal((await bearer.verify({ authorization: `Bearer ${token}` })).id, "alice");
    assert.equal(await codeOf(bearer.verify({ authorization: `Basic ${token}` })), "NO_TOKEN");
  });

  it("takes keys that are given instead of published, of both algorithms", async () => {
    const stage = new Stage();
    const other = makeKey("k2", "ES256");
    const verifier = stage.verifier({ jwks: { keys: [KEY.jwk, other.jwk] } });
    for (const key of [KEY, other]) assert.equal((await verifier.verify(shown(stage.token({}, key)))).id, "alice");
    assert.equal(stage.asked, 0);
    assert.throws(() => stage.verifier({ jwks: { keys: [] } }), /holds no key/);
  });

  const stranger = makeKey("k1");
  const refused: readonly (readonly [what: string, code: string, headers: (stage: Stage) => RequestHeaders])[] = [
    ["no token", "NO_TOKEN", () => ({})],
    ["an empty token", "NO_TOKEN", () => shown("")],
    ["no JWT", "BAD_TOKEN", () => shown("abc")],
    ["two tokens", "BAD_TOKEN", (stage) => ({ "x-internal-token": [stage.token(), stage.token()] })],
    ["two tokens in two spellings", "BAD_TOKEN", (stage) => ({ "x-internal-token": stage.token(), "X-Internal-Token": stage.token() })],
    ["two tokens in one line", "BAD_TOKEN", (stage) => shown(`${stage.token()}, ${stage.token()}`)],
    ["another key of the same kid", "BAD_TOKEN", (stage) => shown(stage.token({}, stranger))],
    ["a kid that nobody published", "BAD_TOKEN", (stage) => shown(stage.token({}, { ...KEY, kid: "k9" }))],
    ["another issuer", "BAD_TOKEN", (stage) => shown(stage.token({ iss: "https://other.test" }))],
    ["another audience", "WRONG_AUDIENCE", (stage) => shown(stage.token({ aud: "billing" }))],
    ["no audience", "WRONG_AUDIENCE", (stage) => shown(stage.token({ aud: undefined }))],
    ["another kind of token", "BAD_TOKEN", (stage) => shown(stage.token({}, KEY, { type: "at+jwt" }))],
    ["no exp", "BAD_TOKEN", (stage) => shown(stage.token({ exp: undefined }))],
    ["one that has expired", "EXPIRED", (stage) => shown(stage.token({ exp: Math.floor(stage.clock.wall() / 1000) - 5 }))],
    ["one of the future", "BAD_TOKEN", (stage) => shown(stage.token({ iat: Math.floor(stage.clock.wall() / 1000) + 60 }))],
  ];
  for (const [what, code, headers] of refused) {
    it(`refuses ${what}: ${code}`, async () => {
      const stage = new Stage();
      assert.equal(await codeOf(stage.verifier().verify(headers(stage))), code);
    });
  }

  it("refuses a token that is cut anywhere, or of which one letter is another", async () => {
    const stage = new Stage();
    const verifier = stage.verifier();
    const token = stage.token();
    await verifier.verify(shown(token));
    for (let at = 0; at < token.length; at++) {
      const wrong = [token.slice(0, at), `${token.slice(0, at)}${token[at] === "A" ? "B" : "A"}${token.slice(at + 1)}`];
      for (const text of wrong) assert.notEqual(await codeOf(verifier.verify(shown(text))), "none", `at ${at}`);
    }
  });

  it("takes a kept token no longer than one that it sees first", async () => {
    const stage = new Stage();
    const verifier = stage.verifier();
    const token = stage.token();
    await verifier.verify(shown(token));
    stage.clock.advance(64_999);
    assert.equal(await verifier.verify(shown(token)), await verifier.verify(shown(token)), "it is judged once");
    stage.clock.advance(1);
    assert.equal(await codeOf(verifier.verify(shown(token))), "EXPIRED");
  });
});

describe("the keys of a verifier", () => {
  it("are read once for many requests at once", async () => {
    const stage = new Stage();
    const verifier = stage.verifier();
    await Promise.all(Array.from({ length: 50 }, (_, index) => verifier.verify(shown(stage.token({ sub: `user-${index}` })))));
    assert.equal(stage.asked, 1);
  });

  it("are read again for a kid that is new, and not more than each 10 s", async () => {
    const stage = new Stage();
    const verifier = stage.verifier();
    await verifier.verify(shown(stage.token()));
    const next = makeKey("k2");
    for (let i = 0; i < 200; i++) await codeOf(verifier.verify(shown(stage.token({}, { ...KEY, kid: `random-${i}` }))));
    assert.equal(stage.asked, 1, "the first reading was just now");
    stage.clock.advance(10_000);
    stage.published.push(next.jwk);
    assert.equal((await verifier.verify(shown(stage.token({}, next)))).id, "alice");
    assert.equal(stage.asked, 2);
  });

  it("are read again for a kid that is new as soon as they are as old as the gateway allows", async () => {
    const stage = new Stage();
    stage.cacheControl = "max-age=2";
    const verifier = stage.verifier();
    await verifier.verify(shown(stage.token()));
    const next = makeKey("k2");
    stage.published.push(next.jwk);
    stage.clock.advance(1999);
    assert.equal(await codeOf(verifier.verify(shown(stage.token({}, next)))), "BAD_TOKEN");
    stage.clock.advance(1);
    assert.equal((await verifier.verify(shown(stage.token({}, next)))).id, "alice");
  });

  it("are looked at again when they are as old as the gateway allows, and nobody waits for that", async () => {
    const stage = new Stage();
    const verifier = stage.verifier();
    await verifier.verify(shown(stage.token()));
    stage.clock.advance(299_000);
    await verifier.verify(shown(stage.token({ sub: "b" })));
    assert.equal(stage.asked, 1);
    stage.clock.advance(2000);
    await verifier.verify(shown(stage.token({ sub: "c" })));
    assert.equal(stage.asked, 2);
  });

  for (const [what, fail] of [
    ["can't be reached", (stage: Stage) => (stage.isAway = true)],
    ["says 503", (stage: Stage) => (stage.status = 503)],
    ["publishes none", (stage: Stage) => (stage.published.length = 0)],
  ] as const) {
    it(`stay while the gateway ${what}, for a day`, async () => {
      const stage = new Stage();
      const verifier = stage.verifier();
      await verifier.verify(shown(stage.token()));
      fail(stage);
      // Of an answer that is none it would be another's.
      if (stage.status !== 200) stage.published[0] = makeKey("k2").jwk;
      for (let hour = 0; hour < 24; hour++) {
        stage.clock.advance(3_600_000);
        assert.equal((await verifier.verify(shown(stage.token()))).id, "alice");
        await Promise.resolve();
      }
      stage.clock.advance(1000);
      assert.equal(await codeOf(verifier.verify(shown(stage.token()))), "KEYS_UNAVAILABLE");
    });
  }

  it("that could never be had are 503, and asked for each second", async () => {
    const stage = new Stage();
    stage.isAway = true;
    const verifier = stage.verifier();
    for (let i = 0; i < 5; i++) assert.equal(await codeOf(verifier.verify(shown(stage.token()))), "KEYS_UNAVAILABLE");
    assert.equal(stage.asked, 1);
    stage.isAway = false;
    stage.clock.advance(1000);
    assert.equal((await verifier.verify(shown(stage.token()))).id, "alice");
  });
});
