// Which two of before and after are the same thing: those of one name, then those left over that are alike in what makes them themselves.

export interface Pairs<Item> {
  readonly kept: readonly (readonly [before: Item, after: Item])[];
  readonly added: readonly Item[];
  readonly removed: readonly Item[];
}

/** `identify` gives equal texts for two that differ in name only; where several are alike, none counts as renamed. */
export function pairByName<Item extends { readonly name: string }>(
  before: readonly Item[],
  after: readonly Item[],
  identify: (item: Item) => string,
): Pairs<Item> {
  const old = new Map(before.map((item) => [item.name, item]));
  const names = new Set(after.map(({ name }) => name));
  const orphans = indexUnique(
    before.filter(({ name }) => !names.has(name)),
    identify,
  );
  const newcomers = indexUnique(
    after.filter(({ name }) => !old.has(name)),
    identify,
  );
  const kept: [Item, Item][] = [];
  const added: Item[] = [];
  const adopted = new Set<string>();
  for (const item of after) {
    const named = old.get(item.name);
    const key = named === undefined && orphans.size > 0 ? identify(item) : "";
    const orphan = named === undefined && newcomers.get(key) === item ? orphans.get(key) : undefined;
    const partner = named ?? orphan ?? null;
    if (partner === null) added.push(item);
    else kept.push([partner, item]);
    if (orphan !== undefined && orphan !== null) adopted.add(orphan.name);
  }
  return { kept, added, removed: before.filter(({ name }) => !names.has(name) && !adopted.has(name)) };
}

/** Null where two are alike. */
function indexUnique<Item>(items: readonly Item[], identify: (item: Item) => string): Map<string, Item | null> {
  const found = new Map<string, Item | null>();
  for (const item of items) {
    const key = identify(item);
    found.set(key, found.has(key) ? null : item);
  }
  return found;
}

/** All but the name. */
export function toIdentity(item: { readonly name: string }): string {
  return JSON.stringify({ ...item, name: "" });
}
