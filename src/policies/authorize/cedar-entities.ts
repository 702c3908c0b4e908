// Entities of a configuration's file, and which of them a decision can lead to. Only those are handed to the engine, since the way of an
// entity there costs several microseconds.

import type { EntityJson, TypeAndId } from "@cedar-policy/cedar-wasm/nodejs";

/** By `Type::"id"`. */
export type EntityMap = ReadonlyMap<string, EntityJson>;

export function toUid(uid: EntityJson["uid"]): TypeAndId {
  return "__entity" in uid ? uid.__entity : uid;
}

export function keyOf({ type, id }: TypeAndId): string {
  return `${type}::${JSON.stringify(id)}`;
}

/**
 * Adds to `found` what is known of these entities and of all that they lead to, by their parents and attributes. An attribute can't be
 * read of what nothing leads to, and it is in no group that something is asked about.
 */
export function addReachable(known: EntityMap, from: readonly TypeAndId[], found: Map<string, EntityJson>): void {
  const waiting = [...from];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const key = keyOf(next);
    const entity = known.get(key);
    if (entity === undefined || found.has(key)) continue;
    found.set(key, entity);
    waiting.push(...listReferences(entity));
  }
}

/** Those that an entity leads to. */
export function listReferences({ attrs, parents, tags }: EntityJson): TypeAndId[] {
  return [...parents.map(toUid), ...listLiterals([attrs, tags])];
}

/** Entities that stand in policies or attributes, in their JSON form, where each has a type and an id. */
export function listLiterals(root: unknown): TypeAndId[] {
  const found: TypeAndId[] = [];
  const waiting = [root];
  for (let node = waiting.pop(); waiting.length > 0 || node !== undefined; node = waiting.pop()) {
    if (typeof node !== "object" || node === null) continue;
    if (isUid(node)) found.push({ type: node.type, id: node.id });
    waiting.push(...Object.values(node));
  }
  return found;
}

/** An attribute may be a record that looks like one: then more is handed over than is needed. */
function isUid(node: object): node is TypeAndId {
  return "type" in node && "id" in node && typeof node.type === "string" && typeof node.id === "string";
}
