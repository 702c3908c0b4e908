// PostgreSQL, for gateways of several nodes. Loaded only where a configuration names one. Each worker has a small pool; a server that went
// away is tried again with the next question.

import { Kysely, PostgresDialect, sql } from "kysely";
import pg from "pg";
import type { Secret } from "../../base/index.ts";
import type { Engine } from "../sql/engine.ts";
import type { Tables } from "../sql/tables.ts";
import { readPostgresUrl } from "./postgres-address.ts";

const CONNECTIONS = 4;
const CONNECT_MS = 2000;
/** The server's own bound on a statement, ours a little later for a server that says nothing any more. */
const STATEMENT_MS = 3000;
const ANSWER_MS = 4000;
const IDLE_MS = 60_000;
/** Any number, the same for all: by it migrating nodes wait for each other. */
const SCHEMA_LOCK = 7_257_714;

const INT8 = 20;
/** Numbers of 64 bits come as texts, since not all fit a number; ours count milliseconds and changes, and do. */
const types = {
  getTypeParser: ((oid: number, format?: "text" | "binary") =>
    oid === INT8 ? Number : pg.types.getTypeParser(oid, format as "text")) as typeof pg.types.getTypeParser,
};

/** Classes of SQLSTATE: connection exceptions, the server's shutdown. */
const LOST = /^(?:08|57P0[1-3])/;
/** What the driver says of a connection that ended under a question, or before it. */
const LOST_MESSAGE = /^(?:Connection terminated|Client has encountered a connection error)/;
const LOST_SOCKET = /^(?:ECONNRESET|EPIPE|ETIMEDOUT|ECONNABORTED)$/;

export function openPostgres(secretUrl: Secret, ca: string | null): Engine {
  const { connectionString, ssl, shown, secrets } = readPostgresUrl(secretUrl.reveal(), ca);
  const pool = new pg.Pool({
    connectionString,
    ssl,
    types,
    max: CONNECTIONS,
    connectionTimeoutMillis: CONNECT_MS,
    idleTimeoutMillis: IDLE_MS,
    statement_timeout: STATEMENT_MS,
    query_timeout: ANSWER_MS,
    idle_in_transaction_session_timeout: 2 * STATEMENT_MS,
    keepAlive: true,
    application_name: "sallyport",
  });
  // An idle connection that the server ended: the pool has dropped it, and the next question opens another.
  pool.on("error", () => {});
  let closed: Promise<void> | null = null;
  return {
    database: new Kysely<Tables>({ dialect: new PostgresDialect({ pool: discardBroken(pool) }) }),
    async lockSchema(transaction) {
      await sql`select pg_advisory_xact_lock(${SCHEMA_LOCK})`.execute(transaction);
    },
    describe: (error) => `the database ${shown} can't be asked: ${hide(messageOf(error), secrets)}`,
    isConnectionLost,
    close() {
      closed ??= pool.end();
      return closed;
    },
  };
}

/** A connection on which a question got no answer has it still to come: it goes, and doesn't take the next question. */
function discardBroken(pool: pg.Pool): { options: object; connect(): Promise<pg.PoolClient>; end(): Promise<void> } {
  const broken = new WeakSet<pg.PoolClient>();
  const wrapped = new WeakSet<pg.PoolClient>();
  return {
    options: pool.options,
    end: () => pool.end(),
    async connect() {
      const client = await pool.connect();
      const release = client.release.bind(client);
      client.release = (destroy) => release(destroy === true || broken.has(client));
      if (!wrapped.has(client)) {
        wrapped.add(client);
        // Lost while it is out and nothing is asked on it: within a transaction. Nobody else listens then, and an error that nobody hears
        // ends the process.
        client.on("error", () => broken.add(client));
        const query = client.query.bind(client) as (...values: readonly unknown[]) => Promise<unknown>;
        client.query = (async (...values: readonly unknown[]) => {
          try {
            return await query(...values);
          } catch (error) {
            if (!(error instanceof pg.DatabaseError) || isConnectionLost(error)) broken.add(client);
            throw error;
          }
        }) as typeof client.query;
      }
      return client;
    },
  };
}

function isConnectionLost(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = (error as { code?: string }).code ?? "";
  return LOST.test(code) || LOST_SOCKET.test(code) || LOST_MESSAGE.test(error.message);
}

/** A name of several addresses fails with an error for each, and says nothing itself. */
function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return messageOf(error.errors[0]);
  return error instanceof Error && error.message !== "" ? error.message : "it failed";
}

function hide(message: string, secrets: readonly string[]): string {
  return secrets.reduce((text, secret) => text.replaceAll(secret, "***"), message);
}
