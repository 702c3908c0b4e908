import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Secret } from "../base/index.ts";
import { ClientTlsSet, type UpstreamTlsInput } from "./index.ts";

const plain: UpstreamTlsInput = { ca: "CA", crl: [], serverName: null, identity: null, minVersion: "TLSv1.2" };

describe("what an endpoint's connections say in handshakes", () => {
  it("takes the endpoint's host for the name, unless the upstream has one", () => {
    const set = new ClientTlsSet();
    assert.equal(set.of(plain, "10.0.0.1", []).serverName, "10.0.0.1");
    assert.equal(set.of(plain, "Orders.Internal.", []).serverName, "orders.internal");
    assert.equal(set.of({ ...plain, serverName: "Real.example" }, "10.0.0.1", []).serverName, "real.example");
  });

  it("carries everything else as it is configured", () => {
    const identity = { cert: "C", key: new Secret("K") };
    assert.deepEqual(new ClientTlsSet().of({ ...plain, crl: ["L"], identity, minVersion: "TLSv1.3" }, "a.example", ["h2"]), {
      ca: "CA",
      crl: ["L"],
      serverName: "a.example",
      identity: { cert: "C", key: "K" },
      minVersion: "TLSv1.3",
      protocols: ["h2"],
    });
  });

  it("is one object for one content, and another one as soon as anything differs", () => {
    const set = new ClientTlsSet();
    const identity = { cert: "C", key: new Secret("K") };
    const variants: [UpstreamTlsInput, string, string[]][] = [
      [plain, "a.example", []],
      [plain, "b.example", []],
      [plain, "a.example", ["h2"]],
      [plain, "a.example", ["h2", "http/1.1"]],
      [{ ...plain, ca: null }, "a.example", []],
      [{ ...plain, ca: "" }, "a.example", []],
      [{ ...plain, crl: ["L"] }, "a.example", []],
      [{ ...plain, crl: ["L", "M"] }, "a.example", []],
      [{ ...plain, crl: ["LM"] }, "a.example", []],
      [{ ...plain, identity }, "a.example", []],
      [{ ...plain, identity: { cert: "C", key: new Secret("K2") } }, "a.example", []],
      [{ ...plain, identity: { cert: "CK", key: new Secret("") } }, "a.example", []],
      [{ ...plain, minVersion: "TLSv1.3" }, "a.example", []],
      // The same texts one behind the other.
      [{ ...plain, ca: null }, "a.example", ["shipped"]],
      [{ ...plain, ca: null, identity: { cert: "shipped", key: new Secret("") }, crl: [""] }, "a.example", []],
    ];
    const first = variants.map(([tls, host, protocols]) => set.of(tls, host, protocols));
    assert.equal(new Set(first).size, variants.length);
    const again = variants.map(([tls, host, protocols]) => set.of({ ...tls, crl: [...tls.crl] }, host, [...protocols]));
    for (const [index, object] of again.entries()) assert.equal(object, first[index]);
  });

  it("keeps nothing of objects that nobody holds", async () => {
    const set = new ClientTlsSet();
    const held = set.of(plain, "held.example", []);
    for (let round = 0; round < 20; round++) {
      for (let i = 0; i < 50; i++) set.of(plain, `${round}-${i}.example`, []);
      await collectGarbage();
    }
    assert.ok(set.size < 500, `${set.size} of 1001 are kept`);
    assert.equal(set.of(plain, "held.example", []), held);
  });
});

async function collectGarbage(): Promise<void> {
  if (process.versions.bun === undefined) {
    setFlagsFromString("--expose-gc");
    (runInNewContext("gc") as () => void)();
  } else Bun.gc(true);
  // A reference lives to the end of the turn in which it was looked at.
  await new Promise((resolve) => setImmediate(resolve));
}
