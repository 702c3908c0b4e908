// The door of the keys by which internal tokens are signed.
export { toPublicJwks } from "./key-material.ts";
export { KeyRing, type KeyRingHost, type KeyRingOptions, type PublishedKeys, type Signer, type SigningKeys } from "./key-ring.ts";
export { cacheForSeconds } from "./key-times.ts";
