// The schema of configurations as JSON Schema (draft 2020-12), for editors: `sallyport schema` prints it, docs/reference keeps it. It lets
// pass whatever loading accepts, and `${env:…}` and `${file:…}` wherever a text may stand; what it can't say is left to `check`.

import * as z from "zod";
import { configurationSchema, teamSchema } from "./schema.ts";
import type { WrittenForm } from "./written-forms.ts";

/** The parts of a JSON Schema that are made here. */
export interface SchemaNode {
  type?: string;
  title?: string;
  description?: string;
  /** In the written form: `10s`, `off`. */
  default?: unknown;
  examples?: readonly unknown[];
  pattern?: string;
  properties?: Record<string, SchemaNode>;
  required?: readonly string[];
  additionalProperties?: SchemaNode | boolean;
  propertyNames?: SchemaNode;
  items?: SchemaNode;
  anyOf?: readonly SchemaNode[];
  enum?: readonly unknown[];
  const?: unknown;
  minimum?: number;
  maximum?: number;
  minProperties?: number;
  maxProperties?: number;
  /** What it takes, in words: for the reference pages. Editors don't get it. */
  takes?: string;
  $schema?: string;
  $defs?: Record<string, SchemaNode>;
  $ref?: string;
}

const REFERENCE = "\\$\\{(?:env|file):[^}]+\\}";

/** Of the gateway's own file. A new object each time. */
export function configurationJsonSchema(): object {
  return forEditors(describeConfiguration(), "A configuration of Sallyport");
}

/** Of a team's file. A new object each time. */
export function teamJsonSchema(): object {
  return forEditors(describeTeam(), "A team's part of a configuration of Sallyport");
}

/** The same with the words for what is taken, and without references: what the reference pages are written from. */
export function describeConfiguration(): SchemaNode {
  return describe(configurationSchema);
}

export function describeTeam(): SchemaNode {
  return describe(teamSchema);
}

/** Of a file in which `${env:…}` means nothing. A new object each time. */
export function toPlainJsonSchema(schema: z.ZodType): object {
  return withoutTakes(describe(schema));
}

function withoutTakes({ takes: _, ...node }: SchemaNode): SchemaNode {
  const { properties, additionalProperties, propertyNames, items, anyOf } = node;
  const made: SchemaNode = { ...node };
  if (properties !== undefined) made.properties = mapValues(properties, withoutTakes);
  if (typeof additionalProperties === "object") made.additionalProperties = withoutTakes(additionalProperties);
  if (propertyNames !== undefined) made.propertyNames = withoutTakes(propertyNames);
  if (items !== undefined) made.items = withoutTakes(items);
  if (anyOf !== undefined) made.anyOf = anyOf.map(withoutTakes);
  return made;
}

function describe(schema: z.ZodType): SchemaNode {
  return z.toJSONSchema(schema, { io: "input", unrepresentable: "any", override: complete }) as SchemaNode;
}

/** What zod leaves out: texts with parsers are transforms to it, and defaults of theirs it drops. */
function complete({ zodSchema, jsonSchema }: { zodSchema: z.core.$ZodTypes; jsonSchema: unknown }): void {
  const node = jsonSchema as SchemaNode & { form?: WrittenForm; written?: unknown };
  const { def } = zodSchema._zod;
  if (def.type === "transform") node.type = "string";
  if (def.type === "default" || def.type === "prefault") node.default = node.written ?? def.defaultValue;
  if (node.form?.pattern !== undefined) node.pattern = node.form.pattern;
  if (node.form !== undefined && node.form.examples.length > 0) node.examples = node.form.examples;
  // As zod does with those: they are this schema's, and not of the one that it wraps.
  delete node.form;
  delete node.written;
}

function forEditors(root: SchemaNode, title: string): object {
  const { $schema, description, ...rest } = withReferences(root);
  const reference: SchemaNode = {
    type: "string",
    pattern: REFERENCE,
    description: "A value from the environment or from a file: `${env:NAME}`, `${file:PATH}`.",
  };
  return { $schema, title, description, ...rest, $defs: { reference } };
}

/** Words and patterns let a reference pass; keys are no place for one. */
function withReferences({ takes: _, ...node }: SchemaNode): SchemaNode {
  const { properties, additionalProperties, items, anyOf } = node;
  const made: SchemaNode = { ...node };
  if (node.propertyNames !== undefined) made.propertyNames = toKeySchema(node.propertyNames);
  if (properties !== undefined) made.properties = mapValues(properties, withReferences);
  if (typeof additionalProperties === "object") made.additionalProperties = withReferences(additionalProperties);
  if (items !== undefined) made.items = withReferences(items);
  if (node.pattern !== undefined) made.pattern = `${node.pattern}|${REFERENCE}`;
  if (anyOf !== undefined) {
    made.anyOf = anyOf.some(isWord)
      ? [...anyOf.map((branch) => (isWord(branch) ? bare(branch) : withReferences(branch))), TO_REFERENCE]
      : anyOf.map(withReferences);
  }
  if (!isWord(node)) return made;
  const { description, default: preset, ...word } = made;
  const outer: SchemaNode = { anyOf: [word, TO_REFERENCE] };
  if (description !== undefined) outer.description = description;
  if (preset !== undefined) outer.default = preset;
  return outer;
}

const TO_REFERENCE: SchemaNode = { $ref: "#/$defs/reference" };

function isWord(node: SchemaNode): boolean {
  return typeof node.const === "string" || node.enum?.every((word) => typeof word === "string") === true;
}

function bare({ takes: _, ...node }: SchemaNode): SchemaNode {
  return node;
}

function toKeySchema({ pattern, description }: SchemaNode): SchemaNode {
  return { type: "string", ...(pattern === undefined ? {} : { pattern }), ...(description === undefined ? {} : { description }) };
}

function mapValues(map: Readonly<Record<string, SchemaNode>>, change: (node: SchemaNode) => SchemaNode): Record<string, SchemaNode> {
  return Object.fromEntries(Object.entries(map).map(([key, node]) => [key, change(node)]));
}
