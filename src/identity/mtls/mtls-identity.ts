// Client certificates: the one that the listener verified in the handshake, and nothing that a header says of one. It is read once for a
// connection; later requests cost a look at a map and at the clock. @hot

import type { Clock, Fault } from "../../base/index.ts";
import type { MtlsIdentity } from "../../config/index.ts";
import type { Exchange, Principal } from "../../pipeline/index.ts";
import { readPeer } from "../../tls/index.ts";
import { BAD_CREDENTIAL, EXPIRED } from "../faults.ts";
import { type Identity, type IdentityHost, NO_CARRIERS, type Outcome } from "../identity.ts";
import { PrincipalMaker } from "../principal-maker.ts";
import { toCertificateClaims } from "./certificate-claims.ts";
import { compileIdPatterns, type IdMatcher } from "./id-patterns.ts";

interface Reading {
  readonly outcome: Principal | Fault;
  readonly notAfterMs: number;
}

export function createMtlsIdentity(config: MtlsIdentity, host: IdentityHost): Identity {
  return new ClientCertificates(config, host.clock);
}

class ClientCertificates implements Identity {
  readonly name: string;
  readonly source = "mtls";
  readonly carriers = NO_CARRIERS;
  readonly challenge = null;
  readonly isAmbient = true;
  readonly #clock: Clock;
  readonly #maker: PrincipalMaker;
  readonly #takes: IdMatcher | null;
  /** By the certificate as the connection has it. */
  readonly #readings = new WeakMap<Uint8Array, Reading>();

  constructor(config: MtlsIdentity, clock: Clock) {
    this.name = config.name;
    this.#clock = clock;
    this.#maker = new PrincipalMaker(config);
    this.#takes = compileIdPatterns(config.ids);
  }

  identify(exchange: Exchange): Outcome {
    const { tls } = exchange.client.facts;
    if (tls === null || tls.peerCertificate === null) return null;
    const der = tls.peerCertificate;
    const known = this.#readings.get(der);
    const reading = known === undefined ? this.#read(der) : known;
    if (known === undefined) this.#readings.set(der, reading);
    // A connection may outlive the certificate that it began with.
    if (this.#clock.wall() > reading.notAfterMs) return EXPIRED.with(`${this.name}: the client's certificate has expired`);
    return reading.outcome;
  }

  close(): void {}

  #read(der: Uint8Array): Reading {
    const peer = readPeer(der);
    if (peer === null)
      return this.#refuse("the client's certificate can't be read, or names somebody in a way that two readers take apart");
    const principal = this.#maker.make(toCertificateClaims(peer), { expiresAtMs: peer.notAfterMs });
    if (typeof principal === "string") return this.#refuse(`of the client's certificate: ${principal}`);
    if (this.#takes !== null && !this.#takes(principal.id)) return this.#refuse("the client's certificate is of nobody in `ids`");
    return { outcome: principal, notAfterMs: peer.notAfterMs };
  }

  #refuse(why: string): Reading {
    return { outcome: BAD_CREDENTIAL.with(`${this.name}: ${why}`), notAfterMs: Number.POSITIVE_INFINITY };
  }
}
