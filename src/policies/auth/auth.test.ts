import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { valuesOf } from "../../../test/kit/index.ts";
import { get, PolicyStage, post } from "../../../test/pipeline/policy-stage.ts";
import type { Fault } from "../../base/index.ts";
import { Fields, fieldName } from "../../http/index.ts";
import { AUTH, type Identity, MISSING_SCOPES, NO_CARRIERS, type Outcome } from "../../identity/index.ts";
import { ANSWERED, type Exchange, type Policy, Principal, type PrincipalFacts } from "../../pipeline/index.ts";
import { type AuthMetrics, compileAuth, joinCarriers } from "./index.ts";
import type { SharedOrigins } from "./other-sites.ts";

const X_USER = fieldName("X-User-Id");
const KEY = fieldName("X-Api-Key");

function principal(facts: Partial<PrincipalFacts> = {}): Principal {
  return new Principal({
    identity: "users",
    source: "jwt",
    id: "alice",
    tenant: null,
    roles: [],
    scopes: [],
    claims: {},
    plan: null,
    expiresAtMs: null,
    lines: [{ name: X_USER, value: facts.id ?? "alice" }],
    ...facts,
  });
}

function identity(name: string, identify: (exchange: Exchange) => Outcome, more: Partial<Identity> = {}): Identity {
  const bearer = `Bearer realm="${name}"`;
  return { name, source: "jwt", carriers: NO_CARRIERS, challenge: bearer, identify, close: () => undefined, ...more };
}

/** Takes requests whose header X-Take has its name. */
function taking(name: string, outcome: Outcome, more: Partial<Identity> = {}): Identity {
  const take = fieldName("X-Take");
  return identity(name, ({ head }) => (head.fields.get(take)?.split(" ").includes(name) === true ? outcome : null), more);
}

class Counts implements AuthMetrics {
  readonly seen: string[] = [];
  counter(name: string, outcome: string) {
    return { add: (count: number) => void this.seen.push(...Array<string>(count).fill(`${name}:${outcome}`)) };
  }
}

async function stageOf(
  identities: readonly Identity[],
  route: { auth?: readonly string[] | null; optional?: boolean; forwardCredential?: boolean; shared?: SharedOrigins } = {},
  more: readonly Policy[] = [],
) {
  const metrics = new Counts();
  const names = route.auth === undefined ? identities.map(({ name }) => name) : route.auth;
  const auth = names === null ? null : { identities: names, optional: route.optional === true };
  const host = { identities: new Map(identities.map((each) => [each.name, each])), carriers: joinCarriers(identities), metrics };
  const policies = compileAuth({ auth, forwardCredential: route.forwardCredential === true }, host, route.shared ?? null);
  const stage = await PolicyStage.create({ policies: [...policies, ...more] });
  return { stage, metrics };
}

const challengesOf = (response: { fields: readonly (readonly [string, string])[] }) =>
  response.fields.filter(([name]) => name === "www-authenticate").map(([, value]) => value);

describe("a route with identities", () => {
  it("names them in the operator's log where a request has nothing that they take, and never what it has", async () => {
    const { stage } = await stageOf([taking("users", principal()), taking("partners", principal(), { challenge: null })]);
    assert.equal(stage.send(get("/x", "Authorization: Basic c2VjcmV0\r\n")).status, 401);
    assert.equal(stage.ended[0]?.fault?.detail, "nothing in it is for users, partners");
    assert.equal(stage.send(get("/x", "Authorization: Bearer c2VjcmV0\r\n")).status, 401);
    assert.match(stage.ended[1]?.fault?.detail ?? "", /^not for users, partners: `iss` is no `issuer` to the letter/);
    stage.finish();
  });

  it("lets a verified principal through and tells its upstream who it is", async () => {
    const { stage, metrics } = await stageOf([taking("users", principal())]);
    const client = stage.send(get("/x", "X-Take: users\r\nAuthorization: Bearer t\r\n"));
    assert.equal(client.status, 200);
    assert.deepEqual(valuesOf(stage.server.seen[0]!, "x-user-id"), ["alice"]);
    assert.deepEqual(metrics.seen, ["users:verified"]);
    assert.equal(stage.ended[0]?.principal?.id, "alice");
    stage.finish();
  });

  it("answers 401 with a challenge of each identity where there is no credential, and no error in it", async () => {
    const { stage, metrics } = await stageOf([
      taking("users", principal()),
      taking("web", principal(), { challenge: null }),
      taking("partners", principal(), { challenge: 'Basic realm="p"' }),
    ]);
    const answer = stage.send(get()).response();
    assert.match(answer.startLine, / 401 /);
    assert.deepEqual(challengesOf(answer), ['Bearer realm="users"', 'Basic realm="p"']);
    assert.match(stage.ended[0]?.fault?.kind.code ?? "", /SP_AUTH_REQUIRED/);
    assert.deepEqual(metrics.seen, [":missing"]);
    assert.equal(stage.server.seen.length, 0);
    stage.finish();
  });

  it("gives a challenge even where no identity has a scheme (RFC 9110 15.5.2)", async () => {
    const { stage } = await stageOf([taking("web", null, { challenge: null })]);
    assert.deepEqual(challengesOf(stage.send(get()).response()), ['Credential realm="gateway"']);
    stage.finish();
  });

  it("takes the no of the first whose credential is there, though the next would say yes", async () => {
    const { stage, metrics } = await stageOf([taking("first", AUTH.BAD_CREDENTIAL.with("a bad signature")), taking("second", principal())]);
    const answer = stage.send(get("/x", "X-Take: first second\r\n")).response();
    assert.match(answer.startLine, / 401 /);
    assert.deepEqual(challengesOf(answer), ['Bearer realm="first", error="invalid_token"', 'Bearer realm="second"']);
    assert.deepEqual(metrics.seen, ["first:invalid"]);
    assert.doesNotMatch(Buffer.from(answer.body).toString(), /signature/);
    stage.finish();
  });

  it("asks the next where the first finds nothing of its own", async () => {
    const { stage } = await stageOf([taking("first", AUTH.BAD_CREDENTIAL), taking("second", principal({ identity: "second" }))]);
    assert.equal(stage.send(get("/x", "X-Take: second\r\n")).status, 200);
    stage.finish();
  });

  it("asks introspection last, wherever it stands: it takes any token", async () => {
    const asked: string[] = [];
    const note = (name: string, source: Identity["source"]) =>
      identity(
        name,
        () => {
          asked.push(name);
          return null;
        },
        { source, challenge: null },
      );
    const { stage } = await stageOf([note("opaque", "introspection"), note("users", "jwt"), note("web", "session")]);
    assert.equal(stage.send(get()).status, 401);
    assert.deepEqual(asked, ["users", "web", "opaque"]);
    stage.finish();
  });

  for (const [fault, status, outcome, error] of [
    [AUTH.EXPIRED, 401, "expired", 'Bearer realm="users", error="invalid_token", error_description="The token has expired"'],
    [AUTH.TOO_MANY, 429, "limited", undefined],
    [AUTH.UNAVAILABLE, 503, "unavailable", undefined],
  ] as const) {
    it(`answers ${status} for ${fault.code} and counts it as ${outcome}`, async () => {
      const { stage, metrics } = await stageOf([taking("users", fault)]);
      const answer = stage.send(get("/x", "X-Take: users\r\n")).response();
      assert.match(answer.startLine, new RegExp(` ${status} `));
      assert.equal(challengesOf(answer)[0], error);
      assert.deepEqual(metrics.seen, [`users:${outcome}`]);
      stage.finish();
    });
  }

  it("refuses a bearer token that none of its identities takes, also where a credential is optional", async () => {
    for (const optional of [false, true]) {
      const { stage, metrics } = await stageOf([taking("users", principal())], { optional });
      const answer = stage.send(get("/x", "Authorization: bEaReR strange\r\n")).response();
      assert.match(answer.startLine, / 401 /);
      assert.deepEqual(challengesOf(answer), ['Bearer realm="users", error="invalid_token"']);
      assert.deepEqual(metrics.seen, [":invalid"]);
      stage.finish();
    }
  });

  it("refuses what begins with a scheme that its identities take, whatever parts the two", async () => {
    for (const line of ["Bearer", "Bearer\tstrange", "Bearer,strange", "Bearer=strange", 'Bearer"strange"', "Bearer\u00a0strange"]) {
      const { stage } = await stageOf([taking("users", principal())], { optional: true });
      assert.equal(stage.send(get("/x", `Authorization: ${line}\r\n`)).status, 401, line);
      stage.finish();
    }
  });

  it("takes a scheme that no identity knows for no credential", async () => {
    const { stage, metrics } = await stageOf([taking("users", principal())], { optional: true });
    assert.equal(stage.send(get("/x", "Authorization: Negotiate abc\r\n")).status, 200);
    assert.deepEqual(valuesOf(stage.server.seen[0]!, "authorization"), []);
    assert.deepEqual(metrics.seen, [":anonymous"]);
    stage.finish();
  });

  it("lets nobody through as nobody where that is optional, but no bad credential", async () => {
    const { stage } = await stageOf([taking("users", AUTH.BAD_CREDENTIAL)], { optional: true });
    assert.equal(stage.send(get()).status, 200);
    assert.deepEqual(valuesOf(stage.server.seen[0]!, "x-user-id"), []);
    assert.equal(stage.send(get("/x", "X-Take: users\r\n")).status, 401);
    stage.finish();
  });

  it("asks for no credential on an answer that another step has put in the place of a refusal", async () => {
    const redirect: Policy = {
      name: "redirect",
      phase: "authenticate",
      response: (exchange) => exchange.answer(302, new Fields(""), null),
    };
    const { stage, metrics } = await stageOf([taking("web", AUTH.EXPIRED)], {}, [redirect]);
    const answer = stage.send(get("/x", "X-Take: web\r\n")).response();
    assert.match(answer.startLine, / 302 /);
    assert.deepEqual(challengesOf(answer), []);
    assert.deepEqual(metrics.seen, ["web:expired"]);
    stage.finish();
  });

  it("lets an identity greet who has nothing, once all were asked", async () => {
    const greet = (exchange: Exchange) => exchange.answerFault(AUTH.CROSS_SITE);
    const { stage } = await stageOf([taking("web", null, { greet }), taking("users", principal())]);
    assert.equal(stage.send(get()).status, 403);
    assert.equal(stage.send(get("/x", "X-Take: users\r\n")).status, 200);
    stage.finish();
  });
});

describe("an identity that has to ask somebody", () => {
  const later = () => {
    let settle: (outcome: Principal | Fault) => void = () => undefined;
    let fail: (error: unknown) => void = () => undefined;
    const promise = new Promise<Principal | Fault>((resolve, reject) => {
      settle = resolve;
      fail = reject;
    });
    return { promise, settle, fail };
  };
  const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

  it("is waited for", async () => {
    const coming = later();
    const { stage, metrics } = await stageOf([taking("users", coming.promise)]);
    const client = stage.send(get("/x", "X-Take: users\r\n"));
    assert.equal(client.text, "");
    coming.settle(principal({ id: "bob" }));
    await turn();
    stage.pump();
    assert.equal(client.status, 200);
    assert.deepEqual(valuesOf(stage.server.seen[0]!, "x-user-id"), ["bob"]);
    assert.deepEqual(metrics.seen, ["users:verified"]);
    stage.finish();
  });

  it("is believed when it says no, and the challenge tells which one it was", async () => {
    const coming = later();
    const { stage } = await stageOf([taking("users", coming.promise)]);
    const client = stage.send(get("/x", "X-Take: users\r\n"));
    coming.settle(AUTH.BAD_CREDENTIAL);
    await turn();
    stage.pump();
    assert.deepEqual(challengesOf(client.response()), ['Bearer realm="users", error="invalid_token"']);
    stage.finish();
  });

  it("fails closed when it breaks its promise", async () => {
    const coming = later();
    const { stage } = await stageOf([taking("users", coming.promise)]);
    const client = stage.send(get("/x", "X-Take: users\r\n"));
    coming.fail(new Error("a bug"));
    await turn();
    stage.pump();
    assert.equal(client.status, 503);
    stage.finish();
  });

  it("touches nothing when its answer comes after the request has ended", async () => {
    const coming = later();
    const { stage, metrics } = await stageOf([taking("users", coming.promise)]);
    const client = stage.send(get("/x", "X-Take: users\r\n"));
    client.leave();
    coming.settle(principal());
    await turn();
    stage.pump();
    assert.equal(stage.ended[0]?.principal, null);
    assert.deepEqual(metrics.seen, []);
    stage.finish();
  });
});

describe("a credential that browsers add by themselves", () => {
  const cross = "X-Take: users\r\nSec-Fetch-Site: cross-site\r\nOrigin: https://app.example\r\n";
  const ask = async (request: string, isAmbient: boolean, shared?: SharedOrigins) => {
    const users = taking("users", principal(), { isAmbient });
    const { stage } = await stageOf([users], { optional: true, ...(shared !== undefined && { shared }) });
    const answer = stage.send(request).response();
    const seen = stage.server.seen.length;
    stage.finish();
    return [answer.startLine.split(" ")[1], seen];
  };
  const sharing = (origin: string): SharedOrigins => ({ has: (each) => each === origin });

  it("is not taken from a page of another site for what may change something", async () => {
    assert.deepEqual(await ask(post("a", cross), true), ["403", 0]);
    assert.deepEqual(await ask(post("a", cross), false), ["200", 1]);
    assert.deepEqual(await ask(get("/x", cross), true), ["200", 1]);
    const socket =
      "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";
    assert.deepEqual(await ask(get("/x", cross + socket), true), ["403", 0]);
  });

  it("is taken from the site itself, from programs, and from pages that the route shares itself with", async () => {
    assert.deepEqual(await ask(post("a", cross.replace("cross-site", "same-site")), true), ["200", 1]);
    assert.deepEqual(await ask(post("a", "X-Take: users\r\n"), true), ["200", 1]);
    assert.deepEqual(await ask(post("a", cross), true, sharing("https://app.example")), ["200", 1]);
    assert.deepEqual(await ask(post("a", cross), true, sharing("https://b.example")), ["403", 0]);
    assert.deepEqual(await ask(post("a", cross.replace(/Origin.*\r\n/, "")), true, sharing("https://app.example")), ["403", 0]);
  });
});

describe("what an upstream sees of credentials", () => {
  const carrying = (name: string) =>
    taking(name, principal({ identity: name }), { carriers: { fields: [KEY], cookies: ["sid", "sid-*"], parameters: ["api_key"] } });
  const request = get(
    "/x?a=1&api%5Fkey=secret&b=2&api_key=again",
    "X-Take: users\r\nAuthorization: Bearer t\r\nX-Api-Key: k\r\nx_api_key: l\r\nCookie: a=1; sid=s; b=2\r\nCookie: sid-1=x;sid; c=3\r\n",
  );
  const seen = async (route: Parameters<typeof stageOf>[1]) => {
    const { stage } = await stageOf([carrying("users")], route, [
      {
        name: "query",
        phase: "normalise",
        request: ({ head }) => {
          const mark = head.target.indexOf("?");
          head.path = head.target.slice(0, mark);
          head.query = head.target.slice(mark);
          return 0;
        },
      },
    ]);
    assert.equal(stage.send(request).status, 200);
    const record = stage.server.seen[0]!;
    const fields = ["authorization", "x-api-key", "x_api_key", "cookie"].map((name) => valuesOf(record, name).join("|"));
    stage.finish();
    return [record.startLine.split(" ")[1], ...fields];
  };

  it("is nothing, on a route with identities", async () => {
    assert.deepEqual(await seen({}), ["/x?a=1&b=2", "", "", "", "a=1; b=2; c=3"]);
  });

  it("is nothing that the gateway judges, on a public route; Authorization there is between client and service", async () => {
    assert.deepEqual(await seen({ auth: null }), ["/x?a=1&b=2", "Bearer t", "", "", "a=1; b=2; c=3"]);
  });

  it("is the credential where the route says so, in the spelling that was judged, but never a session", async () => {
    for (const auth of [["users"], null]) {
      assert.deepEqual(await seen({ auth, forwardCredential: true }), [
        "/x?a=1&api%5Fkey=secret&b=2&api_key=again",
        "Bearer t",
        "k",
        "",
        "a=1; b=2; c=3",
      ]);
    }
  });

  it("is none that an identity of other routes judges, which nobody has judged here", async () => {
    const { stage } = await stageOf([taking("users", principal()), carrying("others")], { auth: ["users"], forwardCredential: true });
    assert.equal(stage.send(get("/x", "X-Take: users\r\nAuthorization: Bearer t\r\nX-Api-Key: forged\r\n")).status, 200);
    const record = stage.server.seen[0]!;
    assert.deepEqual([valuesOf(record, "authorization"), valuesOf(record, "x-api-key")], [["Bearer t"], []]);
    stage.finish();
  });

  it("is the token that a session stands for, where the route says so", async () => {
    const web = taking("users", principal(), {
      carriers: { fields: [], cookies: ["sid"], parameters: [] },
      forwardedToken: () => "access",
    });
    const { stage } = await stageOf([web], { forwardCredential: true });
    stage.send(get("/x", "X-Take: users\r\nCookie: sid=s\r\n"));
    assert.deepEqual(valuesOf(stage.server.seen[0]!, "authorization"), ["Bearer access"]);
    assert.deepEqual(valuesOf(stage.server.seen[0]!, "cookie"), []);
    stage.finish();
  });
});

describe("a refusal behind authentication", () => {
  it("names the scopes that are missing, and counts for the identity of the principal", async () => {
    const { stage, metrics } = await stageOf([taking("users", principal())], {}, [
      {
        name: "authorize",
        phase: "authorise",
        reads: ["principal"],
        request: (exchange) => {
          exchange.memory.put(MISSING_SCOPES, { text: "orders:write" });
          exchange.answerFault(AUTH.SCOPE_MISSING);
          return ANSWERED;
        },
      },
    ]);
    const answer = stage.send(get("/x", "X-Take: users\r\n")).response();
    assert.match(answer.startLine, / 403 /);
    assert.deepEqual(challengesOf(answer), ['Bearer error="insufficient_scope", scope="orders:write"']);
    assert.deepEqual(metrics.seen, ["users:verified", "users:forbidden"]);
    stage.finish();
  });

  it("leaves an upstream's own 401 as it is", async () => {
    const { stage, metrics } = await stageOf([taking("users", principal())]);
    stage.server.script = {
      onHead() {},
      onRequest: (connection) => connection.send("HTTP/1.1 401 No\r\nWWW-Authenticate: Own\r\nContent-Length: 0\r\n\r\n"),
    };
    assert.deepEqual(challengesOf(stage.send(get("/x", "X-Take: users\r\n")).response()), ["Own"]);
    assert.deepEqual(metrics.seen, ["users:verified"]);
    stage.finish();
  });
});

describe("a WebSocket", () => {
  it("is open for as long as the credential that opened it is good", async () => {
    let limits: Exchange["webSocket"] = null;
    const { stage } = await stageOf([identity("users", () => principal({ expiresAtMs: stage.clock.wall() + 5000 }))], {}, [
      {
        name: "look",
        phase: "answer",
        request: (exchange) => {
          limits = exchange.webSocket;
          return exchange.answerFault(AUTH.FORBIDDEN);
        },
      },
    ]);
    stage.send(
      "GET /x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
    );
    assert.equal((limits as Exchange["webSocket"])?.untilMs, stage.clock.now() + 5000);
    stage.finish();
  });
});
