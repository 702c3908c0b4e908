// The cipher suites that listeners agree to, the same on both runtimes: an ephemeral key for each connection, and authenticated encryption.
// What the runtimes offer by themselves has CBC and RSA key exchange in it, for clients of before 2014. Connections of our own keep the
// runtimes' suites: which ones an upstream can is not ours to choose, and it prefers among them.
import { constants } from "node:crypto";

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

/** Ours is the order, save for clients that want ChaCha20 first: those have no AES in their hardware. BoringSSL does that by itself. */
export const SERVER_OPTIONS =
  constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_CIPHER_SERVER_PREFERENCE | (constants.SSL_OP_PRIORITIZE_CHACHA ?? 0);
