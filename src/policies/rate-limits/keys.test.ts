import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { get, PolicyStage } from "../../../test/pipeline/policy-stage.ts";
import type { LimitKeyPart } from "../../config/index.ts";
import type { Exchange, Principal } from "../../pipeline/index.ts";
import { compileKey } from "./key-parts.ts";
import { keyText } from "./key-text.ts";
import { authenticating, compileLimits, FakeStore, toPrincipal } from "./limit-fakes.ts";

interface Seen {
  readonly address?: string;
  readonly principal?: Principal | null;
  readonly method?: string;
  readonly header?: string | null;
  readonly pattern?: string;
}

function keyOf(
  parts: readonly LimitKeyPart[],
  { address = "192.0.2.7", principal = null, method = "GET", header = null, pattern }: Seen,
): string {
  const exchange = {
    clientAddress: address,
    principal,
    head: { method, fields: { getCombined: () => header } },
    pattern: pattern === undefined ? null : { text: pattern },
  };
  return compileKey(parts, "orders").read(exchange as unknown as Exchange);
}

const IP = { kind: "ip", v4: 32, v6: 64 } as const;
const HEADER = { kind: "header", name: "X-A" } as const;
const of = (kind: "user" | "apiKey" | "tenant" | "plan" | "route" | "endpoint" | "global") => [{ kind }] as const;
const claim = (name: string) => [{ kind: "claim", name }] as const;

describe("a key by address", () => {
  it("takes an IPv6 address by its /64, and one that is mapped for the IPv4 address that it is", () => {
    assert.equal(keyOf([IP], {}), "ip=192.0.2.7");
    assert.equal(keyOf([IP], { address: "::ffff:192.0.2.7" }), "ip=192.0.2.7");
    assert.equal(keyOf([IP], { address: "2001:db8:1:2:3:4:5:6" }), "ip=2001:db8:1:2::/64");
    assert.equal(keyOf([IP], { address: "2001:DB8:1:2::9" }), "ip=2001:db8:1:2::/64");
  });

  it("takes as many bits as it is told to", () => {
    const wide = (v4: number, v6: number, address: string) => keyOf([{ kind: "ip", v4, v6 }], { address });
    assert.equal(wide(24, 56, "192.0.2.7"), "ip=192.0.2.0/24");
    assert.equal(wide(24, 56, "::ffff:192.0.2.7"), "ip=192.0.2.0/24");
    assert.equal(wide(31, 56, "192.0.2.7"), "ip=192.0.2.6/31");
    assert.equal(wide(1, 56, "192.0.2.7"), "ip=128.0.0.0/1");
    assert.equal(wide(24, 56, "2001:db8:1:2fff::1"), "ip=2001:db8:1:2f00::/56");
    assert.equal(wide(24, 48, "2001:db8:1:2fff::1"), "ip=2001:db8:1::/48");
    assert.equal(wide(24, 1, "ffff::1"), "ip=8000::/1");
    assert.equal(wide(24, 127, "2001:db8::ffff"), "ip=2001:db8::fffe/127");
    assert.equal(wide(24, 128, "2001:db8::ffff"), "ip=2001:db8::ffff");
  });

  it("is the same after many others", () => {
    const address = (n: number) => `2001:db8:${n.toString(16)}::1`;
    for (let n = 0; n < 10_000; n++) {
      const text = address(1 + (n % 7000));
      assert.equal(keyOf([IP], { address: text }), `ip=${text.slice(0, -1)}/64`);
    }
  });

  it("has one count for all whose address nobody knows, as on a unix socket", () => assert.equal(keyOf([IP], { address: "" }), "ip="));
});

describe("a key by who calls", () => {
  const alice = toPrincipal({ tenant: "acme", plan: "gold", claims: { org: { id: "o1" } } });

  it("takes ids within their identity", () => {
    assert.equal(keyOf(of("user"), { principal: alice }), "user=users:alice");
    assert.equal(keyOf(of("user"), { principal: toPrincipal({ identity: "partners" }) }), "user=partners:alice");
  });

  it("takes the API key itself, of which an owner may have several, and callers by other credentials for themselves", () => {
    const key = (claims: Record<string, unknown>) => toPrincipal({ identity: "partners", source: "apiKey", id: "owner", claims });
    assert.equal(keyOf(of("apiKey"), { principal: key({ key: "k1" }) }), "apiKey=partners:k1");
    assert.equal(keyOf(of("apiKey"), { principal: key({}) }), "user=partners:owner");
    assert.equal(keyOf(of("apiKey"), { principal: alice }), "user=users:alice");
    // A claim of that name in a token is no API key.
    assert.equal(keyOf(of("apiKey"), { principal: toPrincipal({ claims: { key: "k1" } }) }), "user=users:alice");
  });

  it("counts whoever has no tenant alone, and whoever has no plan together", () => {
    assert.equal(keyOf(of("tenant"), { principal: alice }), "tenant=acme");
    assert.equal(keyOf(of("tenant"), { principal: toPrincipal() }), "user=users:alice");
    assert.equal(keyOf(of("plan"), { principal: alice }), "plan=gold");
    assert.equal(keyOf(of("plan"), { principal: toPrincipal() }), "no-plan");
    assert.equal(keyOf(of("plan"), { principal: toPrincipal({ plan: "" }) }), "plan=");
  });

  it("takes claims within claims, and tells a text from what is none", () => {
    const by = (claims: Record<string, unknown>) => keyOf(claim("org.id"), { principal: toPrincipal({ claims }) });
    assert.equal(keyOf(claim("org.id"), { principal: alice }), "claim=o1");
    assert.equal(by({ "org.id": "flat", org: { id: "o1" } }), "claim=flat");
    assert.deepEqual([by({ org: { id: 1 } }), by({ org: { id: "1" } })], ["claim-json=1", "claim=1"]);
    assert.equal(by({ org: { id: ["a", "b"] } }), 'claim-json=["a","b"]');
    assert.deepEqual([by({}), by({ org: { id: null } }), by({ org: "o1" })], ["no-claim", "no-claim", "no-claim"]);
  });

  it("counts who comes without a principal by address, apart from all others", () => {
    for (const parts of [of("user"), of("apiKey"), of("tenant"), of("plan"), claim("org.id")]) {
      assert.equal(keyOf(parts, {}), "anonymous=192.0.2.7");
      assert.equal(keyOf(parts, { address: "2001:db8::1" }), "anonymous=2001:db8::/64");
    }
  });
});

describe("a key by what is asked for", () => {
  it("takes the route, or the path's pattern with the method", () => {
    assert.equal(keyOf(of("global"), {}), "global");
    assert.equal(keyOf(of("route"), {}), "route=orders");
    assert.equal(keyOf(of("endpoint"), { pattern: "/orders/:id" }), "endpoint=GET /orders/:id");
    assert.equal(keyOf(of("endpoint"), { pattern: "/orders/:id", method: "DELETE" }), "endpoint=DELETE /orders/:id");
  });

  it("takes a HEAD for a GET, and all methods that nobody knows for one: else each word would have a count of its own", () => {
    assert.equal(keyOf(of("endpoint"), { pattern: "/x", method: "HEAD" }), "endpoint=GET /x");
    assert.equal(keyOf(of("endpoint"), { pattern: "/x", method: "A1" }), keyOf(of("endpoint"), { pattern: "/x", method: "get" }));
  });
});

describe("a key by a header", () => {
  it("tells an empty value from none, and bounds long ones", () => {
    assert.equal(keyOf([HEADER], { header: "a" }), "header=a");
    assert.equal(keyOf([HEADER], { header: "" }), "header=");
    assert.equal(keyOf([HEADER], {}), "no-header");
    const [long, other] = ["a".repeat(8000), `${"a".repeat(7999)}b`];
    assert.match(keyOf([HEADER], { header: long }), /^header=#[\w-]{43}$/);
    assert.notEqual(keyOf([HEADER], { header: long }), keyOf([HEADER], { header: other }));
    assert.notEqual(keyText(keyText(long)), keyText(long), "what looks like a digest is none");
  });

  it("takes the field however its letters and lines are, and no other field for it", async () => {
    const store = new FakeStore();
    const { policies } = compileLimits({ limits: [[{ key: [HEADER], rule: { kind: "fixedWindow", limit: 99, windowMs: 1000 } }, store]] });
    const stage = await PolicyStage.create({ policies: [authenticating(), ...policies] });
    const spellings = ["X-A: a, b", "x-a:a\r\nX-A:   b  ", "X-a: a\r\nOther: 1\r\nx-A: b", "X_A: a, b", "X--A: a, b", "X-A-: a"];
    for (const fields of spellings) assert.equal(stage.send(get("/x", `${fields}\r\n`)).status, 200);
    const seen = store.log.map((line) => /^take per-ip (.*) 1$/.exec(line)?.[1]);
    assert.deepEqual(seen, ["header=a, b", "header=a, b", "header=a, b", "no-header", "no-header", "no-header"]);
    stage.finish();
  });
});

describe("a value in a key", () => {
  it("is readable, but for what parts keys and what nobody sees", () => {
    assert.equal(keyText("Zoë Müller <z@example.com> 東京"), "Zoë Müller <z@example.com> 東京");
    assert.equal(keyText("a|b#c%d\r\n\u0000\u007f\u009b"), "a%7cb%23c%25d%0d%0a%00%7f%9b");
    assert.equal(keyText("\u202eevil\ufeff\ud800"), "%u202eevil%ufeff%ud800");
  });
});

describe("a key of several parts", () => {
  it("has them in their order", () => {
    const parts = [...of("tenant"), IP, ...of("route")];
    assert.equal(keyOf(parts, { principal: toPrincipal({ tenant: "a|b" }) }), "tenant=a%7cb|ip=192.0.2.7|route=orders");
  });

  it("is the same for no two requests that differ in a part", () => {
    const text = fc.oneof(
      fc.string({ unit: "binary", maxLength: 6 }),
      fc.stringMatching(/^[|%#=:u0-9a-f]{0,5}$/),
      fc.constantFrom("\ud800", "\udfff", "\ud83d\ude00", "%7c", "|", "#", "no-plan", "a".repeat(128), "a".repeat(129)),
    );
    const facts = fc.record({
      id: text,
      tenant: fc.option(text),
      plan: fc.option(text),
      claim: fc.oneof(fc.constant(undefined), text, fc.integer({ min: 0, max: 3 }), fc.boolean(), fc.array(text, { maxLength: 2 })),
      header: fc.option(text),
      isKnown: fc.boolean(),
    });
    const parts = [...of("user"), ...of("tenant"), HEADER, ...of("plan"), ...claim("c")];
    const read = ({ id, tenant, plan, claim: c, header, isKnown }: typeof facts extends fc.Arbitrary<infer F> ? F : never) => {
      const principal = isKnown ? toPrincipal({ id, tenant, plan, claims: { c } }) : null;
      // Without a principal only the header and the address count; whoever has no tenant is counted by id.
      const tuple = isKnown ? [id, tenant, plan, c ?? null, header] : [header];
      return { key: keyOf(parts, { principal, header }), tuple: JSON.stringify(tuple) };
    };
    fc.assert(
      fc.property(facts, facts, (a, b) => {
        const [first, second] = [read(a), read(b)];
        assert.equal(first.key === second.key, first.tuple === second.tuple);
        assert.match(first.key, /^[^\p{Cs}\p{Cc}]*$/u);
      }),
      { numRuns: 500 },
    );
    // What is short enough to be read stays different when it is nearly the same.
    fc.assert(
      fc.property(text, text, (a, b) => assert.equal(keyText(a) === keyText(b), a === b)),
      { numRuns: 500 },
    );
  });
});
