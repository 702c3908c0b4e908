// The generation id: a digest of a configuration and of everything in it, secrets and the contents of files included. The same
// content has the same id on every machine and runtime, in whatever order its keys came.
//
// The id is published, in logs and metrics. So that nobody tries guesses at a secret against it, all secrets go through scrypt
// together: a guess costs milliseconds and must be right about every one of them.

import { createHash, type Hash, scryptSync } from "node:crypto";
import { Secret } from "../base/index.ts";

/** 16 characters of 4 bits: two configurations of one gateway will not meet. */
const ID_LENGTH = 16;
/** RFC 7914 2: the cost. 4 MiB and some milliseconds, once a configuration. */
const SCRYPT = { N: 4096, r: 8, p: 1 };
// The same everywhere, or the id would not be; it only keeps these digests apart from those of other programs.
const SALT = "sallyport generation";
/** Characters that are written before they are handed to the hash. */
const BATCH = 64 * 1024;

/** Throws on a value that no configuration holds (a function, a Map): a bug of the program. */
export function computeGeneration(config: object): string {
  const writer = new CanonicalWriter();
  writer.write(config);
  return writer.digest().slice(0, ID_LENGTH);
}

/** Each value begins with its kind and, where it has one, its length: no two values are written alike. */
class CanonicalWriter {
  readonly #hash: Hash = createHash("sha256");
  #text = "";
  readonly #secrets: string[] = [];
  /** Sorted keys by the keys as they stand: objects of one kind have theirs in one order. */
  readonly #orders = new Map<string, readonly string[]>();

  write(value: unknown): void {
    switch (typeof value) {
      case "string":
        this.#put(`"${value.length}:${value}`);
        break;
      case "number":
        this.#put(`#${value};`);
        break;
      case "boolean":
        this.#put(value ? "+" : "-");
        break;
      case "object":
        if (value === null) this.#put("0");
        else this.#writeObject(value);
        break;
      default:
        throw new Error(`a configuration holds no ${typeof value}`);
    }
  }

  #writeObject(value: object): void {
    if (Array.isArray(value)) {
      this.#put(`[${value.length}:`);
      for (const item of value) this.write(item);
    } else if (value instanceof Secret) {
      // Where it stands counts here, what it is in digest().
      this.#put("*");
      this.#secrets.push(value.reveal());
    } else if (value instanceof Uint8Array) {
      this.#put(`=${value.length}:${createHash("sha256").update(value).digest("hex")}`);
    } else if (Object.getPrototypeOf(value) === Object.prototype || Object.getPrototypeOf(value) === null) {
      this.#writeRecord(value as Readonly<Record<string, unknown>>);
    } else {
      throw new Error(`a configuration holds no ${value.constructor.name}`);
    }
  }

  #writeRecord(record: Readonly<Record<string, unknown>>): void {
    this.#put("{");
    for (const key of this.#sortedKeys(record)) {
      const value = record[key];
      // What is undefined is not there.
      if (value === undefined) continue;
      this.#put(`${key.length}:${key}`);
      this.write(value);
    }
    this.#put("}");
  }

  #sortedKeys(record: object): readonly string[] {
    const keys = Object.keys(record);
    const shape = JSON.stringify(keys);
    let order = this.#orders.get(shape);
    if (order === undefined) {
      order = keys.sort();
      this.#orders.set(shape, order);
    }
    return order;
  }

  #put(text: string): void {
    this.#text += text;
    if (this.#text.length >= BATCH) this.#flush();
  }

  #flush(): void {
    this.#hash.update(this.#text, "utf8");
    this.#text = "";
  }

  digest(): string {
    this.#flush();
    if (this.#secrets.length > 0) {
      const all = this.#secrets.map((text) => `${text.length}:${text}`).join("");
      this.#hash.update(scryptSync(all, SALT, 32, SCRYPT));
    }
    return this.#hash.digest("hex");
  }
}
