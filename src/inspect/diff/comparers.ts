// How a field is compared: what every kind of field says when it differs. A table of comparers names every field of its type, or it does
// not compile, so that a field that is new in the configuration can't be forgotten here. Each is called only when the two differ.

import type { Say, Way } from "./effect.ts";
import { isSame } from "./same.ts";
import { toList, toText } from "./words.ts";

export type Comparer<Value> = (before: Value, after: Value, say: Say) => void;
export type Comparers<Section> = { readonly [Key in keyof Section]-?: Comparer<Section[Key]> };

export function compareFields<Section extends object>(before: Section, after: Section, comparers: Comparers<Section>, say: Say): void {
  for (const key of Object.keys(comparers) as (keyof Section)[]) {
    if (!isSame(before[key], after[key])) comparers[key](before[key], after[key], say);
  }
}

/** Nothing that opens or closes. */
export function plain<Value>(what: string, show: (value: Value) => string): Comparer<Value> {
  return (before, after, say) => {
    const [old, now] = [show(before), show(after)];
    say.that(null, old === now ? `has another ${what}` : `has another ${what}: ${old} becomes ${now}`, `have another ${what}`);
  };
}

export const text = (what: string): Comparer<string | number | boolean | null> => plain(what, toText);

/** A limit: more of it is looser, and none at all the loosest. */
export function limit(what: string, show: (value: number | null) => string): Comparer<number | null> {
  return (before, after, say) => {
    const isLooser = after === null || (before !== null && after > before);
    sayLimit(what, isLooser, after === null, `${show(before)} becomes ${show(after)}`, say);
  };
}

/** A least that is asked for: less is looser, and none at all the loosest. */
export function least(what: string, show: (value: number | null) => string): Comparer<number | null> {
  return (before, after, say) => {
    const isLooser = (after ?? 0) < (before ?? 0);
    const verb = after === null ? "loses its" : before === null ? "gains a" : isLooser ? "lowers its" : "raises its";
    say.that(
      isLooser,
      `${verb} ${what}: ${show(before)} becomes ${show(after)}`,
      isLooser ? `lower or lose their ${what}` : `raise their ${what}`,
    );
  };
}

export function sayLimit(what: string, isLooser: boolean, isOff: boolean, change: string, say: Say): void {
  const verb = isOff ? "loses its" : isLooser ? "widens its" : "narrows its";
  say.that(isLooser, `${verb} ${what}: ${change}`, isLooser ? `widen or lose their ${what}` : `narrow their ${what}`);
}

/** Words from the strictest to the loosest. */
export function ladder<Word extends string>(what: string, words: readonly Word[]): Comparer<Word> {
  return (before, after, say) => {
    const way = words.indexOf(after) > words.indexOf(before);
    say.that(
      way,
      `${way ? "relaxes its" : "sharpens its"} ${what}: ${before} becomes ${after}`,
      `${way ? "relax" : "sharpen"} their ${what}`,
    );
  };
}

export function flag(isLooser: boolean, on: string, off: string, alikeOn: string, alikeOff: string): Comparer<boolean> {
  return (_before, after, say) => say.that(after === isLooser, after ? on : off, after ? alikeOn : alikeOff);
}

export interface SetWords<Item> {
  /** What an item more does; one less does the opposite. */
  readonly more: Way;
  /** Before the items: `trusts`; and for several subjects. */
  readonly gains: readonly [one: string, several: string];
  readonly loses: readonly [one: string, several: string];
  show(item: Item): string;
  /** Whether all that `inner` lets through `outer` does as well. */
  covers?(outer: Item, inner: Item): boolean;
}

/** Items whose order says nothing. What the other side covers anyhow is a change that opens and closes nothing. */
export function set<Item>(words: SetWords<Item>): Comparer<readonly Item[]> {
  return (before, after, say) => compareSets(before, after, words, say);
}

export function compareSets<Item>(before: readonly Item[], after: readonly Item[], words: SetWords<Item>, say: Say): void {
  const [old, now] = [new Set(before.map(words.show)), new Set(after.map(words.show))];
  const report = (items: readonly Item[], others: readonly Item[], way: Way, [one, several]: readonly [string, string]) => {
    const isCovered = (item: Item) => words.covers !== undefined && others.some((other) => words.covers?.(other, item));
    const rest = items.filter((item) => !isCovered(item));
    if (rest.length > 0) say.that(way, `${one} ${toList(rest.map(words.show))}`, several);
    return items.filter(isCovered);
  };
  const opposite = words.more === null ? null : !words.more;
  const more = after.filter((item) => !old.has(words.show(item)));
  const fewer = before.filter((item) => !now.has(words.show(item)));
  const taken = report(more, before, words.more, words.gains);
  const left = report(fewer, after, opposite, words.loses);
  if (taken.length > 0)
    say.that(null, `names ${toList(taken.map(words.show))}, which it took before`, "name more of what they took before");
  if (left.length > 0)
    say.that(null, `no longer names ${toList(left.map(words.show))}, which it takes all the same`, "name less of what they take");
}

/** Something that may be missing altogether. */
export function optional<Value extends object>(
  whenAdded: (value: Value, say: Say) => void,
  whenRemoved: (value: Value, say: Say) => void,
  comparer: Comparer<Value>,
): Comparer<Value | null> {
  return (before, after, say) => {
    if (before !== null && after !== null) comparer(before, after, say);
    else if (after !== null) whenAdded(after, say);
    else if (before !== null) whenRemoved(before, say);
  };
}

export function fields<Section extends object>(comparers: Comparers<Section>): Comparer<Section> {
  return (before, after, say) => compareFields(before, after, comparers, say);
}
