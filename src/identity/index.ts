// The door of the identity room.
export {
  type ApiKeyOperations,
  type ApiKeyView,
  createApiKeyIdentity,
  createApiKeyOperations,
  type IssuedKey,
  KeyRefusal,
  type KeyRefusalReason,
  type LookupBudget,
} from "./api-key/index.ts";
export { hashPassword } from "./basic/index.ts";
export * as AUTH from "./faults.ts";
export {
  type Carriers,
  type Identity,
  type IdentityHost,
  type IdentityWatcher,
  MISSING_SCOPES,
  NO_CARRIERS,
  type Outcome,
} from "./identity.ts";
export { IdentityFactory } from "./identity-factory.ts";
export { type CredentialFacts, PrincipalMaker, readClaim, readTexts } from "./principal-maker.ts";
