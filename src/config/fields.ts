// The kinds of field that the schema is made of. Each carries its parser, the words that say what it takes, and its documentation;
// a refusal travels through zod as a custom issue with a code and a hint. What the metadata holds besides `description` is for
// json-schema.ts and the reference pages.

import * as z from "zod";
import type { IssueCode } from "./issue.ts";
import { parseDuration, parseRate, parseSize, type QuantityForm, toQuantityExpectation } from "./quantities.ts";
import { Refusal, type ValueParser } from "./refusal.ts";
import { toQuantityForm, toWrittenForm, type WrittenForm } from "./written-forms.ts";

/** What a custom issue carries besides its message, which is the expectation. */
export interface RefusalParams {
  readonly code: IssueCode;
  readonly hint: string | undefined;
  /** What came, in words, where the value alone doesn't tell. */
  readonly got?: string;
}

/** A text with a parser of its own. `expects` ends the sentence "… must be". */
export function text<Value>(parse: ValueParser<Value>, expects: string, description: string) {
  return formedText(parse, expects, description, toWrittenForm(parse));
}

/** One step, where `z.string().transform()` takes three: 10,000 routes have a hundred thousand texts. */
function formedText<Value>(parse: ValueParser<Value>, expects: string, description: string, form: WrittenForm | undefined) {
  const made = z.transform<unknown, Value>((written, context) => {
    if (typeof written !== "string") {
      context.issues.push({ code: "invalid_type", expected: "string", input: written, message: expects });
      return z.NEVER;
    }
    const value = parse(written);
    if (!(value instanceof Refusal)) return value;
    const params: RefusalParams = { code: value.code, hint: value.hint };
    context.issues.push({ code: "custom", input: written, message: value.expected, params });
    return z.NEVER;
  });
  const schema = made.meta({ description, takes: expects, form });
  // To zod a transform may be left out, since it could make something of nothing.
  schema._zod.optin = undefined;
  return schema as unknown as z.ZodType<Value, string>;
}

/** Text as it is. */
export function plainText(expects: string, description: string) {
  return z.string({ error: expects }).min(1, { error: expects }).meta({ description, takes: expects });
}

/** Text of one form, as it is; `pattern` has both anchors. */
export function shapedText(pattern: RegExp, expects: string, description: string) {
  return z.string({ error: expects }).regex(pattern, { error: expects }).meta({ description, takes: expects });
}

export function duration<const Form extends QuantityForm>(form: Form, description: string) {
  const parse = (written: string) => parseDuration(written, form);
  return formedText(parse, toQuantityExpectation(form, "duration"), description, toQuantityForm(form, "duration"));
}

export function size<const Form extends QuantityForm>(form: Form, description: string) {
  const parse = (written: string) => parseSize(written, form);
  return formedText(parse, toQuantityExpectation(form, "size"), description, toQuantityForm(form, "size"));
}

export function rate<const Form extends QuantityForm>(form: Form, description: string) {
  const parse = (written: string) => parseRate(written, form);
  return formedText(parse, toQuantityExpectation(form, "rate"), description, toQuantityForm(form, "rate"));
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

type Choices<Shape extends z.core.$ZodLooseShape> = {
  output: { [Key in keyof Shape]: { [Only in Key]: z.output<Shape[Only]> } }[keyof Shape];
  input: {
    [Key in keyof Shape]: { [Only in Key]: z.input<Shape[Only]> } & { [Other in Exclude<keyof Shape, Key>]?: undefined };
  }[keyof Shape];
};

/** A map with exactly one of these keys: how this language writes a choice. */
export function oneOf<Shape extends z.core.$ZodLooseShape>(shape: Shape, description: string) {
  const words = Object.keys(shape);
  const expects =
    words.length === 2 ? `a map with either ${words.map(quote).join(" or ")}` : `a map with exactly one of ${words.map(quote).join(", ")}`;
  const options = Object.fromEntries(words.map((word) => [word, z.optional(shape[word] as z.ZodType)]));
  return z
    .strictObject(options, { error: (issue) => (issue.code === "invalid_type" ? expects : undefined) })
    .check((context) => {
      // A word that is not known is said to be that, with the one that was meant.
      if (context.issues.length > 0) return;
      const written = words.filter((word) => context.value[word] !== undefined);
      if (written.length === 1) return;
      const got = written.length === 0 ? "none of them" : written.map(quote).join(" and ");
      const params: RefusalParams = {
        code: written.length === 0 ? "SP_CONFIG_MISSING_KEY" : "SP_CONFIG_CONTRADICTION",
        hint: undefined,
        got,
      };
      context.issues.push({ code: "custom", input: context.value, message: expects, params });
    })
    .meta({ description, takes: expects, minProperties: 1, maxProperties: 1 }) as unknown as z.ZodType<
    Choices<Shape>["output"],
    Choices<Shape>["input"]
  >;
}

/** The map with every default filled in where it is left out; made once, since every route has several. */
export function orDefaults<Schema extends z.ZodType>(schema: Schema) {
  const whole = Object.freeze(schema.parse({})) as z.output<Schema>;
  return schema.default(() => whole as never).meta({ ...schema.meta(), written: {} });
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

/** A map whose keys are the user's. */
export function mapOf<Key extends z.ZodType<string>, Value extends z.ZodType>(
  key: Key,
  value: Value,
  expects: string,
  description: string,
) {
  return z.record(key, value, { error: expects }).meta({ description });
}

/** One of these words. */
export function choice<const Words extends readonly [string, ...string[]]>(words: Words, description: string) {
  return z.enum(words, { error: toChoiceExpectation(words) }).meta({ description });
}

/** The one value that is built. */
export function only<const Value extends string | number | true>(value: Value, description: string) {
  return z.literal(value, { error: `\`${value}\`` }).meta({ description });
}

/** Whatever JSON can say. Not `z.json()`: a schema that holds itself makes zod keep track of every map that it sees, at twice the time. */
export function jsonValue(description: string) {
  return z.custom<z.core.util.JSONType>(isJson, { error: "a JSON value" }).meta({ description, takes: "any value" });
}

/** `true` or `false`. */
export function flag(description: string) {
  return z.boolean({ error: "`true` or `false`" }).meta({ description });
}

/** A part of the language that not-built.ts refuses by name: its type stands here so that editors know the word. */
export function notBuilt<Schema extends z.ZodType>(schema: Schema, description: string) {
  return schema.meta({ description: `${NOT_BUILT_YET} ${description}` });
}

/** Whether a description is that of such a part. */
export function isUnbuiltText(description: string | undefined): boolean {
  return description?.startsWith(NOT_BUILT_YET) === true;
}

const NOT_BUILT_YET = "Not built yet.";

function isJson(value: unknown): boolean {
  if (value === null || typeof value === "string" || typeof value === "boolean") return true;
  if (typeof value === "number") return Number.isFinite(value);
  return typeof value === "object" && Object.values(value).every(isJson);
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

function quote(word: string): string {
  return `\`${word}\``;
}

function toChoiceExpectation(words: readonly string[]): string {
  const quoted = words.map(quote);
  const last = quoted.pop() ?? "";
  return quoted.length === 0 ? last : `${quoted.join(", ")} or ${last}`;
}
