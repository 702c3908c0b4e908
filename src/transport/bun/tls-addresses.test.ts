// Where no name is sent, Bun compares a certificate with the host that it connected to. We compare it with what was asked for.
import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { certificates, whyNoCertificates } from "../contract/certificates.ts";
import { countDescriptors } from "../contract/descriptors.ts";
import { openBlackhole } from "../contract/full-backlog.ts";
import { portOf, settled, TlsRig } from "../contract/tls-rig.ts";
import { clientTlsFor, serverTlsFor, toIdentity } from "../contract/tls-subject.ts";
import { bunTransport } from "./index.ts";

const skip = process.versions.bun === undefined ? "needs Bun's own sockets" : whyNoCertificates();

describe("an address to be seen at a host by name", { skip }, () => {
  const rig = new TlsRig({ transport: bunTransport(), countOpen: countDescriptors, openBlackhole });
  afterEach(() => rig.clear());

  async function visit(shown: "ip" | "a" | "selfSigned", name: string) {
    const server = await rig.listen(serverTlsFor(toIdentity(certificates().servers[shown])));
    const near = rig.connect({ host: "localhost", port: portOf(server.address) }, clientTlsFor(name));
    await settled(near);
    return near;
  }

  it("is believed when the certificate carries it", async () => {
    assert.equal((await visit("ip", "127.0.0.1")).story(), "open");
  });

  it("is refused when the certificate carries another, or a name", async () => {
    assert.equal((await visit("ip", "127.0.0.2")).error, "ETLSCERT");
    assert.equal((await visit("a", "127.0.0.1")).error, "ETLSCERT");
  });

  it("is no reason to overlook who signed it", async () => {
    const near = await visit("selfSigned", "127.0.0.1");
    assert.equal(near.error, "ETLSCERT");
    assert.match(near.socket.errorDetail, /unable to verify|self.signed/i);
  });
});
