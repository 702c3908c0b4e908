// Nanoseconds a match costs in tables of 10, 1,000 and 10,000 routes. Run it on both runtimes; what counts is that a row stays flat
// as the table grows. Paths are cut from one buffer, as the parser does it, so that no string comes with its hash ready.

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
    return { name: `r${index}`, hosts: [], path, methods: index % 2 === 0 ? ["GET", "POST"] : [], value: index };
  });
}

const KINDS: Record<string, (size: number, n: number) => string> = {
  static: (size, n) => pathOf(size, n, 0, (team, index) => `${team}/static/page-${index}`),
  param: (size, n) => pathOf(size, n, 1, (team, index) => `${team}/service-${index}/items/${n}`),
  tail: (size, n) => pathOf(size, n, 2, (team, index) => `${team}/prefix-${index}/a/b/${n}`),
  "not found": (_, n) => `/team-${n % 100}/nothing/here/${n}`,
};

function pathOf(size: number, n: number, kind: number, spell: (team: string, index: number) => string): string {
  const index = ((n * 3) % (size - 3)) - (((n * 3) % (size - 3)) % 3) + kind;
  return spell(`/team-${index % 100}`, index);
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
for (const [kind, spell] of Object.entries(KINDS)) {
  const cells: string[] = [];
  for (const size of SIZES) {
    const { router } = compileRouter(table(size));
    if (router === null) throw new Error("the table has issues");
    const texts = Array.from({ length: PATHS }, (_, n) => spell(size, n));
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
