// Names and passwords (RFC 7617) as identities, and how passwords are kept.
export { createBasicIdentity } from "./basic-identity.ts";
export { hashPassword } from "./password-work.ts";
