// Single values of limits, and what the golden files can't show: many limits at once, teams, secrets.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { formatIssues, type Issue, parseConfig, resolveInput } from "./index.ts";
import { parseLimitRate, parseNodeUrl, parseRedisUrl, parseShare } from "./limit-values.ts";
import { Refusal } from "./refusal.ts";

const GOOD = {
  version: 1,
  gateway: { stateDir: "state" },
  counters: { redis: { url: "redis://127.0.0.1:6379" } },
  listeners: [{ name: "http", address: "127.0.0.1:8080" }],
  identities: { keys: { apiKey: { header: "X-Api-Key" } }, users: { jwt: { issuer: "i", audience: "a", jwks: { file: "keys.json" } } } },
  upstreams: { a: { endpoints: ["http://127.0.0.1:3000"] } },
};
const HOST = {
  env: { REDIS: "redis://:hunter2@redis:6379/0" },
  nowMs: Date.UTC(2026, 0, 1),
  lastGood: null,
  readFile: () => Buffer.from('{"keys":[]}'),
  listFolder: () => [],
};

/** What is said of one limit, named by one route; what `GOOD` has for some limits alone is unused by others. */
function judge(limit: object, { route = {}, rest = {} }: { route?: object; rest?: object } = {}): readonly Issue[] {
  const routes = [{ name: "r", match: { path: "/*" }, auth: ["keys"], upstream: "a", rateLimits: ["x"], ...route }];
  return resolveInput({ ...GOOD, rateLimits: { x: limit }, routes, ...rest }, "/etc/gateway.yaml", HOST).issues.filter(
    ({ code }) => code !== "SP_CONFIG_UNUSED",
  );
}

const codes = (issues: readonly Issue[]) => issues.map(({ code, path }) => `${code} ${path}`);
const WINDOW = { limit: 10, window: "1m" };
/** Each way of counting, well written. */
const WAYS = {
  fixedWindow: WINDOW,
  slidingWindow: WINDOW,
  slidingWindowLog: WINDOW,
  tokenBucket: { rate: "1/s", burst: 10 },
  leakyBucket: { rate: "1/s", maxDelay: "2s" },
  concurrency: { limit: 10 },
  quota: { limit: 10, per: "day" },
} as const;
type Way = keyof typeof WAYS;
const ways = Object.keys(WAYS) as Way[];

describe("rates, shares and URLs of servers that count", () => {
  it("are a number of units a millisecond, and a part of one", () => {
    assert.deepEqual(["50/s", "30/m", "1/h", "1/d"].map(parseLimitRate), [0.05, 0.0005, 1 / 3_600_000, 1 / 86_400_000]);
    assert.deepEqual(["80%", "99.5%", "100%", "0.1%"].map(parseShare), [0.8, 0.995, 1, 0.001]);
  });

  it("are refused in any other form, with the form in the hint where it can be told", () => {
    for (const text of ["0/s", "50", "50/", "/s", "1.5/s", "50/w", "50/sec", "-1/s", "10000000000/s", "5 0/s", ""]) {
      assert.ok(parseLimitRate(text) instanceof Refusal, text);
    }
    for (const text of ["0%", "101%", "80", "080%", "-1%", "0.8", "%", "80 %"]) assert.ok(parseShare(text) instanceof Refusal, text);
    const hints = ["50/sec", "50/minutes", "50rps", "50", "0.5/s"].map((text) => (parseLimitRate(text) as Refusal).hint);
    assert.deepEqual(hints.slice(0, 2), ["write `50/s`", "write `50/m`"]);
    assert.match(hints[3] ?? "", /`50\/s` or `50\/m`/);
    assert.match(hints[4] ?? "", /whole numbers/);
    assert.equal((parseShare("0.8") as Refusal).hint, "write `80%`");
  });

  it("take one strict form of URL, and a database's number only where there are several", () => {
    for (const text of [
      "redis://127.0.0.1",
      "redis://[::1]:6379/15",
      "rediss://user:pa%40ss@Redis.internal:6380/0",
      "redis://:pass@h/",
      "redis://user@h",
    ]) {
      assert.equal(parseRedisUrl(text), text);
    }
    for (const text of [
      ...["http://h", "unix:/run/redis.sock", "redis:h", "REDIS://h", "redis://", "redis:///0", "redis://h:0", "redis://h:65536"],
      ...[
        "redis://h/a",
        "redis://h/0/1",
        "redis://h?db=1",
        "redis://h#0",
        "redis://u:p@@h",
        "redis://u:p/a@h",
        "redis://u:p a@h",
        "redis://u:%zz@h",
      ],
      ...["redis://[1.2.3.4]", "redis://h h", "redis://-h", "redis://1.2.3", "redis://@h"],
    ]) {
      assert.ok(parseRedisUrl(text) instanceof Refusal, text);
      assert.ok(parseNodeUrl(text) instanceof Refusal, text);
    }
    assert.ok(parseNodeUrl("redis://h/0") instanceof Refusal);
    assert.equal(parseNodeUrl("rediss://:p@h:1/"), "rediss://:p@h:1/");
  });

  it("show nothing of a password, whatever is wrong with its URL and wherever it stands", () => {
    const password = fc.string({ minLength: 1, maxLength: 6, unit: fc.constantFrom("/", "@", ":", "%", "?", "#", "x", "'", "{") });
    fc.assert(
      fc.property(password, fc.constantFrom("redis", "rediss"), fc.constantFrom("url", "cluster", "nodes"), (noise, scheme, place) => {
        const url = `${scheme}://user:hunter2${noise}hunter2@127.0.0.1:6379/x`;
        const redis = { url: { url }, cluster: { cluster: [url, url] }, nodes: { sentinel: { master: "m", nodes: [url], url } } }[place];
        const text = JSON.stringify({ ...GOOD, counters: { redis }, routes: [] });
        const { config, issues } = parseConfig(text, "/etc/gateway.json", HOST);
        assert.equal(config, null);
        assert.equal(formatIssues(issues, { colour: false }).includes("hunter2"), false, url);
      }),
    );
  });
});

describe("a limit", () => {
  for (const way of ways) {
    const shared = way === "quota" ? { onStoreFailure: "open" } : {};

    it(`counts by ${way} alone`, () => {
      assert.deepEqual(judge({ key: "ip", [way]: WAYS[way], ...shared }), []);
      for (const other of ways) {
        if (other === way) continue;
        const said = codes(judge({ key: "ip", [way]: WAYS[way], [other]: WAYS[other], ...shared }));
        assert.equal(said.length, 1, `${way} ${other}: ${said}`);
        assert.match(said[0] ?? "", /^SP_CONFIG_CONTRADICTION rateLimits\.x\./);
      }
    });

    it(`takes the stores and modes that ${way} can be counted in, and each with what holds while it is away`, () => {
      for (const store of ["local", "redis", "database"] as const) {
        for (const mode of [undefined, "exact", "approximate"] as const) {
          for (const onStoreFailure of [undefined, "open", "closed", "local"] as const) {
            const written = Object.fromEntries(Object.entries({ store, mode, onStoreFailure }).filter(([, word]) => word !== undefined));
            const isApproximable = ["fixedWindow", "slidingWindow", "tokenBucket"].includes(way);
            const isRight =
              (way === "quota") === (store === "database") &&
              (onStoreFailure === undefined) === (store === "local") &&
              (mode === undefined || (store === "redis" && (mode === "exact" || isApproximable)));
            const said = codes(judge({ key: "ip", [way]: WAYS[way], ...written }));
            assert.equal(said.length === 0, isRight, `${JSON.stringify(written)}: ${said}`);
            for (const one of said) assert.match(one, /^SP_CONFIG_COUNTERS /);
          }
        }
      }
    });

    it(`has tiers with numbers of ${way} and no others`, () => {
      const numbers = { limit: 20, window: "2m", rate: "2/s", burst: 20, maxDelay: "1s", per: "hour", timeZone: "Europe/Berlin" };
      const own: Readonly<Record<Way, readonly string[]>> = {
        ...{ fixedWindow: ["limit", "window"], slidingWindow: ["limit", "window"], slidingWindowLog: ["limit", "window"] },
        ...{
          tokenBucket: ["rate", "burst"],
          leakyBucket: ["rate", "maxDelay"],
          concurrency: ["limit"],
          quota: ["limit", "per", "timeZone"],
        },
      };
      for (const [key, value] of Object.entries(numbers)) {
        const tiers = { by: "plan", of: { gold: { [key]: value } } };
        const said = codes(judge({ key: "ip", [way]: WAYS[way], tiers, ...shared }));
        assert.deepEqual(said, own[way].includes(key) ? [] : [`SP_CONFIG_CONTRADICTION rateLimits.x.tiers.of.gold.${key}`]);
      }
    });
  }

  it("takes no cost that could never be admitted, of its own or of a use, of whichever tier", () => {
    const at = (way: Way, cost: unknown, more: object = {}) =>
      codes(judge({ key: "ip", [way]: WAYS[way], cost, ...(way === "quota" ? { onStoreFailure: "open" } : {}), ...more }));
    for (const way of ways) {
      assert.deepEqual(at(way, 10), [], way);
      assert.deepEqual(at(way, 11), way === "leakyBucket" ? [] : ["SP_CONFIG_LIMIT rateLimits.x.cost"], way);
      const use = judge(
        { key: "ip", [way]: WAYS[way], ...(way === "quota" ? { onStoreFailure: "open" } : {}) },
        { route: { rateLimits: [{ limit: "x", cost: 11 }] } },
      );
      assert.deepEqual(codes(use), way === "leakyBucket" ? [] : ["SP_CONFIG_LIMIT routes[0].rateLimits[0].cost"], way);
    }
    const tiers = { by: "plan", of: { gold: { limit: 1000 }, free: { limit: 4 } } };
    assert.deepEqual(at("slidingWindow", 5, { tiers }), ["SP_CONFIG_LIMIT rateLimits.x.cost"]);
    assert.deepEqual(at("slidingWindow", 4, { tiers }), []);
    assert.deepEqual(at("slidingWindow", { responseHeader: "X-Cost", estimate: 11 }), ["SP_CONFIG_LIMIT rateLimits.x.cost.estimate"]);
    // What is charged afterwards may be more than the limit.
    assert.deepEqual(at("slidingWindow", { responseHeader: "X-Cost", most: 5000 }), []);
    assert.deepEqual(at("concurrency", { responseHeader: "X-Cost" }), ["SP_CONFIG_CONTRADICTION rateLimits.x.cost"]);
  });

  it("counts by a caller where somebody is asked who that is", () => {
    const limits = [
      ...["user", "tenant", "apiKey", "plan", { claim: "org" }, ["ip", "user"]].map((key) => ({ key })),
      ...[
        { by: "plan", of: { a: {} } },
        { by: { claim: "tier" }, of: { a: {} } },
      ].map((tiers) => ({ key: "ip", tiers })),
      ...["users", "roles", "plans"].map((word) => ({ key: "ip", exempt: { [word]: ["a"] } })),
    ];
    for (const limit of limits) {
      const whole = { slidingWindow: WINDOW, ...limit };
      assert.deepEqual(judge(whole), [], JSON.stringify(limit));
      assert.deepEqual(judge(whole, { route: { auth: { anyOf: ["keys"], optional: true } } }), []);
      const routes = [{ name: "r", match: { path: "/*" }, public: true, upstream: "a", rateLimits: ["x"] }];
      const said = codes(judge(whole, { rest: { routes, identities: {} } }));
      assert.deepEqual(said, ["SP_CONFIG_LIMIT routes[0].rateLimits[0]"], JSON.stringify(limit));
      const listeners = [{ name: "http", address: "127.0.0.1:8080", rateLimits: ["x"] }];
      assert.deepEqual(codes(judge(whole, { rest: { listeners } })), ["SP_CONFIG_LIMIT listeners[0].rateLimits[0]"]);
    }
    for (const key of ["global", "ip", { header: "X-A" }, { ip: { v4: 24 } }]) {
      const listeners = [{ name: "http", address: "127.0.0.1:8080", rateLimits: ["x"] }];
      assert.deepEqual(judge({ key, slidingWindow: WINDOW, exempt: { from: ["10.0.0.0/8"] } }, { rest: { listeners } }), []);
    }
  });

  it("counts by no header that the gateway takes from every request, nor by one with credentials", () => {
    for (const header of ["X-User-Id", "x_user_roles", "X-Forwarded-For", "X-Request-Id", "Authorization", "cookie", "x-api-key"]) {
      const said = codes(judge({ key: ["ip", { header }], slidingWindow: WINDOW }));
      assert.deepEqual(said, ["SP_CONFIG_HEADER_REFUSED rateLimits.x.key[1].header"], header);
      assert.deepEqual(codes(judge({ key: { header }, slidingWindow: WINDOW })), ["SP_CONFIG_HEADER_REFUSED rateLimits.x.key.header"]);
    }
  });

  it("counts by an API key or its plan where an identity takes one", () => {
    for (const limit of [{ key: "apiKey" }, { key: "plan" }, { key: "ip", exempt: { plans: ["a"] } }]) {
      const whole = { slidingWindow: WINDOW, ...limit };
      assert.deepEqual(judge(whole, { route: { auth: ["users", "keys"] } }), []);
      const said = codes(judge(whole, { route: { auth: ["users"] }, rest: { identities: { users: GOOD.identities.users } } }));
      assert.deepEqual(said, ["SP_CONFIG_LIMIT routes[0].rateLimits[0]"]);
    }
    assert.deepEqual(judge({ key: "user", slidingWindow: WINDOW }, { route: { auth: ["users", "keys"] } }), []);
  });

  it("holds no request longer than its route waits", () => {
    const limit = { key: "ip", leakyBucket: { rate: "1/s", maxDelay: "5s" }, tiers: { by: "plan", of: { slow: { maxDelay: "9s" } } } };
    const said = (timeout: string | undefined) => codes(judge(limit, { route: timeout === undefined ? {} : { timeout } }));
    assert.deepEqual([said(undefined), said("9001ms"), said("off")], [[], [], []]);
    assert.deepEqual(said("9s"), ["SP_CONFIG_LIMIT routes[0].rateLimits[0]"]);
    assert.deepEqual(codes(judge(limit, { rest: { defaults: { timeout: "8s" } } })), ["SP_CONFIG_LIMIT routes[0].rateLimits[0]"]);
  });

  it("tells what must be said of a store though a URL with the same words came from elsewhere", () => {
    const rest = { counters: { redis: { url: "${env:REDIS}" } } };
    const issues = judge({ key: "ip", slidingWindow: WINDOW, store: "redis" }, { rest });
    assert.deepEqual(codes(issues), ["SP_CONFIG_COUNTERS rateLimits.x.store"]);
    assert.match(issues[0]?.message ?? "", /what holds while Redis is away is not said/);
    for (const word of ["open", "closed", "local"]) assert.match(issues[0]?.hint ?? "", new RegExp(`${word}\``));
  });
});

describe("teams", () => {
  const TEAM =
    "version: 1\nteam: { name: shop }\nroutes: [{ name: t, match: { path: /t }, public: true, upstream: a, rateLimits: [LIMIT], priority: high }]";
  const load = (limit: string) => {
    const root = {
      ...GOOD,
      counters: undefined,
      gateway: { stateDir: "state", include: ["teams/*.yaml"] },
      rateLimits: { x: { key: "ip", slidingWindow: WINDOW } },
    };
    const host = {
      ...HOST,
      readFile: (path: string) => Buffer.from(path.endsWith("shop.yaml") ? TEAM.replace("LIMIT", limit) : '{"keys":[]}'),
      listFolder: () => ["shop.yaml"],
    };
    return parseConfig(JSON.stringify(root), "/etc/gateway.json", host);
  };

  it("name limits of the gateway's own file, which are used then", () => {
    const { config, issues } = load("x");
    assert.deepEqual(
      issues.filter(({ path }) => path.startsWith("rateLimits")),
      [],
    );
    assert.deepEqual(config?.routes[0]?.rateLimits, [{ limit: "x", cost: null }]);
  });

  it("hear of one that there is not, with the nearest", () => {
    const [issue] = load("xx").teams[0]?.issues ?? [];
    assert.equal(issue?.code, "SP_CONFIG_UNKNOWN_REFERENCE");
    assert.match(issue?.file ?? "", /shop\.yaml$/);
  });
});

describe("limits written by the habits of others", () => {
  const hints = (issues: readonly Issue[]) => issues.flatMap(({ hint }) => hint ?? []);

  it("are told how they are written here", () => {
    assert.deepEqual(hints(judge({ key: "ip", slidingWindow: "100/h" })), ["write `{ limit: 100, window: 1h }`"]);
    assert.deepEqual(hints(judge({ key: "ip", tokenBucket: "5/s" })), ["write `{ rate: 5/s, burst: 10 }`"]);
    assert.deepEqual(hints(judge({ key: "ip", concurrency: 5 })), ["write `{ limit: 5 }`"]);
    assert.deepEqual(hints(judge({ key: "ip", fixedWindow: { requests: 5, per: "1m" } })), [
      "did you mean `limit`?",
      "did you mean `window`?",
    ]);
  });

  it("are told nothing that may be a password", () => {
    const counters = { redis: "redis://:hunter2@redis:6379" };
    const issues = judge({ key: "ip", slidingWindow: WINDOW, store: "redis", onStoreFailure: "open" }, { rest: { counters } });
    assert.ok(!hints(issues).join().includes("hunter2"));
    assert.ok(hints(issues).includes('write `{ url: "${env:REDIS_URL}" }`'));
  });
});
