import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readDiscovery, toDiscoveryUrl } from "./discovery.ts";
import { createJwk, DISCOVERY_URL, ISSUER, IssuerStage, KEYS_URL, kidsOf } from "./issuer-stage.ts";

const DOCUMENT = { issuer: ISSUER, jwks_uri: KEYS_URL };
const JWKS = { source: { kind: "discovery" } } as const;

describe("an issuer's discovery document", () => {
  for (const [issuer, url] of [
    ["https://a.example", "https://a.example/.well-known/openid-configuration"],
    ["https://a.example/", "https://a.example/.well-known/openid-configuration"],
    ["https://a.example/t", "https://a.example/t/.well-known/openid-configuration"],
    ["https://a.example/t/", "https://a.example/t/.well-known/openid-configuration"],
    ["https://a.example/t//", "https://a.example/t//.well-known/openid-configuration"],
  ] as const) {
    it(`of ${issuer} stands at ${url}`, () => assert.equal(toDiscoveryUrl(issuer), url));
  }

  it("says where the keys are", () => {
    assert.deepEqual(readDiscovery(JSON.stringify(DOCUMENT), ISSUER), { jwksUri: KEYS_URL, problem: null });
  });

  it("is only believed of the very issuer", () => {
    for (const issuer of [`${ISSUER}/`, ISSUER.toUpperCase(), "https://evil.example", "", null, [ISSUER], undefined]) {
      assert.match(readDiscovery(JSON.stringify({ ...DOCUMENT, issuer }), ISSUER).problem ?? "", /its `issuer`/);
    }
  });

  it("leads to https alone, unless the issuer itself is asked in the clear", () => {
    for (const jwks_uri of ["http://id.example.com/keys", "ftp://id.example.com/keys", "file:///keys", "data:,{}", "javascript:0"]) {
      assert.match(readDiscovery(JSON.stringify({ ...DOCUMENT, jwks_uri }), ISSUER).problem ?? "", /not https/);
    }
    const local = { issuer: "http://127.0.0.1:9", jwks_uri: "http://127.0.0.1:9/keys" };
    assert.equal(readDiscovery(JSON.stringify(local), local.issuer).jwksUri, local.jwks_uri);
    assert.equal(readDiscovery(JSON.stringify({ ...local, jwks_uri: KEYS_URL }), local.issuer).jwksUri, KEYS_URL);
    assert.match(readDiscovery(JSON.stringify({ ...local, jwks_uri: "ftp://127.0.0.1/" }), local.issuer).problem ?? "", /not https/);
  });

  it("leads to no place without a name, and to none with a password", () => {
    for (const jwks_uri of [undefined, null, 7, "", "/keys", "//id.example.com/keys", [KEYS_URL]]) {
      assert.match(readDiscovery(JSON.stringify({ ...DOCUMENT, jwks_uri }), ISSUER).problem ?? "", /no URL/);
    }
    const { problem } = readDiscovery(JSON.stringify({ ...DOCUMENT, jwks_uri: "https://u:s3cret@a.example/" }), ISSUER);
    assert.match(problem ?? "", /password/);
    assert.doesNotMatch(problem ?? "", /s3cret/);
  });

  it("is none when it is cut anywhere", () => {
    const text = JSON.stringify(DOCUMENT);
    for (let end = 0; end < text.length; end++) assert.match(readDiscovery(text.slice(0, end), ISSUER).problem ?? "", /no JSON object/);
    for (const other of ["null", "[]", "7", '"text"']) assert.match(readDiscovery(other, ISSUER).problem ?? "", /no JSON object/);
  });
});

describe("keys that are discovered", () => {
  it("are read from where the document says", async () => {
    const stage = new IssuerStage();
    stage.discover(DOCUMENT);
    stage.publish(createJwk("a"));
    const source = await stage.open(JWKS);
    assert.deepEqual([source.problem, kidsOf(source)], ["", ["a"]]);
  });

  it("are not there while the document is not good, which is told", async () => {
    const stage = new IssuerStage();
    stage.publish(createJwk("a"));
    stage.discover({ ...DOCUMENT, issuer: "https://evil.example" });
    const source = await stage.open(JWKS);
    assert.match(source.problem, /its `issuer` is another one/);
    assert.deepEqual([source.isReady, stage.fetches, stage.failures.length], [false, 0, 1]);
    stage.discover(DOCUMENT);
    await stage.pass(11_000);
    assert.deepEqual([source.problem, kidsOf(source)], ["", ["a"]]);
  });

  it("follow the document to another place", async () => {
    const stage = new IssuerStage();
    stage.discover(DOCUMENT);
    stage.publish(createJwk("a"));
    const source = await stage.open(JWKS);
    const elsewhere = "https://elsewhere.example/keys";
    stage.calls.replyJson(elsewhere, { keys: [createJwk("b")] });
    stage.discover({ ...DOCUMENT, jwks_uri: elsewhere });
    await stage.pass(60_000);
    await source.refresh();
    assert.equal(source.find("b").length, 1);
  });

  it("are read from where they were while the document can't be had, which is told", async () => {
    const stage = new IssuerStage();
    stage.discover(DOCUMENT);
    stage.publish(createJwk("a"));
    const source = await stage.open(JWKS);
    stage.calls.refuse(DISCOVERY_URL);
    stage.publish(createJwk("b"));
    await stage.pass(60_000);
    await source.refresh();
    assert.deepEqual([source.problem, source.find("b").length], ["", 1]);
    assert.deepEqual(
      stage.asked.map(({ what, isGood }) => [what, isGood]),
      [
        ["keys", true],
        ["discovery", false],
        ["keys", true],
      ],
    );
  });

  it("cost a flood of unknown kids one reading of each in 10 s at most", async () => {
    const stage = new IssuerStage();
    stage.discover(DOCUMENT);
    stage.publish(createJwk("a"));
    const source = await stage.open(JWKS);
    for (let second = 0; second < 60; second++) {
      for (let count = 0; count < 100; count++) void source.refresh();
      await stage.pass(1_000);
    }
    assert.ok(stage.fetches <= 7, `${stage.fetches}`);
    assert.ok(stage.calls.count(DISCOVERY_URL) <= 2);
  });
});
