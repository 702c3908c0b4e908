// Where the identity by tokens is tried: an issuer made at run time, keys that a test changes by hand, a clock that it moves, and of an
// exchange what an identity looks at.

import { FakeClock, TimerWheel } from "../../base/index.ts";
import type { JwtIdentity } from "../../config/index.ts";
import { Fields, fieldName } from "../../http/index.ts";
import type { Exchange } from "../../pipeline/index.ts";
import type { TokenKey } from "../../tokens/index.ts";
import type { Identity, Outcome } from "../identity.ts";
import type { KeySource } from "../keys/index.ts";
import { VerificationBudget } from "../verification-budget.ts";
import { createJwtIdentity } from "./index.ts";

export class StageKeys implements KeySource {
  keys: readonly TokenKey[] = [];
  isReady = true;
  problem = "";
  version = 1;
  refreshes = 0;
  isClosed = false;
  /** What the next reading finds; null: what there is. */
  next: readonly TokenKey[] | null = null;
  onRefresh: () => Promise<void> = () => Promise.resolve();
  /** Each look-up, to see that a hit makes none. */
  finds = 0;

  find(kid: string | null): readonly TokenKey[] {
    this.finds++;
    return kid === null ? this.keys : this.keys.filter((key) => key.kid === kid);
  }

  async refresh(): Promise<void> {
    this.refreshes++;
    await this.onRefresh();
    if (this.next !== null) this.replace(this.next);
    this.next = null;
  }

  replace(keys: readonly TokenKey[]): void {
    this.keys = keys;
    this.version++;
  }

  isGood(key: TokenKey): boolean {
    return this.keys.includes(key);
  }

  close(): void {
    this.isClosed = true;
  }
}

export const CONFIG: JwtIdentity = {
  kind: "jwt",
  name: "users",
  headers: null,
  principal: { id: ["sub"], tenant: "tenant", roles: "roles", scopes: "scope" },
  issuer: "https://id.example.com",
  audiences: ["orders-api"],
  algorithms: ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"],
  jwks: { source: { kind: "discovery" }, cacheForMs: 300_000, graceMs: 600_000, ca: null },
  from: { kind: "bearer" },
  clockSkewMs: 60_000,
  requireExpiry: true,
  required: ["tenant"],
  types: null,
  cachedTokens: 1000,
};

export class JwtStage {
  readonly clock: FakeClock;
  readonly wheel: TimerWheel;
  readonly keys = new StageKeys();
  readonly budget: VerificationBudget;
  readonly lookups: boolean[] = [];
  readonly identity: Identity;

  constructor(nowMs: number, config: Partial<JwtIdentity> = {}) {
    this.clock = new FakeClock(0, nowMs);
    this.wheel = new TimerWheel(this.clock);
    this.budget = new VerificationBudget(this.wheel);
    this.identity = this.create(config);
  }

  /** Another identity on the same keys. */
  create(config: Partial<JwtIdentity>): Identity {
    const watcher = { onAsked: () => undefined, onLookup: (_: string, isHit: boolean) => void this.lookups.push(isHit) };
    return createJwtIdentity({ ...CONFIG, ...config }, { clock: this.clock, watcher }, this.keys, this.budget);
  }

  ask(token: string, address = "192.0.2.1"): Outcome {
    return this.identity.identify(exchangeOf([["Authorization", `Bearer ${token}`]], address));
  }

  pass(ms: number): void {
    this.clock.advance(ms);
    this.wheel.touch();
  }
}

/** All of an exchange that an identity by tokens looks at. */
export function exchangeOf(lines: readonly (readonly [name: string, value: string])[], clientAddress = "192.0.2.1"): Exchange {
  const fields = new Fields("");
  for (const [name, value] of lines) fields.add(fieldName(name), value);
  return { head: { fields }, clientAddress } as unknown as Exchange;
}
