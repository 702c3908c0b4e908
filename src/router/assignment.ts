// Whether some request meets all conditions of one route and of each rival misses at least one: the part of the proof of reach and
// clash that is about headers, queries and versions. Exact, by search over what makes a difference:
//   a subject that the route names values of: each of them (of a query parameter all at once, which fails the most rivals), or
//     absence where that will do;
//   any other subject that a rival looks at: absent, or a value that nobody names (which fails every rival that names values);
//   versions besides: those that the Accept and Content-Type say which the route itself names values of.
// Not the hot path; the search is cut off, and says so, long before a hostile table could make it long. All searches of a table share
// one budget, since a hostile one has thousands of routes, each with a search of its own.

import { intersect } from "./compile-conditions.ts";
import { type Condition, HEADER, MEDIA_TYPE, QUERY } from "./conditions.ts";
import { readVersion } from "./media-version.ts";

/** What a request has for a subject; null is nothing. */
export interface Choice {
  readonly condition: Condition;
  readonly values: readonly string[] | null;
  /** Whether the value is one that nobody names. */
  readonly isFresh: boolean;
}

export type Assignment = { readonly choices: readonly Choice[] } | "none" | "unknown";

const MAX_STEPS = 20_000;
// A table of ten thousand routes as people write them looks at some ten thousand conditions; this many take a second or two.
const MAX_LOOKS = 20_000_000;

/** What the searches of one table may cost together. */
export class SearchBudget {
  /** Conditions that may still be looked at. */
  looks = MAX_LOOKS;
}

/** `fresh` is a value that no condition of the table names. */
export function findAssignment(
  own: readonly Condition[],
  rivals: readonly (readonly Condition[])[],
  fresh: string,
  budget: SearchBudget,
): Assignment {
  const subjects = listSubjects(own, rivals);
  const options = subjects.map((subject) => listOptions(subject, own, fresh));
  const search = new Search(subjects, options, rivals, budget);
  if (!search.run(0)) return search.isCut ? "unknown" : "none";
  return { choices: search.chosen };
}

/** The conditions of both, one a subject; null when no request meets them all. */
export function mergeConditions(a: readonly Condition[], b: readonly Condition[]): readonly Condition[] | null {
  const merged = new Map(a.map((condition) => [condition.subject, condition]));
  for (const condition of b) {
    const other = merged.get(condition.subject);
    const both = other === undefined ? condition : intersect(other, condition);
    if (both === null) return null;
    merged.set(condition.subject, both);
  }
  return [...merged.values()];
}

export function isAccept({ on, name }: Condition): boolean {
  return on === HEADER && name === "accept";
}

export function isContentType({ on, name }: Condition): boolean {
  return on === HEADER && name === "content-type";
}

/** Accept and Content-Type stand first, so that it is known what they say when a version is chosen. */
function listSubjects(own: readonly Condition[], rivals: readonly (readonly Condition[])[]): Condition[] {
  const subjects = new Map(own.map((condition) => [condition.subject, condition]));
  for (const rival of rivals) {
    for (const condition of rival) if (!subjects.has(condition.subject)) subjects.set(condition.subject, condition);
  }
  const all = [...subjects.values()];
  const telling = all.filter((subject) => isAccept(subject) || isContentType(subject));
  return telling.length === 0 ? all : [...telling, ...all.filter((subject) => !telling.includes(subject))];
}

function listOptions(subject: Condition, own: readonly Condition[], fresh: string): Choice[] {
  const condition = own.find((one) => one.subject === subject.subject);
  const choose = (values: readonly string[] | null): Choice => ({ condition: subject, values, isFresh: values?.[0] === fresh });
  // Absence first: the plainest request that will do.
  const options = condition === undefined || condition.absent ? [choose(null)] : [];
  const values = condition?.values ?? null;
  if (values === null) options.push(choose([fresh]), ...listVersions(subject, own).map((version) => choose([version])));
  else if (subject.on !== QUERY) options.push(...values.map((value) => choose([value])));
  else {
    const [first] = values;
    if (first !== undefined) options.push(choose([first]));
    if (values.length > 1) options.push(choose(values));
  }
  return options;
}

/** The versions that a request has when its Accept or Content-Type is one that the route names. */
function listVersions(subject: Condition, own: readonly Condition[]): string[] {
  if (subject.on !== MEDIA_TYPE) return [];
  const telling = own.filter((condition) => isAccept(condition) || isContentType(condition));
  const versions = telling.flatMap(({ values }) => (values ?? []).map((value) => readVersion(value, subject.name)));
  return [...new Set(versions.filter((version) => version !== null))];
}

class Search {
  readonly chosen: Choice[] = [];
  isCut = false;
  #steps = 0;
  readonly #subjects: readonly Condition[];
  readonly #options: readonly (readonly Choice[])[];
  /** By subject. */
  readonly #places: ReadonlyMap<string, number>;
  readonly #rivals: readonly (readonly Condition[])[];
  readonly #budget: SearchBudget;
  /** The places of the two fields that say a version; -1 where nobody asks for their values. */
  readonly #accept: number;
  readonly #contentType: number;

  constructor(
    subjects: readonly Condition[],
    options: readonly (readonly Choice[])[],
    rivals: readonly (readonly Condition[])[],
    budget: SearchBudget,
  ) {
    this.#subjects = subjects;
    this.#places = new Map(subjects.map(({ subject }, place) => [subject, place]));
    this.#options = options;
    this.#rivals = rivals;
    this.#budget = budget;
    this.#accept = subjects.findIndex(isAccept);
    this.#contentType = subjects.findIndex(isContentType);
  }

  /** Chooses for the subjects from `at` on; true when every rival misses a condition. */
  run(at: number): boolean {
    if (++this.#steps > MAX_STEPS || this.#budget.looks < 0) {
      this.isCut = true;
      return false;
    }
    if (this.#rivals.some((rival) => this.#isMetForSure(rival, at))) return false;
    if (at === this.#subjects.length) return true;
    for (const choice of this.#options[at] ?? []) {
      if (!this.#canSay(choice)) continue;
      this.chosen[at] = choice;
      if (this.run(at + 1)) return true;
      if (this.isCut) return false;
    }
    this.chosen.length = at;
    return false;
  }

  /** Whether all conditions of the rival are decided by the first `decided` choices, and hold. */
  #isMetForSure(rival: readonly Condition[], decided: number): boolean {
    for (const condition of rival) {
      this.#budget.looks--;
      const place = this.#places.get(condition.subject) ?? decided;
      const choice = place < decided ? this.chosen[place] : undefined;
      if (choice === undefined || !meets(condition, choice.values)) return false;
    }
    return true;
  }

  /** Whether a request with the Accept and Content-Type chosen can have the version chosen: a fresh one of either can say any. */
  #canSay({ condition, values }: Choice): boolean {
    if (condition.on !== MEDIA_TYPE) return true;
    const version = values?.[0] ?? null;
    const accepted = saysVersion(this.chosen[this.#accept], condition.name);
    const content = saysVersion(this.chosen[this.#contentType], condition.name);
    if (accepted === ANY) return version !== null || content === ANY || content === null;
    if (accepted !== null) return accepted === version;
    return content === ANY || content === version;
  }
}

const ANY = 0;

function saysVersion(choice: Choice | undefined, type: string): string | null | typeof ANY {
  if (choice === undefined || choice.isFresh) return ANY;
  const [value] = choice.values ?? [];
  return value === undefined ? null : readVersion(value, type);
}

function meets(condition: Condition, values: readonly string[] | null): boolean {
  if (values === null) return condition.absent;
  return condition.values === null || values.every((value) => condition.values?.includes(value));
}
