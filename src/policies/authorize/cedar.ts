// Asks Cedar policies whether a request may pass. A decision costs 100 microseconds and more, most of it the way into the engine, so that
// only what policies read is handed over, and a decision is kept for all requests that are the same in that.

import type { CedarValueJson, EntityJson, TypeAndId } from "@cedar-policy/cedar-wasm/nodejs";
import { type CedarConfig, parseTemplate, Refusal } from "../../config/index.ts";
import type { IdentityWatcher } from "../../identity/index.ts";
import { type Exchange, FieldValue, type Principal } from "../../pipeline/index.ts";
import { paramOf, tailOf } from "../../router/index.ts";
import { addReachable, keyOf, listReferences } from "./cedar-entities.ts";
import { type CedarProgram, mergeEntity, obtainProgram, toMessage } from "./cedar-program.ts";
import { toExtension, toRecord } from "./cedar-values.ts";
import { DecisionCache, toKey } from "./decision-cache.ts";
import { decode, readQuery } from "./opa-input.ts";

/** Of a route: some megabytes, whatever clients write. */
const MOST_DECISIONS = 10_000;
const ALLOWED = "";

interface Caller {
  readonly uid: TypeAndId;
  readonly entity: EntityJson;
  /** Tells principals apart in keys of decisions. */
  readonly ordinal: number;
}

/** What the policies read of requests. */
interface Facts {
  readonly context: Record<string, CedarValueJson>;
  readonly resource: Record<string, CedarValueJson>;
}

export class CedarAuthorizer {
  readonly #program: CedarProgram;
  readonly #action: FieldValue | null;
  readonly #watcher: IdentityWatcher;
  readonly #resource: TypeAndId;
  readonly #callers = new WeakMap<Principal, Caller>();
  readonly #decisions = new DecisionCache<string>(MOST_DECISIONS, Number.POSITIVE_INFINITY);
  #count = 0;

  /** Throws on policies in which checkCedar finds a mistake. */
  constructor(config: CedarConfig, route: string, watcher: IdentityWatcher) {
    this.#program = obtainProgram(config);
    this.#action = config.action === null ? null : toTemplate(config.action);
    this.#watcher = watcher;
    this.#resource = { type: "Route", id: route };
  }

  /** Why the request is refused; null when it is allowed. */
  refusal(exchange: Exchange, principal: Principal, wallMs: number): string | null {
    const action = this.#action === null ? exchange.head.method : this.#action.read(exchange);
    const caller = this.#callerOf(principal);
    const facts = this.#collect(exchange, wallMs);
    const key = toKey(`${caller.ordinal} ${JSON.stringify([action, facts])}`);
    const known = this.#decisions.find(key, 0);
    if (known !== undefined) return known === ALLOWED ? null : known;
    const decision = this.#decide(caller, action, facts, principal);
    if (decision === null) return "cedar: the policies can't be evaluated";
    this.#decisions.keep(key, decision, 0);
    return decision === ALLOWED ? null : decision;
  }

  /** ALLOWED, or why not; null where the engine can't say. */
  #decide(caller: Caller, action: string, { context, resource }: Facts, { identity }: Principal): string | null {
    const { engine, policySetId } = this.#program;
    try {
      const answer = engine.statefulIsAuthorized({
        principal: caller.uid,
        action: { type: "Action", id: action },
        resource: this.#resource,
        context,
        preparsedPolicySetId: policySetId,
        entities: this.#entitiesFor(caller, { type: "Action", id: action }, resource),
      });
      if (answer.type === "failure") return this.#fail(identity, toMessage(answer.errors));
      const { decision, diagnostics } = answer.response;
      for (const { error, policyId } of diagnostics.errors) {
        this.#fail(identity, `${policyId}: ${toMessage([error])}`);
        if (this.#program.forbids.has(policyId)) return null;
      }
      if (decision === "allow") return ALLOWED;
      return diagnostics.reason.length === 0 ? "cedar: no policy permits it" : `cedar: ${diagnostics.reason.join(", ")} forbids it`;
    } catch (error) {
      return this.#fail(identity, error instanceof Error ? error.message : String(error));
    }
  }

  #fail(identity: string, why: string): null {
    this.#watcher.onAsked(identity, "cedar", false, why);
    return null;
  }

  #callerOf(principal: Principal): Caller {
    const known = this.#callers.get(principal);
    if (known !== undefined) return known;
    const { claims, id, identity, roles, scopes, source, tenant } = principal;
    const uid = { type: "User", id: `${identity}/${id}` };
    const told = { claims, id, identity, roles, scopes, source, tenant };
    const read = Object.entries(told).filter(([name]) => this.#program.reads.names.has(name));
    const entity = mergeEntity(
      this.#program,
      uid,
      toRecord(Object.fromEntries(read)),
      roles.map((role) => ({ type: "Role", id: role })),
    );
    const caller = { uid, entity, ordinal: ++this.#count };
    this.#callers.set(principal, caller);
    return caller;
  }

  #entitiesFor(caller: Caller, action: TypeAndId, told: Record<string, CedarValueJson>): EntityJson[] {
    const { entities, named } = this.#program;
    const resource = mergeEntity(this.#program, this.#resource, told, []);
    const found = new Map(named);
    addReachable(entities, [action, ...listReferences(caller.entity), ...listReferences(resource)], found);
    found.set(keyOf(caller.uid), caller.entity);
    found.set(keyOf(this.#resource), resource);
    return [...found.values()];
  }

  #readsContext(name: string): boolean {
    const { names, wholeContext } = this.#program.reads;
    return wholeContext || names.has(name);
  }

  #collect(exchange: Exchange, wallMs: number): Facts {
    const { clientAddress, head, routedPath } = exchange;
    const { names } = this.#program.reads;
    const context: Record<string, CedarValueJson> = {};
    if (this.#readsContext("method")) context["method"] = head.method;
    if (this.#readsContext("path")) context["path"] = routedPath;
    if (this.#readsContext("host")) context["host"] = head.host;
    if (this.#readsContext("query")) context["query"] = toRecord(readQuery(head.query));
    if (this.#readsContext("ip") && clientAddress !== "") context["ip"] = toExtension("ip", clientAddress);
    if (this.#readsContext("now")) context["now"] = toExtension("datetime", new Date(Math.floor(wallMs / 1000) * 1000).toISOString());
    const resource: Record<string, CedarValueJson> = {};
    if (names.has("method")) resource["method"] = head.method;
    if (names.has("path")) resource["path"] = routedPath;
    if (names.has("host")) resource["host"] = head.host;
    if (names.has("params")) resource["params"] = readParams(exchange);
    return { context, resource };
  }
}

/** Decoded; what `*` took stands under `*`. */
function readParams({ pattern, routedPath }: Exchange): Record<string, CedarValueJson> {
  const params: Record<string, string> = {};
  if (pattern === null) return params;
  for (const { name } of pattern.params) params[name] = decode(paramOf(pattern, routedPath, name) ?? "");
  if (pattern.hasTail) params["*"] = tailOf(pattern, routedPath);
  return toRecord(params);
}

function toTemplate(action: string): FieldValue {
  const template = parseTemplate(action);
  if (template instanceof Refusal) throw new Error(`authorize.cedar.action: ${JSON.stringify(action)} is no template`);
  return new FieldValue(template);
}
