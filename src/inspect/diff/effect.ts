// An effect of a change, and the one who collects them in sentences. Not the judgement of what opens and what closes: that is the comparers'.

export type EffectKind = "loosens" | "tightens" | "changes" | "adds" | "removes";

export interface Effect {
  readonly kind: EffectKind;
  /** What it is about: `route orders`, `listener http`, `upstream catalog`, `gateway`, `admin`, `access log`. */
  readonly subject: string;
  /** Without full stop. */
  readonly sentence: string;
  /** True of all that loosen, and of what is added and lets requests in: a public route, a listener. `--deny loosens` asks for this. */
  readonly opens: boolean;
  /** The predicate for several subjects, by which alike effects are counted: `become public`. */
  readonly alike: string;
}

/** True opens, false closes, null neither: it is only different. */
export type Way = boolean | null;

/** Collects what is said of one subject. */
export class Say {
  readonly effects: Effect[];
  readonly #subject: string;
  /** How sentences call the subject. */
  readonly name: string;

  constructor(subject: string, name: string, effects: Effect[]) {
    this.#subject = subject;
    this.name = name;
    this.effects = effects;
  }

  /** `predicate` follows the subject's name: `loses its body bound: 1MiB becomes 10MiB`. `alike` is that of several, without the values. */
  that(way: Way, predicate: string, alike: string): void {
    const kind = way === null ? "changes" : way ? "loosens" : "tightens";
    this.#push(kind, `${this.name} ${predicate}`, way === true, alike);
  }

  adds(predicate: string, opens: boolean, alike: string): void {
    this.#push("adds", `${this.name} ${predicate}`, opens, alike);
  }

  removes(predicate: string, alike: string): void {
    this.#push("removes", `${this.name} ${predicate}`, false, alike);
  }

  #push(kind: EffectKind, sentence: string, opens: boolean, alike: string): void {
    this.effects.push({ kind, subject: this.#subject, sentence: toPrintable(sentence), opens, alike });
  }
}

/** What stands in a configuration must not reach a terminal as an escape sequence. */
export function toPrintable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, "\ufffd");
}

/** One sentence for each kind of effect that several subjects share: `3 routes become public`. */
export function summarise(effects: readonly Effect[]): string[] {
  const groups = new Map<string, Map<string, Set<string>>>();
  for (const { kind, subject, alike } of effects) {
    const [noun = ""] = subject.split(" ", 1);
    const key = `${kind} ${noun} ${alike}`;
    const group = groups.get(key) ?? new Map<string, Set<string>>();
    groups.set(key, group);
    const subjects = group.get(`${noun}s ${alike}`) ?? new Set<string>();
    group.set(`${noun}s ${alike}`, subjects.add(subject));
  }
  const sentences: string[] = [];
  for (const group of groups.values())
    for (const [text, subjects] of group) if (subjects.size > 1) sentences.push(`${subjects.size} ${text}`);
  return sentences;
}
