// Bearer tokens that an issuer is asked about.
export type { AskBudget } from "./asker.ts";
export { createIntrospectionIdentity } from "./introspection-identity.ts";
