// What a gateway of a kind may not do, in one table. An edge forwards what it gets: whatever reads or writes bodies, or makes one answer
// of several, belongs in a service or a gateway of another kind. A part of the language that does either gets its entry here.

import type { GatewaySection } from "./config.ts";
import type { Finding } from "./issue.ts";
import { walkTable } from "./table-walk.ts";
import { get, toChoice } from "./written.ts";

type Kind = GatewaySection["kind"];

interface Refused {
  /** As in table-walk.ts. */
  readonly at: string;
  readonly kinds: readonly Kind[];
  /** Ends "a gateway of kind … may not do this: it …". */
  readonly why: string;
  readonly instead: string;
}

export const REFUSED_BY_KIND: readonly Refused[] = [
  ...["defaults.errors.read", "routes[].errors.read"].map(
    (at): Refused => ({
      at,
      kinds: ["edge"],
      why: "reads the bodies of upstreams",
      instead: "`errors: { upstream: problem }` without `read` keeps the shape and reads nothing",
    }),
  ),
];

const KINDS: readonly Kind[] = ["edge", "domain", "bff"];

/** `gateway` is the value of that key in the gateway's own file; `root` that file or a team's. */
export function checkKinds(root: unknown, gateway: unknown): Finding[] {
  const written = get(gateway, "kind");
  const kind = written === undefined ? "edge" : KINDS.find((known) => known === written);
  if (kind === undefined) return [];
  const findings: Finding[] = [];
  for (const { at, kinds, why, instead } of REFUSED_BY_KIND) {
    if (!kinds.includes(kind)) continue;
    const others = KINDS.filter((other) => !kinds.includes(other));
    walkTable(root, at, (path) => {
      const standard = written === undefined ? " (it is one when `gateway.kind` says nothing)" : "";
      const message = `a gateway of kind \`${kind}\`${standard} may not do this: it ${why}`;
      const hint = `${instead}; a gateway of kind ${toChoice(others)} may`;
      findings.push({ code: "SP_CONFIG_KIND", path, at: "key", message, hint });
    });
  }
  return findings;
}
