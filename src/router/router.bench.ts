// Nanoseconds a match costs in tables of 10, 1,000 and 10,000 routes. Run it on both runtimes; what counts is that a row stays flat
// as the table grows. The requests of a row go to the same number of routes, at most 64: a larger set costs cache misses
// in any data structure, and the row "spread", which goes to every route, shows them. Paths are cut from one buffer, as the parser does it, so that no string comes with its hash ready.

import { compileRouter, ROUTE_FOUND, type RouteDefinition } from "./index.ts";

const SIZES = [10, 1_000, 10_000];
const ROUNDS = 7;
const PATHS = 4096;
const REPEATS = 50;

/** A mixture as large gateways have it: a third static, a third with parameters, a third prefixes. */
function table(size: number): RouteDefinition<number>[] {
  return Array.from({ length: size }, (_, index) => {
    const team = `/team-${index % 100}`;
    const path = [`${team}/static/page-${index}`, `${team}/service-${index}/items/:id`, `${team}/prefix-${index}/*`][index % 3] ?? "/";
    return { name: `r${index}`, hosts: [], paths: [path], conditions: [], methods: index % 2 === 0 ? ["GET", "POST"] : [], value: index };
  });
}

const KINDS: Record<string, (size: number, n: number) => string> = {
  static: (size, n) => spell(pick(size, n % 64, 0)),
  param: (size, n) => spell(pick(size, n % 64, 1), n),
  tail: (size, n) => spell(pick(size, n % 64, 2), n),
  "not found": (_, n) => `/team-${n % 64}/nothing/here/${n}`,
  spread: (size, n) => spell((n * 7919) % size, n),
};

/** A route of one kind (0 static, 1 param, 2 tail), spread over the table. */
function pick(size: number, n: number, kind: number): number {
  const triples = Math.floor(size / 3);
  return ((n * 37) % triples) * 3 + kind;
}

function spell(index: number, n = 0): string {
  const team = `/team-${index % 100}`;
  return [`${team}/static/page-${index}`, `${team}/service-${index}/items/${n}`, `${team}/prefix-${index}/a/b/${n}`][index % 3] ?? "/";
}

/** The same paths as fresh strings. */
function cut(buffer: Buffer, ends: readonly number[]): string[] {
  let start = 0;
  return ends.map((end) => {
    const text = buffer.toString("latin1", start, end);
    start = end;
    return text;
  });
}

let sink = 0;
for (const [kind, toPath] of Object.entries(KINDS)) {
  const cells: string[] = [];
  for (const size of SIZES) {
    const { router } = compileRouter(table(size));
    if (router === null) throw new Error("the table has issues");
    const texts = Array.from({ length: PATHS }, (_, n) => toPath(size, n));
    const buffer = Buffer.from(texts.join(""), "latin1");
    let end = 0;
    const ends = texts.map((text) => {
      end += text.length;
      return end;
    });
    let best = Number.POSITIVE_INFINITY;
    for (let round = 0; round < ROUNDS; round++) {
      let spentMs = 0;
      for (let repeat = 0; repeat < REPEATS; repeat++) {
        const paths = cut(buffer, ends);
        const started = performance.now();
        for (let i = 0; i < paths.length; i++) {
          const match = router.match("api.example.com", paths[i] ?? "", "GET");
          sink += match.outcome === ROUTE_FOUND ? match.value : 1;
        }
        spentMs += performance.now() - started;
      }
      best = Math.min(best, (spentMs * 1e6) / (REPEATS * PATHS));
    }
    cells.push(`${size} routes ${best.toFixed(0)} ns`);
  }
  console.log(`${kind.padEnd(10)} ${cells.join("   ")}`);
}
console.log(`(${typeof Bun === "undefined" ? `node ${process.versions.node}` : `bun ${Bun.version}`}, checksum ${sink})`);
