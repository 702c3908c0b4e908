// Who answers a ClientHello, and in which protocols: the same on every runtime.

import type { ClientHello } from "./client-hello.ts";
import { ALERT } from "./client-hello.ts";
import type { ServerTls, TlsIdentity } from "./tls.ts";

/** RFC 8737 3 */
const ACME_PROTOCOL = "acme-tls/1";

export type HelloAnswer =
  | { readonly identity: TlsIdentity; readonly protocols: readonly string[] }
  /** Nobody does: the alert that says so. */
  | { readonly identity: null; readonly alert: number };

/** Throws what `tls` throws. */
export function answerHello(tls: ServerTls, { protocols, serverName }: ClientHello): HelloAnswer {
  // A client that offers it and nothing else is an authority that looks; to one that offers more it is no protocol of ours.
  if (protocols.length === 1 && protocols[0] === ACME_PROTOCOL && tls.selectChallenge !== undefined) {
    const identity = tls.selectChallenge(serverName);
    return identity === null ? { identity, alert: ALERT.noApplicationProtocol } : { identity, protocols: [ACME_PROTOCOL] };
  }
  const identity = tls.select(serverName);
  return identity === null ? { identity, alert: ALERT.unrecognizedName } : { identity, protocols: tls.protocols };
}
