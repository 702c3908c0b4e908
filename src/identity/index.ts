// The door of the identity room.
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
export { type CredentialFacts, PrincipalMaker, readClaim, readTexts } from "./principal-maker.ts";
export { IdentityFactory } from "./identity-factory.ts";
