import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MAX_HELLO_BYTES, MAX_HELLO_RECORDS, readClientHello, toAlertRecord } from "./client-hello.ts";
import { makeHello, record } from "./contract/raw-hello.ts";

const HELLO = makeHello({ serverNames: ["A.Example"], protocols: ["h2", "http/1.1"] });
const READ = { serverName: "a.example", protocols: ["h2", "http/1.1"] };

describe("a ClientHello", () => {
  it("tells the name in lower case and the protocols in order", () => {
    assert.deepEqual(readClientHello(HELLO), READ);
    assert.deepEqual(readClientHello(makeHello()), { serverName: "", protocols: [] });
  });

  it("is waited for at every cut", () => {
    for (let length = 0; length < HELLO.length; length += 1) assert.equal(readClientHello(HELLO.subarray(0, length)), null, String(length));
  });

  it("is refused when it is cut into too many records, before it is whole", () => {
    const message = HELLO.subarray(5);
    const cut = (count: number) => Array.from({ length: count }, (_, at) => record(22, message.subarray(at, at + 1)));
    assert.equal(readClientHello(Buffer.concat(cut(MAX_HELLO_RECORDS - 1))), null);
    const whole = [...cut(MAX_HELLO_RECORDS - 1), record(22, message.subarray(MAX_HELLO_RECORDS - 1))];
    assert.deepEqual(readClientHello(Buffer.concat(whole)), READ);
    const refused = readClientHello(Buffer.concat(cut(MAX_HELLO_RECORDS)));
    assert.ok(refused !== null && "alert" in refused);
    assert.match(refused.words, /64 records/);
  });

  it("may be cut into records anywhere", () => {
    const message = HELLO.subarray(5);
    for (let at = 1; at < message.length; at += 1) {
      assert.deepEqual(readClientHello(Buffer.concat([record(22, message.subarray(0, at)), record(22, message.subarray(at))])), READ);
    }
  });

  it("may have bytes behind it", () => {
    assert.deepEqual(readClientHello(Buffer.concat([HELLO, record(20, Buffer.of(1))])), READ);
  });

  it("is refused when a length in it says more or less than there is", () => {
    for (let at = 5; at < HELLO.length; at += 1) {
      for (const by of [1, 255, 128]) {
        const bytes = Buffer.from(HELLO);
        bytes[at] = ((bytes[at] as number) + by) & 255;
        // Whatever it says, it says it without an exception, and never a name that holds what no name holds.
        const read = readClientHello(bytes);
        if (read !== null && "serverName" in read) assert.match(read.serverName, /^[\x21-\x7e]*$/);
      }
    }
  });

  it("is refused at the first byte that is none of it", () => {
    assert.deepEqual(readClientHello(Buffer.from("G")), { alert: 10, words: "plain HTTP where TLS is spoken" });
    assert.equal((readClientHello(Buffer.of(128)) as { alert: number }).alert, 10);
    assert.equal((readClientHello(Buffer.of(22, 2)) as { alert: number }).alert, 10);
  });

  it("is refused when it is too large, before it has come", () => {
    const head = Buffer.from([22, 3, 1, 0, 4, 1, 0, 0, 0]);
    head.writeUIntBE(MAX_HELLO_BYTES, 6, 3);
    assert.equal((readClientHello(head) as { alert: number }).alert, 50);
  });

  it("is refused in an alert of seven bytes", () => {
    assert.deepEqual([...toAlertRecord(112)], [21, 3, 1, 0, 2, 2, 112]);
  });
});
