// Which limits a log can tell the truth of. It has who called, whose tenant and plan it was and what was asked for, but no other claims and
// no headers: a limit that counts by one of those is not simulated at all, since everybody would be taken for the same.

import type { GatewayConfig, IdentityConfig, LimitKeyPart, RateLimitConfig } from "../../config/index.ts";

export interface LimitDoubt {
  /** A clause without a full stop. */
  readonly reason: string;
  /** Whether it matters only for those who were authenticated. */
  readonly ofCallers: boolean;
}

export interface LimitJudgement {
  /** Why it is not simulated; null: it is. */
  readonly obstacle: string | null;
  readonly doubts: readonly LimitDoubt[];
}

export function judgeLimit(limit: RateLimitConfig, { routes, identities }: GatewayConfig): LimitJudgement {
  const names = new Set(
    routes
      .filter(({ rateLimits }) => rateLimits.some((use) => use.limit === limit.name))
      .flatMap(({ auth }) => (auth === null ? [] : auth.identities)),
  );
  const asked = identities.filter(({ name }) => names.has(name));
  const obstacles = limit.key.map((part) => findObstacle(part, asked)).filter((found) => found !== null);
  return { obstacle: obstacles[0] ?? null, doubts: listDoubts(limit, asked) };
}

function findObstacle(part: LimitKeyPart, identities: readonly IdentityConfig[]): string | null {
  if (part.kind === "header") return `it counts by the header ${part.name}, which the log has not`;
  if (part.kind === "claim" && !isLogged(part.name, identities)) return `it counts by the claim ${part.name}, which the log has not`;
  return null;
}

/** Whether the claim is what makes the id or the tenant, or a key's plan. */
function isLogged(claim: string, identities: readonly IdentityConfig[]): boolean {
  return identities.every(
    ({ kind, principal: { id, tenant } }) =>
      tenant === claim || (id.length === 1 && id[0] === claim) || (kind === "apiKey" && claim === "plan"),
  );
}

function listDoubts({ key, tiers, exempt, cost, mode, store }: RateLimitConfig, identities: readonly IdentityConfig[]): LimitDoubt[] {
  const doubts: LimitDoubt[] = [];
  if (tiers?.by.kind === "claim" && !isLogged(tiers.by.name, identities)) {
    const reason = `its tiers go by the claim ${tiers.by.name}, which the log has not: everybody is counted by the limit's own numbers`;
    doubts.push({ reason, ofCallers: true });
  }
  if (exempt !== null && exempt.roles.length > 0) {
    doubts.push({ reason: "it exempts roles, which the log has not: nobody is exempt by one", ofCallers: true });
  }
  if (key.some(({ kind }) => kind === "apiKey") && identities.some(({ kind }) => kind === "apiKey")) {
    doubts.push({ reason: "the log has an API key's owner and not the key: all keys of an owner are counted as one", ofCallers: true });
  }
  if (cost.kind === "responseHeader") {
    const reason = `what a request costs is said by the header ${cost.name}, which the log has not: each is counted as ${cost.estimate}`;
    doubts.push({ reason, ofCallers: false });
  }
  if (store === "redis" && mode === "approximate") {
    doubts.push({ reason: "it is counted exactly here, and approximately by a fleet", ofCallers: false });
  }
  return doubts;
}
