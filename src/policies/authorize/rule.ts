// A rule of `authorize`, compiled to a list of conditions that must all hold. @hot
// Rules of `allOf` are part of the list; `anyOf` and `not` are conditions that have rules of their own.

import type { AuthorizeRule } from "../../config/index.ts";
import type { Principal } from "../../pipeline/index.ts";
import {
  ClaimsCondition,
  type Condition,
  FromCondition,
  RolesCondition,
  ScopesCondition,
  type Surroundings,
  TimesCondition,
} from "./conditions.ts";
import { TimeWindows } from "./time-windows.ts";

export class Rule {
  readonly #conditions: readonly Condition[];

  /** `prefix` says where the rule stands, and ends in a dot where it is not the outermost. */
  constructor(rule: AuthorizeRule, prefix = "") {
    this.#conditions = compileRule(rule, prefix);
  }

  /** It asks for nothing, so that everybody passes. */
  get isEmpty(): boolean {
    return this.#conditions.length === 0;
  }

  /** The first condition that does not hold; null when all do. */
  refusal(principal: Principal, surroundings: Surroundings): Condition | null {
    const conditions = this.#conditions;
    for (let i = 0; i < conditions.length; i++) {
      const condition = conditions[i]!;
      if (!condition.holds(principal, surroundings)) return condition;
    }
    return null;
  }
}

class AnyOfCondition implements Condition {
  readonly part: string;
  readonly scopes = null;
  readonly #rules: readonly Rule[];

  constructor(part: string, rules: readonly Rule[]) {
    this.part = part;
    this.#rules = rules;
  }

  holds(principal: Principal, surroundings: Surroundings): boolean {
    for (let i = 0; i < this.#rules.length; i++) if (this.#rules[i]!.refusal(principal, surroundings) === null) return true;
    return false;
  }
}

class NotCondition implements Condition {
  readonly part: string;
  readonly scopes = null;
  readonly #rule: Rule;

  constructor(part: string, rule: Rule) {
    this.part = part;
    this.#rule = rule;
  }

  holds(principal: Principal, surroundings: Surroundings): boolean {
    return this.#rule.refusal(principal, surroundings) !== null;
  }
}

/** The cheapest first: what a principal has, before where and when. */
function compileRule(rule: AuthorizeRule, prefix: string): readonly Condition[] {
  const conditions: Condition[] = [];
  if (rule.scopes.length > 0) conditions.push(new ScopesCondition(`${prefix}scopes`, rule.scopes));
  if (rule.roles.length > 0) conditions.push(new RolesCondition(`${prefix}roles`, rule.roles));
  for (let i = 0; i < rule.claims.length; i++) {
    conditions.push(new ClaimsCondition(`${prefix}claims.${rule.claims[i]!.claim}`, rule.claims[i]!));
  }
  if (rule.from.length > 0) conditions.push(new FromCondition(`${prefix}from`, rule.from));
  if (rule.times.length > 0) conditions.push(new TimesCondition(`${prefix}times`, new TimeWindows(rule.times)));
  for (let i = 0; i < rule.allOf.length; i++) {
    // hot-exception: once a route, authorize.bench.ts
    conditions.push(...compileRule(rule.allOf[i]!, `${prefix}allOf[${i}].`));
  }
  if (rule.anyOf.length > 0) {
    // hot-exception: once a route, authorize.bench.ts
    const rules = rule.anyOf.map((each, index) => new Rule(each, `${prefix}anyOf[${index}].`));
    conditions.push(new AnyOfCondition(`${prefix}anyOf`, rules));
  }
  if (rule.not !== null) conditions.push(new NotCondition(`${prefix}not`, new Rule(rule.not, `${prefix}not.`)));
  return conditions;
}
