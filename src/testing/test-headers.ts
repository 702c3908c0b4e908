// Header or trailer fields as tests look at them: by name in any case, or all in their order. Read only; not the engine's Fields.

/** How tests write fields: a map, whose values may be lists, or pairs where order and repetition matter. A web `Headers` fits too. */
export type HeadersInput = Readonly<Record<string, string | number | readonly string[]>> | Iterable<readonly [name: string, value: string]>;

export class TestHeaders implements Iterable<readonly [name: string, value: string]> {
  /** Names in lower case, each line of its own, in the order of arrival. */
  readonly list: readonly (readonly [name: string, value: string])[];

  constructor(list: readonly (readonly [name: string, value: string])[]) {
    this.list = list;
  }

  /** All values of the field joined by `, `; null when it isn't there. */
  get(name: string): string | null {
    const values = this.getAll(name);
    return values.length === 0 ? null : values.join(", ");
  }

  /** One value a line. */
  getAll(name: string): string[] {
    const wanted = name.toLowerCase();
    return this.list.filter(([each]) => each === wanted).map(([, value]) => value);
  }

  has(name: string): boolean {
    const wanted = name.toLowerCase();
    return this.list.some(([each]) => each === wanted);
  }

  /** For comparisons: names in lower case, values joined as get() does. */
  toObject(): Record<string, string> {
    return Object.fromEntries(this.list.map(([name]) => [name, this.get(name) ?? ""]));
  }

  [Symbol.iterator](): Iterator<readonly [name: string, value: string]> {
    return this.list[Symbol.iterator]();
  }
}

/** The lines that `input` stands for, as written. */
export function toLines(input: HeadersInput | undefined): (readonly [name: string, value: string])[] {
  if (input === undefined) return [];
  if (isPairs(input)) return [...input];
  return Object.entries(input).flatMap(([name, value]) =>
    Array.isArray(value) ? value.map((each: string) => [name, each] as const) : [[name, String(value)] as const],
  );
}

function isPairs(input: HeadersInput): input is Iterable<readonly [name: string, value: string]> {
  return Symbol.iterator in input;
}
