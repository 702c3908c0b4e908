import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isUnbuiltText } from "./fields.ts";
import { describeConfiguration, type SchemaNode } from "./json-schema.ts";
import { NOT_BUILT } from "./not-built.ts";
import { type ConfigurationInput, configurationSchema } from "./schema.ts";

const root = describeConfiguration();

/** `onNode` hears of each value that can be written: of fields, entries, items and alternatives. */
function visit(node: SchemaNode, path: string, onNode: (path: string, node: SchemaNode, isField: boolean) => void): void {
  for (const [key, field] of Object.entries(node.properties ?? {})) {
    const at = path === "" ? key : `${path}.${key}`;
    onNode(at, field, true);
    visit(field, at, onNode);
  }
  const entries: [string, SchemaNode | boolean | undefined][] = [
    [`${path}[]`, node.items],
    [`${path}.*`, node.additionalProperties],
    ...(node.anyOf ?? []).map((branch): [string, SchemaNode] => [path, branch]),
  ];
  for (const [at, inner] of entries) {
    if (typeof inner !== "object") continue;
    onNode(at, inner, false);
    visit(inner, at, onNode);
  }
}

function listSentences(): [path: string, description: string | undefined][] {
  const found: [string, string | undefined][] = [];
  visit(root, "", (path, node, isField) => {
    if (isField || node.description !== undefined) found.push([path, node.description]);
  });
  return found;
}

/** Values that a node takes, as far as words, numbers and single keys tell. */
function listWords(node: SchemaNode): unknown[] {
  const own = node.const !== undefined ? [node.const] : (node.enum ?? []);
  const number = node.type === "integer" ? [2] : [];
  const keys = Object.keys(node.properties ?? {}).map((key) => ({ [key]: {} }));
  return [...own, ...number, ...keys, ...(node.anyOf ?? []).flatMap(listWords)];
}

describe("the schema", () => {
  it("describes each of its keys in sentences", () => {
    const sentences = listSentences();
    assert.ok(sentences.length > 200);
    assert.deepEqual(
      sentences.filter(([, text]) => !/^[A-Z0-9`].{3,}\.$/s.test(text ?? "")),
      [],
    );
  });

  it("knows each key that is not built, and marks it as that", () => {
    const marked = new Set<string>();
    visit(root, "", (path, node, isField) => {
      if (isField && isUnbuiltText(node.description)) marked.add(path);
    });
    const refused = NOT_BUILT.filter((entry) => entry.isIt === undefined).map((entry) => entry.at);
    assert.deepEqual([...marked].sort(), refused.sort());
  });

  it("knows the values that are not built of keys that are, and marks them and no others", () => {
    const marked = new Map<string, unknown[]>();
    const plain = new Map<string, unknown[]>();
    visit(root, "", (path, node, isField) => {
      if (isField) return;
      const map = isUnbuiltText(node.description) ? marked : plain;
      map.set(path, [...(map.get(path) ?? []), ...listWords(node)]);
    });
    for (const { at, isIt } of NOT_BUILT) {
      if (isIt === undefined) continue;
      assert.ok((marked.get(at) ?? []).length > 0, at);
      for (const value of marked.get(at) ?? []) assert.ok(isIt(value), `${at}: ${JSON.stringify(value)}`);
      marked.delete(at);
    }
    assert.deepEqual([...marked.keys()], []);
  });

  it("takes nothing for built that the table refuses", () => {
    const taken = new Map<string, unknown[]>();
    visit(root, "", (path, node) => {
      const branches = node.anyOf?.filter((branch) => !isUnbuiltText(branch.description)) ?? [];
      // The outermost comes first; what lies inside a branch that is marked is not taken for built.
      if (!taken.has(path)) taken.set(path, branches.flatMap(listWords));
    });
    for (const { at, isIt } of NOT_BUILT) if (isIt !== undefined) assert.deepEqual(taken.get(at)?.filter(isIt), [], at);
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
