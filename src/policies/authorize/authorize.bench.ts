// Nanoseconds to ask whether a principal may: rules of each kind, windows of time, and Cedar with and without a decision that is kept.

import { FakeClock } from "../../base/index.ts";
import { FakeCalls } from "../../calls/index.ts";
import type { AuthorizeConfig, AuthorizeRule } from "../../config/index.ts";
import type { Exchange, Principal } from "../../pipeline/index.ts";
import { HeardWatcher, toPrincipal, toRule } from "./authorize-fakes.ts";
import { compileAuthorize } from "./index.ts";

const principal = toPrincipal({
  tenant: "acme",
  roles: ["reader", "writer"],
  scopes: ["orders:read", "orders:write", "stock:read"],
  claims: { tid: "acme", level: 3, groups: ["a", "b", "c"], realm: { roles: ["x", "y"] } },
});
const others = Array.from({ length: 10_000 }, (_, index) => toPrincipal({ id: `user-${index}`, roles: ["reader"] }));

/** What a policy sees of a request, without a connection. */
class BenchExchange {
  principal: Principal = principal;
  readonly clientAddress = "10.20.30.40";
  readonly routedPath = "/orders/7";
  readonly pattern = null;
  readonly head = { method: "GET", host: "api.test", query: "" };

  answerFault(fault: { readonly detail: string }): never {
    throw new Error(`it was refused: ${fault.detail}`);
  }
}

const office = { days: [0, 1, 2, 3, 4, 5, 6], startMinute: 0, endMinute: 1440, zone: "Europe/Zurich" };

function measure(
  name: string,
  rounds: number,
  parts: Partial<AuthorizeRule> | AuthorizeConfig,
  { mixes = false, ticks = false } = {},
): void {
  const authorize = "cedar" in parts ? parts : { rule: toRule(parts), cedar: null, opa: null };
  const clock = new FakeClock();
  const host = { clock, calls: new FakeCalls(), watcher: new HeardWatcher() };
  const step = compileAuthorize({ name: "orders", authorize }, host)?.request;
  if (step === undefined) throw new Error("the route has no rule");
  const exchange = new BenchExchange();
  let best = Number.POSITIVE_INFINITY;
  for (let repeat = 0; repeat < 7; repeat++) {
    const start = performance.now();
    for (let i = 0; i < rounds; i++) {
      if (ticks) clock.jumpWall(1000);
      if (mixes) exchange.principal = others[i % others.length] as Principal;
      step(exchange as unknown as Exchange);
    }
    best = Math.min(best, ((performance.now() - start) / rounds) * 1e6);
  }
  console.log(`${name.padEnd(58)} ${best.toFixed(best < 1000 ? 1 : 0).padStart(9)} ns`);
}

function cedarOf(text: string, roles = 0): AuthorizeConfig {
  const entities = Array.from({ length: roles }, (_, id) => ({ uid: { type: "Role", id: `role-${id}` }, attrs: {}, parents: [] }));
  const policies = [{ file: "p.cedar", text }];
  return { rule: toRule({}), cedar: { policies, entities: JSON.stringify(entities), schema: null, action: null }, opa: null };
}

measure("two scopes", 1_000_000, { scopes: ["orders:read", "stock:read"] });
measure("one role of two", 1_000_000, { roles: ["admin", "writer"] });
measure("a claim", 1_000_000, { claims: [{ claim: "tid", oneOf: ["acme"] }] });
measure("a claim within a map, whose value is a list", 1_000_000, { claims: [{ claim: "realm.roles", oneOf: ["y"] }] });
measure("a network", 1_000_000, { from: ["10.0.0.0/8"] });
measure("a window of time", 1_000_000, { times: [office] });
measure("scopes, roles, a claim, a network, a window, any of two", 1_000_000, {
  scopes: ["orders:read"],
  roles: ["writer"],
  claims: [{ claim: "tid", oneOf: ["acme"] }],
  from: ["10.0.0.0/8"],
  times: [office],
  anyOf: [toRule({ roles: ["admin"] }), toRule({ scopes: ["stock:read"] })],
});
const BY_ROLE = 'permit(principal in Role::"reader", action == Action::"GET", resource);';
const BY_PATH = `${BY_ROLE} forbid(principal, action, resource) when { resource.path like "/admin/*" };`;
const BY_TIME = `${BY_ROLE} forbid(principal, action, resource) when { context.now < datetime("2020-01-01") };`;
measure("Cedar, by role: kept", 300_000, cedarOf(BY_ROLE));
measure("Cedar, by role and path: kept", 300_000, cedarOf(BY_PATH));
measure("Cedar, by role: kept for 10 000 principals", 100_000, cedarOf(BY_ROLE), { mixes: true });
measure("Cedar, by role and time: asked each time", 3_000, cedarOf(BY_TIME), { ticks: true });
measure("Cedar, the same with 1 000 entities of a file", 3_000, cedarOf(BY_TIME, 1000), { ticks: true });
