import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createJwk, IssuerStage, kidsOf } from "./issuer-stage.ts";

const fileOf = (text: string) => ({ source: { kind: "file", file: "keys.json", text } }) as const;

describe("keys in a file", () => {
  it("are there at once, stay, and ask nobody", async () => {
    const stage = new IssuerStage();
    const source = await stage.open(fileOf(JSON.stringify({ keys: [createJwk("a"), createJwk("b")] })));
    assert.deepEqual([source.isReady, source.problem, kidsOf(source)], [true, "", ["a", "b"]]);
    const [key] = source.find("a");
    await stage.pass(3_600_000);
    await source.refresh();
    assert.ok(source.isGood(key!));
    assert.equal(source.version, 1);
    assert.deepEqual([stage.calls.made.length, stage.wheel.size], [0, 0]);
  });

  it("are none of another source's", async () => {
    const stage = new IssuerStage();
    const text = JSON.stringify({ keys: [createJwk("a")] });
    const [one, other] = [await stage.open(fileOf(text)), await stage.open(fileOf(text))];
    assert.equal(other.isGood(one.find("a")[0]!), false);
  });

  it("that can't be read let nobody in", async () => {
    const source = await new IssuerStage().open(fileOf("{}"));
    assert.deepEqual([source.isReady, source.problem, kidsOf(source)], [false, "the key set has no list `keys`", []]);
  });
});
