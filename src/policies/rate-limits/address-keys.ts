// What addresses are counted under. Those that take work are remembered, since a client comes again and again. @hot

import { ipKey } from "../../base/index.ts";

/** Addresses that are remembered; then it begins anew, so that many different ones cost no more than a first look at each. */
const MOST = 4096;

export class AddressKeys {
  readonly #v4: number;
  readonly #v6: number;
  readonly #known: Map<string, string>;

  constructor(v4: number, v6: number) {
    this.#v4 = v4;
    this.#v6 = v6;
    // hot-exception: once for all limits with these lengths, rate-limits.bench.ts
    this.#known = new Map();
  }

  /** As ipKey. */
  of(address: string): string {
    if (this.#v4 === 32 && address.indexOf(":") < 0) return address;
    const known = this.#known.get(address);
    if (known !== undefined) return known;
    const key = ipKey(address, this.#v4, this.#v6);
    if (this.#known.size >= MOST) this.#known.clear();
    this.#known.set(address, key);
    return key;
  }
}

/** All limits with the same lengths share one. */
const byLengths = new Map<string, AddressKeys>();

export function addressKeys(v4: number, v6: number): AddressKeys {
  const name = `${v4} ${v6}`;
  let keys = byLengths.get(name);
  if (keys === undefined) {
    keys = new AddressKeys(v4, v6);
    byLengths.set(name, keys);
  }
  return keys;
}
