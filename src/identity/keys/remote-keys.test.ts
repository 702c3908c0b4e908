import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { describe, it } from "node:test";
import { createJwk, IssuerStage, KEYS_URL, kidsOf, settle } from "./issuer-stage.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

describe("the keys of an issuer", () => {
  it("are read at once, and nothing is known before that", async () => {
    const stage = new IssuerStage();
    stage.publish(createJwk("a"), createJwk("b"));
    stage.calls.hold(KEYS_URL);
    const source = await stage.open();
    assert.deepEqual([source.isReady, source.problem, kidsOf(source)], [false, "the keys have not been read yet", []]);
    stage.calls.release(KEYS_URL);
    await source.refresh();
    assert.deepEqual([source.isReady, source.problem, kidsOf(source), source.version], [true, "", ["a", "b"], 1]);
    assert.equal(stage.fetches, 1);
    assert.deepEqual(stage.asked, [{ what: "keys", isGood: true, detail: "" }]);
  });

  it("are found by the very kid, and all of them by none", async () => {
    const stage = new IssuerStage();
    stage.publish(createJwk("a"), createJwk("A"), createJwk(null));
    const source = await stage.open();
    assert.deepEqual(
      source.find("a").map(({ kid }) => kid),
      ["a"],
    );
    for (const kid of ["", "b", "__proto__", "constructor", "null"]) assert.deepEqual(source.find(kid), []);
    assert.deepEqual(kidsOf(source), ["a", "A", null]);
  });

  it("are read again in the background before they are as old as they may be, at a time that differs from worker to worker", async () => {
    for (const random of [0, 0.5, 0.999]) {
      const stage = new IssuerStage();
      stage.publish(createJwk("a"));
      await stage.open({}, undefined, random);
      await stage.pass(225_000 - 1_000 + 45_000 * random);
      assert.equal(stage.fetches, 1);
      await stage.pass(2_000);
      assert.equal(stage.fetches, 2);
      await stage.pass(3 * HOUR);
      assert.ok(stage.fetches >= 3 * 12, `${stage.fetches}`);
      assert.ok(stage.fetches <= 3 * 17, `${stage.fetches}`);
      stage.wheel.stop();
    }
  });

  it("are one reading for sources that share their documents, however many", async () => {
    const stage = new IssuerStage();
    stage.publish(createJwk("a"));
    for (let worker = 0; worker < 8; worker++) await stage.open({}, undefined, worker / 8);
    assert.equal(stage.fetches, 1);
    await stage.pass(HOUR);
    assert.ok(stage.fetches <= 17, `${stage.fetches}`);
  });

  it("come from a reading of another's, and are read again by its age", async () => {
    const stage = new IssuerStage();
    stage.publish(createJwk("a"));
    await stage.open({}, undefined, 0);
    await stage.pass(9_000);
    await stage.open({}, undefined, 0);
    assert.equal(stage.fetches, 1);
    await stage.pass(226_000 - 9_000);
    assert.equal(stage.fetches, 2);
  });

  it("never come from a reading of more than once in 10 s, whatever is configured", async () => {
    const stage = new IssuerStage();
    stage.publish(createJwk("a"));
    const source = await stage.open({ cacheForMs: 1_000 });
    await stage.pass(10 * MINUTE);
    await source.refresh();
    assert.ok(stage.fetches <= 61, `${stage.fetches}`);
  });

  it("outlast an issuer that is away for an hour, and follow it soon after", async () => {
    const stage = new IssuerStage();
    stage.publish(createJwk("a"));
    const source = await stage.open();
    const [key] = source.find("a");
    stage.calls.refuse(KEYS_URL);
    await stage.pass(HOUR);
    assert.ok(source.isGood(key!));
    assert.deepEqual(source.find("a"), [key]);
    assert.equal(source.isReady, true);
    assert.match(source.problem, /nothing answers/);
    assert.ok(stage.failures.length > 10);
    const before = stage.fetches;
    assert.ok(before < 70, "tried again ever more rarely, and once in a minute in the end");
    stage.publish(createJwk("b"));
    await stage.pass(67_000);
    assert.equal(source.problem, "");
    assert.deepEqual(kidsOf(source), ["b", "a"]);
  });

  it("are soon there when an issuer was away at the start", async () => {
    const stage = new IssuerStage();
    const source = await stage.open();
    assert.deepEqual([source.isReady, kidsOf(source)], [false, []]);
    stage.publish(createJwk("a"));
    await stage.pass(11_000);
    assert.deepEqual([source.isReady, source.problem, kidsOf(source)], [true, "", ["a"]]);
  });

  it("are not replaced by what is no set with a key that can be used", async () => {
    const stage = new IssuerStage();
    stage.publish(createJwk("a"));
    const source = await stage.open();
    const [key] = source.find("a");
    for (const [text, problem] of [
      ["<html>", /JSON/],
      ["", /JSON/],
      ["null", /JSON/],
      ['{"keys":7}', /no list/],
      ['{"keys":[]}', /empty/],
      ['{"keys":[{"kty":"oct","k":"AAAA","kid":"a"}]}', /no key that can be used: it shows private/],
      [JSON.stringify({ keys: [{ ...createJwk("a"), use: "enc" }] }), /no key that can be used: its use/],
    ] as const) {
      stage.publishText(text);
      await stage.pass(10_000);
      await source.refresh();
      assert.match(source.problem, problem);
      assert.deepEqual(source.find("a"), [key]);
      assert.equal(source.version, 1);
    }
    stage.publishText(JSON.stringify({ keys: [createJwk("a")] }).slice(0, 60));
    await stage.pass(10_000);
    await source.refresh();
    assert.ok(source.isGood(key!));
  });

  it("that stay are the same objects from set to set", async () => {
    const stage = new IssuerStage();
    const [a, b] = [createJwk("a"), createJwk("b")];
    stage.publish(a);
    const source = await stage.open();
    const [key] = source.find("a");
    stage.publish(b, { ...a, "x-note": "written in another way" });
    await stage.pass(10_000);
    await source.refresh();
    assert.deepEqual(kidsOf(source), ["b", "a"]);
    assert.equal(source.find("a")[0], key);
    assert.equal(source.version, 2);
  });

  it("that have gone stay good for the grace, and not a moment longer", async () => {
    const stage = new IssuerStage();
    const [a, b] = [createJwk("a"), createJwk("b")];
    stage.publish(a);
    const source = await stage.open({ graceMs: 20_000 });
    const [key] = source.find("a");
    stage.publish(b);
    await stage.pass(10_000);
    await source.refresh();
    assert.deepEqual(kidsOf(source), ["b", "a"]);
    const { version } = source;
    stage.clock.advance(19_999);
    assert.deepEqual([source.isGood(key!), source.find("a").length, source.version], [true, 1, version]);
    stage.clock.jumpWall(-HOUR);
    stage.clock.advance(1);
    assert.deepEqual([source.isGood(key!), source.find("a"), kidsOf(source)], [false, [], ["b"]]);
    assert.notEqual(source.version, version);
  });

  it("change their version when a grace ends, though nobody asks", async () => {
    const stage = new IssuerStage();
    stage.publish(createJwk("a"));
    const source = await stage.open({ graceMs: 20_000 });
    stage.publish(createJwk("b"));
    await stage.pass(10_000);
    await source.refresh();
    const { version } = source;
    await stage.pass(20_010);
    assert.equal(source.version, version + 1);
  });

  it("have no grace where none is given", async () => {
    const stage = new IssuerStage();
    stage.publish(createJwk("a"));
    const source = await stage.open({ graceMs: 0 });
    stage.publish(createJwk("b"));
    await stage.pass(10_000);
    await source.refresh();
    assert.deepEqual(kidsOf(source), ["b"]);
  });

  it("that come back have no end any more", async () => {
    const stage = new IssuerStage();
    const [a, b] = [createJwk("a"), createJwk("b")];
    stage.publish(a);
    const source = await stage.open({ graceMs: 30_000 });
    const [key] = source.find("a");
    for (const keys of [[b], [b, a]]) {
      stage.publish(...keys);
      await stage.pass(10_000);
      await source.refresh();
    }
    await stage.pass(HOUR);
    assert.ok(source.isGood(key!));
    assert.equal(source.find("a")[0], key);
  });

  it("under a kid that is used again are two: the new one first, the old one retired", async () => {
    const stage = new IssuerStage();
    stage.publish(createJwk("a"));
    const source = await stage.open({ graceMs: 20_000 });
    const [old] = source.find("a");
    stage.publish(createJwk("a"));
    await stage.pass(10_000);
    await source.refresh();
    const [fresh, ...others] = source.find("a");
    assert.deepEqual(others, [old]);
    assert.notEqual(fresh?.thumbprint, old?.thumbprint);
    await stage.pass(20_000);
    assert.deepEqual(source.find("a"), [fresh]);
    assert.equal(source.isGood(old!), false);
  });

  it("with fewer algorithms than before are other keys", async () => {
    const stage = new IssuerStage();
    const { publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const jwk = { ...publicKey.export({ format: "jwk" }), kid: "a" };
    stage.publish(jwk);
    const source = await stage.open({ graceMs: 0 });
    const [wide] = source.find("a");
    stage.publish({ ...jwk, alg: "PS256" });
    await stage.pass(10_000);
    await source.refresh();
    assert.equal(source.isGood(wide!), false);
    assert.deepEqual(
      source.find("a").map(({ algorithms }) => algorithms),
      [["PS256"]],
    );
  });

  it("rotate three times, and no token whose key was published in time is without one", async () => {
    const stage = new IssuerStage();
    let signing = createJwk("k0");
    stage.publish(signing);
    const source = await stage.open({ graceMs: 5 * MINUTE });
    const verify = async (kid: string) => {
      if (source.find(kid).length === 0) await source.refresh();
      assert.equal(source.find(kid).length, 1, kid);
    };
    for (let round = 1; round <= 3; round++) {
      const next = createJwk(`k${round}`);
      stage.publish(signing, next);
      await stage.pass(10_000);
      // Overlapping: tokens of the old key are under way for as long as the grace.
      const old = signing;
      signing = next;
      for (let second = 0; second < 30; second++) {
        await verify(String(signing.kid));
        await verify(String(old.kid));
        await stage.pass(1_000);
      }
      stage.publish(signing);
      await stage.pass(3 * MINUTE);
      await verify(String(old.kid));
    }
    assert.equal(source.find("k0").length, 0);
  });

  it("are bounded for an issuer that has others each time", async () => {
    const stage = new IssuerStage();
    const source = await stage.open({ graceMs: 24 * HOUR });
    for (let round = 0; round < 8; round++) {
      stage.publish(...Array.from({ length: 50 }, (_, index) => createJwk(`${round}-${index}`)));
      await stage.pass(10_000);
      await source.refresh();
    }
    assert.equal(source.find(null).length, 250);
    assert.deepEqual([source.find("7-0").length, source.find("3-0").length, source.find("2-0").length], [1, 1, 0]);
  });
});

describe("a kid that nobody knows", () => {
  it("has the keys read once more for all who ask, who find what is new", async () => {
    const stage = new IssuerStage();
    stage.publish(createJwk("a"));
    const source = await stage.open();
    await stage.pass(10_000);
    stage.publish(createJwk("a"), createJwk("b"));
    await Promise.all(Array.from({ length: 1_000 }, () => source.refresh()));
    assert.equal(stage.fetches, 2);
    assert.equal(source.find("b").length, 1);
  });

  it("waits for nothing within 10 s of a reading", async () => {
    const stage = new IssuerStage();
    stage.publish(createJwk("a"));
    const source = await stage.open();
    stage.publish(createJwk("b"));
    await stage.pass(9_000);
    let isDone = false;
    void source.refresh().then(() => {
      isDone = true;
    });
    await Promise.resolve();
    await Promise.resolve();
    assert.ok(isDone);
    assert.deepEqual([stage.fetches, kidsOf(source)], [1, ["a"]]);
    await stage.pass(1_000);
    await source.refresh();
    assert.deepEqual([stage.fetches, source.find("b").length], [2, 1]);
  });

  it("waits for nothing within 10 s of a reading that was somebody else's", async () => {
    const stage = new IssuerStage();
    stage.publish(createJwk("a"));
    await stage.open();
    await stage.pass(9_000);
    const source = await stage.open();
    stage.publish(createJwk("b"));
    await source.refresh();
    assert.equal(stage.fetches, 1);
    await stage.pass(1_000);
    await source.refresh();
    assert.deepEqual([stage.fetches, source.find("b").length], [2, 1]);
  });

  for (const isAway of [false, true]) {
    it(`causes one reading in 10 s when 10,000 come in a minute${isAway ? " and the issuer is away" : ""}`, async () => {
      const stage = new IssuerStage();
      stage.publish(createJwk("a"));
      // Three workers, on one desk.
      const sources = [await stage.open(), await stage.open(), await stage.open()];
      if (isAway) stage.calls.refuse(KEYS_URL);
      const times: number[] = [];
      let seen = stage.fetches;
      for (let count = 0; count < 10_000; count++) {
        const source = sources[count % 3]!;
        assert.equal(source.find(`kid-${count}`).length, 0);
        void source.refresh();
        if (count % 100 === 99) {
          stage.clock.advance(600);
          await settle();
        }
        if (stage.fetches > seen) times.push(stage.clock.now());
        seen = stage.fetches;
        assert.equal(source.find("a").length, 1);
      }
      assert.ok(stage.fetches <= 7, `${stage.fetches} readings in a minute`);
      assert.ok(stage.fetches >= 5, `${stage.fetches} readings in a minute`);
      for (const [index, time] of times.entries()) if (index > 0) assert.ok(time - times[index - 1]! >= 9_400);
    });
  }

  it("is looked for in a reading that is under way", async () => {
    const stage = new IssuerStage();
    stage.publish(createJwk("a"));
    const source = await stage.open();
    await stage.pass(20_000);
    stage.calls.hold(KEYS_URL);
    const asking = [source.refresh(), source.refresh()];
    stage.publish(createJwk("b"));
    stage.calls.release(KEYS_URL);
    await Promise.all(asking);
    assert.deepEqual([stage.fetches, source.find("b").length], [2, 1]);
  });
});

describe("a closed source of keys", () => {
  it("asks nobody any more, and leaves no timer behind", async () => {
    const stage = new IssuerStage();
    stage.publish(createJwk("a"));
    const source = await stage.open();
    stage.publish(createJwk("b"));
    await stage.pass(20_000);
    await source.refresh();
    source.close();
    await source.refresh();
    assert.equal(stage.wheel.size, 0);
    await stage.pass(HOUR);
    assert.equal(stage.fetches, 2);
  });

  it("is not woken by what it was reading", async () => {
    const stage = new IssuerStage();
    stage.publish(createJwk("a"));
    stage.calls.hold(KEYS_URL);
    const source = await stage.open();
    source.close();
    stage.calls.release(KEYS_URL);
    await settle();
    assert.deepEqual([stage.wheel.size, stage.asked.length], [0, 0]);
  });
});
