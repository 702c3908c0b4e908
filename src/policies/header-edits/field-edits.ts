// The edits of one side, as each request or response runs them: remove, then set, then add. @hot

import type { HeaderEdits } from "../../config/index.ts";
import { type FieldName, type Fields, fieldName } from "../../http/index.ts";
import { type Exchange, FieldValue } from "../../pipeline/index.ts";

interface FieldLine {
  readonly name: FieldName;
  readonly value: FieldValue;
}

export class FieldEdits {
  readonly #remove: readonly FieldName[];
  readonly #set: readonly FieldLine[];
  readonly #add: readonly FieldLine[];

  constructor(edits: HeaderEdits) {
    this.#remove = edits.remove.map(fieldName);
    this.#set = edits.set.map(toLine);
    this.#add = edits.add.map(toLine);
  }

  apply(exchange: Exchange, fields: Fields): void {
    for (let i = 0; i < this.#remove.length; i++) fields.remove(this.#remove[i]!);
    for (let i = 0; i < this.#set.length; i++) {
      const line = this.#set[i]!;
      fields.set(line.name, line.value.read(exchange));
    }
    for (let i = 0; i < this.#add.length; i++) {
      const line = this.#add[i]!;
      fields.add(line.name, line.value.read(exchange));
    }
  }
}

function toLine(entry: HeaderEdits["set"][number]): FieldLine {
  return { name: fieldName(entry[0]), value: new FieldValue(entry[1]) };
}
