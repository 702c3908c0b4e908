// Identity over HTTP/2, to an upstream of either version: the same answers and the same claims as over HTTP/1.1.

import assert from "node:assert/strict";
import { type ClientHttp2Session, connect, createServer, type IncomingHttpHeaders } from "node:http2";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import { TokenIssuer } from "../kit/token-issuer.ts";
import { RUNTIME, Stage } from "./processes.ts";

describe(`identity over HTTP/2, on ${RUNTIME}`, () => {
  const stage = new Stage();
  let issuer: TokenIssuer;
  let session: ClientHttp2Session;
  after(() => stage.stop());

  before(async () => {
    issuer = await new TokenIssuer().start();
    stage.onStop(() => issuer.stop());
    const server = createServer((request, response) => response.end(JSON.stringify(request.headers)));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    stage.onStop(() => server.close());
    const service = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const gateway = await stage.startConfigured(`version: 1
gateway: { name: identity-http2, workers: 1, watch: false }
listeners: [{ name: main, address: "127.0.0.1:0", protocols: [h2, http/1.1] }]
identities:
  users: { jwt: { issuer: "${issuer.issuer}", audience: api, jwks: { discovery: true }, headers: { X-User-Id: sub, X-User-Roles: roles } } }
  browsers: { jwt: { issuer: "${issuer.issuer}browsers", audience: api, jwks: { url: "${issuer.url}/keys" }, token: { cookie: token } } }
upstreams: { app: { endpoints: ["${service}"], protocol: h2 } }
routes:
  - { name: protected, match: { path: /protected }, auth: [users, browsers], upstream: app }
  - { name: optional, match: { path: /optional }, auth: { anyOf: [users, browsers], optional: true }, upstream: app }
  - { name: public, match: { path: /public }, public: true, upstream: app }
telemetry: { accessLog: off }
`);
    session = connect(gateway.url);
    stage.onStop(() => session.destroy());
  });

  interface Answer {
    readonly status: number;
    readonly headers: IncomingHttpHeaders;
    readonly seen: Readonly<Record<string, string>>;
  }

  function ask(path: string, headers: Record<string, string | string[]> = {}): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const stream = session.request({ ":path": path, ...headers });
      let answer: IncomingHttpHeaders & { ":status"?: number | undefined } = {};
      let text = "";
      stream.on("response", (came) => {
        answer = came;
      });
      stream.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
      });
      stream.on("error", reject);
      stream.on("end", () =>
        resolve({ status: answer[":status"] ?? 0, headers: answer, seen: text.startsWith("{") ? JSON.parse(text) : {} }),
      );
      stream.end();
    });
  }

  const bearer = (claims: object = {}) => ({ authorization: `Bearer ${issuer.token({ roles: ["reader"], ...claims })}` });

  it("tells the upstream who calls, and nothing of the token", async () => {
    const { status, seen } = await ask("/protected", bearer());
    assert.deepEqual([status, seen["x-user-id"], seen["x-user-roles"], seen["authorization"]], [200, "alice", "reader", undefined]);
  });

  it("challenges who shows nothing, and says what is wrong with a token", async () => {
    const nobody = await ask("/protected");
    assert.deepEqual([nobody.status, nobody.headers["www-authenticate"]], [401, 'Bearer realm="users"']);
    const expired = await ask("/protected", bearer({ exp: 1 }));
    assert.equal(expired.status, 401);
    assert.match(String(expired.headers["www-authenticate"]), /error="invalid_token"/);
  });

  it("takes a bad token for none nowhere", async () => {
    for (const path of ["/protected", "/optional"]) {
      for (const token of ["x", "a.b.c", `${issuer.token()}x`, issuer.token({ aud: "other" })]) {
        assert.equal((await ask(path, { authorization: `Bearer ${token}` })).status, 401, `${path} ${token.slice(0, 10)}`);
      }
    }
  });

  it("reads a token from a cookie that came in crumbs, and shows the upstream the others alone", async () => {
    const token = issuer.token({ iss: `${issuer.issuer}browsers`, sub: "bob" });
    const { status, seen } = await ask("/protected", { cookie: ["a=1", `token=${token}`, "b=2"] });
    assert.deepEqual([status, seen["x-user-id"], seen["cookie"]], [200, "bob", "a=1; b=2"]);
  });

  for (const name of ["x-user-id", "x_user_id", "x.user.id", "x-user_roles"]) {
    it(`lets nobody say ${name}`, async () => {
      for (const path of ["/public", "/optional"]) {
        const { status, seen } = await ask(path, { [name]: "mallory" });
        assert.equal(status, 200);
        assert.ok(!JSON.stringify(seen).includes("mallory"), path);
      }
      const { seen } = await ask("/protected", { [name]: "mallory", ...bearer() });
      assert.equal(seen["x-user-id"], "alice");
      assert.ok(!JSON.stringify(seen).includes("mallory"));
    });
  }
});
