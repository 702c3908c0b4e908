// The SecureContexts of node:tls, one for each identity and each way to judge an upstream, made at first use and kept as long as the
// object that they were made of. What is in them is OpenSSL's: a session that one context issued no other one takes.
import { constants, createHash } from "node:crypto";
import { createSecureContext, type SecureContext, type SecureContextOptions } from "node:tls";
import { SERVER_CIPHERS, SERVER_OPTIONS, serverGroups } from "../cipher-suites.ts";
import type { ClientTls, TlsIdentity, TlsVersion } from "../tls.ts";

type ByVersion = Partial<Record<TlsVersion, SecureContext>>;

const identityContexts = new WeakMap<TlsIdentity, ByVersion>();
const clientContexts = new WeakMap<ClientTls, SecureContext>();

/** The context that answers as `identity`. Throws when its certificate and key can't be used. */
export function toServerContext(identity: TlsIdentity, minVersion: TlsVersion): SecureContext {
  let contexts = identityContexts.get(identity);
  if (contexts === undefined) {
    contexts = {};
    identityContexts.set(identity, contexts);
  }
  contexts[minVersion] ??= createSecureContext(toServerOptions(identity, minVersion));
  return contexts[minVersion];
}

function toServerOptions(identity: TlsIdentity, minVersion: TlsVersion): SecureContextOptions {
  const { cert, key, clientAuth } = identity;
  const base = { cert, key, minVersion, ciphers: SERVER_CIPHERS, ecdhCurve: serverGroups(), sessionIdContext: toSessionContext(identity) };
  if (clientAuth === null) return { ...base, secureOptions: SERVER_OPTIONS };
  // No resumption where clients show certificates: Node 22 takes a resumed session without one for authorized, and a certificate
  // that has been revoked since would live on in the session. Node has no other store of sessions than tickets.
  const secureOptions = SERVER_OPTIONS | constants.SSL_OP_NO_TICKET;
  return { ...base, secureOptions, ca: clientAuth.ca, ...(clientAuth.crl.length > 0 && { crl: [...clientAuth.crl] }) };
}

/** At most 32 bytes. OpenSSL refuses sessions of another one, should it ever come to that. */
function toSessionContext(identity: TlsIdentity): string {
  const hash = createHash("sha256")
    .update(identity.cert)
    .update("\n")
    .update(identity.clientAuth?.id ?? "");
  return hash.digest("hex").slice(0, 32);
}

/** The context that connects as `tls` says. Throws when what is in it can't be used. */
export function toClientContext(tls: ClientTls): SecureContext {
  let context = clientContexts.get(tls);
  if (context === undefined) {
    context = createSecureContext({
      minVersion: tls.minVersion,
      secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
      ...(tls.ca !== null && { ca: tls.ca }),
      ...(tls.crl.length > 0 && { crl: [...tls.crl] }),
      ...(tls.identity !== null && { cert: tls.identity.cert, key: tls.identity.key }),
    });
    clientContexts.set(tls, context);
  }
  return context;
}
