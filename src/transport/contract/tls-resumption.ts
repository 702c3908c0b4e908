// Contract: a session opens nothing that it was not made for. By the openssl command, over TLS 1.2 and 1.3, as an attacker would: it
// keeps the session of one handshake and offers it in another.
import assert from "node:assert/strict";
import { existsSync, rmSync } from "node:fs";
import { describe, it } from "node:test";
import type { ServerTls, TlsIdentity } from "../tls.ts";
import { certificates, openssl } from "./certificates.ts";
import type { Recorder } from "./recorder.ts";
import { clientAuthOf, greet, type SslRun, showing, type TlsRig, type TlsServer } from "./tls-rig.ts";
import { serverTlsFor, toIdentity } from "./tls-subject.ts";

const SESSION = "session.pem";

interface Visit {
  readonly name?: string;
  readonly args?: readonly string[];
}

export function resumptionContract(rig: TlsRig): void {
  for (const version of ["-tls1_2", "-tls1_3"]) {
    describe(`sessions by openssl ${version}`, () => {
      async function visit(server: TlsServer, { name = "a.example", args = [] }: Visit): Promise<{ far: Recorder; run: SslRun }> {
        const running = rig.sClient(server.address, [version, "-servername", name, ...args]);
        const far = await server.next();
        await far.until(() => far.isClosed || far.events.includes("secure"));
        const run = await running;
        far.call((socket) => socket.close());
        return { far, run };
      }

      /** A first visit that must succeed and leave a session, then one that offers it. */
      async function revisit(tls: ServerTls, first: Visit, second: Visit, between: () => void = () => {}): Promise<Recorder> {
        const server = await rig.listen(tls, greet);
        rmSync(`${certificates().folder}/${SESSION}`, { force: true });
        const opening = await visit(server, { ...first, args: [...(first.args ?? []), "-sess_out", SESSION] });
        assert.ok(opening.far.socket.tls, opening.far.socket.errorDetail);
        assert.equal(opening.far.socket.tls.resumed, false);
        between();
        // Where clients show certificates a transport may give no session at all.
        const offered = existsSync(`${certificates().folder}/${SESSION}`) ? ["-sess_in", SESSION] : [];
        return (await visit(server, { ...second, args: [...(second.args ?? []), ...offered] })).far;
      }

      const a = (clientAuth: TlsIdentity["clientAuth"] = null): TlsIdentity => toIdentity(certificates().servers.a, clientAuth);
      const b = (clientAuth: TlsIdentity["clientAuth"] = null): TlsIdentity => toIdentity(certificates().servers.b, clientAuth);
      const hosts = (one: TlsIdentity, two: TlsIdentity): ServerTls =>
        serverTlsFor(one, { select: (name) => (name === "b.example" ? two : one) });

      it("are resumed where nobody is asked for a certificate, and tell the name all the same", async () => {
        const far = await revisit(serverTlsFor(a()), {}, {});
        assert.equal(far.socket.tls?.resumed, true);
        assert.equal(far.socket.tls.serverName, "a.example");
      });

      it("of one host are not resumed at another", async () => {
        const far = await revisit(hosts(a(), b()), { name: "b.example" }, {});
        assert.equal(far.socket.tls?.resumed, false);
      });

      it("made with another authority's certificate open no host that does not believe it", async () => {
        const { root, other, clients } = certificates();
        const tls = hosts(a(clientAuthOf(root, "required")), b(clientAuthOf(other, "required")));
        const far = await revisit(tls, { name: "b.example", args: showing(clients.wrongCa) }, { args: showing(clients.wrongCa) });
        assert.equal(far.error, "ETLSCERT");
        assert.equal(far.story(), "close");
      });

      it("made with another authority's certificate bring none where it is optional", async () => {
        const { root, other, clients } = certificates();
        const tls = hosts(a(clientAuthOf(root, "optional")), b(clientAuthOf(other, "required")));
        const far = await revisit(tls, { name: "b.example", args: showing(clients.wrongCa) }, {});
        assert.equal(far.socket.tls?.resumed ?? false, false);
        assert.equal(far.socket.tls?.peerCertificate ?? null, null);
      });

      it("made where nobody is asked open no host that asks", async () => {
        const far = await revisit(hosts(a(clientAuthOf(certificates().root, "required")), b()), { name: "b.example" }, {});
        assert.equal(far.error, "ETLSCERT");
      });

      it("made without a certificate bring none, first and again", async () => {
        const far = await revisit(serverTlsFor(a(clientAuthOf(certificates().root, "optional"))), {}, {});
        assert.ok(far.socket.tls);
        assert.equal(far.socket.tls.peerCertificate, null);
      });

      it("made without a certificate open nothing when one becomes required", async () => {
        let identity = a(clientAuthOf(certificates().root, "optional"));
        const far = await revisit(serverTlsFor(identity, { select: () => identity }), {}, {}, () => {
          identity = a(clientAuthOf(certificates().root, "required"));
        });
        assert.equal(far.error, "ETLSCERT");
      });

      it("made before anybody was asked open nothing when clients are", async () => {
        let identity = a();
        const far = await revisit(serverTlsFor(identity, { select: () => identity }), {}, {}, () => {
          identity = a(clientAuthOf(certificates().root, "required"));
        });
        assert.equal(far.error, "ETLSCERT");
      });

      it("made under one authority open nothing under the next", async () => {
        const { root, other, clients } = certificates();
        let identity = a(clientAuthOf(root, "required"));
        const tls = serverTlsFor(identity, { select: () => identity });
        const far = await revisit(tls, { args: showing(clients.good) }, { args: showing(clients.good) }, () => {
          identity = a(clientAuthOf(other, "required"));
        });
        assert.equal(far.error, "ETLSCERT");
      });

      it("of a certificate that has been revoked since open nothing", async () => {
        const { root, clients, crls } = certificates();
        let identity = a(clientAuthOf(root, "required", [crls.rootEmpty]));
        const tls = serverTlsFor(identity, { select: () => identity });
        const far = await revisit(tls, { args: showing(clients.revoked) }, { args: showing(clients.revoked) }, () => {
          identity = a({ ...clientAuthOf(root, "required", [crls.root]), id: "renewed list" });
        });
        assert.equal(far.error, "ETLSCERT");
      });

      it("made by one listener open no other that asks", async () => {
        const { root, clients } = certificates();
        const lax = await rig.listen(serverTlsFor(a()), greet);
        const strict = await rig.listen(serverTlsFor(a(clientAuthOf(root, "required"))), greet);
        await visit(lax, { args: ["-sess_out", SESSION] });
        const { far } = await visit(strict, { args: ["-sess_in", SESSION] });
        assert.equal(far.error, "ETLSCERT");
        const good = await visit(strict, { args: ["-sess_in", SESSION, ...showing(clients.good)] });
        assert.notEqual(good.far.socket.tls?.peerCertificate ?? null, null);
      });

      it("promise no early data", async () => {
        const server = await rig.listen(serverTlsFor(a()), greet);
        await visit(server, { args: ["-sess_out", SESSION] });
        assert.doesNotMatch(openssl(["sess_id", "-in", SESSION, "-noout", "-text"], certificates().folder), /Max Early Data: [1-9]/);
      });
    });
  }

  describe("renegotiation by the client", () => {
    it("is refused", async () => {
      const server = await rig.listen(serverTlsFor(toIdentity(certificates().servers.a)), (recorder, event) => {
        if (event === "secure") recorder.call((socket) => socket.writeText("greeting\n"));
      });
      // "R" at the beginning of a line asks for it.
      const running = rig.sClient(server.address, ["-tls1_2", "-servername", "a.example"], "R\n");
      const far = await server.next();
      const run = await running;
      assert.match(run.output, /RENEGOTIATING/);
      assert.doesNotMatch(run.output, /RENEGOTIATING[\s\S]*read R BLOCK/);
      assert.equal(far.events.filter((event) => event === "secure").length, 1);
      assert.equal(far.receivedBytes, 0);
    });
  });
}
