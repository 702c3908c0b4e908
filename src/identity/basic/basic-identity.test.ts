import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import type { BasicIdentity, BasicUser } from "../../config/index.ts";
import { Principal } from "../../pipeline/index.ts";
import { exchangeOf, hostOf, secret, tell } from "../mtls/testdata/exchange-double.ts";
import type { PasswordCheck } from "./basic-identity.ts";
import { createBasicIdentity, hashPassword } from "./index.ts";
import { matchesPassword } from "./password-work.ts";

const BYTES = Buffer.alloc(32, 1).toString("base64").replace("=", "");
const HASH = `$scrypt$ln=13,r=8,p=1$${BYTES}$${BYTES}`;
const OTHER_COST = `$scrypt$ln=14,r=8,p=1$${BYTES}$${BYTES}`;

function user(name: string, password = HASH, more: Partial<BasicUser> = {}): BasicUser {
  return { name, password: secret(password), tenant: null, roles: [], scopes: [], ...more };
}

const CONFIG: BasicIdentity = {
  kind: "basic",
  name: "staff",
  headers: null,
  principal: { id: ["name"], tenant: "tenant", roles: "roles", scopes: "scopes" },
  realm: 'the "staff"',
  users: [user("ann", HASH, { tenant: "acme", roles: ["admin"], scopes: ["read", "write"] }), user("zoë")],
};

const encode = (text: string | Uint8Array) => `Basic ${Buffer.from(text).toString("base64")}`;
const asking = (authorization: string, address = "192.0.2.1") => exchangeOf({ fields: [["Authorization", authorization]], address });

/** A check that says yes to "right", and lets a test hold it back. */
function checking() {
  const checked: string[] = [];
  const held: (() => void)[] = [];
  let isHeld = false;
  const check: PasswordCheck = async (password) => {
    checked.push(password);
    if (isHeld) await new Promise<void>((resolve) => void held.push(resolve));
    return password === "right";
  };
  const hold = () => {
    isHeld = true;
  };
  const release = () => {
    isHeld = false;
    for (const go of held.splice(0)) go();
  };
  return { check, checked, hold, release };
}

function staffed(config: Partial<BasicIdentity> = {}) {
  const host = hostOf();
  const work = checking();
  return { host, work, staff: createBasicIdentity({ ...CONFIG, ...config }, host, work.check) };
}

describe("a name and a password", () => {
  it("are the user whose they are", async () => {
    const principal = await staffed().staff.identify(asking(encode("ann:right")));
    assert.ok(principal instanceof Principal);
    const { id, tenant, roles, scopes, source, expiresAtMs } = principal;
    assert.deepEqual([id, tenant, roles, scopes, source, expiresAtMs], ["ann", "acme", ["admin"], ["read", "write"], "basic", null]);
  });

  it("are asked for by a challenge that says how names are encoded", () => {
    assert.equal(staffed().staff.challenge, 'Basic realm="the \\"staff\\"", charset="UTF-8"');
  });

  it("are nobody's when the password is wrong, and say the same of a name that is not there", async () => {
    const { staff } = staffed();
    const wrong = await tell(staff.identify(asking(encode("ann:wrong"))));
    assert.equal(wrong, "SP_AUTH_INVALID: staff: no user has this name and password");
    assert.equal(await tell(staff.identify(asking(encode("eve:right")))), wrong);
    assert.equal(await tell(staffed({ users: [] }).staff.identify(asking(encode("eve:right")))), wrong);
  });

  it("are read as UTF-8, and composed characters as those they are made of", async () => {
    for (const name of ["zo\u00eb", "zoe\u0308"]) {
      assert.equal(await tell(staffed().staff.identify(asking(encode(`${name}:right`)))), "zoë");
    }
  });

  it("have the scheme in letters of any case, and more than one space behind it", async () => {
    for (const scheme of ["basic", "BASIC", "Basic  "]) {
      assert.equal(await tell(staffed().staff.identify(asking(encode("ann:right").replace("Basic", scheme)))), "ann");
    }
  });

  it("may have colons and nothing in the password, which begins behind the first colon", async () => {
    const { staff, work } = staffed();
    await staff.identify(asking(encode("ann:a:b:")));
    await staff.identify(asking(encode("ann:")));
    assert.deepEqual(work.checked, ["a:b:", ""]);
  });

  it("are not there in other schemes, or without the line", () => {
    const { staff } = staffed();
    for (const line of ["Bearer abc", "Basics abc", "Digest abc", ""]) assert.equal(staff.identify(asking(line)), null);
    assert.equal(staff.identify(exchangeOf()), null);
  });

  for (const [line, why] of [
    ["Basic", "it is no base64 of UTF-8"],
    ["Basic ", "it is no base64 of UTF-8"],
    ["Basic %%%", "it is no base64 of UTF-8"],
    ["Basic YW5uOnJpZ2h0 ", "it is no base64 of UTF-8"],
    ["Basic YW5uOnJpZ2h0, Basic YW5uOnJpZ2h0", "it is no base64 of UTF-8"],
    ["Basic YW5uOg", "it is no base64 of UTF-8"],
    ["Basic YW5uOh==", "it is no base64 of UTF-8"],
    [encode(Buffer.from([0xc3, 0x28, 0x3a])), "it is no base64 of UTF-8"],
    [encode("ann"), "it has no colon"],
    [encode("ann:ri\0ght"), "it holds a control character"],
    [encode("an\nn:right"), "it holds a control character"],
    [encode("ann:right\x7f"), "it holds a control character"],
    [encode(`ann:${"a".repeat(2000)}`), "it is too long"],
  ] as const) {
    it(`as ${JSON.stringify(line.slice(0, 40))} are refused: ${why}`, async () => {
      const { staff, work } = staffed();
      assert.equal(await tell(staff.identify(asking(line))), `SP_AUTH_INVALID: staff: ${why}`);
      assert.deepEqual(work.checked, []);
    });
  }

  it("are refused in more than one line, whatever the other one is", async () => {
    const { staff } = staffed();
    const ours = ["Authorization", encode("ann:right")] as const;
    for (const other of [encode("ann:right"), "Bearer abc", ""]) {
      for (const fields of [
        [ours, ["authorization", other] as const],
        [["authorization", other] as const, ours],
      ]) {
        assert.match(await tell(staff.identify(exchangeOf({ fields }))), /more than one line/);
      }
    }
  });

  it("cut anywhere are never a user", async () => {
    const { staff } = staffed();
    const whole = encode("ann:right");
    for (let length = 0; length < whole.length; length++) {
      const outcome = await tell(staff.identify(asking(whole.slice(0, length), `192.0.2.${length}`)));
      assert.match(outcome, length < 5 ? /^none$/ : /^SP_AUTH_INVALID/);
    }
  });
});

describe("the work of checking", () => {
  it("is done once for a password that is right, until five minutes have passed", async () => {
    const { staff, host, work } = staffed();
    const first = await staff.identify(asking(encode("ann:right")));
    assert.equal(staff.identify(asking(encode("ann:right"))), first, "at once, without a promise");
    host.clock.advance(5 * 60_000);
    assert.equal(await staff.identify(asking(encode("ann:right"))), first);
    assert.deepEqual(work.checked, ["right", "right"]);
    assert.deepEqual(host.lookups, [false, true, false]);
  });

  it("is done for each name of its own, also where two share a password", async () => {
    const { staff, work } = staffed();
    assert.equal(await tell(staff.identify(asking(encode("ann:right")))), "ann");
    assert.equal(await tell(staff.identify(asking(encode("zoë:right")))), "zoë");
    assert.equal(work.checked.length, 2);
  });

  it("is never remembered of one that is wrong", async () => {
    const { staff, work } = staffed();
    for (let i = 0; i < 3; i++) await staff.identify(asking(encode("ann:wrong")));
    assert.equal(work.checked.length, 3);
  });

  it("is shared by all who ask the same meanwhile", async () => {
    const { staff, work } = staffed();
    work.hold();
    const asked = Array.from({ length: 5 }, () => staff.identify(asking(encode("ann:right"))));
    work.release();
    assert.equal(new Set(await Promise.all(asked)).size, 1);
    assert.equal(work.checked.length, 1);
  });

  it("is two at once, and 64 wait: the next is refused", async () => {
    const { staff, work } = staffed();
    work.hold();
    const asked = Array.from({ length: 67 }, (_, i) => staff.identify(asking(encode(`ann:${i}`), `10.0.0.${i}`)));
    assert.match(await tell(asked[66] ?? null), /^SP_AUTH_TOO_MANY: .* 64 passwords wait/);
    assert.equal(work.checked.length, 2);
    work.release();
    for (const outcome of asked.slice(0, 66)) assert.match(await tell(outcome), /^SP_AUTH_INVALID/);
    assert.equal(work.checked.length, 66);
    assert.equal(await tell(staff.identify(asking(encode("ann:right")))), "ann");
  });

  it("is bounded for an address that is wrong all the time, and for nobody else", async () => {
    const { staff, host, work } = staffed();
    for (let i = 0; i < 20; i++) assert.match(await tell(staff.identify(asking(encode(`ann:${i}`)))), /^SP_AUTH_INVALID/);
    const refused = await staff.identify(asking(encode("ann:right")));
    assert.ok(refused !== null && "told" in refused);
    assert.equal(refused.told?.retryAfterSeconds, 6);
    assert.equal(await tell(refused), "SP_AUTH_TOO_MANY: staff: too many passwords of one address were wrong");
    assert.equal(work.checked.length, 20);
    assert.equal(await tell(staff.identify(asking(encode("ann:right"), "192.0.2.2"))), "ann");
    assert.equal(await tell(staff.identify(asking(encode("ann:right")))), "ann", "what is known is no work");
    host.clock.advance(6_000);
    host.wheel.touch();
    assert.match(await tell(staff.identify(asking(encode("ann:20")))), /^SP_AUTH_INVALID/);
    assert.match(await tell(staff.identify(asking(encode("ann:21")))), /^SP_AUTH_TOO_MANY/);
  });

  it("is not bounded for an address whose passwords are right", async () => {
    const { staff } = staffed({ users: Array.from({ length: 40 }, (_, i) => user(`user-${i}`)) });
    for (let i = 0; i < 40; i++) assert.equal(await tell(staff.identify(asking(encode(`user-${i}:right`)))), `user-${i}`);
  });

  it("takes the addresses of one IPv6 network for one", async () => {
    const { staff } = staffed();
    for (let i = 0; i < 20; i++) await staff.identify(asking(encode(`ann:${i}`), `2001:db8::${i}`));
    assert.match(await tell(staff.identify(asking(encode("ann:right"), "2001:db8::ffff"))), /^SP_AUTH_TOO_MANY/);
  });

  it("costs as much for a name that is not there, and the same each time", async () => {
    const costs = new Map<string, Set<unknown>>();
    const users = [user("ann"), user("bob", OTHER_COST)];
    const note: PasswordCheck = (password, hash) => {
      const seen = costs.get(password) ?? new Set();
      costs.set(password, seen.add(hash.kind === "scrypt" ? hash.log2 : null));
      return Promise.resolve(false);
    };
    const staff = createBasicIdentity({ ...CONFIG, users }, hostOf(), note);
    for (let i = 0; i < 64; i++) {
      for (const again of ["1", "2"]) await staff.identify(asking(encode(`${again}${i}:${i}`.slice(1)), `10.0.${again}.${i}`));
    }
    assert.equal(costs.size, 64);
    for (const seen of costs.values()) assert.equal(seen.size, 1);
    assert.deepEqual(new Set([...costs.values()].flatMap((seen) => [...seen])), new Set([13, 14]));
  });

  it("that fails lets nobody in", async () => {
    const staff = createBasicIdentity(CONFIG, hostOf(), () => Promise.reject(new Error("no memory for hunter2")));
    assert.equal(await tell(staff.identify(asking(encode("ann:right")))), "SP_AUTH_UNAVAILABLE: staff: the password can't be checked now");
  });
});

describe("the hash of a password", () => {
  let hash = "";
  before(async () => {
    hash = await hashPassword("pässword");
  });

  it("is a PHC string with a salt of its own", async () => {
    assert.match(hash, /^\$scrypt\$ln=15,r=8,p=3\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
    assert.notEqual(await hashPassword("pässword"), hash);
  });

  it("is that of the password alone", async () => {
    const staff = createBasicIdentity({ ...CONFIG, users: [user("ann", hash)] }, hostOf());
    assert.equal(await tell(staff.identify(asking(encode("ann:pässword")))), "ann");
    assert.match(await tell(staff.identify(asking(encode("ann:password")))), /^SP_AUTH_INVALID/);
  });

  for (const [name, kind, kept] of [
    // RFC 7914 12, the third vector, its hash cut at 64 bytes as it is there.
    [
      "scrypt",
      { kind: "scrypt", log2: 14, blocks: 8, lanes: 1 },
      [
        "pleaseletmein",
        "SodiumChloride",
        "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887",
      ],
    ],
    // Of the reference implementation's own tests.
    [
      "argon2id",
      { kind: "argon2id", kibibytes: 65536, passes: 2, lanes: 1 },
      ["password", "somesalt", "09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7"],
    ],
  ] as const) {
    it(`is what others make of ${name}`, async () => {
      const [password, salt, expected] = kept;
      const whole = { ...kind, salt: Buffer.from(salt), hash: Buffer.from(expected, "hex") };
      assert.equal(await matchesPassword(password, whole), true);
      assert.equal(await matchesPassword(`${password} `, whole), false);
    });
  }
});
