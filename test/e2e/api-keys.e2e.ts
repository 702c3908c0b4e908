// API keys from end to end: made on the command line, taken by every worker of two gateways on one database, rotated and revoked at the
// admin address of one of them, and refused by the other soon after.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { main } from "../../src/cli/index.ts";
import { createTerminal } from "../../src/cli/terminal.ts";
import { PostgresServer, whyNoPostgres } from "../../src/stores/engines/postgres-server.contract.ts";
import { freePort, type GatewayProcess, RUNTIME, Stage, sleep } from "./processes.ts";

/** No node takes a key later than this that another one has ended. */
const ENDED_MS = 5000;

interface Ran {
  readonly out: string;
  readonly err: string;
  readonly code: number;
}

/** The command in this process: a start of its own for each would take most of the time. */
async function run(...words: readonly string[]): Promise<Ran> {
  const texts = { out: "", err: "" };
  const stream = (name: "out" | "err") => ({
    write(text: string) {
      texts[name] += text;
    },
  });
  const code = await main(["keys", ...words], createTerminal(stream("out"), stream("err"), {}));
  return { ...texts, code };
}

async function runWell(...words: readonly string[]): Promise<string> {
  const { out, err, code } = await run(...words);
  assert.equal(code, 0, err);
  return out.trimEnd();
}

async function statusOf(gateway: GatewayProcess, key: string): Promise<number> {
  const response = await fetch(`${gateway.url}/hello`, { headers: { "X-Api-Key": key, Connection: "close" } });
  await response.arrayBuffer();
  return response.status;
}

/** Often enough to meet each worker. */
async function statusesOf(gateways: readonly GatewayProcess[], key: string): Promise<Set<number>> {
  const asked = gateways.flatMap((gateway) => Array.from({ length: 8 }, () => statusOf(gateway, key)));
  return new Set(await Promise.all(asked));
}

/** `openDatabase` gives it as a configuration says it. */
function declare(name: string, skip: string | false, openDatabase: (stage: Stage) => Promise<string>): void {
  describe(`API keys in ${name} on ${RUNTIME}`, { skip }, () => {
    const stage = new Stage();
    let gateways: readonly GatewayProcess[] = [];
    let file = "";
    let admin = "";

    before(async () => {
      if (skip !== false) return;
      const [database, service, port] = [await openDatabase(stage), await stage.startService(), await freePort()];
      admin = `http://127.0.0.1:${port}`;
      const write = (address: string) => `version: 1
gateway: { workers: 2, watch: false }
admin: ${address}
listeners: [{ name: main, address: "127.0.0.1:0" }]
database: ${database}
identities: { partners: { apiKey: { header: X-Api-Key } } }
upstreams: { main: { endpoints: ["${service}"] } }
routes:
  - { name: main, match: { path: /* }, auth: [partners], upstream: main }
`;
      const text = write(`{ address: "127.0.0.1:${port}" }`);
      file = stage.writeConfig(text);
      gateways = [await stage.startConfigured(text), await stage.startConfigured(write("off"))];
    });
    after(() => stage.stop());

    it("let in who has one, on every gateway, and nobody else", async () => {
      const key = await runWell("create", file, "--owner", "acme", "--role", "reader", "--scope", "orders");
      assert.match(key, /^spk_[0-9A-Za-z]{12}_[0-9A-Za-z]{39}$/);
      assert.deepEqual(await statusesOf(gateways, key), new Set([200]));
      assert.deepEqual(await statusesOf(gateways, `${key.slice(0, -1)}${key.endsWith("0") ? "1" : "0"}`), new Set([401]));
      const none = await fetch(`${gateways[0]!.url}/hello`);
      assert.equal(none.status, 401);
      assert.equal(none.headers.get("www-authenticate"), 'ApiKey realm="partners", header="X-Api-Key"');
    });

    it("are listed and shown without what gets anybody in", async () => {
      const id = (await runWell("list", file, "--owner", "acme")).split("\n")[1]!.split(" ")[0]!;
      const { keys } = JSON.parse(await runWell("list", "--admin", admin, "--json")) as { keys: { id: string; owner: string }[] };
      assert.deepEqual(
        keys.map((key) => [key.id, key.owner]),
        [[id, "acme"]],
      );
      assert.match(await runWell("show", file, id), /^owner +acme$/m);
      assert.equal(await runWell("show", file, id), await runWell("show", id, "--admin", admin));
    });

    it("are rotated, and revoked: no worker of any gateway takes one 5 s later that has ended", async () => {
      const old = await runWell("create", "--admin", admin, "--owner", "globex");
      const next = await runWell("rotate", old.slice(4, 16), "--admin", admin);
      for (const key of [old, next]) assert.deepEqual(await statusesOf(gateways, key), new Set([200]));
      const again = await run("rotate", file, old.slice(4, 16));
      assert.equal(again.code, 1);
      assert.match(again.err, /refused: the key \w+ has a successor already/);
      const last = await runWell("rotate", file, next.slice(4, 16), "--overlap", "0s");
      assert.match(await runWell("revoke", old.slice(4, 16), "--admin", admin), /^revoked: key/);
      await sleep(ENDED_MS);
      for (const [key, status] of [
        [old, 401],
        [next, 401],
        [last, 200],
      ] as const) {
        assert.deepEqual(await statusesOf(gateways, key), new Set([status]));
      }
    });

    it("are in no line that a gateway writes", () => {
      for (const gateway of gateways) assert.doesNotMatch(gateway.out + gateway.err, /spk_\w{12}_/);
    });

    it("end with the codes that scripts rely on", async () => {
      assert.equal((await run("create", file)).code, 2);
      assert.equal((await run("create", file, "--owner", "a", "--overlap", "1h")).code, 2);
      assert.equal((await run("revoke", file, "nobody")).code, 1);
      assert.equal((await run("revoke", "nobody", "--admin", admin)).code, 1);
      const unreachable = await run("list", "--admin", `http://127.0.0.1:${await freePort()}`, "--json");
      assert.deepEqual([unreachable.code, JSON.parse(unreachable.out).ok], [6, false]);
    });
  });
}

declare("an embedded database", false, async (stage) => `{ sqlite: { path: "${join(stage.folder, "state/keys.db")}" } }`);
declare("PostgreSQL", whyNoPostgres(), async (stage) => {
  const server = await PostgresServer.start(randomBytes(12).toString("hex"));
  stage.onStop(() => server.stop());
  const { database } = server;
  assert.equal(database.kind, "postgres");
  process.env["KEYS_DATABASE"] = (database as { url: { reveal(): string } }).url.reveal();
  return '{ postgres: { url: "${env:KEYS_DATABASE}" } }';
});
