// Header edits and security headers of a route, before and after. What comes in under a name is kept out when the name is removed or set.

import type { HeaderEdits, SecurityHeadersConfig, ValueTemplate } from "../../config/index.ts";
import { type Comparer, compareFields, compareSets, fields } from "./comparers.ts";
import type { Say } from "./effect.ts";
import { isSame } from "./same.ts";
import { toDuration, toValue } from "./words.ts";

export type Pairs<Value> = readonly (readonly [name: string, value: Value])[];

/** Values by name, those of one name in their order; names of headers in lower case. */
function byName<Value>(pairs: Pairs<Value>, fold: boolean): Map<string, { readonly name: string; readonly values: Value[] }> {
  const found = new Map<string, { readonly name: string; readonly values: Value[] }>();
  for (const [name, value] of pairs) {
    const key = fold ? name.toLowerCase() : name;
    const entry = found.get(key) ?? { name, values: [] };
    entry.values.push(value);
    found.set(key, entry);
  }
  return found;
}

/** Names that both sides have; who comes and goes is the caller's to judge. `fold` takes upper for lower case. */
export function comparePairs(before: Pairs<ValueTemplate>, after: Pairs<ValueTemplate>, what: string, fold: boolean, say: Say): void {
  const [old, now] = [byName(before, fold), byName(after, fold)];
  for (const [key, { name, values }] of now) {
    const other = old.get(key);
    if (other === undefined || isSame(values, other.values)) {
      if (other !== undefined && other.name !== name) say.that(null, `spells the ${what} ${name} otherwise`, `spell a ${what} otherwise`);
      continue;
    }
    const [was, is] = [toValues(other.values), toValues(values)];
    say.that(
      null,
      was === null || is === null
        ? `changes the value of the ${what} ${name}`
        : `changes the value of the ${what} ${name}: ${was} becomes ${is}`,
      `change the value of a ${what}`,
    );
  }
}

/** Null where a secret is among them. */
function toValues(values: readonly ValueTemplate[]): string | null {
  const shown = values.map(toValue);
  return shown.some((value) => value === null) ? null : shown.join(", ");
}

/** What a name's edits come to: whatever came in under it is kept, gone or replaced. */
function compareGuards(before: ReadonlySet<string>, after: ReadonlySet<string>, what: string, say: Say): void {
  for (const name of after) if (!before.has(name)) say.that(false, `keeps out the ${what} ${name}`, `keep out a ${what}`);
  for (const name of before) {
    if (!after.has(name)) say.that(true, `lets the ${what} ${name} through, which was removed or set`, `let a ${what} through`);
  }
}

function compareEdits(side: "request" | "response"): Comparer<HeaderEdits> {
  const what = `${side} header`;
  return (before, after, say) => {
    const fold = (name: string) => name.toLowerCase();
    const guards = ({ set, remove }: HeaderEdits) => new Set([...set.map(([name]) => fold(name)), ...remove.map(fold)]);
    compareGuards(guards(before), guards(after), what, say);
    const names = (edits: readonly string[]) => new Set(edits.map(fold));
    const setNames = (edits: HeaderEdits) => names(edits.set.map(([name]) => name));
    const [oldSet, nowSet, oldAll, nowAll] = [setNames(before), setNames(after), guards(before), guards(after)];
    for (const name of nowSet) {
      if (!oldSet.has(name) && oldAll.has(name)) say.that(null, `sets the ${what} ${name}, which it removed`, `set a ${what}`);
    }
    for (const name of oldSet) {
      if (!nowSet.has(name) && nowAll.has(name)) say.that(null, `removes the ${what} ${name}, which it set`, `remove a ${what}`);
    }
    for (const name of names(before.remove)) {
      if (nowSet.has(name) && oldSet.has(name) && !names(after.remove).has(name))
        say.that(null, `only sets the ${what} ${name} now`, `edit a ${what}`);
    }
    for (const name of names(after.remove)) {
      if (nowSet.has(name) && oldSet.has(name) && !names(before.remove).has(name))
        say.that(null, `removes the ${what} ${name} before it sets it`, `edit a ${what}`);
    }
    comparePairs(before.set, after.set, what, true, say);
    const [oldAdded, nowAdded] = [byName(before.add, true), byName(after.add, true)];
    for (const [key, { name }] of nowAdded) if (!oldAdded.has(key)) say.that(null, `adds the ${what} ${name}`, `add a ${what}`);
    for (const [key, { name }] of oldAdded)
      if (!nowAdded.has(key)) say.that(null, `no longer adds the ${what} ${name}`, `no longer add a ${what}`);
    comparePairs(before.add, after.add, what, true, say);
  };
}

export const headers: Comparer<{ readonly request: HeaderEdits; readonly response: HeaderEdits }> = fields({
  request: compareEdits("request"),
  response: compareEdits("response"),
});

const same = (item: string) => item;

const hstsParts = (value: string) => ({
  seconds: Number(/max-age="?(\d+)/i.exec(value)?.[1] ?? 0),
  reach: Number(/includeSubDomains/i.test(value)) + Number(/preload/i.test(value)),
});

const hsts: Comparer<string | null> = (before, after, say) => {
  if (after === null || before === null) {
    say.that(
      after === null,
      after === null ? "no longer makes browsers stay with TLS (hsts)" : "makes browsers stay with TLS (hsts)",
      after === null ? "lose hsts" : "gain hsts",
    );
    return;
  }
  const [old, now] = [hstsParts(before), hstsParts(after)];
  const change = `${before} becomes ${after}`;
  if (now.seconds !== old.seconds) {
    const isShorter = now.seconds < old.seconds;
    const [from, to] = [toDuration(old.seconds * 1000), toDuration(now.seconds * 1000)];
    say.that(
      isShorter,
      `${isShorter ? "shortens" : "lengthens"} hsts: ${from} becomes ${to}`,
      `${isShorter ? "shorten" : "lengthen"} hsts`,
    );
  }
  if (now.reach !== old.reach) say.that(now.reach < old.reach, `changes what hsts covers: ${change}`, "change what hsts covers");
  if (now.seconds === old.seconds && now.reach === old.reach) say.that(null, `spells hsts otherwise: ${change}`, "spell hsts otherwise");
};

export const securityHeaders: Comparer<SecurityHeadersConfig | null> = (before, after, say) => {
  const empty: SecurityHeadersConfig = { hsts: null, fields: [] };
  const [old, now] = [before ?? empty, after ?? empty];
  // Neither side has anything to send: still a change, if of words only.
  if (isSame(old, now)) say.that(null, "writes its empty security headers otherwise", "write security headers otherwise");
  compareFields(
    old,
    now,
    {
      hsts,
      fields: (was, is, inner) => {
        const names = (pairs: Pairs<string>) => pairs.map(([name]) => name.toLowerCase());
        const gains = ["sends the security headers", "send more security headers"] as const;
        const loses = ["no longer sends the security headers", "lose security headers"] as const;
        compareSets(names(was), names(is), { more: false, gains, loses, show: same }, inner);
        const asTemplates = (pairs: Pairs<string>) => pairs.map(([name, value]) => [name, [value]] as const);
        comparePairs(asTemplates(was), asTemplates(is), "security header", true, inner);
      },
    },
    say,
  );
};
