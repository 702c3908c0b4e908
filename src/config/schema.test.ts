import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as z from "zod";
import { NOT_BUILT } from "./not-built.ts";
import { type ConfigurationInput, configurationSchema } from "./schema.ts";

/** The parts of a JSON Schema that are walked here. */
interface Node {
  readonly description?: string;
  readonly default?: unknown;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly additionalProperties?: Node | boolean;
  readonly items?: Node;
  readonly anyOf?: readonly Node[];
}

const root = z.toJSONSchema(configurationSchema, { io: "input" }) as Node;

function visit(node: Node, path: string, onField: (path: string, field: Node) => void): void {
  for (const [key, field] of Object.entries(node.properties ?? {})) {
    onField(`${path}${key}`, field);
    visit(field, `${path}${key}.`, onField);
  }
  if (node.items !== undefined) visit(node.items, path.replace(/\.$/, "[]."), onField);
  if (typeof node.additionalProperties === "object") visit(node.additionalProperties, `${path}*.`, onField);
  for (const branch of node.anyOf ?? []) visit(branch, path, onField);
}

describe("the schema", () => {
  it("describes each of its keys", () => {
    let count = 0;
    visit(root, "", (path, field) => {
      count++;
      assert.match(field.description ?? "", /^.{4,}\.$/s, path);
    });
    assert.ok(count > 60);
  });

  it("shares no key with the table of what is not built", () => {
    const built = new Set<string>();
    visit(root, "", (path) => built.add(path));
    for (const entry of NOT_BUILT) if (entry.isIt === undefined) assert.ok(!built.has(entry.at), entry.at);
  });

  it("gives a type to configurations in TypeScript", () => {
    const input: ConfigurationInput = {
      version: 1,
      listeners: [{ name: "http", address: "127.0.0.1:8080", bounds: { body: "off", connectionsPerIp: "off" } }],
      upstreams: { a: { endpoints: ["http://127.0.0.1:3000", { url: "http://127.0.0.1:3001", weight: 2 }] } },
      routes: [{ name: "r", match: { path: "/*" }, public: true, upstream: "a" }],
    };
    assert.ok(configurationSchema.safeParse(input).success);
  });
});
