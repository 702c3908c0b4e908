// BoringSSL's contexts. Tickets are a context's own: a session that one context issued no other one takes, and a reload makes new ones.
import { createSecureContext, type SecureContextOptions } from "node:tls";
import { ContextCache, toClientOptions, toServerOptions } from "../context-options.ts";
import type { ClientTls, TlsIdentity, TlsVersion } from "../tls.ts";
import type { NativeContext } from "./tls-raw.ts";

const contexts = new ContextCache<NativeContext>();

/** The context that answers as `identity`. Throws when its certificate and key can't be used. */
export function toServerContext(identity: TlsIdentity, minVersion: TlsVersion): NativeContext {
  // Here it is the context that asks for a certificate; on Node it is the socket.
  const asking = identity.clientAuth === null ? {} : { requestCert: true, rejectUnauthorized: false };
  return contexts.server(identity, minVersion, () => create({ ...toServerOptions(identity, minVersion), ...asking }));
}

/** The context that connects as `tls` says. Throws when what is in it can't be used. */
export function toClientContext(tls: ClientTls): NativeContext {
  return contexts.client(tls, () => create(toClientOptions(tls)));
}

function create(options: SecureContextOptions): NativeContext {
  return (createSecureContext(options) as { readonly context: NativeContext }).context;
}
