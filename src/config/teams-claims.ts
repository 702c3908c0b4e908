// Whether a team's routes lie within what the team claims.

import type { RouteConfig } from "./config.ts";
import { containsHost, containsPath } from "./containment.ts";
import type { Finding } from "./issue.ts";
import type { TeamConfiguration } from "./schema.ts";
import { toChoice } from "./written.ts";

/** `routes` are the team's, in the order of its file. */
export function checkClaims(team: TeamConfiguration["team"], routes: readonly RouteConfig[]): Finding[] {
  const findings: Finding[] = [];
  const put = (index: number, key: string, name: string, what: string, claims: readonly string[]) => {
    const message = `the route \`${name}\` takes ${what}, and the team \`${team.name}\` may claim only ${toChoice(claims, "and")}`;
    const hint = `narrow the route, or have \`team.${key === "path" ? "paths" : "hosts"}\` widened by whoever owns them`;
    findings.push({ code: "SP_CONFIG_TEAM_CLAIM", path: ["routes", index, "match", key], at: "value", message, hint });
  };
  for (const [index, { name, match }] of routes.entries()) {
    const { hosts, paths } = team;
    if (hosts !== undefined) {
      const stray = match.hosts.find((host) => !hosts.some((claim) => containsHost(claim, host)));
      if (stray !== undefined) put(index, "hosts", name, `the host \`${stray}\``, hosts);
      else if (match.hosts.length === 0) put(index, "hosts", name, "any host", hosts);
    }
    if (paths === undefined) continue;
    const stray = match.paths.find((path) => !paths.some((claim) => containsPath(claim, path)));
    if (stray !== undefined) put(index, "path", name, `the path \`${stray}\``, paths);
  }
  return findings;
}
