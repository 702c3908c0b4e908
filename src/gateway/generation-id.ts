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

/** Characters that are written before they go into the hash. */
const BATCH = 16 * 1024;
/** Kinds of records with one first key that are kept; maps with keys of a user's own are each a kind of its own. */
const MAX_SHAPES = 32;

/** Throws on a value that no configuration holds (a function, a Map): a bug of the program. */
export function computeGeneration(config: object): string {
  const writer = new CanonicalWriter();
  writer.write(config);
  return writer.digest(true).slice(0, ID_LENGTH);
}

/** A digest that never leaves the process: secrets go in as they are, which costs nothing. */
export function digest(value: object): string {
  const writer = new CanonicalWriter();
  writer.write(value);
  return writer.digest(false);
}

/** The keys of one kind of record. */
interface Shape {
  /** As they stand in the record, without those that are undefined. */
  readonly keys: readonly string[];
  readonly sorted: readonly string[];
  /** How a record of it begins. */
  readonly opening: string;
}

/**
 * Each value begins with its kind and, where it has one, its length: no two values are written alike. The keys of a kind of record
 * are written when it first comes, then only its number, since a configuration of 10,000 routes is mostly keys.
 */
class CanonicalWriter {
  readonly #hash: Hash = createHash("sha256");
  #text = "";
  /** In the order in which they stand in the text, where each is a star. */
  readonly #secrets: string[] = [];
  /** By the first key. */
  readonly #shapes = new Map<string, Shape[]>();
  /** Numbers of kinds, by their keys in order. */
  readonly #numbers = new Map<string, number>();

  write(value: unknown): void {
    if (typeof value === "string") this.#text += `"${value.length}:${value}`;
    else if (typeof value === "number") this.#text += `#${value};`;
    else if (typeof value === "boolean") this.#text += value ? "+" : "-";
    else if (value === null) this.#text += "0";
    else if (typeof value === "object") this.#writeObject(value);
    else throw new Error(`a configuration holds no ${typeof value}`);
  }

  digest(isPublished: boolean): string {
    this.#flush();
    if (this.#secrets.length > 0) {
      const all = this.#secrets.map((text) => `${text.length}:${text}`).join("");
      this.#hash.update(isPublished ? scryptSync(all, SALT, 32, SCRYPT) : all);
    }
    return this.#hash.digest("hex");
  }

  #writeObject(value: object): void {
    if (Array.isArray(value)) {
      this.#text += `[${value.length}:`;
      for (let i = 0; i < value.length; i++) this.write(value[i]);
      return;
    }
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === Object.prototype || prototype === null) {
      this.#writeRecord(value as Readonly<Record<string, unknown>>);
    } else if (value instanceof Secret) {
      this.#text += "*";
      this.#secrets.push(value.reveal());
    } else if (value instanceof Uint8Array) {
      this.#text += `=${value.length}:${createHash("sha256").update(value).digest("hex")}`;
    } else {
      throw new Error(`a configuration holds no ${value.constructor.name}`);
    }
  }

  #writeRecord(record: Readonly<Record<string, unknown>>): void {
    const { sorted, opening } = this.#shapeOf(record);
    this.#text += opening;
    for (let i = 0; i < sorted.length; i++) this.write(record[sorted[i] ?? ""]);
    if (this.#text.length >= BATCH) this.#flush();
  }

  #shapeOf(record: Readonly<Record<string, unknown>>): Shape {
    const keys = listKeys(record);
    const first = keys[0] ?? "";
    let shapes = this.#shapes.get(first);
    if (shapes === undefined) {
      shapes = [];
      this.#shapes.set(first, shapes);
    }
    for (const shape of shapes) if (isSame(shape.keys, keys)) return shape;
    const sorted = keys.slice().sort();
    const shape = { keys, sorted, opening: `{${this.#number(sorted)}:` };
    if (shapes.length < MAX_SHAPES) shapes.push(shape);
    return shape;
  }

  /** Of the kind of record with these keys, which are written when it is new. */
  #number(sorted: readonly string[]): number {
    const text = `${sorted.length}:${sorted.map((key) => `${key.length}:${key}`).join("")}`;
    let number = this.#numbers.get(text);
    if (number === undefined) {
      number = this.#numbers.size;
      this.#numbers.set(text, number);
      this.#text += `%${text}`;
    }
    return number;
  }

  #flush(): void {
    this.#hash.update(this.#text, "utf8");
    this.#text = "";
  }
}

/** What is undefined is not there. */
function listKeys(record: Readonly<Record<string, unknown>>): string[] {
  const keys = Object.keys(record);
  for (let i = 0; i < keys.length; i++) {
    if (record[keys[i] ?? ""] === undefined) return keys.filter((key) => record[key] !== undefined);
  }
  return keys;
}

function isSame(a: readonly string[], b: readonly string[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
