import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { get, PolicyStage } from "../../../test/pipeline/policy-stage.ts";
import { compileIdentityNames, identityGuard } from "./index.ts";

const NAMES = ["X-User-Id", "X-User-Roles", "X-Tenant-Id"];

async function start(names: readonly string[] = NAMES): Promise<PolicyStage> {
  return await PolicyStage.create({ listenerPolicies: [identityGuard(compileIdentityNames(names))] });
}

/** What the upstream is told beside Host. */
function told(stage: PolicyStage, lines: string): string[] {
  const client = stage.send(get("/x", lines));
  assert.equal(client.status, 200, lines);
  const request = stage.server.seen.at(-1);
  return (request?.fields ?? []).filter(([name]) => name !== "host").map(([name, value]) => `${name}: ${value}`);
}

describe("identity fields of a client", () => {
  it("are removed in every spelling that a service may read as the same name", async () => {
    const stage = await start();
    for (const name of [
      "X-User-Id",
      "x-user-id",
      "X-USER-ID",
      "X_User_Id",
      "x_user_id",
      "X-User_Id",
      "X--User-Id",
      "X-_User__Id",
      "X.User.Id",
      "X~User!Id",
      "X-User-Roles",
      "X_TENANT_ID",
    ]) {
      assert.deepEqual(told(stage, `${name}: admin\r\n`), [], name);
    }
    stage.finish();
  });

  it("are removed each time they occur, between others that stay as they are", async () => {
    const stage = await start();
    const lines = "Accept: a\r\nX-User-Id: 1\r\nx_user_id: 2\r\nX-Other:  b \r\nX-Tenant-Id:\r\nX-User-Id: 3\r\nX-Last: c\r\n";
    assert.deepEqual(told(stage, lines), ["accept: a", "x-other: b", "x-last: c"]);
    stage.finish();
  });

  it("are not taken for names that only look like them", async () => {
    const stage = await start();
    const names = ["x-user-idx", "x-user", "xuserid", "xx-user-id", "user-id", "x-user-i", "x-user-role", "-x-user-id"];
    for (const name of names) assert.deepEqual(told(stage, `${name}: a\r\n`), [`${name}: a`]);
    stage.finish();
  });

  it("are those that the configuration names, each once however often it does", async () => {
    assert.equal(compileIdentityNames(["X-A", "x_a", "X-B"]).names.length, 2);
    const stage = await start(["X-Who"]);
    assert.deepEqual(told(stage, "X-Who: a\r\nX-User-Id: b\r\n"), ["x-user-id: b"]);
    stage.finish();
    const none = await start([]);
    assert.deepEqual(told(none, "X-User-Id: b\r\n"), ["x-user-id: b"]);
    none.finish();
  });

  it("do not get through by any mix of letters and marks", async () => {
    const stage = await start();
    const mark = fc.stringMatching(/^[-_.!#$%&'*+^`|~]{1,3}$/);
    const letters = (word: string) =>
      fc
        .array(fc.boolean(), { minLength: word.length, maxLength: word.length })
        .map((flags) => [...word].map((c, i) => (flags[i] ? c.toUpperCase() : c)).join(""));
    const name = fc.tuple(letters("x"), mark, letters("user"), mark, letters("id")).map((parts) => parts.join(""));
    fc.assert(
      fc.property(name, (each) => assert.deepEqual(told(stage, `${each}: admin\r\n`), [])),
      { numRuns: 200 },
    );
    stage.finish();
  });
});
