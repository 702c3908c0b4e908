// Policies, entities and a schema, read once: what decisions are made with. The engine keeps the policies, by a number.

import { createHash } from "node:crypto";
import type { CedarValueJson, DetailedError, EntityJson, TypeAndId } from "@cedar-policy/cedar-wasm/nodejs";
import type { CedarConfig } from "../../config/index.ts";
import { type CedarEngine, describeError, loadEngine } from "./cedar-engine.ts";
import { addReachable, type EntityMap, keyOf, listLiterals, toUid } from "./cedar-entities.ts";
import { type CedarReads, findReads } from "./cedar-reads.ts";

type PolicyFile = CedarConfig["policies"][number];
export type CedarSources = Pick<CedarConfig, "policies" | "schema" | "entities">;

export interface CedarProgram {
  readonly engine: CedarEngine;
  /** By which the engine knows the policies. */
  readonly policySetId: string;
  /** Policies that forbid: one of them that can't be evaluated must not be taken for one that does not apply. */
  readonly forbids: ReadonlySet<string>;
  readonly reads: CedarReads;
  /** Of the file, and the actions that the schema groups; by `Type::"id"`. */
  readonly entities: EntityMap;
  /** Of these the ones that policies name, and all that those lead to. */
  readonly named: EntityMap;
}

interface Policies {
  readonly texts: Record<string, string>;
  readonly syntax: readonly unknown[];
  readonly forbids: ReadonlySet<string>;
}

const programs = new Map<string, WeakRef<CedarProgram>>();
/** The engine forgets nothing by itself. */
const released = new FinalizationRegistry<string>((id) => void loadEngine().preparsePolicySet(id, { staticPolicies: "" }));
let count = 0;

/** Throws an error that names the file and the mistake. The same sources give the same program as long as somebody has it. */
export function obtainProgram(sources: CedarSources): CedarProgram {
  const { policies, schema, entities } = sources;
  const digest = createHash("sha256")
    .update(JSON.stringify([policies, schema, entities]))
    .digest("base64");
  const kept = programs.get(digest)?.deref();
  if (kept !== undefined) return kept;
  const program = createProgram(sources);
  programs.set(digest, new WeakRef(program));
  for (const [old, reference] of programs) if (reference.deref() === undefined) programs.delete(old);
  released.register(program, program.policySetId);
  return program;
}

function createProgram({ policies, schema, entities }: CedarSources): CedarProgram {
  const engine = loadEngine();
  const mistakes: string[] = [];
  const read = readPolicies(engine, policies, mistakes);
  const known = readEntities(engine, entities, schema, mistakes);
  const [mistake] = mistakes;
  if (mistake !== undefined) throw new Error(mistake);
  const policySetId = `${++count}`;
  const answer = engine.preparsePolicySet(policySetId, { staticPolicies: read.texts });
  if (answer.type === "failure") throw new Error(answer.errors.map((error) => describeError(error, "policies", "")).join("; "));
  const named = new Map<string, EntityJson>();
  addReachable(known, listLiterals(read.syntax), named);
  return { engine, policySetId, forbids: read.forbids, reads: findReads(read.syntax), entities: known, named };
}

/** Every mistake, each with its file. Empty: decisions can be made with them. */
export function checkCedar(policies: readonly PolicyFile[], schema: string | null, entities: string | null): string[] {
  const engine = loadEngine();
  const mistakes: string[] = [];
  const { texts } = readPolicies(engine, policies, mistakes);
  readEntities(engine, entities, schema, mistakes);
  if (mistakes.length > 0 || schema === null) return mistakes;
  const answer = engine.validate({ schema, policies: { staticPolicies: texts } });
  if (answer.type === "failure") return answer.errors.map((error) => describeError(error, "schema", schema));
  return answer.validationErrors.map(({ policyId, error }) => describeError(error, policyId, ""));
}

function readPolicies(engine: CedarEngine, files: readonly PolicyFile[], mistakes: string[]): Policies {
  const texts: Record<string, string> = Object.create(null);
  const syntax: unknown[] = [];
  const forbids = new Set<string>();
  for (const { file, text } of files) {
    const parts = engine.policySetTextToParts(text);
    if (parts.type === "failure") {
      mistakes.push(...parts.errors.map((error) => describeError(error, file, text)));
      continue;
    }
    if (parts.policy_templates.length > 0)
      mistakes.push(`${file}: a policy with \`?principal\` or \`?resource\` is a template, and nothing links it`);
    const places = toPlaces(parts.policies.length);
    parts.policies.forEach((policy, index) => {
      const answer = engine.policyToJson(policy);
      if (answer.type === "failure") throw new Error(`${file}: ${toMessage(answer.errors)}`);
      const id = answer.json.annotations?.["id"] ?? `${file}#${places[index]}`;
      if (Object.hasOwn(texts, id)) mistakes.push(`${file}: two policies have the id ${id}`);
      texts[id] = policy;
      syntax.push(answer.json);
      if (answer.json.effect === "forbid") forbids.add(id);
    });
  }
  return { texts, syntax, forbids };
}

/** Of each policy its place in the file, from 1: the engine gives them in the order of the names that it has made up, `policy10` before `policy2`. */
function toPlaces(length: number): number[] {
  const names = Array.from({ length }, (_, index) => `policy${index}`).sort();
  return names.map((name) => Number(name.slice("policy".length)) + 1);
}

function readEntities(engine: CedarEngine, text: string | null, schema: string | null, mistakes: string[]): Map<string, EntityJson> {
  const entities = new Map<string, EntityJson>();
  for (const entity of [...readFile(engine, text, mistakes), ...readActions(engine, schema, mistakes)]) {
    const key = keyOf(toUid(entity.uid));
    if (entities.has(key)) mistakes.push(`entities: ${key} is there twice`);
    entities.set(key, entity);
  }
  return entities;
}

function readFile(engine: CedarEngine, text: string | null, mistakes: string[]): EntityJson[] {
  if (text === null) return [];
  let entities: unknown;
  try {
    entities = JSON.parse(text);
  } catch (error) {
    mistakes.push(`entities: ${error instanceof Error ? error.message : "no JSON"}`);
    return [];
  }
  if (!Array.isArray(entities)) {
    mistakes.push("entities: a list of entities is expected");
    return [];
  }
  const answer = engine.checkParseEntities({ entities: entities as EntityJson[] });
  if (answer.type === "success") return entities as EntityJson[];
  mistakes.push(...answer.errors.map((error) => describeError(error, "entities", "")));
  return [];
}

/** Groups of actions (`action GET in [read]`) stand in the schema alone. */
function readActions(engine: CedarEngine, schema: string | null, mistakes: string[]): EntityJson[] {
  if (schema === null) return [];
  const answer = engine.schemaToJson(schema);
  if (answer.type === "failure") {
    mistakes.push(...answer.errors.map((error) => describeError(error, "schema", schema)));
    return [];
  }
  return Object.entries(answer.json).flatMap(([namespace, { actions }]) => {
    const type = namespace === "" ? "Action" : `${namespace}::Action`;
    return Object.entries(actions).map(([id, { memberOf = [] }]) => ({
      uid: { type, id },
      attrs: {},
      parents: memberOf.map((group) => ({ type: group.type ?? type, id: group.id })),
    }));
  });
}

/** What the gateway knows of an entity, and what the file says of it besides. */
export function mergeEntity(
  program: CedarProgram,
  uid: TypeAndId,
  attrs: Record<string, CedarValueJson>,
  parents: readonly TypeAndId[],
): EntityJson {
  const told = program.entities.get(keyOf(uid));
  if (told === undefined) return { uid, attrs, parents: [...parents] };
  return { ...told, uid, attrs: { ...told.attrs, ...attrs }, parents: [...told.parents, ...parents] };
}

export function toMessage(errors: readonly DetailedError[]): string {
  return errors
    .map(({ message }) => message)
    .join("; ")
    .replace(/\s+/g, " ")
    .slice(0, 200);
}
