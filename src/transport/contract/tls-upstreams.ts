// Contract: whom an outgoing connection believes, and that nobody else hears a word.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ClientTls } from "../tls.ts";
import { certificates, type IssuedPair } from "./certificates.ts";
import type { TlsRig } from "./tls-rig.ts";
import { clientTlsFor, serverTlsFor, toIdentity } from "./tls-subject.ts";

interface Case {
  readonly title: string;
  readonly name: string;
  readonly shown: keyof ReturnType<typeof certificates>["servers"];
  readonly more?: () => Partial<ClientTls>;
  /** What the memory transport does not look at. */
  readonly realOnly?: boolean;
  readonly bunOnly?: boolean;
}

const BELIEVED: readonly Case[] = [
  { title: "one for the name", name: "a.example", shown: "a" },
  { title: "one for the name in upper case", name: "A.EXAMPLE", shown: "a" },
  { title: "one with an RSA key", name: "a.example", shown: "rsa" },
  { title: "one behind an intermediate in its chain", name: "a.example", shown: "chained" },
  { title: "a wildcard one label deep", name: "one.wild.example", shown: "wildcard" },
  { title: "one for the address", name: "127.0.0.1", shown: "ip" },
  { title: "one for the address of version 6", name: "::1", shown: "ip" },
  { title: "one that is not on the list", name: "a.example", shown: "a", more: () => ({ crl: [certificates().crls.root] }) },
  {
    title: "one of an authority of several",
    name: "a.example",
    shown: "a",
    more: () => ({ ca: certificates().other.cert + certificates().root.cert }),
  },
];

const REFUSED: readonly Case[] = [
  { title: "one for another name", name: "b.example", shown: "a" },
  { title: "a wildcard two labels deep", name: "one.two.wild.example", shown: "wildcard" },
  { title: "a wildcard for the bare name", name: "wild.example", shown: "wildcard" },
  { title: "a common name alone", name: "cn.example", shown: "commonNameOnly" },
  { title: "a common name beside another name", name: "a.example", shown: "commonNameBeside" },
  { title: "one for a name, asked for an address", name: "127.0.0.1", shown: "a" },
  { title: "an address in the shape of a name", name: "127.0.0.1", shown: "ipAsName" },
  { title: "one for another address", name: "127.0.0.2", shown: "ip" },
  { title: "one for an address, asked for a name", name: "a.example", shown: "ip" },
  { title: "one that has expired", name: "a.example", shown: "expired" },
  { title: "one that is not valid yet", name: "a.example", shown: "notYetValid" },
  { title: "one that is for clients only", name: "a.example", shown: "clientUsage" },
  { title: "one of another authority", name: "a.example", shown: "wrongCa" },
  { title: "one signed by itself", name: "a.example", shown: "selfSigned" },
  { title: "one behind an intermediate that it does not show", name: "a.example", shown: "chainless" },
  { title: "one that a client's certificate signed", name: "a.example", shown: "underLeaf" },
  { title: "one that is revoked", name: "a.example", shown: "revoked", more: () => ({ crl: [certificates().crls.root] }) },
  {
    title: "a good one when the list is out of date",
    name: "a.example",
    shown: "a",
    more: () => ({ crl: [certificates().crls.rootStale] }),
    realOnly: true,
  },
  {
    title: "a good one when the list is forged",
    name: "a.example",
    shown: "a",
    more: () => ({ crl: [certificates().crls.forged] }),
    realOnly: true,
  },
  // Node can't show one to itself.
  { title: "one with a key that can be broken", name: "a.example", shown: "weakKey", bunOnly: true },
  { title: "one with a signature that can be forged", name: "a.example", shown: "weakSignature", bunOnly: true },
  { title: "one of our authority when the runtime's are asked", name: "a.example", shown: "a", more: () => ({ ca: null }) },
];

export function upstreamsContract(rig: TlsRig): void {
  describe("servers' certificates", () => {
    for (const { title, name, shown, more } of BELIEVED) {
      it(`believe ${title}`, async () => {
        const { near, far } = await rig.shake(serverTlsFor(identityOf(shown)), clientTlsFor(name, more?.()));
        assert.equal(near.error, null, near.socket.errorDetail);
        assert.ok(near.socket.tls);
        assert.equal(near.socket.tls.identity, null);
        assert.notEqual(near.socket.tls.peerCertificate, null);
        await far.received(5);
        // An address is never sent as a name.
        assert.equal(far.socket.tls?.serverName, /^[\d.:]+$/.test(name) ? "" : name.toLowerCase());
      });
    }

    for (const { title, name, shown, more, realOnly = false, bunOnly = false } of REFUSED) {
      const { name: transport } = rig.subject.transport;
      if ((realOnly && transport === "memory") || (bunOnly && transport !== "bun")) continue;
      it(`refuse ${title}`, async () => {
        const { near, far } = await rig.shake(serverTlsFor(identityOf(shown)), clientTlsFor(name, more?.()));
        await near.closed();
        assert.equal(near.error, "ETLSCERT");
        assert.notEqual(near.socket.errorDetail, "");
        assert.equal(near.story(), "close");
        assert.equal(near.socket.tls, null);
        await far.until(() => far.isClosed || far.isEnded);
        assert.equal(far.receivedBytes, 0);
      });
    }

    it("stay refused when asked again", async () => {
      const tls = clientTlsFor("b.example");
      const server = await rig.listen(serverTlsFor(identityOf("a")));
      for (let round = 0; round < 3; round += 1) {
        const near = rig.connect(server.address, tls);
        await near.closed();
        assert.equal(near.error, "ETLSCERT");
      }
    });

    it("are not to be told from our own that can't be used: those are told before a byte is sent", async () => {
      const server = await rig.listen(serverTlsFor(identityOf("a")));
      const mixed = { cert: certificates().clients.good.cert, key: certificates().clients.wrongCa.key };
      const near = rig.connect(server.address, clientTlsFor("a.example", { identity: mixed }));
      await near.closed();
      assert.equal(near.error, "ETLS");
      assert.match(near.socket.errorDetail, /key/i);
      assert.equal(near.story(), "close");
    });
  });
}

function identityOf(shown: Case["shown"]): ReturnType<typeof toIdentity> {
  const pair: IssuedPair = certificates().servers[shown];
  return toIdentity(pair);
}
