// The steps that lead a database from each version to the next. Forward only, and never changed once released: a version is the number of
// steps that a database has taken.

import type { Transaction } from "kysely";
import type { Tables } from "../sql/tables.ts";
import { createFirstTables } from "./0001-first-tables.ts";
import { createQuotas } from "./0002-quotas.ts";

export type Migration = (transaction: Transaction<Tables>) => Promise<void>;

export const MIGRATIONS: readonly Migration[] = [createFirstTables, createQuotas];
