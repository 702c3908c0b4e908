// What the engine says to a handshake, and what it learns from one. The adapters do the handshakes; who answers for which name, and
// which certificates are good, is the tls room's to say. Keys are plain text here and must not be logged.

/** How clients' certificates are judged. */
export interface ClientAuth {
  /** The same id is the same policy: what one admits the other admits. A session is never resumed under another one. */
  readonly id: string;
  readonly mode: "optional" | "required";
  /** PEM, one or more certificates. */
  readonly ca: string;
  /** PEM; each list is signed by one of `ca`. Empty: nothing is revoked. */
  readonly crl: readonly string[];
}

/** A certificate with its key, and whom it admits. Adapters keep what they compile of it by this very object. */
export interface TlsIdentity {
  /** PEM: the leaf, then its chain. */
  readonly cert: string;
  /** PEM. */
  readonly key: string;
  readonly clientAuth: ClientAuth | null;
}

export type TlsVersion = "TLSv1.2" | "TLSv1.3";

/** What a listener says to handshakes. Asked anew for each, so that what it answers may change while it listens. */
export interface ServerTls {
  readonly minVersion: TlsVersion;
  /** ALPN names, the preferred first. A client that offers some and none of these is refused (alert 120); one that offers none is taken. */
  readonly protocols: readonly string[];
  /** Who answers for the name a client asked for: lower case, "" when it gave none. Null refuses the handshake (alert 112). */
  select(serverName: string): TlsIdentity | null;
  /** Who answers a client that offers `acme-tls/1` and nothing else (RFC 8737); null refuses. Absent where nothing can be asked for. */
  selectChallenge?(serverName: string): TlsIdentity | null;
}

/** How an upstream's certificate is judged, and what we show. */
export interface ClientTls {
  /** PEM of the only authorities that are believed; null: those that the runtime ships. */
  readonly ca: string | null;
  /** PEM lists; empty: nothing is revoked. */
  readonly crl: readonly string[];
  /** The name that the certificate must carry, sent as SNI unless it is an IP address. */
  readonly serverName: string;
  /** Ours, for an upstream that asks. */
  readonly identity: { readonly cert: string; readonly key: string } | null;
  readonly minVersion: TlsVersion;
  /** ALPN names; empty offers none. */
  readonly protocols: readonly string[];
}

/** What a finished handshake agreed on. */
export interface TlsFacts {
  readonly version: TlsVersion;
  /** The name of the cipher suite as OpenSSL spells it. */
  readonly cipher: string;
  /** What the client asked for, lower case; "" when it gave none. */
  readonly serverName: string;
  /** The ALPN name agreed on; "" when none. */
  readonly alpn: string;
  readonly resumed: boolean;
  /** Who answered; on outgoing sockets null. */
  readonly identity: TlsIdentity | null;
  /** DER of the far side's own certificate, only when it has been verified against the policy in force; else null. */
  readonly peerCertificate: Uint8Array | null;
}
