// What we use of Bun's sockets with TLS, most of it in no published types: upgradeTLS() of a plain socket, on either side, with a context
// made beforehand and with bytes that were read before. tls-self-test.ts makes sure that it is there.
import type { X509Certificate } from "node:crypto";
import type { RawSocket } from "./bun-socket.ts";

/** OpenSSL's context behind a node:tls SecureContext. */
export type NativeContext = object;

export interface UpgradeOptions {
  readonly isServer: boolean;
  readonly allowHalfOpen: true;
  readonly tls: {
    readonly secureContext: NativeContext;
    readonly requestCert: boolean;
    readonly rejectUnauthorized: false;
    /** As on the wire: each name behind its length. Bun takes nothing else. */
    readonly ALPNProtocols?: Uint8Array;
    /** Clients only. Bun sends what it is given, an address too. */
    readonly serverName?: string;
  };
  readonly data: unknown;
  readonly initialData?: Uint8Array;
  readonly socket: object;
}

/** A plain socket. `upgradeTLS` gives itself anew, which from then on hears the ciphertext, and the one with TLS. */
export interface PlainRaw extends RawSocket {
  upgradeTLS(options: UpgradeOptions): readonly [RawSocket, TlsRaw];
}

export interface TlsRaw extends RawSocket {
  readonly fd: number;
  readonly alpnProtocol: string | false | null;
  getTLSVersion(): string;
  getCipher(): { readonly name: string };
  isSessionReused(): boolean;
  getPeerX509Certificate(): X509Certificate | undefined;
  setSession(session: Uint8Array): void;
}

/** What Bun says of a handshake or of a certificate. */
export interface RawTlsError extends Error {
  readonly code?: string;
  readonly reason?: string;
}

export function toWireProtocols(protocols: readonly string[]): Uint8Array {
  return Buffer.concat(protocols.map((name) => Buffer.concat([Buffer.of(name.length), Buffer.from(name, "latin1")])));
}
