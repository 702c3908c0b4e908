import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { checkPasswordHash, parsePasswordHash } from "./password-hash.ts";

const SALT = "c2FsdHNhbHRzYWx0";
const HASH = "aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNo";
const SCRYPT = `$scrypt$ln=15,r=8,p=3$${SALT}$${HASH}`;
const ARGON2 = `$argon2id$v=19$m=19456,t=2,p=1$${SALT}$${HASH}`;

describe("a password's hash", () => {
  it("is read with its cost, salt and hash", () => {
    const salt = new Uint8Array(Buffer.from("saltsaltsalt"));
    const hash = new Uint8Array(Buffer.from("hashhashhashhashhashhash"));
    assert.deepEqual(parsePasswordHash(SCRYPT), { kind: "scrypt", log2: 15, blocks: 8, lanes: 3, salt, hash });
    assert.deepEqual(parsePasswordHash(ARGON2), { kind: "argon2id", kibibytes: 19456, passes: 2, lanes: 1, salt, hash });
    assert.equal(checkPasswordHash(SCRYPT), null);
  });

  for (const [text, why] of [
    ["", /none of the forms/],
    ["hunter2", /none of the forms/],
    ["$2b$12$abcdefghijklmnopqrstuv", /none of the forms/],
    [SCRYPT.slice(1), /none of the forms/],
    [`${SCRYPT}\n`, /none of the forms/],
    [` ${SCRYPT}`, /none of the forms/],
    [`${SCRYPT}$`, /none of the forms/],
    [SCRYPT.replace("ln=15", "ln=-1"), /none of the forms/],
    [SCRYPT.replace("r=8,p=3", "p=3,r=8"), /none of the forms/],
    [ARGON2.replace("argon2id", "argon2i"), /none of the forms/],
    [ARGON2.replace("v=19", "v=16"), /none of the forms/],
    [SCRYPT.replace(SALT, `${SALT}==`), /none of the forms/],
    [SCRYPT.replace(SALT, "c2FsdHNhbHRzYWx0eh"), /no base64/],
    [SCRYPT.replace(SALT, "c2FsdA"), /salt has 4 bytes/],
    [SCRYPT.replace(HASH, "aGFzaA"), /hash has 4 bytes/],
    [SCRYPT.replace("ln=15", "ln=12"), /too cheap/],
    [SCRYPT.replace("r=8", "r=0"), /too cheap/],
    [SCRYPT.replace("p=3", "p=0"), /too cheap/],
    [SCRYPT.replace("ln=15", "ln=19"), /too dear/],
    [SCRYPT.replace("p=3", "p=99"), /too dear/],
    [ARGON2.replace("m=19456", "m=4096"), /too cheap/],
    [ARGON2.replace("m=19456", "m=9999999"), /too dear/],
    [ARGON2.replace("t=2", "t=0"), /too cheap/],
    [ARGON2.replace("t=2", "t=99"), /too dear/],
  ] as const) {
    it(`such as ${JSON.stringify(text)} is refused: ${why.source}`, () => assert.match(checkPasswordHash(text) ?? "", why));
  }

  it("that is cut anywhere is refused or shorter, and never shown in what is said of it", () => {
    for (const whole of [SCRYPT, ARGON2]) {
      for (let length = 0; length < whole.length; length++) {
        const said = checkPasswordHash(whole.slice(0, length)) ?? "";
        assert.doesNotMatch(said, /c2Fsd|aGFza/);
        if (length < whole.length - 12) assert.notEqual(said, "", whole.slice(0, length));
      }
    }
  });
});
