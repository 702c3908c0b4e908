// HTTP message signatures (RFC 9421) as identities.
export { createHmacIdentity } from "./hmac-identity.ts";
