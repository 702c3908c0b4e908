// What policies read of a request: names of attributes, found in their syntax. Cedar has no way to ask for an attribute whose name is not
// written down, so what is in no policy need neither be handed over nor told apart when decisions are kept.

export interface CedarReads {
  /** Names of attributes of anything. */
  readonly names: ReadonlySet<string>;
  /** The context is used as a whole, as in `context == { … }`. */
  readonly wholeContext: boolean;
}

/** Of policies in the JSON form of the language. */
export function findReads(policies: readonly unknown[]): CedarReads {
  const finder = new ReadsFinder();
  for (const policy of policies) finder.look(policy);
  return finder;
}

class ReadsFinder implements CedarReads {
  readonly names = new Set<string>();
  wholeContext = false;

  look(node: unknown): void {
    if (typeof node !== "object" || node === null) return;
    if (Array.isArray(node)) {
      for (const each of node) this.look(each);
      return;
    }
    for (const [key, value] of Object.entries(node)) {
      if (key === "." || key === "has") this.#lookAtAccess(value);
      else if (key === "Var" && value === "context") this.wholeContext = true;
      else this.look(value);
    }
  }

  #lookAtAccess(access: unknown): void {
    if (typeof access !== "object" || access === null) return;
    const { attr, left } = access as { readonly attr?: unknown; readonly left?: unknown };
    // `has` may have a way of names.
    for (const name of Array.isArray(attr) ? attr : [attr]) if (typeof name === "string") this.names.add(name);
    const isContext = typeof left === "object" && left !== null && "Var" in left && left.Var === "context";
    if (!isContext) this.look(left ?? access);
  }
}
