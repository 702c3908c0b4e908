import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import fc from "fast-check";
import { createFakeHost, type FakeHost } from "./config-host-fake.ts";
import { type LoadedConfig, loadConfig, parseConfig, saveLastGood } from "./index.ts";
import { mutate } from "./mutate.fuzz.ts";

const ROOT = `version: 1
gateway: { stateDir: state, include: [teams/*.yaml] }
defaults: { timeout: 3s }
listeners: [{ name: http, address: 127.0.0.1:8080 }]
upstreams: { shared: { endpoints: [http://shared] } }
apis: { orders: { versionBy: { pathPrefix: /v }, default: "1", versions: { "1": {}, "2": {} } } }
routes:
  - { name: root, match: { path: /root }, public: true, upstream: shared }
  - { name: old, match: { path: /old }, api: { name: orders, versions: ["1", "2"] }, public: true, upstream: shared }
`;
const A = `version: 1
team: { name: a, hosts: [api.example.com, "*.a.example.com"], paths: [/a/*, "/x/:id"] }
upstreams: { a: { endpoints: [http://a] } }
routes:
  - { name: a1, match: { path: /a/* }, public: true, upstream: a }
  - { name: a2, match: { hosts: [b.a.example.com], path: /x/1 }, public: true, upstream: shared }
`;
const B = `version: 1
team: { name: b }
upstreams: { b: { endpoints: [http://b] } }
routes:
  - { name: b1, match: { path: /b }, public: true, upstream: b }
`;

function host(a = A, b = B): FakeHost {
  return createFakeHost({ "/c/teams/a.yaml": a, "/c/teams/b.yaml": b });
}

function load(from: FakeHost, root = ROOT): LoadedConfig {
  return parseConfig(root, "/c/gateway.yaml", from);
}

function names({ config }: LoadedConfig): string[] | undefined {
  return config?.routes.map(({ name }) => name);
}

function states({ teams }: LoadedConfig): string[] {
  return teams.map(({ name, state }) => `${name} ${state}`);
}

function told({ issues }: LoadedConfig): string[] {
  return issues.map(({ code, file, line, path }) => `${code} ${file}:${line} ${path}`);
}

describe("teams' files", () => {
  it("are part of the configuration, in the order of their paths, with the root's defaults and the team's hosts", () => {
    const loaded = load(host());
    assert.deepEqual(loaded.issues, []);
    assert.deepEqual(names(loaded), ["root", "old", "a1", "a2", "b1"]);
    assert.deepEqual(states(loaded), ["a good", "b good"]);
    assert.equal(loaded.isDegraded, false);
    // The folder too: who watches the files must hear of one that is new.
    assert.deepEqual(loaded.files, ["/c/gateway.yaml", "/c/teams", "/c/teams/a.yaml", "/c/teams/b.yaml"]);
    const a1 = loaded.config?.routes[2];
    assert.deepEqual(a1?.match.hosts, ["api.example.com", "*.a.example.com"]);
    assert.equal(a1?.team, "a");
    assert.equal(a1?.timeoutMs, 3000);
    assert.deepEqual(
      loaded.config?.upstreams.map(({ name }) => name),
      ["shared", "a", "b"],
    );
  });

  it("may lie in several folders, be named one by one, and leave out the root and hidden files", () => {
    const from = createFakeHost({ "/c/t/x/team.yaml": A, "/c/t/y/team.yaml": B, "/c/t/.z/team.yaml": B, "/c/gateway.yaml": ROOT });
    assert.deepEqual(states(load(from, ROOT.replace("teams/*.yaml", "t/*/team.yaml, ./*.yaml, t/x/team.yaml"))), ["a good", "b good"]);
  });

  it("that a pattern does not find are a warning", () => {
    const loaded = load(createFakeHost());
    assert.deepEqual(told(loaded), ["SP_CONFIG_TEAM_INCLUDE /c/gateway.yaml:2 gateway.include[0]"]);
    assert.deepEqual(names(loaded), ["root", "old"]);
  });

  it("that are named and missing are that file's error", () => {
    const loaded = load(createFakeHost(), ROOT.replace("teams/*.yaml", "teams/none.yaml"));
    assert.deepEqual(told(loaded), ["SP_CONFIG_FILE_UNREADABLE /c/teams/none.yaml:1 "]);
    assert.deepEqual(states(loaded), ["null missing"]);
    assert.deepEqual(names(loaded), ["root", "old"]);
    assert.equal(loaded.isDegraded, true);
  });

  it("are refused whole where anything is wrong, and nobody else's part changes", () => {
    const bad: readonly (readonly [text: string, issue: string])[] = [
      [A.replace("/x/1", "/x/1/2"), "SP_CONFIG_TEAM_CLAIM /c/teams/a.yaml:6 routes[1].match.path"],
      [A.replace("b.a.example.com", "a.example.com"), "SP_CONFIG_TEAM_CLAIM /c/teams/a.yaml:6 routes[1].match.hosts"],
      [A.replace("upstream: a }", "upstream: b }"), "SP_CONFIG_UNKNOWN_REFERENCE /c/teams/a.yaml:5 routes[0].upstream"],
      [A.replace("team: {", "taem: {"), "SP_CONFIG_TEAM_FILE /c/teams/a.yaml:1 team"],
      [A.replace("name: a1", "name: root"), "SP_CONFIG_DUPLICATE_NAME /c/teams/a.yaml:5 routes[0].name"],
      [
        A.replaceAll("a: { endp", "shared: { endp").replace("upstream: a }", "upstream: shared }"),
        "SP_CONFIG_DUPLICATE_NAME /c/teams/a.yaml:3 upstreams.shared",
      ],
      [
        A.replace("/a/* }", "/a/* }, api: { name: orders, versions: ['2'] }"),
        "SP_CONFIG_TEAM_CLAIM /c/teams/a.yaml:5 routes[0].match.path",
      ],
      [
        A.replace("upstream: a }", 'upstream: a, headers: { request: { set: { X: "${env:NO}" } } } }'),
        "SP_CONFIG_ENV_MISSING /c/teams/a.yaml:5 routes[0].headers.request.set.X",
      ],
      ["version: [", "SP_CONFIG_YAML_SYNTAX /c/teams/a.yaml:1 "],
    ];
    for (const [text, issue] of bad) {
      const loaded = load(host(text));
      assert.ok(told(loaded).includes(issue), `${issue} is not in ${told(loaded)}`);
      assert.deepEqual(names(loaded), ["root", "old", "b1"]);
      assert.equal(loaded.teams[0]?.state, "missing");
      assert.equal(loaded.teams[1]?.state, "good");
      assert.ok(loaded.isDegraded);
    }
  });

  it("with a team's name that is taken are to blame when they are the later ones", () => {
    const loaded = load(host(A, B.replace("name: b }", "name: a }")));
    assert.deepEqual(told(loaded), ["SP_CONFIG_DUPLICATE_NAME /c/teams/b.yaml:2 team.name"]);
    assert.deepEqual(names(loaded), ["root", "old", "a1", "a2"]);
  });

  it("whose routes clash with the root's or an earlier team's are to blame, with the place of the other", () => {
    const loaded = load(host(A, B.replace("path: /b", "hosts: [api.example.com], path: /a/*")));
    assert.deepEqual(told(loaded), ["SP_CONFIG_ROUTE_CONFLICT /c/teams/b.yaml:5 routes[0].match"]);
    assert.match(loaded.issues[0]?.message ?? "", /`b1` and `a1` \(\/c\/teams\/a\.yaml:5\).*`curl http:\/\/api\.example\.com\/a\/\w+`$/);
    assert.deepEqual(states(loaded), ["a good", "b missing"]);
    const withRoot = load(host(A, B.replace("path: /b", "path: /root")));
    assert.deepEqual(told(withRoot), ["SP_CONFIG_ROUTE_CONFLICT /c/teams/b.yaml:5 routes[0].match"]);
    // Of a file that is refused nothing counts any more: its clash is not the third one's.
    const third = host(A.replace("name: a1", "name: root"), B.replace("path: /b", "hosts: [api.example.com], path: /a/*"));
    assert.deepEqual(states(load(third)), ["a missing", "b good"]);
  });

  it("that break an invariant of the root are refused alone", () => {
    const invariants = "invariants: [{ name: i, where: { teams: [b] }, require: { has: [cors] } }]\n";
    const loaded = load(host(), ROOT + invariants);
    assert.deepEqual(told(loaded), ["SP_CONFIG_INVARIANT /c/teams/b.yaml:5 routes[0]"]);
    assert.deepEqual(states(loaded), ["a good", "b missing"]);
  });

  it("do not save a root that has an error, and a root can be no team's", () => {
    assert.equal(load(host(), ROOT.replace("timeout: 3s", "timeout: 3")).config, null);
    const missing = "invariants: [{ name: i, require: { upstreams: [none] } }]\n";
    assert.ok(
      told(load(host(), ROOT + missing)).includes("SP_CONFIG_INVARIANT_IDLE /c/gateway.yaml:10 invariants[0].require.upstreams[0]"),
    );
    const clash = ROOT.replace('path: /old }, api: { name: orders, versions: ["1", "2"] }', "path: /root }");
    assert.ok(told(load(host(), clash)).includes("SP_CONFIG_ROUTE_CONFLICT /c/gateway.yaml:9 routes[1].match"));
    assert.equal(load(host(), clash).config, null);
    assert.deepEqual(told(load(host(), `${ROOT}team: { name: x }\n`)), ["SP_CONFIG_TEAM_FILE /c/gateway.yaml:10 team"]);
  });
});

describe("the last good text of a team", () => {
  it("serves while its file is bad, and is kept by saveLastGood alone", () => {
    const from = host();
    const good = load(from);
    assert.equal(from.kept.size, 0);
    saveLastGood(good, from);
    assert.deepEqual([...from.kept.keys()], ["/c/teams/a.yaml", "/c/teams/b.yaml"]);
    from.files.set("/c/teams/a.yaml", "version: [");
    const loaded = load(from);
    assert.deepEqual(names(loaded), ["root", "old", "a1", "a2", "b1"]);
    assert.deepEqual(states(loaded), ["a kept", "b good"]);
    assert.ok(loaded.isDegraded);
    assert.deepEqual(
      told(loaded).map((line) => line.split(" ")[0]),
      ["SP_CONFIG_YAML_SYNTAX"],
    );
    saveLastGood(loaded, from);
    assert.equal(from.kept.get("/c/teams/a.yaml"), A);
  });

  it("is left out when it no longer fits: the root or a good team has taken its place", () => {
    const from = host("version: [");
    from.kept.set("/c/teams/a.yaml", A);
    assert.deepEqual(states(load(from)), ["a kept", "b good"]);
    assert.deepEqual(states(load(from, ROOT.replace("name: root,", "name: a1,"))), ["null missing", "b good"]);
    from.files.set("/c/teams/b.yaml", B.replace("path: /b", "hosts: [api.example.com], path: /a/*"));
    assert.deepEqual(states(load(from)), ["null missing", "b good"]);
  });

  it("is written whole, for its owner alone, in the folder of the gateway's state", async () => {
    const folder = mkdtempSync(join(tmpdir(), "sallyport-teams-"));
    try {
      writeFileSync(join(folder, "g.yaml"), ROOT.replace("teams/*.yaml", "t.yaml"));
      writeFileSync(join(folder, "t.yaml"), B);
      const loaded = await loadConfig(join(folder, "g.yaml"));
      assert.deepEqual(loaded.issues, []);
      saveLastGood(loaded);
      const [kept = "", ...others] = readdirSync(join(folder, "state/last-good"));
      assert.deepEqual(others, []);
      assert.match(kept, /^[0-9a-f]{32}\.yaml$/);
      assert.equal(statSync(join(folder, "state/last-good", kept)).mode & 0o777, 0o600);
      writeFileSync(join(folder, "t.yaml"), "");
      assert.deepEqual(states(await loadConfig(join(folder, "g.yaml"))), ["b kept"]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe("a damaged team's file", () => {
  /** Whatever `text` is, the root and team a are as ever. */
  function checkOthers(text: string): void {
    const loaded = load(host(A, text));
    const others = loaded.config?.routes.filter(({ team }) => team === null || team === "a");
    assert.deepEqual(others, expected, text);
    assert.equal(loaded.teams[0]?.state, "good", text);
  }
  const expected = load(host()).config?.routes.filter(({ team }) => team === null || team === "a");
  const invariants = "invariants: [{ name: i, where: { upstreams: [b] }, require: { methods: [GET] } }]\n";

  it("cut at every byte never throws and never changes the root's or another team's routes", () => {
    const bytes = new TextEncoder().encode(`${B}# ü\n`);
    for (let at = 0; at < bytes.length; at++) {
      const from = host();
      from.files.set("/c/teams/b.yaml", bytes.subarray(0, at));
      const loaded = load(from, ROOT + invariants);
      assert.deepEqual(
        loaded.config?.routes.filter(({ team }) => team === null || team === "a"),
        expected,
      );
    }
  });

  it("changed at random never throws and never changes the root's or another team's routes", () => {
    const edits = fc.array(fc.tuple(fc.nat(), fc.nat(), fc.nat()), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(edits, (list) => checkOthers(mutate(B, list))),
      { numRuns: 300 },
    );
    fc.assert(
      fc.property(edits, (list) => checkOthers(mutate(A.replaceAll("name: a,", "name: b,"), list))),
      { numRuns: 100 },
    );
  });
});

describe("identities and teams", () => {
  const root = ROOT.replace("defaults:", "identities: { keys: { apiKey: { header: X-Key } } }\ndefaults:");
  const closed = A.replace("public: true, upstream: a }", "auth: [keys], upstream: a }");

  it("those of the gateway are for its teams' routes", () => {
    const { config, issues, isDegraded } = load(host(closed), root);
    assert.deepEqual(issues, []);
    assert.ok(!isDegraded);
    assert.deepEqual(config?.routes.find(({ name }) => name === "a1")?.auth, { identities: ["keys"], optional: false });
  });

  it("one that there is not makes the team's part bad, and none else", () => {
    const { teams, config } = load(host(closed.replace("[keys]", "[key]")), root);
    assert.deepEqual(
      teams.map(({ state }) => state),
      ["missing", "good"],
    );
    assert.deepEqual(
      teams[0]?.issues.map(({ code, hint }) => [code, hint]),
      [["SP_CONFIG_UNKNOWN_REFERENCE", "did you mean `keys`?"]],
    );
    assert.ok(config !== null);
  });

  it("are not declared by a team", () => {
    const { teams } = load(host(`${A}identities: { mine: { apiKey: { header: X-Mine } } }\n`), root);
    assert.deepEqual(
      teams[0]?.issues.map(({ code, path }) => [code, path]),
      [["SP_CONFIG_UNKNOWN_KEY", "identities"]],
    );
  });

  it("a team's upstream may get tokens, whose header no client may send then", () => {
    const told = A.replace("endpoints: [http://a]", "endpoints: [http://a], internalToken: { audience: a, header: X-Caller }");
    const { config, issues } = load(host(told));
    assert.deepEqual(issues, []);
    assert.equal(config?.internalKeys?.issuer, "sallyport:sallyport");
    assert.deepEqual(config?.database, { kind: "sqlite", path: "/c/state/sallyport.db" });
    assert.deepEqual(config?.gateway.identityHeaders, ["X-User-Id", "X-User-Roles", "X-Tenant-Id", "X-Caller"]);
    const without = load(host(told), ROOT.replace("stateDir: state, ", ""));
    assert.deepEqual(
      without.teams[0]?.issues.map(({ code }) => code),
      ["SP_CONFIG_DATABASE"],
    );
  });

  it("policies of a team lie beside its file", () => {
    const judged = closed.replace("auth: [keys],", "auth: [keys], authorize: { cedar: { policies: [a.cedar] } },");
    const from = createFakeHost({
      "/c/teams/a.yaml": judged,
      "/c/teams/b.yaml": B,
      "/c/teams/a.cedar": "permit(principal, action, resource);",
    });
    const { config, issues, files } = load(from, root);
    assert.deepEqual(issues, []);
    assert.ok(files.includes("/c/teams/a.cedar"));
    const [policy] = config?.routes.find(({ name }) => name === "a1")?.authorize?.cedar?.policies ?? [];
    assert.deepEqual(policy, { file: "/c/teams/a.cedar", text: "permit(principal, action, resource);" });
  });
});
