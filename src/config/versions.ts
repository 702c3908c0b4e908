// The version of an API, told by header, media type, path or host, as what the router knows: conditions, paths, hosts.

import type { RouteCondition } from "../router/index.ts";
import type { MatchConfig } from "./config.ts";
import type { Configuration } from "./schema.ts";

type Api = Configuration["apis"][string];

/** What a route that serves these versions of the API matches. */
export function expandVersions(match: MatchConfig, api: Api, versions: readonly string[]): MatchConfig {
  const by = api.versionBy;
  // A request that tells no version has the default one.
  const servesDefault = api.default !== undefined && versions.includes(api.default);
  if ("pathPrefix" in by) {
    const paths = versions.flatMap((version) => match.paths.map((path) => `${by.pathPrefix}${version}${path === "/" ? "" : path}`));
    return { ...match, paths: servesDefault ? [...paths, ...match.paths] : paths };
  }
  if ("hostPrefix" in by) {
    const hosts = versions.flatMap((version) => match.hosts.map((host) => `${by.hostPrefix}${version}.${host}`));
    return { ...match, hosts: servesDefault ? [...hosts, ...match.hosts] : hosts };
  }
  const condition: RouteCondition =
    "header" in by
      ? { on: "header", name: by.header, absent: servesDefault, values: versions }
      : { on: "mediaType", name: by.mediaType, absent: servesDefault, values: versions };
  return { ...match, conditions: [...match.conditions, condition] };
}
