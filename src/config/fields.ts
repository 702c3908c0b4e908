// The kinds of field that the schema is made of. Each carries its parser, the words that say what it takes, and its documentation;
// a refusal travels through zod as a custom issue with a code and a hint.

import * as z from "zod";
import type { IssueCode } from "./issue.ts";
import { parseDuration, parseRate, parseSize, type QuantityForm, toQuantityExpectation } from "./quantities.ts";
import { Refusal, type ValueParser } from "./refusal.ts";

/** What a custom issue carries besides its message, which is the expectation. */
export interface RefusalParams {
  readonly code: IssueCode;
  readonly hint: string | undefined;
}

/** A text with a parser of its own. `expects` ends the sentence "… must be". */
export function text<Value>(parse: ValueParser<Value>, expects: string, description: string) {
  return z
    .string({ error: expects })
    .transform((written, context): Value => {
      const value = parse(written);
      if (!(value instanceof Refusal)) return value;
      const params: RefusalParams = { code: value.code, hint: value.hint };
      context.issues.push({ code: "custom", input: written, message: value.expected, params });
      return z.NEVER;
    })
    .meta({ description });
}

export function duration<const Form extends QuantityForm>(form: Form, description: string) {
  return text((written) => parseDuration(written, form), toQuantityExpectation(form, "duration"), description);
}

export function size<const Form extends QuantityForm>(form: Form, description: string) {
  return text((written) => parseSize(written, form), toQuantityExpectation(form, "size"), description);
}

export function rate<const Form extends QuantityForm>(form: Form, description: string) {
  return text((written) => parseRate(written, form), toQuantityExpectation(form, "rate"), description);
}

/** A whole number from `min` to `max`. */
export function count(min: number, max: number, description: string) {
  return wholeNumber(min, max, `a whole number from ${min} to ${max}`).meta({ description });
}

/** The same, or `off`, which is null. */
export function countOrOff(min: number, max: number, description: string) {
  const expects = `a whole number from ${min} to ${max}, or \`off\``;
  return z.union([off(), wholeNumber(min, max, expects)], { error: expects }).meta({ description });
}

/** A map with these keys and no other. */
export function fields<Shape extends z.core.$ZodLooseShape>(shape: Shape, description: string) {
  return z.strictObject(shape, { error: toMapExpectation }).meta({ description });
}

/** The map, or `off`, which is null. */
export function fieldsOrOff<Schema extends z.ZodType>(schema: Schema, description: string) {
  return z.union([off(), schema], { error: "a map, or `off`" }).meta({ description });
}

export function list<Item extends z.ZodType>(item: Item, description: string) {
  return z.array(item, { error: "a list" }).meta({ description });
}

/** A list that says something. */
export function fullList<Item extends z.ZodType>(item: Item, description: string) {
  return z.array(item, { error: "a list" }).min(1, { error: "a list of at least one" }).meta({ description });
}

/** One of these words. */
export function choice<const Words extends readonly [string, ...string[]]>(words: Words, description: string) {
  return z.enum(words, { error: toChoiceExpectation(words) }).meta({ description });
}

/** The one value that is built. */
export function only<const Value extends string | number | true>(value: Value, description: string) {
  return z.literal(value, { error: `\`${value}\`` }).meta({ description });
}

/** `true` or `false`. */
export function flag(description: string) {
  return z.boolean({ error: "`true` or `false`" }).meta({ description });
}

/** A part of the language that not-built.ts refuses by name: its type stands here so that editors know the word. */
export function notBuilt<Schema extends z.ZodType>(schema: Schema, description: string) {
  return schema.meta({ description: `Not built yet. ${description}` });
}

function off() {
  return z.literal("off", { error: "`off`" }).transform(() => null);
}

function wholeNumber(min: number, max: number, expects: string) {
  return z.number({ error: expects }).int({ error: expects }).min(min, { error: expects }).max(max, { error: expects });
}

function toMapExpectation(issue: { readonly code?: string | undefined }): string | undefined {
  return issue.code === "invalid_type" ? "a map" : undefined;
}

function toChoiceExpectation(words: readonly string[]): string {
  const quoted = words.map((word) => `\`${word}\``);
  const last = quoted.pop() ?? "";
  return quoted.length === 0 ? last : `${quoted.join(", ")} or ${last}`;
}
