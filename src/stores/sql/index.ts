// What open-stores.ts loads at once when a configuration has a database.
export { MIGRATIONS } from "../migrations/index.ts";
export { Asker } from "./engine.ts";
export { migrate } from "./migrate.ts";
export { SqlApiKeys } from "./sql-api-keys.ts";
export { SqlQuotas } from "./sql-quotas.ts";
export { SqlSessions } from "./sql-sessions.ts";
export { SqlOwnSecrets, SqlSigningKeys } from "./sql-signing-keys.ts";
