// A service of the operator's own as an identity.
export { createExternalIdentity } from "./external-identity.ts";
