// What becomes of the invariants. They change no request; but what is no longer demanded, the next change may do.

import type { Invariant } from "../../config/index.ts";
import { type Effect, Say } from "./effect.ts";
import { isSame } from "./same.ts";

/** By name. Whether other words demand more or less is not judged: they may demand less, and so count as what opens. */
export function diffInvariants(before: readonly Invariant[], after: readonly Invariant[], effects: Effect[]): void {
  const former = new Map(before.map((invariant) => [invariant.name, invariant]));
  const say = (name: string) => new Say(`invariant ${name}`, `the invariant ${name}`, effects);
  for (const now of after) {
    const old = former.get(now.name);
    former.delete(now.name);
    if (old === undefined) say(now.name).that(false, "is new", "are new");
    else compare(old, now, say(now.name));
  }
  for (const name of former.keys()) say(name).that(true, "is gone: routes may break it from now on", "are gone");
}

function compare(old: Invariant, now: Invariant, say: Say): void {
  if (!isSame(old.where, now.where)) say.that(true, "speaks of other routes, of fewer perhaps", "speak of other routes");
  if (!isSame(old.require, now.require)) say.that(true, "demands something else, less perhaps", "demand something else");
  if (old.level === now.level) return;
  if (now.level === "warning") say.that(true, "only warns from now on", "only warn");
  else say.that(false, "refuses what breaks it from now on", "refuse what breaks them");
}
