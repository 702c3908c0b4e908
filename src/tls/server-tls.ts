// What a listener says to handshakes (ServerTls), over identities that may be replaced while it listens. @hot

import type { ServerTls, TlsIdentity, TlsVersion } from "../transport/index.ts";
import type { ServerIdentities } from "./server-identities.ts";

/** Who answers an authority's TLS-ALPN-01 challenge for a name; null when none is under way. */
export type ChallengeSource = (serverName: string) => TlsIdentity | null;

/** Its protocols may be replaced between two handshakes. */
export interface ListenerTls extends ServerTls {
  protocols: readonly string[];
}

export function createServerTls(
  identities: ServerIdentities,
  protocols: readonly string[],
  challenges: ChallengeSource | null = null,
): ListenerTls {
  return challenges === null ? new IdentitiesTls(identities, protocols) : new ChallengedTls(identities, protocols, challenges);
}

class IdentitiesTls implements ListenerTls {
  protocols: readonly string[];
  readonly #identities: ServerIdentities;

  constructor(identities: ServerIdentities, protocols: readonly string[]) {
    this.#identities = identities;
    this.protocols = protocols;
  }

  get minVersion(): TlsVersion {
    return this.#identities.table.minVersion;
  }

  select(serverName: string): TlsIdentity | null {
    return this.#identities.select(serverName);
  }
}

// A class of its own: transports ask whether there is the method at all.
class ChallengedTls extends IdentitiesTls {
  readonly #challenges: ChallengeSource;

  constructor(identities: ServerIdentities, protocols: readonly string[], challenges: ChallengeSource) {
    super(identities, protocols);
    this.#challenges = challenges;
  }

  selectChallenge(serverName: string): TlsIdentity | null {
    return this.#challenges(serverName);
  }
}
