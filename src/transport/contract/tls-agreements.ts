// Contract: what a handshake agrees on, who is asked, when the handler hears of it, and that what answers may change at any time.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setHandlerErrorHook } from "../handler-error.ts";
import type { AcceptedSocket, SocketHandler } from "../socket.ts";
import type { ServerTls } from "../tls.ts";
import { certificates } from "./certificates.ts";
import { Recorder } from "./recorder.ts";
import { clientAuthOf, settled, type TlsRig } from "./tls-rig.ts";
import { clientTlsFor, serverTlsFor, toIdentity } from "./tls-subject.ts";

export function agreementsContract(rig: TlsRig): void {
  describe("handshakes", () => {
    it("tell both sides what they agreed on", async () => {
      const identity = toIdentity(certificates().servers.a);
      const { near, far } = await rig.shake(
        serverTlsFor(identity, { protocols: ["h2", "http/1.1"] }),
        clientTlsFor("a.example", { protocols: ["http/1.1", "h2"] }),
      );
      for (const recorder of [near, far]) {
        assert.equal(recorder.socket.tls?.version, "TLSv1.3");
        assert.match(recorder.socket.tls.cipher, /^TLS_/);
        assert.equal(recorder.socket.tls.serverName, "a.example");
        // The server prefers.
        assert.equal(recorder.socket.tls.alpn, "h2");
        assert.equal(recorder.socket.tls.resumed, false);
      }
      assert.equal(far.socket.tls?.identity, identity);
      assert.equal(near.socket.tls?.identity, null);
      await far.received(5);
      assert.equal(far.story(), "secure data");
      assert.equal(near.story(), "open");
    });

    it("agree on no protocol when either side has none", async () => {
      for (const [ours, theirs] of [
        [["h2"], []],
        [[], ["h2"]],
        [[], []],
      ] as const) {
        const { near, far } = await rig.shake(
          serverTlsFor(toIdentity(certificates().servers.a), { protocols: ours }),
          clientTlsFor("a.example", { protocols: theirs }),
        );
        assert.equal(near.socket.tls?.alpn, "");
        assert.equal(far.socket.tls?.alpn, "");
      }
    });

    it("fail when they have no protocol in common", async () => {
      const { near, far } = await rig.shake(
        serverTlsFor(toIdentity(certificates().servers.a), { protocols: ["h2"] }),
        clientTlsFor("a.example", { protocols: ["http/1.1"] }),
      );
      await near.closed();
      assert.equal(near.error, "ETLS");
      assert.equal(far.error, "ETLS");
      assert.equal(far.receivedBytes, 0);
    });

    it("fail when nobody answers for the name", async () => {
      const { near, far } = await rig.shake(
        serverTlsFor(toIdentity(certificates().servers.a), { select: () => null }),
        clientTlsFor("a.example"),
      );
      await near.closed();
      assert.equal(near.error, "ETLS");
      assert.notEqual(near.socket.errorDetail, "");
      assert.equal(far.error, "ETLS");
      assert.notEqual(far.socket.errorDetail, "");
    });

    it("ask who answers each time, with no name too", async () => {
      const { servers } = certificates();
      const asked: string[] = [];
      let fallback = toIdentity(servers.ip);
      const server = await rig.listen(
        serverTlsFor(fallback, {
          select(name) {
            asked.push(name);
            return name === "" ? fallback : toIdentity(servers.b);
          },
        }),
      );
      const first = rig.connect(server.address, clientTlsFor("127.0.0.1"));
      await settled(first);
      assert.equal(first.story(), "open");
      const named = rig.connect(server.address, clientTlsFor("b.example"));
      await settled(named);
      assert.equal(named.story(), "open");
      // Reloaded to one that is not for the address: who connects now sees it, who is connected does not.
      fallback = toIdentity(servers.a);
      const second = rig.connect(server.address, clientTlsFor("127.0.0.1"));
      await second.closed();
      assert.equal(second.error, "ETLSCERT");
      assert.deepEqual(asked, ["", "b.example", ""]);
      first.call((socket) => socket.writeText("still here"));
      const far = await server.next();
      await far.received(10);
    });

    it("do not suffer from an identity whose key is not its own", async () => {
      const { servers } = certificates();
      const good = toIdentity(servers.a);
      const bad = { ...good, key: servers.b.key };
      const server = await rig.listen(serverTlsFor(good, { select: (name) => (name === "b.example" ? bad : good) }));
      const refused = rig.connect(server.address, clientTlsFor("b.example"));
      const far = await server.next();
      await refused.closed();
      await far.closed();
      assert.equal(refused.error, "ETLS");
      assert.equal(far.error, "ETLS");
      assert.match(far.socket.errorDetail, /key/i);
      const near = rig.connect(server.address, clientTlsFor("a.example"));
      await settled(near);
      assert.equal(near.story(), "open");
    });

    it("do not answer for an authority's challenge with anything else, nor for anything else with the challenge", async () => {
      const { servers } = certificates();
      const challenge = toIdentity(servers.selfSigned);
      const tls = serverTlsFor(toIdentity(servers.a), {
        protocols: ["http/1.1"],
        selectChallenge: (name) => (name === "a.example" ? challenge : null),
      });
      const own = { ca: servers.selfSigned.cert };
      const asked = await rig.shake(tls, clientTlsFor("a.example", { ...own, protocols: ["acme-tls/1"] }));
      assert.equal(asked.near.socket.tls?.alpn, "acme-tls/1");
      assert.equal(asked.far.socket.tls?.identity, challenge);
      const other = await rig.shake(tls, clientTlsFor("b.example", { ...own, protocols: ["acme-tls/1"] }));
      await other.near.closed();
      assert.equal(other.far.error, "ETLS");
      const both = await rig.shake(tls, clientTlsFor("a.example", { protocols: ["acme-tls/1", "http/1.1"] }));
      assert.equal(both.near.socket.tls?.alpn, "http/1.1");
      const plain = await rig.shake(tls, clientTlsFor("a.example", { protocols: ["http/1.1"] }));
      assert.notEqual(plain.far.socket.tls?.identity, challenge);
    });
  });

  describe("sessions of our own", () => {
    it("are resumed by the same settings to the same address, and by no others", async () => {
      const identity = toIdentity(certificates().servers.a);
      const server = await rig.listen(serverTlsFor(identity), (recorder, event) => {
        if (event === "secure") recorder.call((socket) => socket.writeText("hi"));
      });
      const tls = clientTlsFor("a.example");
      const visit = async (settings: typeof tls): Promise<boolean | undefined> => {
        const near = rig.connect(server.address, settings);
        await near.received(2);
        // Sessions come with or behind the first bytes.
        await new Promise((resolve) => setTimeout(resolve, 10));
        near.call((socket) => socket.close());
        await near.closed();
        return near.socket.tls?.resumed;
      };
      assert.equal(await visit(tls), false);
      if (rig.subject.transport.name !== "memory") assert.equal(await visit(tls), true);
      assert.equal(await visit(clientTlsFor("a.example")), false);
    });
  });

  describe("handlers of handshakes", () => {
    it("may close or reset in onSecure and hear no more", async () => {
      for (const end of ["close", "reset"] as const) {
        const server = await rig.listen(serverTlsFor(toIdentity(certificates().servers.a)), (recorder, event) => {
          if (event === "secure") recorder.call((socket) => socket[end]());
        });
        const near = rig.connect(server.address, clientTlsFor("a.example"));
        near.call((socket) => socket.writeText("early"));
        const far = await server.next();
        await far.closed();
        assert.equal(far.story(), "secure close");
        assert.equal(far.error, null);
        await near.until(() => near.isClosed || near.isEnded);
      }
    });

    it("may write and end in onSecure", async () => {
      const server = await rig.listen(serverTlsFor(toIdentity(certificates().servers.a)), (recorder, event) => {
        if (event !== "secure") return;
        recorder.call((socket) => {
          socket.cork();
          socket.writeText("one ");
          socket.write(Buffer.from("two"));
          socket.uncork();
          socket.end();
        });
      });
      const near = rig.connect(server.address, clientTlsFor("a.example"));
      await near.ended();
      assert.equal(near.text(), "one two");
      near.call((socket) => socket.end());
      await near.closed();
      assert.equal(near.error, null);
    });

    it("that throw lose their socket and nobody else's", async () => {
      const heard: unknown[] = [];
      setHandlerErrorHook((error) => heard.push(error));
      const bug = new Error("bug");
      const identity = toIdentity(certificates().servers.a);
      const server = await rig.listen(serverTlsFor(identity), (_recorder, event) => {
        if (event === "secure") throw bug;
      });
      const near = rig.connect(server.address, clientTlsFor("a.example"));
      const far = await server.next();
      await far.closed();
      await near.closed();
      assert.equal(far.error, "EABORTED");
      const asking: ServerTls = serverTlsFor(identity, {
        select() {
          throw bug;
        },
      });
      const { near: second, far: secondFar } = await rig.shake(asking, clientTlsFor("a.example"));
      await second.closed();
      assert.equal(secondFar.error, "EABORTED");
      assert.deepEqual(heard, [bug, bug]);
    });

    it("may read a header first and hand the rest to the handshake", async () => {
      const identity = toIdentity(certificates().servers.a, clientAuthOf(certificates().root, "required"));
      const header = Buffer.from("HEADER 203.0.113.9\n");
      let accepted: AcceptedSocket | null = null;
      const server = await rig.serve((recorder, event) => {
        if (event === "accept") accepted = recorder.socket as AcceptedSocket;
        if (event !== "data" || recorder.receivedBytes < header.length) return;
        const bytes = Buffer.concat(recorder.chunks);
        const socket = accepted as unknown as AcceptedSocket;
        recorder.chunks.length = 0;
        recorder.receivedBytes = 0;
        recorder.call(() => {
          socket.present({ address: "203.0.113.9", port: 9 }, { address: "203.0.113.1", port: 443 });
          socket.startTls(serverTlsFor(identity), bytes.length === header.length ? null : bytes.subarray(header.length));
        });
        recorder.react = () => {};
      });
      const near = rig.connect(server.address, clientTlsFor("a.example", { identity: certificates().clients.good }), () => {}, header);
      near.call((socket) => socket.writeText("early"));
      const far = await server.next();
      await far.until(() => far.events.includes("secure") && far.receivedBytes === 5);
      assert.equal(far.text(), "early");
      assert.equal(far.socket.remoteAddress, "203.0.113.9");
      assert.equal(far.socket.localPort, 443);
      assert.notEqual(far.socket.tls?.peerCertificate ?? null, null);
      far.call((socket) => socket.end());
      await near.ended();
      near.call((socket) => socket.end());
      await far.closed();
      assert.equal(far.error, null);
    });

    // Of a listener where some begin with a PROXY header and others don't. A handler that heard what came in place of a handshake would
    // take a request of nobody for one of a client that was asked for its certificate.
    it("may be begun from the accept call, and then nothing but what it secured is heard", async () => {
      const tls = serverTlsFor(toIdentity(certificates().servers.a, clientAuthOf(certificates().root, "required")));
      const server = await rig.serve((recorder, event) => {
        if (event === "accept") recorder.call((socket) => (socket as AcceptedSocket).startTls(tls, null));
      });
      const near = rig.connect(server.address, clientTlsFor("a.example", { identity: certificates().clients.good }));
      near.call((socket) => socket.writeText("early"));
      const far = await server.next();
      await far.until(() => far.receivedBytes === 5);
      assert.equal(far.story(), "secure data");
      const plain = new Recorder();
      plain.attach(rig.subject.transport.connect(server.address, plain));
      rig.recorders.push(plain);
      plain.call((socket) => socket.writeText("GET / HTTP/1.1\r\n\r\n"));
      const deceived = await server.next();
      await deceived.closed();
      assert.equal(deceived.receivedBytes, 0);
      assert.equal(deceived.error, "ETLS");
    });

    it("may be replaced, and the next event goes to the new one", async () => {
      const events: string[] = [];
      const second: SocketHandler = {
        onOpen: () => events.push("open"),
        onData: () => events.push("data"),
        onDrain() {},
        onEnd: () => events.push("end"),
        onClose: () => events.push("close"),
      };
      let replaced: AcceptedSocket | null = null;
      const server = await rig.listen(serverTlsFor(toIdentity(certificates().servers.a)), (recorder, event) => {
        if (event !== "secure") return;
        replaced = recorder.socket as AcceptedSocket;
        replaced.setHandler(second);
        recorder.isClosed = true;
      });
      const near = rig.connect(server.address, clientTlsFor("a.example"));
      near.call((socket) => {
        socket.writeText("x");
        socket.end();
      });
      await near.until(() => near.events.includes("open"));
      while (!events.includes("end")) await new Promise((resolve) => setTimeout(resolve, 1));
      (replaced as unknown as AcceptedSocket).end();
      while (!events.includes("close")) await new Promise((resolve) => setTimeout(resolve, 1));
      assert.deepEqual(events, ["data", "end", "close"]);
    });
  });
}
