// The SecureContexts of node:tls. What is in them is OpenSSL's: a session that one context issued no other one takes.
import { createHash } from "node:crypto";
import { createSecureContext, type SecureContext } from "node:tls";
import { ContextCache, toClientOptions, toServerOptions } from "../context-options.ts";
import type { ClientTls, TlsIdentity, TlsVersion } from "../tls.ts";

const contexts = new ContextCache<SecureContext>();

/** The context that answers as `identity`. Throws when its certificate and key can't be used. */
export function toServerContext(identity: TlsIdentity, minVersion: TlsVersion): SecureContext {
  return contexts.server(identity, minVersion, () =>
    createSecureContext({ ...toServerOptions(identity, minVersion), sessionIdContext: toSessionContext(identity) }),
  );
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
  return contexts.client(tls, () => createSecureContext(toClientOptions(tls)));
}
