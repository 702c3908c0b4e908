// Which files `gateway.include` names: paths, and patterns with `*` in any folder or name. Only lists; reading is for teams-file.ts.

import { dirname, join, resolve } from "node:path";
import type { ConfigHost } from "./config-host.ts";
import type { Finding } from "./issue.ts";
import { matchesStars } from "./star-pattern.ts";
import { children, get } from "./written.ts";

// Whoever includes more has mistyped a pattern.
const MAX_FILES = 10_000;

/** Absolute paths in sorted order, each once, without `rootFile` itself; and a warning for each pattern that names none. */
export function listIncluded(
  root: unknown,
  rootFile: string,
  host: ConfigHost,
): { readonly files: readonly string[]; readonly findings: readonly Finding[] } {
  const folder = dirname(resolve(rootFile));
  const files = new Set<string>();
  const findings: Finding[] = [];
  for (const [path, pattern] of children(get(root, "gateway"), ["gateway"], "include")) {
    if (typeof pattern !== "string" || pattern === "") continue;
    if (!pattern.includes("*")) {
      files.add(resolve(folder, pattern));
      continue;
    }
    const found = expand(resolve(folder, pattern), host).filter((file) => file !== resolve(rootFile));
    if (found.length === 0) {
      const message = `no file is named like \`${pattern}\`, so that no team is loaded by it`;
      const hint = "look for a mistyped folder; paths are relative to the file that they stand in";
      findings.push({ code: "SP_CONFIG_TEAM_INCLUDE", path, at: "value", message, hint });
    }
    for (const file of found) if (files.size < MAX_FILES) files.add(file);
  }
  return { files: [...files].sort(), findings };
}

function expand(pattern: string, host: ConfigHost): string[] {
  const segments = pattern.split("/");
  const first = segments.findIndex((segment) => segment.includes("*"));
  let folders = [segments.slice(0, first).join("/") || "/"];
  for (const segment of segments.slice(first)) {
    folders = folders.flatMap((folder) =>
      segment.includes("*")
        ? listNames(folder, host)
            .filter((name) => matches(segment, name))
            .map((name) => join(folder, name))
        : [join(folder, segment)],
    );
  }
  // Behind the last `*` may stand a plain name, which need not be there.
  const last = segments.at(-1) ?? "";
  return last.includes("*") ? folders : folders.filter((file) => listNames(dirname(file), host).includes(last));
}

function listNames(folder: string, host: ConfigHost): readonly string[] {
  try {
    return host.listFolder(folder);
  } catch {
    return [];
  }
}

/** As in a shell: `*` takes no leading dot, so that an editor's drafts are no teams. */
function matches(pattern: string, name: string): boolean {
  if (name.startsWith(".") && !pattern.startsWith(".")) return false;
  return matchesStars(pattern, name);
}
