// What files that are each good by themselves do to one another: names that two bear, routes that clash, invariants. Files have a rank,
// and the later one is to blame, so that a team's mistake is never another's.

import { checkMeaning } from "./check-meaning.ts";
import type { RouteConfig, UpstreamConfig } from "./config.ts";
import { findRouteConflicts } from "./conflicts.ts";
import type { Invariant } from "./invariant-schema.ts";
import { type Finding, ISSUE_CODES, type IssuePath } from "./issue.ts";
import type { Part } from "./load-part.ts";

/** A file with its rank: the gateway's own first. */
export interface Member {
  readonly part: Part;
  /** Null for the gateway's own. */
  readonly team: string | null;
  readonly upstreams: readonly UpstreamConfig[];
  readonly routes: readonly RouteConfig[];
}

export interface Verdict {
  readonly member: Member;
  readonly finding: Finding;
  readonly isError: boolean;
}

/** Errors and warnings. A member is blamed for nothing that it shares with a later one, or with one that is to blame itself. */
export function judgeTogether(members: readonly Member[], invariants: readonly Invariant[]): Verdict[] {
  const verdicts: Verdict[] = [];
  const guilty = new Set<Member>();
  const put = (member: Member, finding: Finding) => {
    const isError = ISSUE_CODES[finding.code].severity === "error";
    if (isError) guilty.add(member);
    verdicts.push({ member, finding, isError });
  };
  checkNames(members, put);
  const innocent = members.filter((member) => !guilty.has(member));
  const files = innocent.map((member) => ({ routes: member.routes, placeOf: (index: number) => placeOf(member, ["routes", index]) }));
  const conflicts = findRouteConflicts(files).sort((a, b) => a.part - b.part);
  for (const { part, parts, finding } of conflicts) {
    const member = innocent[part];
    const isOthers = parts.some((other) => other !== part && guilty.has(innocent[other] ?? (member as Member)));
    if (member !== undefined && !isOthers) put(member, finding);
  }
  const meant = innocent.map(({ part, routes }) => ({ value: part.checked, routes }));
  for (const { part, finding } of checkMeaning(meant, invariants)) {
    const member = innocent[part];
    if (member !== undefined) put(member, finding);
  }
  return verdicts;
}

function checkNames(members: readonly Member[], put: (member: Member, finding: Finding) => void): void {
  const taken = new Map<string, { readonly member: Member; readonly path: IssuePath }>();
  for (const member of members) {
    const own: [kind: string, name: string, path: IssuePath, at: Finding["at"]][] = [
      ...(member.team === null ? [] : [["team", member.team, ["team", "name"], "value"] as [string, string, IssuePath, Finding["at"]]]),
      ...member.upstreams.map(({ name }): [string, string, IssuePath, Finding["at"]] => ["upstream", name, ["upstreams", name], "key"]),
      ...member.routes.map(({ name }, index): [string, string, IssuePath, Finding["at"]] => [
        "route",
        name,
        ["routes", index, "name"],
        "value",
      ]),
    ];
    const clashes: Finding[] = [];
    for (const [kind, name, path, at] of own) {
      const other = taken.get(`${kind} ${name}`);
      if (other === undefined || other.member === member) continue;
      const message = `two ${kind}s are named \`${name}\`; the other stands in ${placeOf(other.member, other.path)}`;
      clashes.push({ code: "SP_CONFIG_DUPLICATE_NAME", path, at, message });
    }
    for (const finding of clashes) put(member, finding);
    // Of a file that is to blame nothing is loaded, so that its names are free.
    if (clashes.length === 0) for (const [kind, name, path] of own) taken.set(`${kind} ${name}`, { member, path });
  }
}

function placeOf({ part: { source } }: Member, path: IssuePath): string {
  const { line } = source.locate({ code: "SP_CONFIG_DUPLICATE_NAME", path, at: "value", message: "" });
  return `${source.file}:${line}`;
}
