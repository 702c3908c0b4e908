// `sallyport diff` as a gate: what it prints, and the exit codes that pipelines rely on.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { diff } from "./diff.ts";
import { createTerminal } from "./terminal.ts";

const folder = mkdtempSync(join(tmpdir(), "sallyport-diff-"));
after(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

const text = (timeout: string, more = "") => `version: 1
listeners: [{ name: http, address: 127.0.0.1:8080 }]
upstreams: { catalog: { endpoints: [http://127.0.0.1:3001] } }
routes:
  - { name: products, match: { path: /products/* }, public: true, upstream: catalog, timeout: ${timeout} }
${more}`;
const OLD = write("old.yaml", text("5s"));
const LOOSER = write("looser.yaml", text("10s"));
const COMMENTED = write("commented.yaml", `# the same\n${text("5000ms")}`);
const OPENING = write("opening.yaml", text("5s", "  - { name: new, match: { path: /new }, public: true, upstream: catalog }\n"));
const MANY = write(
  "many.yaml",
  text(
    "5s",
    Array.from({ length: 40 }, (_, at) => `  - { name: n${at}, match: { path: /n${at} }, public: true, upstream: catalog }\n`).join(""),
  ),
);
const BAD = write("bad.yaml", "version: 1\nlistenres: []\n");
write(
  "team-a.yaml",
  "version: 1\nteam: { name: a, paths: [/a/*] }\nroutes: [{ name: r, match: { path: /b }, public: true, respond: {} }]\n",
);
const DEGRADED = write("degraded.yaml", `${text("5s")}gateway: { include: [team-*.yaml] }\n`);

async function run(operands: readonly string[], values: Record<string, string | boolean> = {}, stdin = "", env = {}) {
  const written = { out: "", err: "" };
  const stream = (key: "out" | "err") => ({
    write(line: string) {
      written[key] += line;
    },
  });
  const terminal = createTerminal(stream("out"), stream("err"), env);
  const exitCode = await diff({ values, operands }, terminal, async () => stdin);
  return { exitCode, ...written };
}

describe("diff", () => {
  it("tells what loosens first and sums up, and ends with 0 when nothing is denied", async () => {
    const { exitCode, out } = await run([OLD, LOOSER]);
    assert.equal(exitCode, 0);
    assert.equal(out, "loosens\n  products widens its timeout: 5s becomes 10s\n\n1 effect: 1 loosens; 1 opens something\n");
  });

  it("ends with 5 when what it finds is denied", async () => {
    const codes = async (deny: string) => [
      (await run([OLD, LOOSER], { deny })).exitCode,
      (await run([OLD, OPENING], { deny })).exitCode,
      (await run([LOOSER, OLD], { deny })).exitCode,
      (await run([OPENING, OLD], { deny })).exitCode,
      (await run([OLD, OLD], { deny })).exitCode,
    ];
    assert.deepEqual(await codes("loosens"), [5, 5, 0, 0, 0]);
    assert.deepEqual(await codes("any"), [5, 5, 5, 5, 0]);
    assert.match((await run([OLD, LOOSER], { deny: "loosens" })).err, /^denied: the change opens something\.$/m);
  });

  it("closes the gate when a route that asks for more leaves requests to one that asks for less", async () => {
    const route = (methods: string) =>
      `  - { name: guarded, match: { path: /products/1, methods: ${methods} }, public: true, upstream: catalog, timeout: 1s }\n`;
    const narrowed = [write("both.yaml", text("5s", route("[GET, PUT]"))), write("one.yaml", text("5s", route("[GET]")))];
    const { exitCode, out } = await run(narrowed, { deny: "loosens" });
    assert.equal(exitCode, 5);
    assert.match(out, /^ {2}PUT \/products\/1 went to guarded, goes to products now \(opens\)$/m);
    assert.match(out, /^1 effect: 1 tightens; 1 move of requests opens something$/m);
  });

  it("says that there is no effect where only comments and spelling differ", async () => {
    assert.equal((await run([OLD, COMMENTED], { deny: "any" })).out, "no effect: the same generation\n");
  });

  it("reads one of the two from standard input", async () => {
    assert.match((await run(["-", LOOSER], {}, text("5s"))).out, /products widens its timeout: 5s becomes 10s/);
    assert.match((await run([LOOSER, "-"], {}, text("5s"))).out, /products narrows its timeout: 10s becomes 5s/);
    const bad = await run(["-", LOOSER], {}, "version: 2\n");
    assert.equal(bad.exitCode, 1);
    assert.match(bad.err, /^In standard input, read as .*looser\.yaml:/);
    assert.equal((await run(["-", "-"])).exitCode, 2);
  });

  it("has one JSON document for machines", async () => {
    const { exitCode, out } = await run([OLD, OPENING], { json: true, deny: "loosens" });
    assert.equal(exitCode, 5);
    assert.deepEqual(JSON.parse(out), {
      ok: false,
      effects: [{ kind: "adds", subject: "route new", sentence: "new is new and public, any method /new: catalog", opens: true }],
      summary: [],
      requests: [
        {
          before: null,
          after: "new",
          count: 1,
          samples: ["GET /new"],
          sentence: "GET /new found no route, goes to new now",
          opens: true,
        },
      ],
    });
    assert.equal(JSON.parse((await run([OLD, BAD], { json: true })).out).ok, false);
  });

  it("shows a few of many that are alike, and counts them", async () => {
    const { out } = await run([OLD, MANY]);
    assert.match(out, /^ {2}… and 35 more that become public$/m);
    assert.match(out, /^ {2}… and 20 more moves between routes$/m);
    assert.match(out, /^40 routes become public$/m);
  });

  it("colours what loosens red and what tightens green", async () => {
    assert.ok((await run([OLD, LOOSER], {}, "", { FORCE_COLOR: "1" })).out.startsWith("\x1b[31mloosens"));
    assert.ok((await run([LOOSER, OLD], {}, "", { FORCE_COLOR: "1" })).out.startsWith("\x1b[32mtightens"));
  });

  it("compares no configuration that is bad or lacks a team's part", async () => {
    for (const operands of [
      [BAD, OLD],
      [OLD, BAD],
      [OLD, DEGRADED],
      [DEGRADED, OLD],
    ]) {
      const { exitCode, out, err } = await run(operands);
      assert.deepEqual([exitCode, out], [1, ""]);
      assert.match(err, operands.includes(BAD) ? /SP_CONFIG_UNKNOWN_KEY/ : /team-a\.yaml:3:\d+ SP_CONFIG_TEAM_CLAIM/);
    }
  });

  it("refuses to deny what it does not know", async () => {
    const { exitCode, err } = await run([OLD, LOOSER], { deny: "everything" });
    assert.equal(exitCode, 2);
    assert.match(err, /--deny takes loosens or any, got "everything"/);
  });

  it("tells what becomes of invariants: what is no longer demanded opens", async () => {
    const demand = (name: string, rest: string) => `  - { name: ${name}, ${rest} }\n`;
    const had = write(
      "invariants-old.yaml",
      text(
        "5s",
        `invariants:\n${demand("a", "require: { has: [timeout] }")}${demand("b", "require: { has: [public] }")}${demand("c", "require: { has: [public] }, because: one")}`,
      ),
    );
    const has = write(
      "invariants-new.yaml",
      text(
        "5s",
        `invariants:\n${demand("b", "where: { names: [x] }, require: { has: [timeout] }, level: warning")}${demand("c", "require: { has: [public] }, because: two")}${demand("d", "require: { has: [timeout] }")}`,
      ),
    );
    const { exitCode, out } = await run([had, has], { deny: "loosens" });
    assert.equal(exitCode, 5);
    assert.equal(
      out.split("\n\n")[0],
      [
        "loosens",
        "  the invariant b speaks of other routes, of fewer perhaps",
        "  the invariant b demands something else, less perhaps",
        "  the invariant b only warns from now on",
        "  the invariant a is gone: routes may break it from now on",
        "tightens",
        "  the invariant d is new",
      ].join("\n"),
    );
  });
});
