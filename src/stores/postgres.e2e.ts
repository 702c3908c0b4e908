// The stores over a real PostgreSQL, which is killed, stopped and given back meanwhile.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { inspect } from "node:util";
import pg from "pg";
import { Secret } from "../base/index.ts";
import { openPostgres } from "./engines/postgres-engine.ts";
import { PostgresServer, whyNoPostgres } from "./engines/postgres-server.contract.ts";
import { MIGRATIONS } from "./migrations/index.ts";
import { openStores } from "./open-stores.ts";
import { StoreFailure } from "./ports.ts";
import { makeKey, storesContract } from "./stores.contract.ts";

const skip = whyNoPostgres();
// What needs encoding in a URL, so that both spellings are tried for leaks.
const PASSWORD = `p@ss/${randomBytes(12).toString("hex")}`;
const server = skip === false ? await PostgresServer.start(PASSWORD) : null;
after(() => server?.stop());

function askServer(): pg.Client {
  const database = server!.database;
  assert.equal(database.kind, "postgres");
  return new pg.Client({ connectionString: (database as { url: Secret }).url.reveal() });
}

storesContract("postgres", (clock) => openStores(server!.database, { clock }), skip);

describe("PostgreSQL", { skip }, () => {
  if (skip !== false) return;
  const failsSafely = async (database: Parameters<typeof openStores>[0], pattern: RegExp): Promise<void> => {
    await assert.rejects(openStores(database), (error) => {
      assert.ok(error instanceof StoreFailure);
      assert.match(error.message, pattern);
      const shown = inspect(error, { depth: 9, showHidden: true });
      for (const secret of [PASSWORD, encodeURIComponent(PASSWORD)]) assert.ok(!shown.includes(secret), shown);
      return true;
    });
  };

  it("is reached by a unix socket, too", async () => {
    const stores = await openStores(server!.databaseOnSocket);
    assert.equal(await stores.apiKeys.find("none"), null);
    await stores.close();
  });

  it("has its tables made once by nodes that start together", async () => {
    const client = askServer();
    await client.connect();
    await client.query("drop schema public cascade; create schema public");
    const nodes = await Promise.all(Array.from({ length: 6 }, () => openStores(server!.database)));
    assert.deepEqual((await client.query("select version from sallyport_schema")).rows, [{ version: String(MIGRATIONS.length) }]);
    await Promise.all(nodes.map((node) => node.close()));
    await client.query("update sallyport_schema set version = 99");
    await failsSafely(server!.database, /version 99/);
    await client.query(`update sallyport_schema set version = ${MIGRATIONS.length}`);
    await client.end();
  });

  it("tells a reader of changes in the order in which they commit, and hides none that commits late", async () => {
    const stores = await openStores(server!.database);
    const slow = askServer();
    await slow.connect();
    const { sequence } = await stores.apiKeys.changesSince(Number.MAX_SAFE_INTEGER);
    const [early, late] = [makeKey(), makeKey()];
    await stores.apiKeys.insert(early);
    // A node that has taken a number and doesn't come to its end.
    await slow.query("begin");
    await slow.query("update sallyport_numbers set value = value + 1 where name = 'api keys'");
    await slow.query(
      "update sallyport_api_keys set changed = (select value from sallyport_numbers where name = 'api keys'), revoked_at = 1",
    );
    const writing = stores.apiKeys.insert(late);
    const before = await stores.apiKeys.changesSince(sequence);
    assert.deepEqual(before, { sequence: sequence + 1, digests: [early.digest] });
    await slow.query("commit");
    await writing;
    const then = await stores.apiKeys.changesSince(before.sequence);
    assert.ok(then.digests.includes(early.digest) && then.digests.includes(late.digest));
    await slow.end();
    await stores.close();
  });

  it("that doesn't answer is waited for a few seconds, and serves again when it does", async () => {
    const stores = await openStores(server!.database);
    assert.equal(await stores.apiKeys.find("none"), null);
    server!.pause();
    try {
      const startedMs = performance.now();
      await assert.rejects(stores.apiKeys.find("none"), StoreFailure);
      assert.ok(performance.now() - startedMs < 10_000);
    } finally {
      server!.resume();
    }
    assert.equal(await stores.apiKeys.find("none"), null);
    await stores.close();
  });

  it("that was killed is missed until it is back, and has what was committed", async () => {
    const stores = await openStores(server!.database);
    const record = makeKey();
    await stores.apiKeys.insert(record);
    await server!.kill();
    await assert.rejects(stores.apiKeys.find(record.id), StoreFailure);
    await assert.rejects(stores.apiKeys.insert(makeKey()), StoreFailure);
    await failsSafely(server!.database, /127\.0\.0\.1:\d+\/postgres can't be asked: connect ECONNREFUSED/);
    await server!.restart();
    assert.deepEqual(await stores.apiKeys.find(record.id), record);
    await stores.close();
  });

  it("that is killed while a transaction rests between two questions fails the transaction, and not the process", async () => {
    const { url } = server!.database as { url: Secret };
    const engine = openPostgres(url, null);
    const broken = engine.database.transaction().execute(async (transaction) => {
      await transaction.selectFrom("sallyport_signing_keys").select("kid").execute();
      await server!.kill();
      // The end of the connection comes while nothing is asked on it.
      await new Promise((resolve) => setTimeout(resolve, 200));
      await transaction.selectFrom("sallyport_signing_keys").select("kid").execute();
    });
    await assert.rejects(broken, (error) => engine.isConnectionLost(error));
    await server!.restart();
    await engine.database.selectFrom("sallyport_signing_keys").select("kid").execute();
    await engine.close();
  });

  it("restarted between two questions is not noticed by who reads", async () => {
    const stores = await openStores(server!.database);
    await Promise.all([1, 2, 3].map(() => stores.apiKeys.find("none")));
    await server!.kill();
    await server!.restart();
    assert.deepEqual(await Promise.all([1, 2, 3].map(() => stores.apiKeys.find("none"))), [null, null, null]);
    await stores.close();
  });

  it("is named in a failure, and no password is", async () => {
    await failsSafely(server!.databaseWith("wrong"), /password authentication failed/);
    await failsSafely(server!.databaseWith(PASSWORD, "?sslmode=require"), /does not support SSL/);
    await failsSafely(server!.databaseWith(PASSWORD, "?sslmode=allow"), /sslmode=allow/);
    await failsSafely(server!.databaseWith(PASSWORD, "?sslkey=/a"), /sslkey/);
    for (const url of [
      `mysql://gateway:${PASSWORD}@h/d`,
      `postgres://gateway:${PASSWORD}@[h/d`,
      `postgres://u:12?${PASSWORD}@h/d`,
      PASSWORD,
    ]) {
      await failsSafely({ kind: "postgres", url: new Secret(url), ca: null }, /none of the form/);
    }
  });

  it("is believed by its certificate alone where TLS is asked for", { skip: whyNoOpenssl() }, async () => {
    const key = join(server!.folder, "made.key");
    const certificate = join(server!.folder, "made.pem");
    const made = spawnSync("openssl", [
      ...["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=db", "-addext", "subjectAltName=IP:127.0.0.1"],
      ...["-keyout", key, "-out", certificate],
    ]);
    assert.equal(made.status, 0);
    const ca = readFileSync(certificate, "utf8");
    const files = { ssl_key_file: server!.place("server.key", readFileSync(key, "utf8")), ssl_cert_file: server!.place("server.pem", ca) };
    await server!.kill();
    await server!.restart({ ssl: "on", ...files });
    const { url } = server!.database as { url: Secret };
    const stores = await openStores({ kind: "postgres", url, ca });
    assert.equal(await stores.apiKeys.find("none"), null);
    await stores.close();
    await failsSafely(server!.databaseWith(PASSWORD, "?sslmode=verify-full"), /self[- ]signed certificate/);
    const unchecked = await openStores(server!.databaseWith(PASSWORD, "?sslmode=no-verify"));
    await unchecked.close();
    await server!.kill();
    await server!.restart();
    await failsSafely({ kind: "postgres", url, ca }, /does not support SSL/);
  });
});

function whyNoOpenssl(): string | false {
  return spawnSync("openssl", ["version"]).status === 0 ? false : "needs openssl";
}
