// OpenSSL's contexts, one for each identity and each way to judge an upstream, made at first use and kept as long as the object that they
// were made of. Tickets are a context's own: a session that one context issued no other one takes, and a reload makes new ones.
import { constants } from "node:crypto";
import { createSecureContext, type SecureContextOptions } from "node:tls";
import { SERVER_CIPHERS, SERVER_OPTIONS, serverGroups } from "../cipher-suites.ts";
import type { ClientTls, TlsIdentity, TlsVersion } from "../tls.ts";
import type { NativeContext } from "./tls-raw.ts";

type ByVersion = Partial<Record<TlsVersion, NativeContext>>;

const identityContexts = new WeakMap<TlsIdentity, ByVersion>();
const clientContexts = new WeakMap<ClientTls, NativeContext>();

/** The context that answers as `identity`. Throws when its certificate and key can't be used. */
export function toServerContext(identity: TlsIdentity, minVersion: TlsVersion): NativeContext {
  let contexts = identityContexts.get(identity);
  if (contexts === undefined) {
    contexts = {};
    identityContexts.set(identity, contexts);
  }
  contexts[minVersion] ??= create(toServerOptions(identity, minVersion));
  return contexts[minVersion];
}

function toServerOptions(identity: TlsIdentity, minVersion: TlsVersion): SecureContextOptions {
  const { cert, key, clientAuth } = identity;
  const base = { cert, key, minVersion, ciphers: SERVER_CIPHERS, ecdhCurve: serverGroups() };
  if (clientAuth === null) return { ...base, secureOptions: SERVER_OPTIONS };
  // No resumption where clients show certificates: what has expired or been revoked since would live on in the session.
  const secureOptions = SERVER_OPTIONS | constants.SSL_OP_NO_TICKET;
  const asking = { requestCert: true, rejectUnauthorized: false, ca: clientAuth.ca };
  return { ...base, secureOptions, ...asking, ...(clientAuth.crl.length > 0 && { crl: [...clientAuth.crl] }) };
}

/** The context that connects as `tls` says. Throws when what is in it can't be used. */
export function toClientContext(tls: ClientTls): NativeContext {
  let context = clientContexts.get(tls);
  if (context === undefined) {
    context = create({
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

function create(options: SecureContextOptions): NativeContext {
  return (createSecureContext(options) as { readonly context: NativeContext }).context;
}
