// Bearer tokens that an issuer is asked about.
export { createIntrospectionIdentity } from "./introspection-identity.ts";
