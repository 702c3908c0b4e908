export { createApiKeyIdentity, digestOf, type LookupBudget } from "./api-key-identity.ts";
export { KeyRefusal, type KeyRefusalReason } from "./key-refusal.ts";
export {
  type ApiKeyOperations,
  type ApiKeyView,
  createApiKeyOperations,
  type IssuedKey,
  type KeyOperationsHost,
} from "./operations.ts";
