// Asks Cedar policies whether a request may pass. A decision costs tens of microseconds and more, most of it the way into the engine, so
// that only what policies read is handed over, and decisions are kept where nothing that they read is the time.

import type { CedarValueJson, EntityJson, TypeAndId } from "@cedar-policy/cedar-wasm/nodejs";
import { type CedarConfig, parseTemplate, Refusal } from "../../config/index.ts";
import type { IdentityWatcher } from "../../identity/index.ts";
import { type Exchange, FieldValue, type Principal } from "../../pipeline/index.ts";
import { paramOf, tailOf } from "../../router/index.ts";
import { type CedarProgram, keyOf, mergeEntity, obtainProgram, toMessage } from "./cedar-program.ts";
import { toExtension, toRecord } from "./cedar-values.ts";
import { DecisionCache } from "./decision-cache.ts";
import { decode, readQuery } from "./opa-input.ts";

/** Of a route: some megabytes. */
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
  /** Of the file, without the resource's own. */
  readonly #others: readonly EntityJson[];
  readonly #callers = new WeakMap<Principal, Caller>();
  readonly #decisions: DecisionCache<string> | null;
  #count = 0;

  /** Throws on policies that prepareCedar would not take. */
  constructor(config: CedarConfig, route: string, watcher: IdentityWatcher) {
    this.#program = obtainProgram(config);
    this.#action = config.action === null ? null : toTemplate(config.action);
    this.#watcher = watcher;
    this.#resource = { type: "Route", id: route };
    this.#others = this.#entitiesBut(keyOf(this.#resource));
    this.#decisions = this.#readsContext("now") ? null : new DecisionCache(MOST_DECISIONS, Number.POSITIVE_INFINITY);
  }

  /** Why the request is refused; null when it is allowed. */
  refusal(exchange: Exchange, principal: Principal, wallMs: number): string | null {
    const action = this.#action === null ? exchange.head.method : this.#action.read(exchange);
    const caller = this.#callerOf(principal);
    const facts = this.#collect(exchange, wallMs);
    const key = this.#decisions === null ? "" : `${caller.ordinal} ${JSON.stringify([action, facts])}`;
    const known = this.#decisions?.find(key, 0);
    if (known !== undefined) return known === ALLOWED ? null : known;
    const decision = this.#decide(caller, action, facts, principal);
    if (decision === null) return "cedar: the policies can't be evaluated";
    this.#decisions?.keep(key, decision, 0);
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
        entities: [...this.#othersFor(caller), caller.entity, mergeEntity(this.#program, this.#resource, resource, [])],
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

  #othersFor({ uid }: Caller): readonly EntityJson[] {
    const key = keyOf(uid);
    if (!this.#program.entities.has(key)) return this.#others;
    return this.#entitiesBut(keyOf(this.#resource), key);
  }

  #entitiesBut(...keys: readonly string[]): EntityJson[] {
    return [...this.#program.entities].filter(([key]) => !keys.includes(key)).map(([, entity]) => entity);
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
    if (this.#readsContext("now")) context["now"] = toExtension("datetime", new Date(wallMs).toISOString());
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
