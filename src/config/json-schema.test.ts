import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { Ajv2020 } from "ajv/dist/2020.js";
import fc from "fast-check";
import { parse } from "yaml";
import { configurationJsonSchema, teamJsonSchema } from "./json-schema.ts";
import { parseDuration, parseRate, parseSize } from "./quantities.ts";
import { hasReference } from "./references-text.ts";
import { Refusal } from "./refusal.ts";
import { configurationSchema } from "./schema.ts";
import { toQuantityForm } from "./written-forms.ts";

const ajv = new Ajv2020({ strict: true, strictTypes: false, strictRequired: false, allErrors: true });
const isConfiguration = ajv.compile(configurationJsonSchema());
const isTeam = ajv.compile(teamJsonSchema());
const testdata = new URL("./testdata/", import.meta.url);

function read(name: string): unknown {
  return parse(readFileSync(new URL(name, testdata), "utf8"));
}

/** Names of the singles that are good, or at least have no error. */
const good = readdirSync(testdata).flatMap((name) => (name.endsWith(".config.txt") ? [name.replace(".config.txt", "")] : []));
const folders = readdirSync(testdata, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));

const BASE = {
  version: 1,
  listeners: [{ name: "http", address: "127.0.0.1:8080" }],
  upstreams: { a: { endpoints: ["http://127.0.0.1:3000"] } },
  routes: [{ name: "r", match: { path: "/a" }, public: true, upstream: "a" }],
};

function withRoute(part: object): object {
  return { ...BASE, routes: [{ ...BASE.routes[0], ...part }] };
}

const BAD: Readonly<Record<string, object>> = {
  "a key that there is not": { ...BASE, listener: [] },
  "a key that there is not, deeper": withRoute({ rewrite: { stripPrefx: "/a" } }),
  "no listeners": { version: 1 },
  "a route without a name": { ...BASE, routes: [{ match: { path: "/a" }, public: true, upstream: "a" }] },
  "a route without a path": withRoute({ match: { methods: ["GET"] } }),
  "another version": { ...BASE, version: 2 },
  "a duration without its unit": withRoute({ timeout: "10" }),
  "a duration that is a number": withRoute({ timeout: 10 }),
  "a duration of zero": withRoute({ timeout: "0s" }),
  "a size with a foreign unit": withRoute({ bounds: { body: "1MB" } }),
  "`off` where nothing can be off": withRoute({ bounds: { line: "off" } }),
  "a word that there is not": withRoute({ securityHeaders: { frameOptions: "DENY" } }),
  "`public: false`": withRoute({ public: false }),
  "two ways to tell a version": { ...BASE, apis: { o: { versionBy: { header: "X-V", pathPrefix: "/v" }, versions: { "1": {} } } } },
  "no way to tell a version": { ...BASE, apis: { o: { versionBy: {}, versions: { "1": {} } } } },
  "an address without a port": { ...BASE, listeners: [{ name: "http", address: "127.0.0.1" }] },
  "a reference in a key": { ...BASE, upstreams: { "${env:NAME}": { endpoints: ["http://127.0.0.1:3000"] } } },
};

describe("the JSON Schema", () => {
  it("is of draft 2020-12, with a title and without an address", () => {
    const { $schema, $id, title } = configurationJsonSchema() as Record<string, unknown>;
    assert.equal($schema, "https://json-schema.org/draft/2020-12/schema");
    assert.equal($id, undefined);
    assert.match(String(title), /Sallyport/);
  });

  it("is judged by good configurations, of which there are enough", () => assert.ok(good.length >= 20));

  for (const name of good) {
    it(`lets ${name} pass`, () => assert.ok(isConfiguration(read(`${name}.in.txt`)), ajv.errorsText(isConfiguration.errors)));
  }

  for (const folder of folders.filter((name) => readdirSync(new URL(`${name}/`, testdata)).includes("expected.config"))) {
    it(`lets the files of ${folder} pass`, () => {
      assert.ok(isConfiguration(read(`${folder}/gateway.in.txt`)), ajv.errorsText(isConfiguration.errors));
      const files = readdirSync(new URL(`${folder}/`, testdata), { recursive: true }).map(String);
      for (const file of files.filter((path) => /^teams\/.*\.in\.txt$/.test(path))) {
        assert.ok(isTeam(read(`${folder}/${file}`)), `${file}: ${ajv.errorsText(isTeam.errors)}`);
      }
    });
  }

  it("lets the whole language pass, with what is not built", () => {
    assert.ok(isConfiguration(read("example.in.txt")), ajv.errorsText(isConfiguration.errors));
  });

  for (const [what, value] of Object.entries(BAD)) {
    it(`refuses ${what}`, () => assert.equal(isConfiguration(value), false));
  }

  it("lets a reference pass wherever a text stands", () => {
    const full = read("full.in.txt");
    let count = 0;
    for (const { value, key, restore, set } of listTexts(full)) {
      if (hasReference(value)) continue;
      set("${env:NAME}");
      assert.ok(isConfiguration(full), `${key}: ${ajv.errorsText(isConfiguration.errors)}`);
      restore();
      count++;
    }
    assert.ok(count > 100);
  });

  it("lets every quantity pass that a configuration may say", () => {
    const parsers = { duration: parseDuration, size: parseSize, rate: parseRate };
    const unit = fc.constantFrom("", "ms", "s", "m", "h", "d", "B", "KiB", "MiB", "GiB", "B/s", "KiB/s", "MB");
    const text = fc.oneof(
      fc.tuple(fc.integer({ min: 0, max: 5000 }), unit).map(([amount, of]) => `${amount}${of}`),
      fc.constantFrom("off", "0s", "00s", "010s", "1.5s", " 1s", "1s ", "-1s"),
    );
    const max = { duration: "1d", size: "1GiB", rate: "1GiB/s" };
    for (const kind of ["duration", "size", "rate"] as const) {
      fc.assert(
        fc.property(text, fc.boolean(), (written, off) => {
          const form = { example: "", off, max: max[kind] };
          const pattern = new RegExp(toQuantityForm(form, kind).pattern ?? "");
          if (!(parsers[kind](written, form) instanceof Refusal)) assert.match(written, pattern);
          else if (!/^0*[1-9]/.test(written)) assert.doesNotMatch(written, pattern);
        }),
      );
    }
  });

  it("says defaults as they are written, and such that they are good", () => {
    const filled = fill(configurationJsonSchema() as Node, BASE);
    assert.ok(isConfiguration(filled), ajv.errorsText(isConfiguration.errors));
    assert.deepEqual(configurationSchema.parse(filled), configurationSchema.parse(BASE));
  });
});

interface Node {
  readonly properties?: Readonly<Record<string, Node>>;
  readonly items?: Node;
  readonly default?: unknown;
}

/** With each default of the schema written out. */
function fill(node: Node, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => fill(node.items ?? {}, item));
  if (typeof value !== "object" || value === null || node.properties === undefined) return value;
  const made: Record<string, unknown> = { ...value };
  for (const [key, field] of Object.entries(node.properties)) {
    const held = made[key] ?? field.default;
    if (held !== undefined) made[key] = fill(field, held);
  }
  return made;
}

interface Place {
  readonly key: string;
  readonly value: string;
  set(text: string): void;
  restore(): void;
}

function* listTexts(holder: unknown, at = ""): Generator<Place> {
  if (typeof holder !== "object" || holder === null) return;
  const map = holder as Record<string, unknown>;
  for (const key of Object.keys(map)) {
    const value = map[key];
    if (typeof value !== "string") {
      yield* listTexts(value, `${at}.${key}`);
      continue;
    }
    const put = (text: string) => {
      map[key] = text;
    };
    yield { key: `${at}.${key}`, value, set: put, restore: () => put(value) };
  }
}
