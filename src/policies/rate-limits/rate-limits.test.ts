import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { valuesOf } from "../../../test/kit/index.ts";
import { get, PolicyStage, post, type StageOptions } from "../../../test/pipeline/policy-stage.ts";
import { fieldName } from "../../http/index.ts";
import { CONTINUE, type Policy, type Principal } from "../../pipeline/index.ts";
import { compileListenerLimits, compileRateLimits } from "./index.ts";
import { A_MINUTE, authenticating, compileLimits, FakeStore, type Limited, toPrincipal } from "./limit-fakes.ts";

const USER = [{ kind: "user" }] as const;

async function open(limited: Limited, more: StageOptions & { readonly principals?: Record<string, Principal> } = {}) {
  const { policies, listenerPolicies, metrics } = compileLimits(limited);
  const others: readonly Policy[] = more.policies ?? [];
  const stage = await PolicyStage.create({
    ...more,
    listenerPolicies: [...(more.listenerPolicies ?? []), ...listenerPolicies],
    policies: [authenticating(more.principals), ...policies, ...others],
  });
  return { stage, metrics, policies };
}

const statuses = (stage: PolicyStage, count: number, fields = "") =>
  Array.from({ length: count }, () => stage.send(get("/x", fields)).status);

describe("a limit", () => {
  it("lets as many through as it has, and answers the next one 429 without asking the upstream", async () => {
    const { stage, metrics } = await open({ limits: [[{}, new FakeStore()]] });
    assert.deepEqual(statuses(stage, 4), [200, 200, 429, 429]);
    assert.equal(stage.server.seen.length, 2);
    assert.deepEqual(metrics.seen, ["per-ip admitted", "per-ip admitted", "per-ip refused", "per-ip refused"]);
    assert.equal(stage.connect("192.0.2.1").send(get()).status, 200);
    stage.finish();
  });

  it("tells who is refused which limit it is, by what it counts, and when to come again, and never the key", async () => {
    const { stage } = await open({
      limits: [[{ name: "per-user", key: [{ kind: "user" }, { kind: "route" }] }, new FakeStore(() => 18_500)]],
    });
    statuses(stage, 2, "X-Who: alice\r\n");
    const answer = stage.send(get("/x", "X-Who: alice\r\n")).response();
    const { requestId, ...problem } = JSON.parse(answer.body) as Record<string, unknown>;
    assert.deepEqual(problem, {
      type: "about:blank",
      title: "Too many requests.",
      status: 429,
      code: "SP_LIMIT_EXCEEDED",
      detail: "The limit per-user, by user and route, is used up. Try again in 42 s.",
      limit: "per-user",
      key: ["user", "route"],
      reset: 42,
      retryAfter: 42,
      "violated-policies": ["per-user"],
    });
    assert.deepEqual(valuesOf(answer, "retry-after"), ["42"]);
    assert.equal(requestId, stage.ended[2]?.requestId);
    assert.equal(stage.ended[2]?.fault?.detail, "per-user");
    assert.doesNotMatch(answer.body + answer.fields.join(), /alice/);
    stage.finish();
  });

  it("tells nobody to come again with a request that never can be admitted", async () => {
    const { stage } = await open({ limits: [[{}, new FakeStore(), 3]] });
    const answer = stage.send(get()).response();
    assert.match(answer.startLine, / 429 /);
    assert.deepEqual(valuesOf(answer, "retry-after"), []);
    const problem = JSON.parse(answer.body) as Record<string, unknown>;
    assert.equal(problem["detail"], "The limit per-ip, by ip, is used up. This request needs more than it has.");
    assert.ok(!("retryAfter" in problem));
    stage.finish();
  });

  it("answers a gRPC call with RESOURCE_EXHAUSTED, and says there when to come again", async () => {
    const { stage } = await open({ limits: [[{ rule: { ...A_MINUTE, limit: 1 } }, new FakeStore(() => 59_000)]] });
    statuses(stage, 1);
    const answer = stage.send(post("", "Content-Type: application/grpc\r\nTE: trailers\r\n")).response();
    assert.match(answer.startLine, / 200 /);
    assert.deepEqual(valuesOf(answer, "grpc-status"), ["8"]);
    assert.deepEqual(valuesOf(answer, "grpc-retry-pushback-ms"), ["1000"]);
    assert.match(valuesOf(answer, "grpc-message")[0] ?? "", /The limit per-ip, by ip, is used up.*SP_LIMIT_EXCEEDED/);
    assert.deepEqual(valuesOf(answer, "ratelimit"), ['"per-ip";r=0;t=1']);
    stage.finish();
  });

  it("costs what it says, or what the route says", async () => {
    const store = new FakeStore();
    const { stage } = await open({
      limits: [
        [{ name: "own", cost: { kind: "constant", units: 2 } }, store],
        [{ name: "here", cost: { kind: "constant", units: 2 } }, store, 1],
        [{ name: "free" }, store, 0],
      ],
    });
    assert.deepEqual(statuses(stage, 2), [200, 429]);
    assert.equal(store.log[0], "take own ip=127.0.0.1 2, here ip=127.0.0.1 1, free ip=127.0.0.1 0");
    stage.finish();
  });

  it("that only reports refuses nobody and says nothing to callers", async () => {
    const { stage, metrics } = await open({ limits: [[{ dryRun: true, rule: { ...A_MINUTE, limit: 1 } }, new FakeStore()]] });
    const answers = [stage.send(get()).response(), stage.send(get()).response()];
    for (const { startLine, fields } of answers) {
      assert.match(startLine, / 200 /);
      assert.deepEqual(
        fields.filter(([name]) => name.includes("ratelimit") || name === "retry-after"),
        [],
      );
    }
    assert.deepEqual(metrics.seen, ["per-ip admitted", "per-ip would-refuse"]);
    stage.finish();
  });

  it("counts nobody who is exempt: by address, user, role or plan", async () => {
    const store = new FakeStore();
    const exempt = { from: ["10.0.0.0/8"], users: ["root"], roles: ["admin"], plans: ["internal"] };
    const { stage, metrics } = await open(
      { limits: [[{ exempt }, store]] },
      {
        principals: {
          adam: toPrincipal({ roles: ["x", "admin"] }),
          ines: toPrincipal({ plan: "internal" }),
          eve: toPrincipal({ plan: "admin" }),
        },
      },
    );
    const answer = stage.connect("10.1.2.3").send(get()).response();
    assert.deepEqual(valuesOf(answer, "ratelimit"), []);
    assert.deepEqual([...statuses(stage, 3, "X-Who: root\r\n"), ...statuses(stage, 3, "X-Who: adam\r\n")], Array(6).fill(200));
    assert.deepEqual(statuses(stage, 1, "X-Who: ines\r\n"), [200]);
    assert.deepEqual(store.log, []);
    assert.deepEqual(metrics.seen, Array(8).fill("per-ip exempt"));
    assert.deepEqual(statuses(stage, 3, "X-Who: eve\r\n"), [200, 200, 429]);
    stage.finish();
  });

  it("has other numbers for tiers, by plan or by a claim, which may be within others or one of a list", async () => {
    const of = [
      ["gold", { ...A_MINUTE, limit: 3 }],
      ["7", { ...A_MINUTE, limit: 1 }],
    ] as const;
    const principals = {
      gold: toPrincipal({ plan: "gold", claims: { org: { tier: "gold" }, tier: "gold" } }),
      seven: toPrincipal({ id: "s", claims: { org: { tier: 7 } } }),
      listed: toPrincipal({ id: "l", claims: { org: { tier: ["x", "gold"] } } }),
      odd: toPrincipal({ id: "o", plan: "constructor", claims: { org: { tier: { gold: true } } } }),
    };
    const most = async (by: { kind: "plan" } | { kind: "claim"; name: string }, who: string) => {
      const { stage } = await open({ limits: [[{ key: USER, tiers: { by, of } }, new FakeStore()]] }, { principals });
      const limit = Number(valuesOf(stage.send(get("/x", `X-Who: ${who}\r\n`)).response(), "x-ratelimit-limit")[0]);
      const passed = 1 + statuses(stage, 4, `X-Who: ${who}\r\n`).filter((status) => status === 200).length;
      assert.equal(passed, limit);
      stage.finish();
      return passed;
    };
    assert.equal(await most({ kind: "plan" }, "gold"), 3);
    assert.equal(await most({ kind: "plan" }, "odd"), 2);
    const claim = { kind: "claim", name: "org.tier" } as const;
    assert.deepEqual(
      [await most(claim, "gold"), await most(claim, "seven"), await most(claim, "listed"), await most(claim, "odd")],
      [3, 1, 3, 2],
    );
  });

  it("counts a request once, however many attempts it takes", async () => {
    const store = new FakeStore();
    let failures = 1;
    const retry: Policy = {
      name: "retry",
      phase: "route",
      judge: { onResponse: (_attempt, { status }) => (status === 503 && failures-- > 0 ? 0 : -1), onFault: () => -1 },
    };
    const { stage } = await open({ limits: [[{}, store]] }, { policies: [retry] });
    let asked = 0;
    stage.server.script = {
      onHead() {},
      onRequest: (connection) => connection.send(`HTTP/1.1 ${asked++ === 0 ? 503 : 200} X\r\nContent-Length: 0\r\n\r\n`),
    };
    assert.equal(stage.send(get()).status, 200);
    assert.equal(asked, 2);
    assert.equal(store.log.length, 1);
    stage.finish();
  });
});

describe("the phase of a limit", () => {
  const phases = (parts: Limited["limits"][number][0], auth: Limited["auth"] = { identities: ["users"], optional: false }) =>
    compileLimits({ limits: [[parts, new FakeStore()]], auth }).policies.map(({ phase, reads = [] }) => [phase, ...reads].join(" "));

  it("is before authentication where nobody need be known, and behind it otherwise", () => {
    assert.deepEqual(phases({}), ["early-limits"]);
    assert.deepEqual(phases({ key: [{ kind: "global" }, { kind: "header", name: "X-A" }, { kind: "endpoint" }, { kind: "route" }] }), [
      "early-limits",
    ]);
    for (const kind of ["user", "apiKey", "tenant", "plan"] as const)
      assert.deepEqual(phases({ key: [{ kind: "route" }, { kind }] }), ["limits principal"]);
    assert.deepEqual(phases({ key: [{ kind: "claim", name: "org" }] }), ["limits principal"]);
    assert.deepEqual(phases({ tiers: { by: { kind: "plan" }, of: [] } }), ["limits principal"]);
    const exempt = { from: ["10.0.0.0/8"], users: [], roles: [], plans: [] };
    assert.deepEqual(phases({ exempt }), ["early-limits"]);
    for (const who of ["users", "roles", "plans"]) assert.deepEqual(phases({ exempt: { ...exempt, [who]: ["x"] } }), ["limits principal"]);
  });

  it("is the early one on a public route, where nobody is in a tier or exempt by name", () => {
    assert.deepEqual(phases({ tiers: { by: { kind: "plan" }, of: [] } }, null), ["early-limits"]);
    assert.deepEqual(phases({ key: USER }, null), ["limits principal"]);
  });

  it("has an early refusal before anybody is authenticated", async () => {
    let asked = 0;
    const auth: Policy = {
      ...authenticating(),
      request: () => {
        asked++;
        return CONTINUE;
      },
    };
    const { policies } = compileLimits({ limits: [[{ rule: { ...A_MINUTE, limit: 1 } }, new FakeStore()]] });
    const stage = await PolicyStage.create({ policies: [auth, ...policies] });
    assert.deepEqual(statuses(stage, 2), [200, 429]);
    assert.equal(asked, 1);
    stage.finish();
  });

  it("asks nothing and adds nothing for what has no limits", () => {
    const host = { limits: new Map(), limitMetrics: { counter: () => ({ add: () => undefined }) } };
    assert.deepEqual(compileRateLimits({ name: "orders", auth: null, rateLimits: [] }, host), []);
    assert.equal(compileListenerLimits([], host), null);
    assert.throws(() => compileListenerLimits([{ limit: "gone", cost: null }], host), /a listener names an unknown limit, gone/);
  });
});

describe("limits of a listener", () => {
  it("count requests that no route takes, and are told beside the route's", async () => {
    const store = new FakeStore();
    const inner = new FakeStore();
    const { stage, metrics } = await open({
      outer: [[{ name: "all", key: [{ kind: "global" }], rule: { ...A_MINUTE, limit: 4 } }, store]],
      limits: [[{}, inner]],
    });
    const answer = stage.send(get()).response();
    assert.deepEqual(valuesOf(answer, "ratelimit"), ['"per-ip";r=1;t=60, "all";r=3;t=60']);
    assert.deepEqual(valuesOf(answer, "ratelimit-policy"), ['"per-ip";q=2;w=60, "all";q=4;w=60']);
    assert.deepEqual(statuses(stage, 4), [200, 429, 429, 429]);
    assert.equal(inner.log.length, 4, "the listener's own refusal comes first");
    assert.equal(metrics.seen.at(-1), "all refused");
    stage.finish();
  });

  it("keep what they counted though the route's limits refuse", async () => {
    const store = new FakeStore();
    const { stage } = await open({
      outer: [[{ name: "all", key: [{ kind: "global" }], rule: { ...A_MINUTE, limit: 9 } }, store]],
      limits: [[{}, store]],
    });
    statuses(stage, 3);
    assert.deepEqual(
      store.log.filter((line) => !line.startsWith("take")),
      [],
    );
    stage.finish();
  });

  it("can't count by what is known too late", () => {
    for (const kind of ["route", "endpoint", "user", "tenant"] as const) {
      assert.throws(
        () => compileLimits({ limits: [], outer: [[{ key: [{ kind }] }, new FakeStore()]] }),
        new RegExp(`can't count by ${kind}`),
      );
    }
  });
});

describe("several limits", () => {
  it("of one store are one question, and all are taken or none", async () => {
    const store = new FakeStore();
    const { stage, metrics } = await open({
      limits: [
        [{ name: "a", rule: { ...A_MINUTE, limit: 1 } }, store],
        [{ name: "b" }, store],
      ],
    });
    assert.deepEqual(statuses(stage, 2), [200, 429]);
    assert.deepEqual(store.log, Array(2).fill("take a ip=127.0.0.1 1, b ip=127.0.0.1 1"));
    assert.deepEqual(metrics.seen, ["a admitted", "b admitted", "a refused"]);
    stage.finish();
  });

  it("of several stores are asked in the order of the list, and what the earlier ones took is given back when a later one refuses", async () => {
    const [first, second] = [new FakeStore(), new FakeStore()];
    const { stage, metrics } = await open({
      limits: [
        [{ name: "a", rule: { ...A_MINUTE, limit: 5 } }, first, 2],
        [{ name: "b", rule: { ...A_MINUTE, limit: 1 } }, second],
        [{ name: "c", rule: { kind: "concurrency", limit: 1 } }, first],
        [{ name: "d", dryRun: true, rule: { ...A_MINUTE, limit: 1 } }, first],
      ],
    });
    assert.equal(stage.send(get()).status, 200);
    assert.equal(first.out.size, 0);
    first.log.length = 0;
    const answer = stage.send(get()).response();
    assert.match(answer.startLine, / 429 /);
    // d was over, so that it had counted nothing.
    assert.deepEqual(first.log, [
      "take a ip=127.0.0.1 2, c ip=127.0.0.1 1, d ip=127.0.0.1 1",
      "charge a ip=127.0.0.1 -2",
      "release c ip=127.0.0.1",
    ]);
    assert.deepEqual(valuesOf(answer, "ratelimit"), ['"b";r=0;t=60, "a";r=3;t=60, "c";r=1']);
    assert.deepEqual(metrics.seen.slice(4), ["d would-refuse", "b refused"]);
    assert.equal(stage.send(get()).status, 429);
    stage.finish();
  });

  it("ask no later store when an earlier one refuses", async () => {
    const [first, second] = [new FakeStore(), new FakeStore()];
    const { stage } = await open({
      limits: [
        [{ name: "a", rule: { ...A_MINUTE, limit: 0 } }, first],
        [{ name: "b" }, second],
      ],
    });
    assert.deepEqual(statuses(stage, 1), [429]);
    assert.deepEqual(second.log, []);
    stage.finish();
  });

  it("that refuse together name all, and the longest wait", async () => {
    const store = new FakeStore();
    const { stage } = await open({
      limits: [
        [{ name: "minute", rule: { ...A_MINUTE, limit: 1 } }, store],
        [{ name: "hour", rule: { kind: "fixedWindow", limit: 1, windowMs: 3_600_000 } }, store],
      ],
    });
    statuses(stage, 1);
    const answer = stage.send(get()).response();
    assert.deepEqual(valuesOf(answer, "retry-after"), ["3600"]);
    const problem = JSON.parse(answer.body) as Record<string, unknown>;
    assert.equal(problem["limit"], "hour");
    assert.deepEqual(problem["violated-policies"], ["minute", "hour"]);
    assert.deepEqual(valuesOf(answer, "ratelimit"), ['"hour";r=0;t=3600, "minute";r=0;t=60']);
    stage.finish();
  });
});

describe("a limit whose store is away", () => {
  const down = () => Object.assign(new FakeStore(), { isDown: true });

  it("lets everybody through when it is open, and says nothing of what nobody knows", async () => {
    const { stage, metrics } = await open({ limits: [[{ onStoreFailure: "open" }, down()]] });
    const answer = stage.send(get()).response();
    assert.match(answer.startLine, / 200 /);
    assert.deepEqual(valuesOf(answer, "ratelimit"), []);
    assert.deepEqual(metrics.seen, ["per-ip open"]);
    stage.finish();
  });

  it("answers 503 when it is closed", async () => {
    const { stage, metrics } = await open({ limits: [[{ onStoreFailure: "closed" }, down()]] });
    const answer = stage.send(get()).response();
    assert.match(answer.startLine, / 503 /);
    assert.deepEqual(valuesOf(answer, "retry-after"), ["1"]);
    const { requestId: _, ...problem } = JSON.parse(answer.body) as Record<string, unknown>;
    assert.deepEqual(problem, {
      type: "about:blank",
      title: "Requests can't be counted at the moment.",
      status: 503,
      code: "SP_LIMIT_UNAVAILABLE",
      limit: "per-ip",
      key: ["ip"],
    });
    assert.deepEqual(metrics.seen, ["per-ip closed"]);
    stage.finish();
  });

  it("counts alone when it is local, and what that counted is not the store's to give back", async () => {
    const [first, second] = [down(), new FakeStore()];
    const { stage, metrics } = await open({
      limits: [
        [{ name: "a", onStoreFailure: "local" }, first],
        [{ name: "b", rule: { ...A_MINUTE, limit: 1 } }, second],
      ],
    });
    assert.deepEqual(statuses(stage, 3), [200, 429, 429]);
    assert.deepEqual(metrics.seen, ["a local", "b admitted", "b refused", "a refused"]);
    assert.deepEqual(
      first.log.filter((line) => line.startsWith("charge")),
      [],
    );
    stage.finish();
  });

  it("that only reports closes nothing", async () => {
    const { stage, metrics } = await open({ limits: [[{ onStoreFailure: "closed", dryRun: true }, down()]] });
    assert.deepEqual(statuses(stage, 1), [200]);
    assert.deepEqual(metrics.seen, ["per-ip would-refuse"]);
    stage.finish();
  });
});

describe("what a limit says", () => {
  it("stands on whatever is answered, in the place of what the upstream says of its own", async () => {
    const { stage } = await open({ limits: [[{}, new FakeStore()]] });
    stage.server.script = {
      onHead() {},
      onRequest: (connection) =>
        connection.send(
          "HTTP/1.1 404 X\r\nX-RateLimit-Limit: 9\r\nx_ratelimit_remaining: 8\r\nRATELIMIT: a\r\nX-Other: 1\r\nContent-Length: 0\r\n\r\n",
        ),
    };
    const answer = stage.send(get()).response();
    assert.deepEqual(
      answer.fields.filter(([name]) => /ratelimit/i.test(name)),
      [
        ["x-ratelimit-limit", "2"],
        ["x-ratelimit-remaining", "1"],
        ["x-ratelimit-reset", "60"],
        ["ratelimit-policy", '"per-ip";q=2;w=60'],
        ["ratelimit", '"per-ip";r=1;t=60'],
      ],
    );
    assert.deepEqual(valuesOf(answer, "x-other"), ["1"]);
    stage.finish();
  });

  it("stands on the gateway's own faults, and replaces what another policy set", async () => {
    const set: Policy = {
      name: "set",
      phase: "transform",
      response(exchange) {
        exchange.response!.fields.add(fieldName("RateLimit"), "theirs");
        return CONTINUE;
      },
    };
    const { stage } = await open({ limits: [[{}, new FakeStore()]] }, { policies: [set] });
    stage.server.stop();
    const answer = stage.send(get()).response();
    assert.match(answer.startLine, / 50[23] /);
    assert.deepEqual(valuesOf(answer, "ratelimit"), ['"per-ip";r=1;t=60']);
    stage.finish();
  });
});
