// The cipher suites and key exchanges that listeners agree to, the same on both runtimes: an ephemeral key for each connection, and authenticated encryption.
// What the runtimes offer by themselves has CBC, RSA key exchange and costly curves in it, for clients of before 2014 and for nobody. Connections of our own keep the
// runtimes' suites: which ones an upstream can is not ours to choose, and it prefers among them.
import { constants } from "node:crypto";
import { createSecureContext } from "node:tls";

/** In the spelling of OpenSSL, the preferred first: AES-128 costs least, and nothing breaks it. */
export const SERVER_CIPHERS = [
  "TLS_AES_128_GCM_SHA256",
  "TLS_AES_256_GCM_SHA384",
  "TLS_CHACHA20_POLY1305_SHA256",
  "ECDHE-ECDSA-AES128-GCM-SHA256",
  "ECDHE-RSA-AES128-GCM-SHA256",
  "ECDHE-ECDSA-AES256-GCM-SHA384",
  "ECDHE-RSA-AES256-GCM-SHA384",
  "ECDHE-ECDSA-CHACHA20-POLY1305",
  "ECDHE-RSA-CHACHA20-POLY1305",
].join(":");

// The first holds also against who records today and has a quantum computer later.
const POST_QUANTUM = "X25519MLKEM768";
const ELLIPTIC = "X25519:P-256:P-384";

let groups: string | null = null;

/** In the spelling of OpenSSL, of those that this runtime has: Node 22 has no post-quantum exchange. */
export function serverGroups(): string {
  groups ??= isKnown(POST_QUANTUM) ? `${POST_QUANTUM}:${ELLIPTIC}` : ELLIPTIC;
  return groups;
}

function isKnown(group: string): boolean {
  try {
    createSecureContext({ ecdhCurve: group });
    return true;
  } catch {
    return false;
  }
}

/** Ours is the order, save for clients that want ChaCha20 first: those have no AES in their hardware. BoringSSL does that by itself. */
export const SERVER_OPTIONS =
  constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_CIPHER_SERVER_PREFERENCE | (constants.SSL_OP_PRIORITIZE_CHACHA ?? 0);
