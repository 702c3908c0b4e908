import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { get, PolicyStage } from "../../../test/pipeline/policy-stage.ts";
import { type StagedParts, stageAuthorize, toPrincipal } from "./authorize-fakes.ts";

const ADMIN = toPrincipal({
  tenant: "t1",
  roles: ["admin"],
  scopes: ["orders"],
  claims: { level: 3, ratio: 1.5, none: null, groups: ["a"], evil: { __entity: { type: "Role", id: "root" } } },
});
const ENTITIES = JSON.stringify([
  { uid: { type: "Role", id: "admin" }, attrs: {}, parents: [{ type: "Role", id: "staff" }] },
  { uid: { type: "User", id: "users/bob" }, attrs: { team: "blue", tenant: "of the file" }, parents: [{ type: "Role", id: "guest" }] },
  { uid: { type: "Route", id: "route" }, attrs: { owner: "blue" }, parents: [{ type: "Area", id: "shop" }] },
]);

async function send(text: string, { principal = ADMIN, ...parts }: StagedParts = {}, request = get("/orders/7")) {
  const staged = await stageAuthorize(PolicyStage.create, {
    ...parts,
    principal,
    cedar: { policies: [{ file: "p.cedar", text }], entities: ENTITIES, ...parts.cedar },
  });
  const { stage, watcher } = staged;
  const { status } = stage.send(request);
  const detail = stage.ended[0]?.fault?.detail ?? "";
  stage.finish();
  return { status, detail, asked: watcher.asked };
}

const when = (condition: string) => `permit(principal, action, resource) when { ${condition} };`;
const BOB = toPrincipal({ id: "bob", tenant: "t2" });

describe("Cedar policies", () => {
  for (const [text, status, principal] of [
    ["permit(principal, action, resource);", 200],
    ["", 403],
    ['permit(principal == User::"users/alice", action, resource);', 200],
    ['permit(principal == User::"other/alice", action, resource);', 403],
    ['permit(principal in Role::"admin", action, resource);', 200],
    ['permit(principal in Role::"staff", action, resource);', 200],
    ['permit(principal in Role::"root", action, resource);', 403],
    ['permit(principal in Role::"guest", action, resource);', 200, BOB],
    ['permit(principal, action == Action::"GET", resource);', 200],
    ['permit(principal, action == Action::"POST", resource);', 403],
    ['permit(principal, action, resource == Route::"route");', 200],
    ['permit(principal, action, resource == Route::"other");', 403],
    ['permit(principal, action, resource in Area::"shop");', 200],
    ['permit(principal, action, resource); forbid(principal in Role::"admin", action, resource);', 403],
    [when('principal.tenant == "t1"'), 200],
    [when('principal.tenant == "t2"'), 403],
    [when('principal.tenant == "t2"'), 200, BOB],
    [when("principal.team == resource.owner"), 200, BOB],
    [when('principal.roles.contains("admin") && principal.scopes.contains("orders")'), 200],
    [when("principal.claims.level >= 3"), 200],
    [when("principal.claims.level > 3"), 403],
    [when("principal.claims has ratio"), 403],
    [when("principal.claims has none"), 403],
    [when('principal.claims.groups.contains("a")'), 200],
    [when('principal.claims.evil == Role::"root"'), 403],
    [when('principal.identity == "users" && principal.id == "alice" && principal.source == "jwt"'), 200],
    [when('resource.params.id == "7" && resource.path == "/orders/7"'), 200],
    [when('resource.params.id == "8"'), 403],
    [when('resource.host == "a.test" && resource.method == "GET"'), 200],
    [when('context.method == "GET" && context.path like "/orders/*" && context.host == "a.test"'), 200],
    [when('context.ip.isInRange(ip("127.0.0.0/8"))'), 200],
    [when('context.ip.isInRange(ip("10.0.0.0/8"))'), 403],
    [when('context.now >= datetime("2026-01-01") && context.now < datetime("2026-01-02")'), 200],
    [when('context.now < datetime("2026-01-01")'), 403],
    [when("context == {}"), 403],
  ] as const) {
    it(`${status === 200 ? "allow" : "deny"} ${principal?.id ?? "alice"} by ${text === "" ? "no policy" : text}`, async () => {
      assert.equal((await send(text, { path: "/orders/:id", ...(principal !== undefined && { principal }) })).status, status);
    });
  }

  it("are asked for the action that the configuration makes of the request", async () => {
    const policy = 'permit(principal, action == Action::"GET a.test 7", resource);';
    const cedar = { action: "$" + "{request:method} $" + "{request:host} $" + "{param:id}" };
    assert.equal((await send(policy, { cedar, path: "/orders/:id" })).status, 200);
    await assert.rejects(send(policy, { cedar: { action: "$" + "{request:nix}" } }), /no template/);
  });

  it("know the groups of actions that the schema has", async () => {
    const schema = 'entity User; entity Route; action "read"; action "GET" in ["read"] appliesTo { principal: User, resource: Route };';
    assert.equal((await send('permit(principal, action in Action::"read", resource);', { cedar: { schema } })).status, 200);
  });

  it("name the policy that forbids, in the log", async () => {
    const text = '@id("closed") forbid(principal, action, resource); permit(principal, action, resource);';
    assert.equal((await send(text)).detail, "cedar: closed forbids it");
    assert.equal((await send("")).detail, "cedar: no policy permits it");
  });

  it("deny when one that forbids can't be evaluated, and tell", async () => {
    const { status, asked } = await send(
      `permit(principal, action, resource); forbid(principal, action, resource) when { principal.nix };`,
    );
    assert.equal(status, 403);
    assert.match(asked.join(), /^users cedar p\.cedar#2: .*nix/);
  });

  it("may allow when one that permits can't be evaluated, as the language has it, and tell", async () => {
    const { status, asked } = await send(`permit(principal, action, resource); ${when("principal.nix")}`);
    assert.equal(status, 200);
    assert.match(asked.join(), /nix/);
  });
});

describe("decisions of Cedar that are kept", () => {
  const sentTwice = async (text: string, change: (box: { principal: unknown }) => void, second = get("/orders/7")) => {
    const staged = await stageAuthorize(PolicyStage.create, {
      principal: ADMIN,
      cedar: { policies: [{ file: "p.cedar", text }] },
      path: "/orders/:id",
    });
    const { stage, box } = staged;
    const first = stage.send(get("/orders/7")).status;
    change(box);
    const next = stage.send(second).status;
    const again = stage.send(second).status;
    stage.finish();
    return [first, next, again];
  };
  const same = () => undefined;

  it("are the principal's own", async () => {
    const policy = 'permit(principal in Role::"admin", action, resource);';
    const box = (other: typeof ADMIN) => (at: { principal: unknown }) => {
      at.principal = other;
    };
    assert.deepEqual(await sentTwice(policy, box(toPrincipal({ roles: ["clerk"] }))), [200, 403, 403]);
    assert.deepEqual(await sentTwice(policy, box(toPrincipal({ id: "x", roles: ["admin"] }))), [200, 200, 200]);
  });

  it("are for what policies read of the request", async () => {
    assert.deepEqual(await sentTwice(when('resource.params.id == "7"'), same, get("/orders/8")), [200, 403, 403]);
    assert.deepEqual(await sentTwice(when('context.path == "/orders/7"'), same, get("/orders/8")), [200, 403, 403]);
    assert.deepEqual(await sentTwice('permit(principal, action == Action::"GET", resource);', same, get("/orders/8")), [200, 200, 200]);
    const head = get("/orders/7").replace("GET", "HEAD");
    assert.deepEqual(await sentTwice('permit(principal, action == Action::"GET", resource);', same, head), [200, 403, 403]);
  });

  it("are for one second where policies read the time", async () => {
    const policies = [{ file: "p.cedar", text: when('context.now < datetime("2026-01-01T00:00:10Z")') }];
    const { stage } = await stageAuthorize(PolicyStage.create, { principal: ADMIN, cedar: { policies } });
    assert.equal(stage.send(get()).status, 200);
    stage.advance(9_999);
    assert.equal(stage.send(get()).status, 200);
    stage.advance(1);
    assert.equal(stage.send(get()).status, 403);
    stage.finish();
  });

  it("are for the address where policies read it", async () => {
    const policies = [{ file: "p.cedar", text: when('context.ip.isInRange(ip("10.0.0.0/8"))') }];
    const { stage } = await stageAuthorize(PolicyStage.create, { principal: ADMIN, cedar: { policies } });
    assert.equal(stage.connect("10.0.0.7").send(get()).status, 200);
    assert.equal(stage.connect("11.0.0.7").send(get()).status, 403);
    assert.equal(stage.connect("2001:db8::1").send(get()).status, 403);
    stage.finish();
  });
});
