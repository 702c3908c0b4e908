import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import type { AuthorizeRule } from "../../config/index.ts";
import { readClaim } from "../../identity/index.ts";
import type { Principal } from "../../pipeline/index.ts";
import { toPrincipal, toRule } from "./authorize-fakes.ts";
import { Rule } from "./rule.ts";

/** A Thursday, 10:30 in Zurich. */
const THURSDAY = Date.UTC(2026, 0, 1, 9, 30);
const OFFICE = { days: [1, 2, 3, 4, 5], startMinute: 480, endMinute: 1080, zone: "Europe/Zurich" };
const NIGHT = { ...OFFICE, startMinute: 1320, endMinute: 360 };

const refusalOf = (rule: Partial<AuthorizeRule>, principal: Principal, clientAddress = "10.1.2.3", wallMs = THURSDAY) =>
  new Rule(toRule(rule)).refusal(principal, { clientAddress, wallMs })?.part ?? null;

const alice = toPrincipal({
  scopes: ["orders", "stock"],
  roles: ["clerk", "auditor"],
  claims: { tid: "t1", level: 3, mfa: true, groups: ["a", 7], deep: { er: "x" }, none: null, empty: [], "a.b": "dotted" },
});

describe("a rule", () => {
  const cases: readonly (readonly [title: string, rule: Partial<AuthorizeRule>, refusal: string | null])[] = [
    ["that asks for nothing", {}, null],
    ["one scope of several", { scopes: ["orders"] }, null],
    ["all scopes", { scopes: ["orders", "stock"] }, null],
    ["a scope that is missing beside one that is there", { scopes: ["orders", "users"] }, "scopes"],
    ["a scope in another case", { scopes: ["Orders"] }, "scopes"],
    ["a scope that begins alike", { scopes: ["order"] }, "scopes"],
    ["one role of those named", { roles: ["admin", "clerk"] }, null],
    ["roles that it has not", { roles: ["admin", "root"] }, "roles"],
    ["a claim among the values", { claims: [{ claim: "tid", oneOf: ["t0", "t1"] }] }, null],
    ["a claim of another value", { claims: [{ claim: "tid", oneOf: ["t2"] }] }, "claims.tid"],
    ["a number", { claims: [{ claim: "level", oneOf: [3] }] }, null],
    ["a text for a number", { claims: [{ claim: "level", oneOf: ["3"] }] }, "claims.level"],
    ["truth", { claims: [{ claim: "mfa", oneOf: [true] }] }, null],
    ["a text for truth", { claims: [{ claim: "mfa", oneOf: ["true"] }] }, "claims.mfa"],
    ["1 for truth", { claims: [{ claim: "mfa", oneOf: [1] }] }, "claims.mfa"],
    ["an element of a list", { claims: [{ claim: "groups", oneOf: ["a"] }] }, null],
    ["a number in a list", { claims: [{ claim: "groups", oneOf: [7] }] }, null],
    ["no element of a list", { claims: [{ claim: "groups", oneOf: ["7", "b"] }] }, "claims.groups"],
    ["an element of an empty list", { claims: [{ claim: "empty", oneOf: ["a"] }] }, "claims.empty"],
    ["a claim within a map", { claims: [{ claim: "deep.er", oneOf: ["x"] }] }, null],
    ["a claim whose name has a dot", { claims: [{ claim: "a.b", oneOf: ["dotted"] }] }, null],
    ["a claim's presence", { claims: [{ claim: "deep", oneOf: null }] }, null],
    ["the presence of a claim that is not there", { claims: [{ claim: "nix", oneOf: null }] }, "claims.nix"],
    ["the presence of one that is null", { claims: [{ claim: "none", oneOf: null }] }, "claims.none"],
    ["a value of a claim that is not there", { claims: [{ claim: "nix", oneOf: ["t1"] }] }, "claims.nix"],
    ["no value at all", { claims: [{ claim: "tid", oneOf: [] }] }, "claims.tid"],
    ["what every object has by being one", { claims: [{ claim: "constructor", oneOf: null }] }, "claims.constructor"],
    ["a network with the address", { from: ["192.168.0.0/16", "10.0.0.0/8"] }, null],
    ["another network", { from: ["192.168.0.0/16", "2001:db8::/32"] }, "from"],
    ["a window that is open", { times: [OFFICE] }, null],
    ["a window that is closed", { times: [NIGHT] }, "times"],
    ["one window of two", { times: [NIGHT, OFFICE] }, null],
    ["one of two rules", { anyOf: [toRule({ roles: ["admin"] }), toRule({ scopes: ["orders"] })] }, null],
    ["none of two rules", { anyOf: [toRule({ roles: ["admin"] }), toRule({ scopes: ["users"] })] }, "anyOf"],
    ["all of two rules", { allOf: [toRule({ roles: ["clerk"] }), toRule({ scopes: ["orders"] })] }, null],
    ["one of two where all must hold", { allOf: [toRule({ roles: ["clerk"] }), toRule({ scopes: ["users"] })] }, "allOf[1].scopes"],
    ["that another does not hold", { not: toRule({ roles: ["admin"] }) }, null],
    ["that another does not hold, which does", { not: toRule({ roles: ["clerk"] }) }, "not"],
    ["not all of a rule, of which a half holds", { not: toRule({ roles: ["clerk"], scopes: ["users"] }) }, null],
    ["nesting", { allOf: [toRule({ anyOf: [toRule({ not: toRule({ roles: ["clerk"] }) })] })] }, "allOf[0].anyOf"],
    ["what holds and what does not", { scopes: ["orders"], from: ["1.2.3.4"] }, "from"],
  ];
  for (const [title, rule, refusal] of cases) {
    it(`${refusal === null ? "allows" : "denies"}: ${title}`, () => assert.equal(refusalOf(rule, alice), refusal));
  }

  it("puts a client without an address in no network", () => {
    assert.equal(refusalOf({ from: ["0.0.0.0/0", "::/0"] }, alice, ""), "from");
  });

  it("reads an IPv4 address that is written as IPv6 as what it is", () => {
    assert.equal(refusalOf({ from: ["10.0.0.0/8"] }, alice, "::ffff:10.1.2.3"), null);
  });

  it("names scopes that are asked for within allOf, so that a client can be told", () => {
    const rule = new Rule(toRule({ allOf: [toRule({ scopes: ["x", "y"] })] }));
    assert.deepEqual(rule.refusal(toPrincipal(), { clientAddress: "", wallMs: 0 })?.scopes, ["x", "y"]);
  });
});

// ── any rule ─────────────────────────────────────────────────────────────────────────────────────────────────────────

const word = fc.constantFrom("a", "b", "c");
const words = fc.uniqueArray(word, { maxLength: 3 });
const value = fc.constantFrom<string | number | boolean>("a", "1", 1, true, "true");
const condition = fc.record({ claim: word, oneOf: fc.option(fc.array(value, { minLength: 1, maxLength: 4 })) });
/** A rule that asks for all at once allows nearly nobody, so most parts are left out. */
const seldom = <T>(some: fc.Arbitrary<readonly T[]>) =>
  fc.oneof({ weight: 3, arbitrary: fc.constant<readonly T[]>([]) }, { weight: 1, arbitrary: some });
const leaf = {
  scopes: seldom(words),
  roles: seldom(words),
  claims: seldom(fc.array(condition, { maxLength: 2 })),
  from: seldom(fc.uniqueArray(fc.constantFrom("10.0.0.0/8", "10.1.0.0/16", "::/0"), { maxLength: 2 })),
  times: seldom(fc.constantFrom([OFFICE], [NIGHT])),
};
const { rule: anyRule } = fc.letrec<{ rule: AuthorizeRule }>((tie) => ({
  rule: fc.oneof(
    { maxDepth: 3, depthSize: "small" },
    fc.record({ ...leaf, anyOf: fc.constant([]), allOf: fc.constant([]), not: fc.constant(null) }),
    fc.record({
      ...leaf,
      anyOf: fc.array(tie("rule"), { maxLength: 3 }),
      allOf: fc.array(tie("rule"), { maxLength: 2 }),
      not: fc.option(tie("rule")),
    }),
  ),
}));
const anyPrincipal = fc
  .record({
    scopes: words,
    roles: words,
    claims: fc.dictionary(word, fc.oneof(value, fc.array(value, { maxLength: 2 }), fc.constant(null))),
  })
  .map(toPrincipal);
const anyPlace = fc.record({
  clientAddress: fc.constantFrom("10.1.2.3", "10.2.2.2", "2001:db8::1", ""),
  wallMs: fc.integer({ min: 0, max: 7 * 24 * 60 }).map((minutes) => THURSDAY + minutes * 60_000),
});
type Place = { readonly clientAddress: string; readonly wallMs: number };

/** The rule as its documentation reads, with sets of texts and no care for speed. */
function isAllowed(rule: AuthorizeRule, principal: Principal, place: Place): boolean {
  const inNetwork = (network: string) =>
    network === "::/0" ? place.clientAddress.includes(":") : place.clientAddress.startsWith(network === "10.0.0.0/8" ? "10." : "10.1.");
  const inWindow = ({ days, startMinute, endMinute }: typeof OFFICE) => {
    // Zurich is an hour ahead in January.
    const local = new Date(place.wallMs + 3_600_000);
    const minute = local.getUTCHours() * 60 + local.getUTCMinutes();
    const today = local.getUTCDay();
    if (startMinute < endMinute) return days.includes(today) && minute >= startMinute && minute < endMinute;
    return (days.includes(today) && minute >= startMinute) || (days.includes((today + 6) % 7) && minute < endMinute);
  };
  const hasClaim = ({ claim, oneOf }: AuthorizeRule["claims"][number]) => {
    const claimed = readClaim(principal.claims, claim) ?? null;
    if (claimed === null) return false;
    return oneOf === null || [claimed].flat().some((each) => oneOf.some((wanted) => wanted === each));
  };
  return (
    rule.scopes.every((scope) => principal.scopes.includes(scope)) &&
    (rule.roles.length === 0 || rule.roles.some((role) => principal.roles.includes(role))) &&
    rule.claims.every(hasClaim) &&
    (rule.from.length === 0 || rule.from.some(inNetwork)) &&
    (rule.times.length === 0 || rule.times.some((window) => inWindow(window as typeof OFFICE))) &&
    rule.allOf.every((each) => isAllowed(each, principal, place)) &&
    (rule.anyOf.length === 0 || rule.anyOf.some((each) => isAllowed(each, principal, place))) &&
    (rule.not === null || !isAllowed(rule.not, principal, place))
  );
}

describe("any rule", () => {
  it("decides as a plain reading of it does", () => {
    let allowed = 0;
    let denied = 0;
    fc.assert(
      fc.property(anyRule, anyPrincipal, anyPlace, (rule, principal, place) => {
        const expected = isAllowed(rule, principal, place);
        if (expected) allowed++;
        else denied++;
        assert.equal(new Rule(rule).refusal(principal, place) === null, expected);
      }),
      { numRuns: 2000 },
    );
    assert.ok(allowed > 100 && denied > 100, `${allowed} were allowed and ${denied} denied: the property must see both`);
  });

  it("never lets more through for a condition that is added", () => {
    fc.assert(
      fc.property(anyRule, anyRule, anyPrincipal, anyPlace, (rule, more, principal, place) => {
        const isFree = (each: AuthorizeRule) => new Rule(each).refusal(principal, place) === null;
        const narrower: AuthorizeRule[] = [
          { ...rule, scopes: [...rule.scopes, ...more.scopes] },
          { ...rule, claims: [...rule.claims, ...more.claims] },
          { ...rule, allOf: [...rule.allOf, more] },
          { ...rule, roles: rule.roles.length === 0 ? more.roles : rule.roles },
          { ...rule, from: rule.from.length === 0 ? more.from : rule.from },
          { ...rule, times: rule.times.length === 0 ? more.times : rule.times },
          { ...rule, anyOf: rule.anyOf.length === 0 ? [more] : rule.anyOf },
          { ...rule, not: rule.not ?? more },
        ];
        for (const each of narrower) assert.ok(!isFree(each) || isFree(rule));
      }),
      { numRuns: 1000 },
    );
  });

  it("keeps the laws of all, any and not", () => {
    fc.assert(
      fc.property(anyRule, anyRule, anyPrincipal, anyPlace, (a, b, principal, place) => {
        const holds = (parts: Partial<AuthorizeRule>) => new Rule(toRule(parts)).refusal(principal, place) === null;
        const not = (rule: AuthorizeRule) => toRule({ not: rule });
        assert.equal(holds({ allOf: [a, b] }), holds({ allOf: [b, a] }));
        assert.equal(holds({ not: not(a) }), holds({ allOf: [a] }));
        assert.equal(holds({ not: toRule({ allOf: [a, b] }) }), holds({ anyOf: [not(a), not(b)] }));
        assert.equal(holds({ not: toRule({ anyOf: [a, b] }) }), holds({ allOf: [not(a), not(b)] }));
      }),
      { numRuns: 1000 },
    );
  });
});
