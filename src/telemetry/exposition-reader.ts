// A strict reader of the Prometheus text format (0.0.4) for tests, which shares nothing with the writer: by characters, from the format's
// description.

import assert from "node:assert/strict";

export interface ReadSample {
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly value: number;
}

export interface Exposition {
  readonly types: Map<string, string>;
  readonly helps: Map<string, string>;
  readonly samples: ReadSample[];
}

/**
 * All of a text, which must be as Prometheus wants it: each family once, in one piece, its kind before its samples, no series twice, no
 * counter that is no number, buckets that rise to the count.
 */
export function parseExposition(text: string): Exposition {
  const parsed: Exposition = { types: new Map(), helps: new Map(), samples: [] };
  assert.ok(text === "" || text.endsWith("\n"));
  for (const line of text.split("\n").slice(0, -1)) {
    const meta = /^# (HELP|TYPE) ([^ ]+) (.*)$/s.exec(line);
    if (meta !== null) {
      const [, kind = "", name = "", rest = ""] = meta;
      const into = kind === "HELP" ? parsed.helps : parsed.types;
      assert.ok(!into.has(name), `${kind} of ${name} twice`);
      into.set(name, kind === "HELP" ? rest.replace(/\\(.)/gs, (_, c: string) => (c === "n" ? "\n" : c)) : rest);
      continue;
    }
    const name = /^[a-zA-Z_:][a-zA-Z0-9_:]*/.exec(line)?.[0];
    assert.ok(name !== undefined, `not a sample: ${JSON.stringify(line)}`);
    let at = name.length;
    const labels = new Map<string, string>();
    if (line[at] === "{") {
      at++;
      while (line[at] !== "}") {
        const label = /^[a-zA-Z_][a-zA-Z0-9_]*="/.exec(line.slice(at))?.[0];
        assert.ok(label !== undefined, `not a label: ${line.slice(at)}`);
        at += label.length;
        let value = "";
        for (; line[at] !== '"'; at++) {
          assert.ok(at < line.length, "a label value without an end");
          if (line[at] === "\\") value += line[++at] === "n" ? "\n" : line[at];
          else value += line[at];
        }
        labels.set(label.slice(0, -2), value);
        at++;
        if (line[at] === ",") at++;
      }
      at++;
    }
    const value = line.slice(at);
    assert.match(value, /^ (NaN|[+-]Inf|-?\d+(\.\d+)?(e[+-]\d+)?)$/);
    parsed.samples.push({ name, labels, value: Number(value.trim().replace("Inf", "Infinity")) });
  }
  judge(parsed);
  return parsed;
}

function judge({ types, samples }: Exposition): void {
  const seen = new Set<string>();
  const finished = new Set<string>();
  let current = "";
  for (const { name, labels, value } of samples) {
    const key = seriesKey(name, labels);
    assert.ok(!seen.has(key), `twice: ${key}`);
    seen.add(key);
    const family = types.has(name) ? name : name.replace(/_(?:bucket|sum|count)$/, "");
    const type = types.get(family);
    assert.ok(type !== undefined, `${name} has no type`);
    assert.equal(type === "histogram", family !== name, name);
    if (type === "counter") assert.ok(value >= 0, `${key} ${value}`);
    if (family !== current) {
      assert.ok(!finished.has(family), `${family} stands in two places`);
      finished.add(current);
      current = family;
    }
  }
  for (const [family, type] of types) if (type === "histogram") judgeBuckets(family, samples);
}

function judgeBuckets(family: string, samples: readonly ReadSample[]): void {
  const last = new Map<string, number>();
  for (const { name, labels, value } of samples) {
    if (name !== `${family}_bucket` && name !== `${family}_count`) continue;
    const key = seriesKey("", new Map([...labels].filter(([label]) => label !== "le")));
    const before = last.get(key) ?? 0;
    if (name === `${family}_count`) assert.equal(value, before, `${family}_count${key}`);
    else assert.ok(value >= before, `${family}_bucket${key} falls`);
    last.set(key, value);
  }
}

/** One text for a series, in whatever order its labels stand. */
export function seriesKey(name: string, labels: ReadonlyMap<string, string>): string {
  return name + JSON.stringify([...labels].sort(([a], [b]) => (a < b ? -1 : 1)));
}
