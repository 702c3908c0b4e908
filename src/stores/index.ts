// The door of the stores room.
export { createMemoryStores } from "./memory-stores.ts";
export { openStores, type StoreDatabase, type StoreOptions } from "./open-stores.ts";
export {
  type ApiKeyChanges,
  type ApiKeyFilter,
  type ApiKeyRecord,
  type ApiKeyStore,
  type OwnSecretStore,
  type SessionRecord,
  type SessionStore,
  type SigningKeyRecord,
  type SigningKeyStore,
  StoreFailure,
  type Stores,
} from "./ports.ts";
