// What an endpoint's connections say in handshakes (ClientTls), from the settings of its upstream. The same settings and host are the same
// object for as long as somebody holds it: transports keep sessions by it.

import type { ClientTls } from "../transport/index.ts";
import { digestOf } from "./identity-store.ts";

export interface UpstreamTlsInput {
  readonly ca: string | null;
  readonly crl: readonly string[];
  readonly serverName: string | null;
  readonly identity: { readonly cert: string; readonly key: { reveal(): string } } | null;
  readonly minVersion: "TLSv1.2" | "TLSv1.3";
}

export class ClientTlsSet {
  readonly #byDigest = new Map<string, WeakRef<ClientTls>>();
  #sweepAt = 64;

  /** `host`: the endpoint's, a name or an address without brackets. `protocols`: ALPN, the preferred first. */
  of(tls: UpstreamTlsInput, host: string, protocols: readonly string[]): ClientTls {
    const { ca, crl, minVersion } = tls;
    const serverName = foldHost(tls.serverName ?? host);
    const identity = tls.identity === null ? null : { cert: tls.identity.cert, key: tls.identity.key.reveal() };
    const digest = digestOf([
      serverName,
      minVersion,
      `${protocols.length}`,
      ...protocols,
      ca === null ? "shipped" : `ca ${ca}`,
      identity?.cert ?? "",
      identity?.key ?? "",
      ...crl,
    ]);
    const known = this.#byDigest.get(digest)?.deref();
    if (known !== undefined) return known;
    const made: ClientTls = { ca, crl, serverName, identity, minVersion, protocols };
    this.#byDigest.set(digest, new WeakRef(made));
    if (this.#byDigest.size >= this.#sweepAt) this.#sweep();
    return made;
  }

  /** Entries kept, those of objects that are gone included until the next sweep. */
  get size(): number {
    return this.#byDigest.size;
  }

  #sweep(): void {
    for (const [digest, reference] of this.#byDigest) if (reference.deref() === undefined) this.#byDigest.delete(digest);
    this.#sweepAt = Math.max(64, 2 * this.#byDigest.size);
  }
}

/** As certificates are compared with it: lower case, without the root's dot. */
function foldHost(host: string): string {
  return host.toLowerCase().replace(/\.$/, "");
}
