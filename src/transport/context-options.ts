// What OpenSSL and BoringSSL are told of an identity and of an upstream, where both are told the same. The contexts themselves, and what
// only one runtime takes, are the adapters' (bun/tls-contexts.ts, node/tls-contexts.ts).

import { constants } from "node:crypto";
import type { SecureContextOptions } from "node:tls";
import { SERVER_CIPHERS, SERVER_OPTIONS, serverGroups } from "./cipher-suites.ts";
import type { ClientTls, TlsIdentity, TlsVersion } from "./tls.ts";

export function toServerOptions({ cert, key, clientAuth }: TlsIdentity, minVersion: TlsVersion): SecureContextOptions {
  const base = { cert, key, minVersion, ciphers: SERVER_CIPHERS, ecdhCurve: serverGroups() };
  if (clientAuth === null) return { ...base, secureOptions: SERVER_OPTIONS };
  // No resumption where clients show certificates: what has expired or been revoked since would live on in the session, and Node 22 takes
  // a resumed session without one for authorized. Node has no other store of sessions than tickets.
  const secureOptions = SERVER_OPTIONS | constants.SSL_OP_NO_TICKET;
  return { ...base, secureOptions, ca: clientAuth.ca, ...(clientAuth.crl.length > 0 && { crl: [...clientAuth.crl] }) };
}

export function toClientOptions({ minVersion, ca, crl, identity }: ClientTls): SecureContextOptions {
  return {
    minVersion,
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
    ...(ca !== null && { ca }),
    ...(crl.length > 0 && { crl: [...crl] }),
    ...(identity !== null && { cert: identity.cert, key: identity.key }),
  };
}

/** Contexts by the object that they are made of, at first use, for as long as that object lives. */
export class ContextCache<Context> {
  readonly #ofServers = new WeakMap<TlsIdentity, Partial<Record<TlsVersion, Context>>>();
  readonly #ofClients = new WeakMap<ClientTls, Context>();

  /** Throws what `create` throws: its certificate and key can't be used. */
  server(identity: TlsIdentity, minVersion: TlsVersion, create: () => Context): Context {
    let contexts = this.#ofServers.get(identity);
    if (contexts === undefined) {
      contexts = {};
      this.#ofServers.set(identity, contexts);
    }
    contexts[minVersion] ??= create();
    return contexts[minVersion];
  }

  client(tls: ClientTls, create: () => Context): Context {
    let context = this.#ofClients.get(tls);
    if (context === undefined) {
      context = create();
      this.#ofClients.set(tls, context);
    }
    return context;
  }
}
