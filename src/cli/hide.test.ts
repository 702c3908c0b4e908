// Values of conditions that come from the environment are keys: no command prints them.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { diff } from "./diff.ts";
import { explain } from "./explain.ts";
import { hideIn } from "./hide.ts";
import { routes } from "./routes.ts";
import { createTerminal, type Terminal } from "./terminal.ts";

const OLD_KEY = "canary/17 old";
const NEW_KEY = "canary/17 old and new";
const CANARY = /canary|%2F17/;

const folder = mkdtempSync(join(tmpdir(), "sallyport-hide-"));
after(() => rmSync(folder, { recursive: true }));
before(() => {
  process.env["HIDE_TEST_OLD"] = OLD_KEY;
  process.env["HIDE_TEST_NEW"] = NEW_KEY;
});
after(() => {
  delete process.env["HIDE_TEST_OLD"];
  delete process.env["HIDE_TEST_NEW"];
});

function write(name: string, variable: string): string {
  const file = join(folder, name);
  writeFileSync(
    file,
    `version: 1
listeners: [{ name: http, address: 127.0.0.1:8080 }]
upstreams: { a: { endpoints: [http://127.0.0.1:3001] } }
routes:
  - { name: h, match: { path: /h, headers: { X-Key: "\${env:${variable}}" } }, public: true, upstream: a }
  - { name: q, match: { path: /q, query: { key: "\${env:${variable}}" } }, public: true, upstream: a }
`,
  );
  return file;
}

const OLD = write("old.yaml", "HIDE_TEST_OLD");
const NEW = write("new.yaml", "HIDE_TEST_NEW");

type Values = Record<string, string | boolean | string[]>;
type Command = (line: { values: Values; operands: string[] }, terminal: Terminal) => Promise<number>;

async function run(command: Command, operands: string[], values: Values = {}): Promise<string> {
  let out = "";
  const stream = { write: (line: string) => (out += line) };
  await command({ values, operands }, createTerminal(stream, stream, {}));
  return out;
}

describe("a condition's value from the environment", () => {
  for (const json of [false, true]) {
    const form = json ? "JSON" : "text";
    it(`is not in the table of routes, as ${form}`, async () => {
      const out = await run(routes, [OLD], { json });
      assert.match(out, /\*\*\*/);
      assert.doesNotMatch(out, CANARY);
    });

    it(`is not in an explanation, as ${form}, whether the request has it or not`, async () => {
      const without = await run(explain, ["GET", "http://a.test/h"], { json, config: OLD });
      assert.match(without, /asks for X-Key: \*\*\*/);
      assert.doesNotMatch(without, CANARY);
      const having = await run(explain, ["GET", `http://a.test/q?key=${encodeURIComponent(OLD_KEY)}`], { json, config: OLD });
      assert.match(having, /key=\*\*\*/);
      assert.doesNotMatch(having, CANARY);
    });

    it(`is not in a comparison, as ${form}, nor in its requests`, async () => {
      const out = await run(diff, [OLD, NEW], { json });
      assert.match(out, /\*\*\*/);
      assert.doesNotMatch(out, CANARY);
    });
  }
});

describe("hiding", () => {
  it("leaves what is too short to be a secret, and everything where there is nothing to hide", () => {
    const value = { a: ["1", 1, null, { b: "key 1" }] };
    assert.deepEqual(hideIn(value, ["1"]), value);
    assert.equal(hideIn(value, []), value);
    assert.deepEqual(hideIn({ a: "abcdef abcd" }, ["abcd", "abcdef"]), { a: "*** ***" });
  });
});
