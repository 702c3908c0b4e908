import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { checkCedar, obtainProgram } from "./cedar-program.ts";

const PERMIT = "permit(principal, action, resource);";
const file = (text: string, name = "p.cedar") => [{ file: name, text }];
const program = (text: string, more: { entities?: string; schema?: string } = {}) =>
  obtainProgram({ policies: file(text), entities: null, schema: null, ...more });
const SCHEMA = `
entity Role;
entity User in [Role] { tenant?: String };
entity Route;
action read;
action GET in [read] appliesTo { principal: User, resource: Route, context: {} };
`;

describe("policies", () => {
  it("are named by their file and place, or by what they say", () => {
    const many = Array.from({ length: 12 }, (_, i) => (i === 10 ? "forbid(principal, action, resource);" : PERMIT)).join("\n");
    assert.deepEqual([...program(many).forbids], ["p.cedar#11"]);
    assert.deepEqual([...program(`@id("blocked") forbid(principal, action, resource);`).forbids], ["blocked"]);
  });

  it("are read once for the same sources, and anew for others", () => {
    const first = program(PERMIT);
    assert.equal(program(PERMIT), first);
    assert.notEqual(program(`${PERMIT}\n`).policySetId, first.policySetId);
  });

  it("bring the groups of actions that the schema has", () => {
    assert.deepEqual(program(PERMIT, { schema: SCHEMA }).entities.get('Action::"GET"')?.parents, [{ type: "Action", id: "read" }]);
  });
});

describe("entities that policies lead to", () => {
  const uid = (id: string) => ({ type: "Role", id });
  const entities = JSON.stringify([
    { uid: uid("a"), attrs: {}, parents: [uid("b")] },
    { uid: { __entity: uid("b") }, attrs: { boss: [{ __entity: uid("c") }] }, parents: [] },
    { uid: uid("c"), attrs: {}, parents: [uid("d")] },
    { uid: uid("e"), attrs: {}, parents: [uid("a")] },
  ]);
  for (const [text, named] of [
    [PERMIT, []],
    ['permit(principal in Role::"e", action, resource);', ["a", "b", "c", "e"]],
    ['permit(principal, action, resource) when { principal in Role::"b" };', ["b", "c"]],
    ['permit(principal, action, resource) when { {a: [Role::"b"]} == context };', ["b", "c"]],
    ['permit(principal is Role in Role::"c", action, resource);', ["c"]],
  ] as const) {
    it(text, () => {
      const keys = [...program(text, { entities }).named.keys()].sort();
      assert.deepEqual(
        keys,
        named.map((id) => `Role::"${id}"`),
      );
    });
  }
});

describe("what policies read", () => {
  for (const [text, names, wholeContext] of [
    ["permit(principal, action, resource);", [], false],
    ['permit(principal in Role::"a", action, resource);', [], false],
    ["permit(principal, action, resource) when { context.now > context.start };", ["now", "start"], false],
    ["permit(principal, action, resource) when { principal has claims.level };", ["claims", "level"], false],
    ['permit(principal, action, resource) when { principal.claims["a b"] == 1 };', ["a b", "claims"], false],
    [
      "permit(principal, action, resource) when { (if true then principal else principal).tenant == resource.path };",
      ["path", "tenant"],
      false,
    ],
    ["permit(principal, action, resource) unless { [context] == [] };", [], true],
    ['permit(principal, action, resource) when { context has ip && ip("1.1.1.1") == context.ip };', ["ip"], false],
    ["permit(principal, action, resource) when { {a: context.x}.a };", ["a", "x"], false],
  ] as const) {
    it(text, () => {
      const { reads } = program(text);
      assert.deepEqual([[...reads.names].sort(), reads.wholeContext], [names, wholeContext]);
    });
  }
});

describe("a check of Cedar", () => {
  it("finds nothing in what is good", () => {
    const entities = JSON.stringify([{ uid: { type: "Role", id: "a" }, attrs: {}, parents: [] }]);
    assert.deepEqual(checkCedar(file('permit(principal, action in Action::"read", resource);'), SCHEMA, entities), []);
    assert.deepEqual(checkCedar([], null, null), []);
  });

  for (const [title, policies, schema, entities, said] of [
    [
      "a word that is none, with its line",
      file(`${PERMIT}\n// ü\npermit(principal, acton, resource);`),
      null,
      null,
      /^p\.cedar:3: .*acton/,
    ],
    ["a template", file("permit(principal == ?principal, action, resource);"), null, null, /^p\.cedar: .*template/],
    ["two ids alike", file(`@id("a") ${PERMIT}\n@id("a") ${PERMIT}`), null, null, /two policies have the id a/],
    ["a schema that is none", file(PERMIT), "entity", null, /^schema.*/],
    ["entities that are no JSON", file(PERMIT), null, "[", /^entities: /],
    ["entities that are no list", file(PERMIT), null, "{}", /^entities: a list/],
    ["an entity without an id", file(PERMIT), null, '[{"uid": {"type": "A"}, "attrs": {}, "parents": []}]', /^entities: /],
    [
      "an entity twice",
      file(PERMIT),
      null,
      JSON.stringify([1, 2].map(() => ({ uid: { type: "A", id: "a" }, attrs: {}, parents: [] }))),
      /^entities: A::"a" is there twice/,
    ],
    [
      "an attribute that the schema does not know",
      file("permit(principal, action, resource) when { principal.nix == 1 };"),
      SCHEMA,
      null,
      /nix/,
    ],
    ["a type that the schema does not know", file('permit(principal in Group::"a", action, resource);'), SCHEMA, null, /Group/],
  ] as const) {
    it(`finds ${title}`, () => {
      const found = checkCedar(policies, schema, entities);
      assert.ok(found.length > 0);
      assert.match(found[0] ?? "", said);
      if (/schema does not know/.test(title)) return;
      assert.throws(() => obtainProgram({ policies, schema, entities }), { message: said });
    });
  }

  it("finds every mistake, each of its own file", () => {
    const found = checkCedar([...file("permit(;", "a.cedar"), ...file("forbid(;", "b.cedar")], null, "[");
    assert.deepEqual(
      found.map((mistake) => mistake.split(":")[0]),
      ["a.cedar", "b.cedar", "entities"],
    );
  });
});
