// From what was written of who may use a route to what it means. Nothing can be wrong any more here.

import { DAYS } from "./access-schema.ts";
import type { AuthorizeConfig, AuthorizeRule, ClaimCondition, RouteAuth, TimeWindow } from "./identity-config.ts";
import { type FileSource, readPem, readText } from "./resolve-tls.ts";
import type { Configuration } from "./schema.ts";

type RouteInput = Configuration["routes"][number];
type Authorize = NonNullable<RouteInput["authorize"]>;
type Rule = NonNullable<NonNullable<Authorize["anyOf"]>[number]["anyOf"]>[number] & {
  readonly anyOf?: readonly Rule[] | undefined;
  readonly allOf?: readonly Rule[] | undefined;
  readonly not?: Rule | undefined;
};

export function resolveAuth(written: RouteInput["auth"]): RouteAuth | null {
  if (written === undefined) return null;
  if ("anyOf" in written) return { identities: written.anyOf, optional: written.optional ?? false };
  return { identities: written, optional: false };
}

export function resolveAuthorize(written: RouteInput["authorize"], source: FileSource): AuthorizeConfig | null {
  if (written === undefined) return null;
  const { cedar, opa } = written;
  return {
    rule: resolveRule(written),
    cedar:
      cedar === undefined
        ? null
        : {
            policies: cedar.policies.map((path) => readText(path, source)),
            entities: cedar.entities === undefined ? null : readText(cedar.entities, source).text,
            schema: cedar.schema === undefined ? null : readText(cedar.schema, source).text,
            action: cedar.action ?? null,
          },
    opa:
      opa === undefined
        ? null
        : {
            url: opa.url,
            timeoutMs: opa.timeout,
            cacheForMs: opa.cacheFor ?? 0,
            cachedAnswers: opa.cache.answers,
            sendHeaders: opa.sendHeaders,
            ca: opa.ca === undefined ? null : readPem(opa.ca, source).text,
          },
  };
}

function resolveRule(written: Rule): AuthorizeRule {
  return {
    scopes: written.scopes ?? [],
    roles: written.roles ?? [],
    claims: Object.entries(written.claims ?? {}).map(([claim, wanted]): ClaimCondition => {
      if (wanted === "present") return { claim, oneOf: null };
      return { claim, oneOf: Array.isArray(wanted) ? wanted : [wanted] };
    }),
    from: written.from ?? [],
    times: (written.times ?? []).map(resolveTimes),
    anyOf: (written.anyOf ?? []).map(resolveRule),
    allOf: (written.allOf ?? []).map(resolveRule),
    not: written.not === undefined ? null : resolveRule(written.not),
  };
}

function resolveTimes({ days = [], start, end, zone }: NonNullable<Rule["times"]>[number]): TimeWindow {
  return { days: days.map((day) => DAYS.indexOf(day)), startMinute: start, endMinute: end, zone };
}
