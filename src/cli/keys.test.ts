// `sallyport keys` on a database of its own. That it does the same through an admin address is shown from end to end.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import type { ApiKeyView, IssuedKey } from "../identity/index.ts";
import { main } from "./index.ts";
import { reportKey, reportKeys } from "./keys-text.ts";
import { createTerminal } from "./terminal.ts";

const folder = mkdtempSync(join(tmpdir(), "sallyport-keys-"));
after(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, `version: 1\nlisteners: [{ name: http, address: 127.0.0.1:8080 }]\n${text}`);
  return file;
}

const FILE = write(
  "gateway.yaml",
  `database: { sqlite: { path: ./keys.db } }
identities: { partners: { apiKey: { header: X-Api-Key } } }
routes: [{ name: a, match: { path: /a }, auth: [partners], respond: { body: a } }]
`,
);

async function run(...words: string[]) {
  const texts = { out: "", err: "" };
  const stream = (name: "out" | "err") => ({
    write(text: string) {
      texts[name] += text;
    },
  });
  const exitCode = await main(["keys", ...words], createTerminal(stream("out"), stream("err"), {}));
  return { exitCode, ...texts };
}

async function runJson<Answer>(...words: string[]): Promise<Answer> {
  const { out, err } = await run(...words, "--json");
  assert.equal(err, "");
  return JSON.parse(out) as Answer;
}

describe("sallyport keys", () => {
  it("prints a new key alone, and beside it what there is to know", async () => {
    const { exitCode, out, err } = await run("create", FILE, "--owner", "acme", "--scope", "a", "--scope", "b", "--role", "r");
    assert.equal(exitCode, 0);
    assert.match(out, /^spk_\w{12}_\w{39}\n$/);
    assert.match(err, /^Key \w{12} of acme, for the identity partners; it does not expire\. It is shown this once: .+\n$/);
    const { record } = await runJson<{ record: ApiKeyView }>("show", FILE, out.slice(4, 16));
    assert.deepEqual([record.scopes, record.roles, record.state], [["a", "b"], ["r"], "good"]);
  });

  it("lists, shows, rotates and revokes", async () => {
    const { key, record } = await runJson<IssuedKey>("create", FILE, "--owner", "globex", "--expires", "2d", "--plan", "gold");
    const rotated = await run("rotate", FILE, record.id, "--overlap", "1h");
    assert.match(rotated.err, new RegExp(`It takes the place of ${record.id}, which is good until `));
    const listed = await run("list", FILE, "--owner", "globex");
    assert.match(listed.out, /^ID +OWNER +IDENTITY +STATE +EXPIRES +SCOPES\n/);
    assert.match(listed.out, new RegExp(`^${record.id}  globex  partners  replaced  `, "m"));
    assert.ok(!listed.out.includes(key));
    const revoked = await run("revoke", FILE, record.id);
    assert.equal(revoked.out, `revoked: key ${record.id} of globex; no gateway lets it in 5 s later\n`);
    const { keys } = await runJson<{ keys: ApiKeyView[] }>("list", FILE, "--owner", "globex", "--all");
    assert.deepEqual(keys.map(({ state }) => state).sort(), ["good", "revoked"]);
    assert.deepEqual(await run("list", FILE, "--owner", "nobody"), { exitCode: 0, out: "", err: "There are no keys.\n" });
    assert.match((await run("show", FILE, record.id)).out, /^plan +gold$/m);
  });

  for (const [words, exitCode, message] of [
    [["make", FILE], 2, /no action "make"; there are create, list, show, rotate, revoke/],
    [["create"], 2, /name the configuration/],
    [["create", FILE], 2, /`owner` is missing/],
    [["create", FILE, "--owner", "a", "--expires", "soon"], 2, /`expires` is a time/],
    [["create", FILE, "--owner", "a", "--identity", "others"], 2, /named `others`/],
    [["create", FILE, "--owner", "a", "--all"], 2, /--all means nothing to keys create/],
    [["list", FILE, "--scope", "a"], 2, /--scope means nothing to keys list/],
    [["list", FILE, "3kTg9ZpQ1xYb"], 2, /takes no "3kTg9ZpQ1xYb"/],
    [["show", FILE], 2, /takes the id of one key/],
    [["show", FILE, "3kTg9ZpQ1xYb"], 1, /there is no key 3kTg9ZpQ1xYb/],
    [["revoke", FILE, `spk_3kTg9ZpQ1xYb_${"a".repeat(39)}`], 1, /there is no such key; an id has 12 characters/],
    [["list", "--admin", "ftp://x"], 2, /--admin takes a URL/],
    [["list", join(folder, "none.yaml")], 1, /none\.yaml/],
  ] as const) {
    it(`ends with ${exitCode}: ${words.join(" ").replaceAll(folder, ".").slice(0, 60)}`, async () => {
      const ran = await run(...words);
      assert.equal(ran.exitCode, exitCode, ran.err);
      assert.match(ran.err, message);
      assert.equal(ran.out, "");
      const json = await run(...words, "--json");
      assert.deepEqual([json.exitCode, JSON.parse(json.out).ok], [exitCode, false]);
    });
  }

  it("says what a configuration lacks", async () => {
    const file = write("bare.yaml", "routes: [{ name: a, match: { path: /a }, public: true, respond: { body: a } }]\n");
    const { exitCode, err } = await run("list", file);
    assert.deepEqual([exitCode, /has no database to keep keys in/.test(err)], [1, true]);
  });

  it("says that a database can't be asked, and ends with 6", async () => {
    const text =
      "identities: { p: { apiKey: { header: X-Api-Key } } }\nroutes: [{ name: a, match: { path: /a }, auth: [p], respond: { body: a } }]\n";
    const file = write("away.yaml", `database: { sqlite: { path: ${folder} } }\n${text}`);
    const { exitCode, err } = await run("list", file);
    assert.equal(exitCode, 6, err);
    assert.match(err, /can't be asked/);
    assert.equal((await run("list", file, "--json")).exitCode, 6);
  });
});

describe("what is printed of keys", () => {
  it("leaves out what there is none of", () => {
    const record: ApiKeyView = {
      id: "3kTg9ZpQ1xYb",
      prefix: "spk_3kTg9ZpQ1xYb",
      state: "good",
      identity: "partners",
      owner: "acme",
      tenant: null,
      roles: [],
      scopes: [],
      plan: null,
      note: null,
      createdAt: "2026-01-01T00:00:00.000Z",
      expiresAt: null,
      revokedAt: null,
      replacedBy: null,
    };
    const { outPaint } = createTerminal({ write() {} }, { write() {} }, {});
    assert.deepEqual(reportKey(record).lines(outPaint), [
      "key          spk_3kTg9ZpQ1xYb…, good",
      "owner        acme",
      "identity     partners",
      "created      2026-01-01T00:00:00.000Z",
      "expires      never",
    ]);
    assert.deepEqual(reportKeys([record]).lines(outPaint), [
      "ID            OWNER  IDENTITY  STATE  EXPIRES  SCOPES",
      "3kTg9ZpQ1xYb  acme   partners  good   never",
    ]);
  });
});
