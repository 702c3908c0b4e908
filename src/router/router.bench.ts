// What a match costs in a table of 10,000 routes beside one of 10: nanoseconds, and the ratio within each round. Both tables are asked
// in turn, so that a busy neighbour slows both; both for the same number of routes of the kind, with paths of the same length and
// shape, so that the table alone differs. Paths are cut from one buffer, as the parser does it, so that no string comes with its hash ready.
// The last rows go over every route of the large table: what they cost more is the memory that ten thousand of anything take up.
// Run it on both runtimes.

import { compileRouter, ROUTE_FOUND, type RouteDefinition, type Router } from "./index.ts";

const SMALL = 10;
const LARGE = 10_000;
const ROUNDS = 31;
const PATHS = 3072;
const REPEATS = 12;
const KINDS = ["static", "param", "tail", "not found"] as const;
type Kind = (typeof KINDS)[number];

/** A mixture as large gateways have it: a third static, a third with parameters, a third prefixes. */
function toPattern(index: number): string {
  const team = `/team-${String(index % 100).padStart(2, "0")}`;
  const number = String(index).padStart(4, "0");
  return [`${team}/static/page-${number}`, `${team}/service-${number}/items/:id`, `${team}/prefix-${number}/*`][index % 3] ?? "/";
}

function toTable(size: number): RouteDefinition<number>[] {
  return Array.from({ length: size }, (_, index) => ({
    name: `r${index}`,
    hosts: [],
    paths: [toPattern(index)],
    methods: index % 2 === 0 ? ["GET", "POST"] : [],
    conditions: [],
    value: index,
  }));
}

/** The paths of a row: `routes` different ones of the kind, spread over a table of `size`. */
function toPaths(kind: Kind, size: number, routes: number): string[] {
  const offset = KINDS.indexOf(kind) % 3;
  const triples = Math.floor((size - offset - 1) / 3) + 1;
  return Array.from({ length: PATHS }, (_, n) => {
    const index = Math.floor(((n % routes) * triples) / routes) * 3 + offset;
    const tail = String(1000 + (n % 9000));
    if (kind === "not found") return `/team-${String(n % 10).padStart(2, "0")}/nothing/here/${tail}`;
    return toPattern(index).replace(":id", tail).replace("*", `a/b/${tail}`);
  });
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

class Racer {
  readonly #router: Router<number>;
  readonly #buffer: Buffer;
  readonly #ends: number[] = [];
  sum = 0;

  constructor(router: Router<number>, paths: readonly string[]) {
    this.#router = router;
    this.#buffer = Buffer.from(paths.join(""), "latin1");
    let end = 0;
    for (const path of paths) {
      end += path.length;
      this.#ends.push(end);
    }
  }

  /** Nanoseconds a match. */
  run(): number {
    let spentMs = 0;
    for (let repeat = 0; repeat < REPEATS; repeat++) {
      const paths = cut(this.#buffer, this.#ends);
      const started = performance.now();
      for (let i = 0; i < paths.length; i++) {
        const match = this.#router.match("api.example.com", paths[i] ?? "", "GET");
        this.sum += match.outcome === ROUTE_FOUND ? match.value : 1;
      }
      spentMs += performance.now() - started;
    }
    return (spentMs * 1e6) / (REPEATS * PATHS);
  }
}

function quantile(values: readonly number[], share: number): number {
  return [...values].sort((a, b) => a - b)[Math.round(share * (values.length - 1))] ?? Number.NaN;
}

function compile(size: number): Router<number> {
  const started = performance.now();
  const { router } = compileRouter(toTable(size));
  if (router === null) throw new Error("the table has issues");
  console.log(`${size} routes compiled and proven in ${(performance.now() - started).toFixed(0)} ms`);
  return router;
}

const small = compile(SMALL);
const large = compile(LARGE);
const warm = [small, large].flatMap((router) => KINDS.map((kind) => new Racer(router, toPaths(kind, router === small ? SMALL : LARGE, 3))));
for (let round = 0; round < 10; round++) for (const racer of warm) racer.run();

for (const kind of KINDS) {
  race(kind, new Racer(small, toPaths(kind, SMALL, 3)), new Racer(large, toPaths(kind, LARGE, 3)));
}
for (const kind of ["static", "param", "tail"] as const) {
  race(`${kind}, every route`, new Racer(small, toPaths(kind, SMALL, 3)), new Racer(large, toPaths(kind, LARGE, 3000)));
}

function race(name: string, a: Racer, b: Racer): void {
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    // Who goes first changes: the second finds a warmer machine.
    if (round % 2 === 0) {
      ours.push(a.run());
      theirs.push(b.run());
    } else {
      theirs.push(b.run());
      ours.push(a.run());
    }
  }
  const ratios = theirs.map((ns, round) => ns / (ours[round] ?? Number.NaN));
  const [median, low, high] = [0.5, 0.25, 0.75].map((share) => quantile(ratios, share).toFixed(2));
  console.log(
    `${name.padEnd(20)} ${SMALL} routes ${quantile(ours, 0.5).toFixed(0)} ns   ${LARGE} routes ${quantile(theirs, 0.5).toFixed(0)} ns   ratio ${median} (${low}–${high})`,
  );
}
console.log(`(${typeof Bun === "undefined" ? `node ${process.versions.node}` : `bun ${Bun.version}`})`);
