// The engines that need no server, and what is particular to the embedded one.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, describe, it } from "node:test";
import { FakeClock, systemClock } from "../base/index.ts";
import { openSqlite } from "./engines/sqlite-engine.ts";
import { createMemoryStores } from "./memory-stores.ts";
import { openStores } from "./open-stores.ts";
import { StoreFailure, type Stores } from "./ports.ts";
import { Asker, MIGRATIONS, migrate } from "./sql/index.ts";
import { makeKey, storesContract } from "./stores.contract.ts";

const folder = mkdtempSync(join(tmpdir(), "sallyport-stores-"));
after(() => rmSync(folder, { recursive: true }));

let memory: Stores | null = null;
storesContract("memory", async (clock) => {
  memory ??= createMemoryStores(clock);
  return memory;
});

// The wall clock of the test, and the machine's time to wait for a lock.
const halfFake = (clock: FakeClock) => ({ ...systemClock, wall: () => clock.wall() });
storesContract("sqlite", (clock) => openStores({ kind: "sqlite", path: join(folder, "a/b/gateway.db") }, { clock: halfFake(clock) }));

async function withStores(name: string, use: (stores: Stores, path: string) => Promise<void>): Promise<void> {
  const path = join(folder, name);
  const stores = await openStores({ kind: "sqlite", path });
  try {
    await use(stores, path);
  } finally {
    await stores.close();
  }
}

describe("the embedded database", () => {
  it("is its owner's alone, with all that lies beside it", () => {
    assert.equal(statSync(join(folder, "a/b")).mode & 0o777, 0o700);
    const modes = readdirSync(join(folder, "a/b")).map((name) => statSync(join(folder, "a/b", name)).mode & 0o777);
    assert.ok(modes.length > 0);
    assert.deepEqual(new Set(modes), new Set([0o600]));
  });

  it("becomes its owner's alone when it was not", async () => {
    writeFileSync(join(folder, "open.db"), "");
    chmodSync(join(folder, "open.db"), 0o644);
    await withStores("open.db", async (_, path) => assert.equal(statSync(path).mode & 0o777, 0o600));
  });

  it("keeps what it has over a restart", async () => {
    const record = makeKey();
    await withStores("kept.db", ({ apiKeys }) => apiKeys.insert(record));
    await withStores("kept.db", async ({ apiKeys }) => assert.deepEqual(await apiKeys.find(record.id), record));
  });

  it("of the first release takes the steps that came since, and keeps what it has", async () => {
    const path = join(folder, "first.db");
    const engine = await openSqlite(path, systemClock);
    const asker = new Asker(engine);
    await migrate(asker, engine, MIGRATIONS.slice(0, 1));
    await engine.database.insertInto("sallyport_own_secrets").values({ name: "seal", value: "kept" }).execute();
    await asker.close();
    await withStores("first.db", async ({ ownSecrets, quotas }) => {
      assert.equal(await ownSecrets.obtain("seal", () => "made"), "kept");
      assert.deepEqual(await quotas.list({}, 0), []);
    });
  });

  it("of a newer release is refused and left as it is", async () => {
    await withStores("newer.db", async () => {});
    const database = new DatabaseSync(join(folder, "newer.db"));
    database.exec("update sallyport_schema set version = 99");
    await assert.rejects(
      openStores({ kind: "sqlite", path: join(folder, "newer.db") }),
      (error) => error instanceof StoreFailure && /version 99.*knows \d+ at most/.test(error.message),
    );
    assert.equal(database.prepare("select version from sallyport_schema").get()?.["version"], 99);
    database.close();
  });

  it("says which file it can't open, and why", async () => {
    writeFileSync(join(folder, "text.db"), "no database at all, but long enough to look like one".repeat(100));
    for (const path of [join(folder, "text.db"), "/dev/null/x.db", folder]) {
      await assert.rejects(
        openStores({ kind: "sqlite", path }),
        (error) => error instanceof StoreFailure && error.message.includes(path) && error.cause === undefined,
      );
    }
  });

  it("rejects once it is closed, and is closed as often as one likes", async () => {
    const stores = await openStores({ kind: "sqlite", path: join(folder, "closed.db") });
    await stores.close();
    await stores.close();
    await assert.rejects(stores.apiKeys.find("a"), StoreFailure);
  });

  it("waits for another's lock without standing still, and gives up in the end", async () => {
    const clock = new FakeClock();
    const path = join(folder, "locked.db");
    const stores = await openStores({ kind: "sqlite", path }, { clock });
    const other = new DatabaseSync(path);
    let outcome = "";
    const insert = (): void => {
      outcome = "";
      stores.apiKeys.insert(makeKey()).then(
        () => {
          outcome = "inserted";
        },
        (error: Error) => {
          outcome = error.message;
        },
      );
    };
    const pass = async (ms: number): Promise<void> => {
      for (let passedMs = 0; passedMs < ms; passedMs += 20) {
        await new Promise(setImmediate);
        clock.advance(20);
      }
      await new Promise(setImmediate);
    };
    other.exec("begin immediate");
    assert.equal(await stores.apiKeys.find("a"), null);
    insert();
    await pass(2000);
    assert.equal(outcome, "");
    other.exec("rollback");
    await pass(100);
    assert.equal(outcome, "inserted");
    other.exec("begin immediate");
    insert();
    await pass(5200);
    assert.match(outcome, /another process holds its lock/);
    other.close();
    await stores.close();
  });

  it("is opened, made and written by several processes at once", { timeout: 60_000 }, async () => {
    const path = join(folder, "shared.db");
    const script = `
      import { openStores } from ${JSON.stringify(new URL("./index.ts", import.meta.url).href)};
      const stores = await openStores({ kind: "sqlite", path: ${JSON.stringify(path)} });
      const make = ${makeKey
        .toString()
        .replace(/random\(\)/g, "crypto.randomUUID()")
        .replace(/\bNOW_MS\b/g, "0")};
      for (let count = 0; count < 25; count++) await stores.apiKeys.insert(make({ owner: "o" }));
      await stores.close();
    `;
    const file = join(folder, "writer.mts");
    writeFileSync(file, script);
    const writers = [1, 2, 3, 4].map(() => spawn(process.execPath, [file], { stdio: ["ignore", "ignore", "inherit"] }));
    const codes = await Promise.all(writers.map(async (writer) => (await once(writer, "exit"))[0]));
    assert.deepEqual(codes, [0, 0, 0, 0]);
    await withStores("shared.db", async ({ apiKeys }) => {
      assert.equal((await apiKeys.list({ owner: "o" })).length, 100);
      assert.equal((await apiKeys.changesSince(0)).sequence, 100);
    });
  });
});
