// Headers by which services know who calls, sent by a client: in every spelling that a service may take for the name, at every place of a
// request, on public, optional and protected routes. None of it may reach an upstream, and what the gateway itself says stands there once.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createTestGateway, type TestGateway } from "../../src/testing/index.ts";

const YAML = `version: 1
gateway: { name: spoofed, identityHeaders: [X-User-Id, X-User-Roles, X-Tenant-Id] }
listeners: [{ name: http, address: 127.0.0.1:8080, bounds: { connectionsPerIp: off } }]
identities:
  users:
    jwt:
      issuer: https://issuer.test/
      audience: api
      jwks: { url: https://issuer.test/keys }
      headers: { X-User-Id: sub, X-User-Roles: roles, X-Mapped-Email: email }
upstreams: { app: { endpoints: [http://127.0.0.1:3001] } }
routes:
  - { name: public, match: { path: /public }, public: true, upstream: app }
  - { name: optional, match: { path: /optional }, auth: { anyOf: [users], optional: true }, upstream: app }
  - { name: protected, match: { path: /protected }, auth: [users], upstream: app }
`;

/** What a client would like to be taken for: in no header of an upstream's request. */
const LIE = "mallory";

const SPELLINGS: readonly string[] = [
  "X-User-Id",
  "x-user-id",
  "X-USER-ID",
  "x-User-iD",
  "X_User_Id",
  "x_user_id",
  "X_USER_ID",
  "X-User_Id",
  "X_User-Id",
  "X.User.Id",
  "X-User.Id",
  "X~User~Id",
  "X!User!Id",
  "X#User#Id",
  "X$User$Id",
  "X%User%Id",
  "X&User&Id",
  "X'User'Id",
  "X*User*Id",
  "X+User+Id",
  "X^User^Id",
  "X`User`Id",
  "X|User|Id",
  "X--User--Id",
  "X-_User_-Id",
  "X__User__Id",
  "X-User-Roles",
  "x_user_roles",
  "X-Tenant-Id",
  "X_TENANT_ID",
  "X-Mapped-Email",
  "x_mapped.email",
];

interface Place {
  readonly name: string;
  /** The lines of one request. */
  readonly lines: (spelling: string) => readonly string[];
}

const PLACES: readonly Place[] = [
  { name: "first", lines: (spelling) => [`${spelling}: ${LIE}`, "Accept: */*"] },
  { name: "last", lines: (spelling) => ["Accept: */*", `${spelling}: ${LIE}`] },
  { name: "twice", lines: (spelling) => [`${spelling}: ${LIE}`, "Accept: */*", `${spelling}: ${LIE}2`] },
  { name: "behind the plain one", lines: (spelling) => [`X-User-Id: ${LIE}`, `${spelling}: ${LIE}`] },
  { name: "nominated by Connection", lines: (spelling) => [`Connection: ${spelling}`, `${spelling}: ${LIE}`] },
  { name: "with white space about its value", lines: (spelling) => [`${spelling}: \t ${LIE} \t`] },
];

const ROUTES = [
  { path: "/public", as: null },
  { path: "/optional", as: null },
  { path: "/optional", as: "alice" },
  { path: "/protected", as: "alice" },
] as const;

async function lastRequest(gateway: TestGateway, path: string, as: string | null, lines: readonly string[]) {
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon), line.slice(colon + 2)];
  });
  const who = as === null ? {} : { as: { id: as, roles: ["reader"] } };
  const response = await gateway.request(`GET http://shop.test${path}`, { headers, ...who });
  assert.equal(response.status, 200);
  return gateway.upstream("app").lastRequest;
}

describe("an identity header of a client", () => {
  for (const spelling of SPELLINGS) {
    it(`as ${spelling} reaches no upstream, wherever it stands`, async () => {
      await using gateway = await createTestGateway({ yaml: YAML });
      for (const { path, as } of ROUTES) {
        for (const { name, lines } of PLACES) {
          const { headers } = await lastRequest(gateway, path, as, lines(spelling));
          const where = `${path} as ${as ?? "nobody"}, ${name}`;
          const lies = [...headers].filter(([, value]) => value.includes(LIE));
          assert.deepEqual(lies, [], where);
          assert.deepEqual(headers.getAll("x-user-id"), as === null ? [] : [as], where);
          assert.deepEqual(headers.getAll("x-user-roles"), as === null ? [] : ["reader"], where);
        }
      }
    });
  }

  for (const spelling of ["X-User-Id", "x_user_id", "X-Mapped-Email", "X_Mapped_Email", "Authorization"]) {
    it(`as ${spelling} behind a body reaches no upstream`, async () => {
      await using gateway = await createTestGateway({ yaml: YAML });
      for (const { path, as } of ROUTES) {
        const who = as === null ? {} : { as: { id: as } };
        await gateway.request(`POST http://shop.test${path}`, {
          chunks: ["body"],
          trailers: [[spelling, LIE]],
          headers: [["TE", "trailers"]],
          ...who,
        });
        const { headers, trailers } = gateway.upstream("app").lastRequest;
        assert.deepEqual(
          [...headers, ...trailers].filter(([, value]) => value.includes(LIE)),
          [],
          path,
        );
      }
    });
  }

  it("is judged anew for each request of a connection", async () => {
    await using gateway = await createTestGateway({ yaml: YAML });
    const get = (line: string) => `GET /public HTTP/1.1\r\nHost: shop.test\r\n${line}\r\n`;
    await gateway.raw(get("") + get(`X_User_Id: ${LIE}\r\n`) + get("") + get(`x-user-id: ${LIE}\r\n`));
    const { requests } = gateway.upstream("app");
    assert.equal(requests.length, 4);
    assert.deepEqual(
      requests.flatMap(({ headers }) => [...headers]).filter(([, value]) => value.includes(LIE)),
      [],
    );
  });
});
