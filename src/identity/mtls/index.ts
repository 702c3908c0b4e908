// Client certificates as identities.
export { createMtlsIdentity } from "./mtls-identity.ts";
