// What zod found, in our words: each of its issues becomes a finding with a code, what was expected, what came, and a hint.

import * as z from "zod";
import { selectNearest } from "../base/index.ts";
import { isUnbuiltText, type RefusalParams } from "./fields.ts";
import { selectHabitual, selectHabitualValue, toMapHint, toReferenceHint, toRefusedHint } from "./habits.ts";
import { type Finding, type IssueCode, type IssuePath, toPathText, toShown } from "./issue.ts";
import type { PathSet } from "./path-set.ts";

type ZodIssue = z.core.$ZodIssue;

const WORDS_FOR_OFF = new Set(["false", "null", "0", "no", "none", "never", "disabled", "unlimited", "OFF", "Off"]);

/** Of keys that a hint names; a list of twenty helps nobody. */
const MAX_KNOWN = 14;

interface Judged {
  readonly schema: z.core.$ZodType;
  readonly value: unknown;
  /** Places where something better has been said already. */
  readonly covered: PathSet;
}

/** Findings in the order of `issues`. A key that is missing where its misspelling stands is one mistake, and told as that. */
export function translateIssues(issues: readonly ZodIssue[], judged: Judged): Finding[] {
  const findings = issues.flatMap((issue) => translate(issue, [], judged));
  const meant = new Set(findings.flatMap(({ code, path, hint }) => (code === "SP_CONFIG_UNKNOWN_KEY" ? toMeantKey(path, hint) : [])));
  return findings.filter(({ code, path }) => code !== "SP_CONFIG_MISSING_KEY" || !meant.has(JSON.stringify(path)));
}

/** The place of the key that a hint of `toKeyHint` names. */
function toMeantKey(path: IssuePath, hint: string | undefined): string[] {
  const key = /(?:^did you mean|belongs inside) `([^`]+)`/.exec(hint ?? "")?.[1];
  return key === undefined ? [] : [JSON.stringify([...path.slice(0, -1), key])];
}

function translate(issue: ZodIssue, base: IssuePath, judged: Judged): Finding[] {
  const path = [...base, ...toIssuePath(issue.path)];
  if (judged.covered.covers(path)) return [];
  if (issue.code === "unrecognized_keys") return issue.keys.flatMap((key) => translateUnknownKey(path, key, judged));
  if (issue.code === "invalid_union") return translateUnion(issue, path, judged);
  if (issue.code === "invalid_key") return issue.issues.map((inner) => translateKey(inner, path));
  const value = valueAt(judged.value, path);
  if (value === undefined) {
    return [
      { code: "SP_CONFIG_MISSING_KEY", path, at: "value", message: `\`${toPathText(path)}\` is missing; it must be ${issue.message}` },
    ];
  }
  const refusal: RefusalParams =
    issue.code === "custom" && issue.params !== undefined ? toRefusal(issue) : { code: toCode(issue), hint: toHint(issue, value, path) };
  const { code, hint } = refusal;
  const message =
    code === "SP_CONFIG_NOT_BUILT"
      ? `not built yet: ${issue.message}`
      : `\`${toPathText(path)}\` must be ${issue.message}; got ${refusal.got ?? toShown(value)}`;
  return [{ code: toUnitCode(code, issue.message), path, at: "value", message, hint }];
}

/** The branch that the value was meant for tells more than "no branch fits": one that got past the value's type. */
function translateUnion(issue: z.core.$ZodIssueInvalidUnion, path: IssuePath, judged: Judged): Finding[] {
  const branches = "errors" in issue ? issue.errors : [];
  const meant = branches.find((branch) => branch.some((inner) => inner.path.length > 0 || !isTypeMismatch(inner)));
  if (meant !== undefined) return meant.flatMap((inner) => translate(inner, path, judged));
  const value = valueAt(judged.value, path);
  const isMissing = value === undefined;
  const message = isMissing ? "is missing; it must be" : "must be";
  const got = isMissing ? "" : `; got ${toShown(value)}`;
  const hint = toUnionHint(issue, branches, value) ?? (typeof value === "string" ? toMapHint(path, value) : undefined);
  const code = isMissing ? "SP_CONFIG_MISSING_KEY" : typeof value === "string" ? "SP_CONFIG_BAD_VALUE" : "SP_CONFIG_WRONG_TYPE";
  return [{ code, path, at: "value", message: `\`${toPathText(path)}\` ${message} ${issue.message}${got}`, hint }];
}

function toUnionHint(issue: ZodIssue, branches: readonly (readonly ZodIssue[])[], value: unknown): string | undefined {
  if (WORDS_FOR_OFF.has(toWord(value)) && issue.message.includes("`off`")) return "what is off is written `off`";
  if ((value === true || value === "on") && issue.message.startsWith("a map, or"))
    return "what is on is written as a map, `{}` at the least";
  if (Array.isArray(value) && issue.message.includes("{ oneOf")) return "several values are written `{ oneOf: [a, b] }`";
  const words = branches
    .flat()
    .flatMap((inner) => (inner.code === "invalid_value" && inner.path.length === 0 ? inner.values.map(String) : []));
  const nearest = typeof value === "string" ? selectNearest(value, words) : undefined;
  if (nearest !== undefined) return `did you mean \`${nearest}\`?`;
  const isScalar = typeof value === "number" || typeof value === "boolean";
  const takesText = branches.some((branch) =>
    branch.some((inner) => inner.code === "invalid_type" && inner.expected === "string" && inner.path.length === 0),
  );
  if (!isScalar || !takesText) return undefined;
  return issue.message.startsWith("a URL") && typeof value === "number" ? `write \`http://127.0.0.1:${value}\`` : toQuoteHint(value);
}

function toQuoteHint(value: number | boolean): string {
  return `quote it: "${value}"`;
}

function translateKey(issue: ZodIssue, path: IssuePath): Finding {
  const { code, hint } = issue.code === "custom" ? toRefusal(issue) : { code: "SP_CONFIG_BAD_VALUE" as const, hint: undefined };
  const message = `the key \`${toPathText(path)}\` must be ${issue.message}`;
  return { code, path, at: "key", message, hint };
}

function translateUnknownKey(path: IssuePath, key: string, judged: Judged): Finding[] {
  const keyPath = [...path, key];
  if (judged.covered.covers(keyPath)) return [];
  const message = `\`${toPathText(keyPath)}\` is not a known key`;
  return [{ code: "SP_CONFIG_UNKNOWN_KEY", path: keyPath, at: "key", message, hint: toKeyHint(path, key, judged.schema) }];
}

function toKeyHint(path: IssuePath, key: string, root: z.core.$ZodType): string | undefined {
  const shape = shapeAt(root, path);
  if (shape === undefined) return undefined;
  const known = Object.keys(shape);
  const inside = known.find((name) => Object.hasOwn(toShape(shape[name]) ?? {}, key));
  // Whoever says which header has not said whether it is the request's.
  const other = inside === "request" && known.includes("response") ? " or `response`" : "";
  if (inside !== undefined) return `\`${key}\` belongs inside \`${inside}\`${other}`;
  const nearest = selectHabitual(path, key, known) ?? selectNearest(key, known);
  if (nearest !== undefined) return `did you mean \`${nearest}\`?`;
  if (Object.hasOwn(shape, "lacks") && Object.hasOwn(shapeAt(root, ["routes", 0]) ?? {}, key))
    return `write \`has: [${key}]\`, or \`lacks: [${key}]\``;
  for (let depth = path.length - 1; depth >= 0; depth--) {
    const outer = path.slice(0, depth);
    if (Object.hasOwn(shapeAt(root, outer) ?? {}, key))
      return `\`${key}\` belongs ${depth === 0 ? "at the top" : `in \`${toPathText(outer)}\``}`;
  }
  const built = known.filter((name) => !isUnbuilt(shape[name]));
  const shown = built.slice(0, MAX_KNOWN).join(", ");
  return built.length > MAX_KNOWN ? `known here: ${shown} and ${built.length - MAX_KNOWN} more` : `known here: ${shown}`;
}

function isUnbuilt(schema: z.core.$ZodType | undefined): boolean {
  const def = schema === undefined ? undefined : (schema as z.core.$ZodTypes)._zod.def;
  const inner = def?.type === "optional" ? def.innerType : schema;
  return inner !== undefined && isUnbuiltText(z.globalRegistry.get(inner)?.description);
}

function isTypeMismatch(issue: ZodIssue): boolean {
  return issue.code === "invalid_type" || issue.code === "invalid_value";
}

/** Of an issue that fields.ts has made; zod's own custom ones have no parameters. */
function toRefusal(issue: z.core.$ZodIssueCustom): RefusalParams {
  return issue.params as unknown as RefusalParams;
}

function toCode(issue: ZodIssue): IssueCode {
  return issue.code === "invalid_type" && issue.expected !== "int" ? "SP_CONFIG_WRONG_TYPE" : "SP_CONFIG_BAD_VALUE";
}

/** A bare number where a unit belongs is a mistake about units, whatever its type. */
function toUnitCode(code: IssueCode, expectation: string): IssueCode {
  if (code !== "SP_CONFIG_WRONG_TYPE") return code;
  if (expectation.startsWith("a duration")) return "SP_CONFIG_BAD_DURATION";
  return expectation.startsWith("a size") || expectation.startsWith("a rate") ? "SP_CONFIG_BAD_SIZE" : code;
}

function toHint(issue: ZodIssue, value: unknown, path: IssuePath): string | undefined {
  const expectation = issue.message;
  if (issue.code === "too_small" && value === 0) return zeroHint(expectation);
  if (issue.code === "invalid_value") {
    if (typeof value === "string" && issue.values.map(String).includes(value)) return "write it without quotes";
    const words = issue.values.map(String);
    const refused = typeof value === "string" ? toRefusedHint(value, words) : undefined;
    if (refused !== undefined) return refused;
    const nearest = typeof value === "string" ? (selectHabitualValue(value, words) ?? selectNearest(value, words)) : undefined;
    if (nearest !== undefined) return `did you mean \`${nearest}\`?`;
    if (typeof value === "number" && issue.values.includes(String(value))) return toQuoteHint(value);
    return issue.values.includes(true) && /^(?:yes|y|on)$/i.test(toWord(value)) ? "write `true`" : undefined;
  }
  if (issue.code !== "invalid_type") return undefined;
  if (typeof value === "number") {
    if (expectation.startsWith("a duration")) return value === 0 ? zeroHint(expectation) : `\`${value}s\` or \`${value}ms\`?`;
    if (expectation.startsWith("a size")) return value === 0 ? zeroHint(expectation) : `\`${value}B\` or \`${value}KiB\`?`;
    if (expectation.startsWith("a rate")) return value === 0 ? zeroHint(expectation) : `\`${value}B/s\` or \`${value}KiB/s\`?`;
    if (expectation.startsWith("a number for each")) return `\`${value}/s\` or \`${value}/m\`?`;
    if (expectation.startsWith("a share")) return `write \`${Number((value <= 1 ? value * 100 : value).toFixed(3))}%\``;
    if (expectation.startsWith("an address")) return `write \`127.0.0.1:${value}\`, or \`0.0.0.0:${value}\` for every network`;
  }
  if (issue.expected === "string" && (typeof value === "number" || typeof value === "boolean")) return toQuoteHint(value);
  if (issue.expected === "boolean" && /^(?:on|off|yes|no)$/i.test(toWord(value))) return `write \`${/^(?:on|yes)$/i.test(toWord(value))}\``;
  if (typeof value === "string" && issue.expected !== "array") return toMapHint(path, value);
  if (typeof value === "number" && path.at(-1) === "concurrency") return toMapHint(path, String(value));
  if (issue.expected === "string" && typeof value === "object") return toReferenceHint(path);
  if (issue.expected === "array") return "put it in `[ ]`, or each entry on a line that begins with `- `";
  return undefined;
}

function zeroHint(expectation: string): string | undefined {
  return expectation.includes("`off`") ? "zero never means off: write `off`" : undefined;
}

/** Symbols can't stand in a configuration; zod's type allows for them. */
function toIssuePath(path: readonly PropertyKey[]): IssuePath {
  return path.map((part) => (typeof part === "symbol" ? String(part) : part));
}

function valueAt(root: unknown, path: IssuePath): unknown {
  let value = root;
  for (const part of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<string | number, unknown>)[part];
  }
  return value;
}

type Shape = Readonly<Record<string, z.core.$ZodType>>;

function shapeAt(root: z.core.$ZodType, path: IssuePath): Shape | undefined {
  let schemas: readonly z.core.$ZodType[] = [root];
  for (const part of path) {
    schemas = schemas.flatMap(toContainers).flatMap((def) => {
      if (def.type === "object") return def.shape[String(part)] ?? [];
      return def.type === "array" ? def.element : def.valueType;
    });
  }
  const shapes = schemas.map(toShape).filter((shape) => shape !== undefined);
  return shapes.length === 0 ? undefined : Object.assign({}, ...shapes);
}

/** The keys of every alternative. */
function toShape(schema: z.core.$ZodType | undefined): Shape | undefined {
  const shapes = schema === undefined ? [] : toContainers(schema).flatMap((def) => (def.type === "object" ? [def.shape] : []));
  return shapes.length === 0 ? undefined : Object.assign({}, ...shapes);
}

type Container = z.core.$ZodObjectDef | z.core.$ZodArrayDef | z.core.$ZodRecordDef;

/** The maps and lists behind defaults, options and the alternatives of a union. */
function toContainers(schema: z.core.$ZodType): readonly Container[] {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  if (def.type === "object" || def.type === "array" || def.type === "record") return [def];
  if (def.type === "optional" || def.type === "default" || def.type === "prefault") return toContainers(def.innerType);
  if (def.type === "pipe") return toContainers(def.in);
  return def.type === "union" ? def.options.flatMap(toContainers) : [];
}

/** A scalar as it is written; maps and lists have no such word (and a map without a prototype no `String`). */
function toWord(value: unknown): string {
  return typeof value === "object" && value !== null ? "" : String(value);
}
