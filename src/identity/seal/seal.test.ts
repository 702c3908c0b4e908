import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, it } from "node:test";
import { OVER, Seal, type SealOptions } from "./index.ts";

const NOW = 1_000_000;

function create(options: Partial<SealOptions> = {}): Seal {
  const keys = [randomBytes(32)];
  return new Seal({ keys: async () => keys, context: ["web"], wallMs: () => NOW, maxLength: 4096, ...options });
}

describe("a sealed value", () => {
  it("opens to what it was, and shows nothing of it", async () => {
    const seal = create();
    const value = { subject: "alice", list: [1, "two", null] };
    const sealed = (await seal.seal("session", value, NOW + 1)) ?? "";
    assert.deepEqual(await seal.open("session", sealed), value);
    assert.doesNotMatch(Buffer.from(sealed, "base64url").toString("latin1"), /alice/);
    assert.notEqual(await seal.seal("session", value, NOW + 1), sealed);
  });

  it("is nothing for another purpose, another identity or another gateway", async () => {
    const keys = [randomBytes(32)];
    const seal = create({ keys: async () => keys });
    const sealed = (await seal.seal("login", 1, NOW + 1)) ?? "";
    assert.equal(await seal.open("session", sealed), undefined);
    assert.equal(await create({ keys: async () => keys, context: ["other"] }).open("login", sealed), undefined);
    assert.equal(await create({ keys: async () => keys, context: ["web", ""] }).open("login", sealed), undefined);
    assert.equal(await create().open("login", sealed), undefined);
    assert.equal(await create({ keys: async () => keys }).open("login", sealed), 1);
  });

  it("is over from its end on", async () => {
    let now = NOW;
    const seal = create({ wallMs: () => now });
    const sealed = (await seal.seal("session", 1, NOW + 10)) ?? "";
    now = NOW + 9;
    assert.equal(await seal.open("session", sealed), 1);
    now = NOW + 10;
    assert.equal(await seal.open("session", sealed), OVER);
  });

  it("opens with an older key as long as the gateway has it, and is sealed by the newest", async () => {
    const [first, second] = [randomBytes(32), randomBytes(32)];
    let keys: readonly Uint8Array[] = [first];
    const seal = create({ keys: async () => keys });
    const old = (await seal.seal("session", "old", NOW + 1)) ?? "";
    keys = [second, first];
    assert.equal(await seal.open("session", old), "old");
    const fresh = (await seal.seal("session", "fresh", NOW + 1)) ?? "";
    keys = [second];
    assert.equal(await seal.open("session", old), undefined);
    assert.equal(await seal.open("session", fresh), "fresh");
  });

  it("is nothing when it is cut at any character or any character is another", async () => {
    const seal = create();
    const sealed = (await seal.seal("session", { a: 1 }, NOW + 1)) ?? "";
    for (let at = 0; at < sealed.length; at++) {
      assert.equal(await seal.open("session", sealed.slice(0, at)), undefined, `cut at ${at}`);
      // The last character of a part has bits that no reader looks at; these two differ in others.
      const other = sealed[at] === "A" ? "z" : "A";
      const changed = sealed.slice(0, at) + other + sealed.slice(at + 1);
      assert.equal(await seal.open("session", changed), undefined, `changed at ${at}`);
    }
  });

  it("is not made and not opened when it is too long", async () => {
    const keys = [randomBytes(32)];
    const long = (await create({ keys: async () => keys }).seal("session", "x".repeat(900), NOW + 1)) ?? "";
    const seal = create({ keys: async () => keys, maxLength: 1000 });
    assert.equal(await seal.seal("session", "x".repeat(900), NOW + 1), null);
    assert.equal(await seal.open("session", long), undefined);
  });

  it("takes no other algorithm, also under the right key", async () => {
    const { CompactEncrypt, decodeProtectedHeader } = await import("jose");
    const key = randomBytes(32);
    const seal = create({ keys: async () => [key] });
    const { kid } = decodeProtectedHeader((await seal.seal("session", 1, NOW + 1)) ?? "");
    const text = new TextEncoder().encode(JSON.stringify({ value: 1, endsAtMs: NOW + 1 }));
    for (const header of [
      { alg: "A256KW", enc: "A256GCM" },
      { alg: "dir", enc: "A128CBC-HS256" },
    ]) {
      const forged = await new CompactEncrypt(text).setProtectedHeader({ ...header, kid: kid ?? "" }).encrypt(key);
      assert.equal(await seal.open("session", forged), undefined);
    }
  });

  it("can't be made or opened while the keys can't be had", async () => {
    const sealed = (await create().seal("session", 1, NOW + 1)) ?? "";
    const seal = create({ keys: () => Promise.reject(new Error("away")) });
    await assert.rejects(seal.seal("session", 1, NOW + 1), /away/);
    await assert.rejects(seal.open("session", sealed), /away/);
  });
});
