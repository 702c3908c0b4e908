import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { hashPassword, type PasswordInput } from "./hash-password.ts";
import { createTerminal } from "./terminal.ts";

class TypedInput implements PasswordInput {
  readonly isTTY: boolean;
  readonly raw: boolean[] = [];
  readonly #chunks: readonly (string | Uint8Array)[];

  constructor(chunks: readonly (string | Uint8Array)[], isTTY = false) {
    this.#chunks = chunks;
    this.isTTY = isTTY;
  }

  setRawMode(isRaw: boolean): void {
    this.raw.push(isRaw);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<string | Uint8Array> {
    yield* this.#chunks;
  }
}

async function run(input: TypedInput, values: Record<string, boolean> = {}) {
  const written = { out: "", err: "" };
  const stream = (key: "out" | "err") => ({
    write(text: string) {
      written[key] += text;
    },
  });
  const terminal = createTerminal(stream("out"), stream("err"), {});
  const exitCode = await hashPassword({ values, operands: [] }, terminal, input, (password) => Promise.resolve(`hash of ${password}`));
  return { exitCode, ...written };
}

describe("hash-password", () => {
  for (const [what, chunks] of [
    ["as it is", ["pässword"]],
    ["without the line end behind it", ["pässword\n"]],
    ["without the two characters that are a line end elsewhere", ["pässword\r\n"]],
    ["in pieces, of characters too", [Buffer.from("p\xc3", "latin1"), Buffer.from("\xa4ss", "latin1"), "word"]],
  ] as const) {
    it(`takes the password from standard input ${what}`, async () => {
      const { exitCode, out, err } = await run(new TypedInput(chunks));
      assert.equal(exitCode, 0);
      assert.equal(out, "hash of pässword\n");
      assert.equal(err, "");
    });
  }

  it("asks for it on a terminal, shows nothing, and takes back what is taken back", async () => {
    const input = new TypedInput(["pä", "\x7fä", "sx\x08", "sword\r"], true);
    const { exitCode, out, err } = await run(input);
    assert.equal(exitCode, 0);
    assert.equal(out, "hash of pässword\n");
    assert.equal(err, "Password, then Enter; nothing is shown:\n");
    assert.deepEqual(input.raw, [true, false]);
  });

  it("is one JSON document for machines", async () => {
    const { out } = await run(new TypedInput(["secret"]), { json: true });
    assert.deepEqual(JSON.parse(out), { ok: true, hash: "hash of secret" });
  });

  for (const [what, chunks, why] of [
    ["nothing", [], "no password was given"],
    ["an empty line", ["\n"], "no password was given"],
    ["two lines", ["a\nb\n"], "the password holds a control character"],
    ["what is no UTF-8", [Uint8Array.of(0x70, 0xff)], "the password is no UTF-8"],
    ["more than 1024 bytes", ["a".repeat(1025)], "a password has 1024 bytes at most"],
    ["without end", Array.from({ length: 100 }, () => "a".repeat(1024)), "a password has 1024 bytes at most"],
  ] as const) {
    it(`refuses ${what}, and does not repeat it`, async () => {
      const { exitCode, out, err } = await run(new TypedInput(chunks));
      assert.equal(exitCode, 2);
      assert.equal(out, "");
      assert.ok(err.startsWith(`sallyport: ${why}`), err);
      const { ok } = JSON.parse((await run(new TypedInput(chunks), { json: true })).out) as { ok: boolean };
      assert.equal(ok, false);
    });
  }

  it("stops when it is interrupted", async () => {
    const input = new TypedInput(["sec\x03ret\r"], true);
    assert.equal((await run(input)).exitCode, 2);
    assert.deepEqual(input.raw, [true, false]);
  });
});
