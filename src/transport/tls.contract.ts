// The suite that every transport with TLS passes: what socket.ts and tls.ts promise of handshakes, and what attackers do to those who
// trust them. Parts that need real sockets are left out of the memory transport.
import { afterEach, describe } from "node:test";
import { whyNoCertificates } from "./contract/certificates.ts";
import { closingContract } from "./contract/closing.ts";
import { corkingContract } from "./contract/corking.ts";
import { crowdsContract } from "./contract/crowds.ts";
import { endingContract } from "./contract/ending.ts";
import { pausingContract } from "./contract/pausing.ts";
import { Rig, type Subject } from "./contract/rig.ts";
import { agreementsContract } from "./contract/tls-agreements.ts";
import { bytesContract } from "./contract/tls-bytes.ts";
import { ciphersContract } from "./contract/tls-ciphers.ts";
import { clientsContract, opensslClientsContract } from "./contract/tls-clients.ts";
import { resumptionContract } from "./contract/tls-resumption.ts";
import { TlsRig } from "./contract/tls-rig.ts";
import { overTls } from "./contract/tls-subject.ts";
import { upstreamsContract } from "./contract/tls-upstreams.ts";
import { wireContract } from "./contract/tls-wire.ts";
import { writingContract } from "./contract/writing.ts";
import { setHandlerErrorHook } from "./handler-error.ts";

/** Declares the whole suite for one transport; `whyNot` is why it can't run here. */
export function tlsContract(name: string, create: () => Subject, whyNot: string | false = false): void {
  const skip = whyNot || whyNoCertificates();
  describe(`${name} transport with TLS`, { skip }, () => {
    if (skip !== false) return;
    const subject = create();
    const rig = new TlsRig(subject);
    const overRig = new Rig(overTls(subject));
    afterEach(async () => {
      setHandlerErrorHook(null);
      await rig.clear();
      await overRig.clear();
    });
    agreementsContract(rig);
    clientsContract(rig);
    upstreamsContract(rig);
    if (subject.transport.name !== "memory") {
      opensslClientsContract(rig);
      bytesContract(rig);
      resumptionContract(rig);
      wireContract(rig);
      ciphersContract(rig);
    }
    describe("as sockets", () => {
      writingContract(overRig);
      corkingContract(overRig);
      pausingContract(overRig);
      endingContract(overRig);
      closingContract(overRig);
      crowdsContract(overRig);
    });
  });
}
