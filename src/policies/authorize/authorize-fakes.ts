// What tests of this room share: rules and principals with all that a test does not name left empty, and a stage with a principal on it.

import type { Clock } from "../../base/index.ts";
import { FakeCalls } from "../../calls/index.ts";
import type { AuthorizeConfig, AuthorizeRule, CedarConfig, OpaConfig } from "../../config/index.ts";
import type { IdentityWatcher } from "../../identity/index.ts";
import { CONTINUE, type Policy, Principal, type PrincipalFacts } from "../../pipeline/index.ts";
import { compileAuthorize } from "./index.ts";

export function toRule(parts: Partial<AuthorizeRule>): AuthorizeRule {
  return { scopes: [], roles: [], claims: [], from: [], times: [], anyOf: [], allOf: [], not: null, ...parts };
}

export function toPrincipal(facts: Partial<PrincipalFacts> = {}): Principal {
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
    lines: [],
    ...facts,
  });
}

export class HeardWatcher implements IdentityWatcher {
  readonly asked: string[] = [];

  onAsked(identity: string, what: string, isGood: boolean, detail: string): void {
    this.asked.push(`${identity} ${what} ${isGood ? "good" : detail}`);
  }

  onLookup(): void {
    throw new Error("authorization looks no credential up");
  }
}

export interface StagedParts {
  readonly rule?: Partial<AuthorizeRule>;
  readonly cedar?: Partial<CedarConfig>;
  readonly opa?: Partial<OpaConfig>;
  /** Null: nobody. */
  readonly principal?: Principal | null;
  readonly path?: string;
}

export const OPA_URL = "http://opa.test/v1/data/gateway/allow";

/** Where policies are tried, as tests bring it. */
export interface Stage {
  readonly clock: Clock;
  pump(): void;
}

type CreateStage<S> = (options: { readonly policies: readonly Policy[]; readonly path?: string }) => Promise<S>;

/** Requests to it are the principal's; `calls` answers for OPA. */
export async function stageAuthorize<S extends Stage>(create: CreateStage<S>, parts: StagedParts) {
  const { rule = {}, cedar, opa, principal = toPrincipal(), path } = parts;
  const calls = new FakeCalls();
  const watcher = new HeardWatcher();
  const box: { principal: Principal | null } = { principal };
  const authenticate: Policy = {
    name: "auth",
    phase: "authenticate",
    writes: ["principal"],
    request(exchange) {
      exchange.principal = box.principal;
      return CONTINUE;
    },
  };
  const authorize: AuthorizeConfig = {
    rule: toRule(rule),
    cedar: cedar === undefined ? null : { policies: [], entities: null, schema: null, action: null, ...cedar },
    opa: opa === undefined ? null : { url: OPA_URL, timeoutMs: 1000, cacheForMs: 0, cachedAnswers: 10, sendHeaders: [], ca: null, ...opa },
  };
  // The stage's clock is there once it is, and the policy must be there before: it asks for the time in requests alone.
  const clock: { of: Stage | null } = { of: null };
  const policy = compileAuthorize(
    { name: "route", authorize },
    {
      calls,
      watcher,
      clock: {
        now: () => clock.of?.clock.now() ?? 0,
        wall: () => clock.of?.clock.wall() ?? 0,
        schedule: (callback, delayMs) => (clock.of as Stage).clock.schedule(callback, delayMs),
      },
    },
  );
  const stage = await create({ policies: [authenticate, policy as Policy], ...(path === undefined ? {} : { path }) });
  clock.of = stage;
  return { stage, calls, watcher, box };
}

/** Lets promises that are ready have their turn, and then the network. */
export async function settle(stage: Stage): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  stage.pump();
}
