// `sallyport quota` on a database of its own. That it does the same through an admin address is shown from end to end.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { QuotaView } from "../limits/index.ts";
import { openStores } from "../stores/index.ts";
import { main } from "./index.ts";
import { createTerminal } from "./terminal.ts";

const folder = mkdtempSync(join(tmpdir(), "sallyport-quota-"));
after(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, `version: 1\nlisteners: [{ name: http, address: 127.0.0.1:8080 }]\n${text}`);
  return file;
}

const ROUTE = "routes: [{ name: a, match: { path: /a }, public: true, rateLimits: [monthly, daily], respond: { body: a } }]\n";
const LIMITS = `rateLimits:
  monthly: { key: ip, quota: { limit: 1000, per: month }, store: database, onStoreFailure: open }
  daily: { key: ip, quota: { limit: 100, per: day }, store: database, onStoreFailure: open }
`;
const FILE = write("gateway.yaml", `database: { sqlite: { path: ./quota.db } }\n${LIMITS}${ROUTE}`);

async function run(isTerminal: boolean, ...words: string[]) {
  const texts = { out: "", err: "" };
  const stream = (name: "out" | "err") => ({
    write(text: string) {
      texts[name] += text;
    },
    ...(isTerminal && { isTTY: true, columns: 120 }),
  });
  const exitCode = await main(["quota", ...words], createTerminal(stream("out"), stream("err"), { NO_COLOR: "1" }));
  return { exitCode, ...texts };
}

async function used(...words: string[]): Promise<readonly string[]> {
  const { out, err } = await run(false, "show", FILE, ...words, "--json");
  assert.equal(err, "");
  const { ok, quotas } = JSON.parse(out) as { ok: boolean; quotas: readonly QuotaView[] };
  assert.equal(ok, true);
  return quotas.map(({ limit, key, used }) => `${limit} ${key} ${used}`);
}

before(async () => {
  const stores = await openStores({ kind: "sqlite", path: join(folder, "quota.db") });
  const common = { limit: "monthly", period: "2999-01", endsAtMs: Date.UTC(2999, 1, 1), units: 1000, isOwed: false };
  const odd = "\u001b[31m";
  await stores.quotas.reserve(
    [
      { ...common, key: "ip=192.0.2.1", wanted: 812 },
      { ...common, key: "ip=192.0.2.2", wanted: 1000 },
      { ...common, key: `ip=${"long".repeat(20)}${odd}`, wanted: 40 },
      { ...common, key: "ip=192.0.2.1", limit: "daily", units: 100, wanted: 7, period: "2999-01-01" },
      { ...common, key: "ip=192.0.2.1", period: "2020-01", endsAtMs: Date.UTC(2020, 1, 1), wanted: 3 },
    ],
    Date.UTC(2999, 0, 1),
  );
  await stores.close();
});

describe("sallyport quota", () => {
  it("shows what was used, the most used first", async () => {
    const { exitCode, out, err } = await run(false, "show", FILE, "monthly");
    assert.deepEqual([exitCode, err], [0, ""]);
    const lines = out.split("\n");
    assert.match(lines[0]!, /^LIMIT {4}KEY +PERIOD +USED +OF +LEFT +ENDS/);
    assert.match(lines[1]!, /^monthly {2}ip=192\.0\.2\.2 +2999-01 +1000 {2}1000 {2}100% +0 {2}2999-02-01T00:00:00\.000Z$/);
    assert.match(lines[2]!, /^monthly {2}ip=192\.0\.2\.1 +2999-01 +812 {2}1000 +81% +188 {2}2999-02-01/);
    assert.match(lines[3]!, /^monthly {2}ip=(?:long){20}\ufffd\[31m {2}/);
    assert.equal(lines.length, 5);
    assert.match((await run(false, "show", FILE, "monthly", "nobody")).err, /^Nothing has been used\.\n$/);
  });

  it("draws a bar for who looks at a terminal, and leaves out the middle of what is long", async () => {
    const lines = (await run(true, "show", FILE, "monthly")).out.split("\n");
    assert.match(lines[1]!, /Z {2}██████████$/);
    assert.match(lines[2]!, /Z {2}████████░░$/);
    assert.match(lines[3]!, /^monthly {2}ip=long\w{12}…\w{14}\ufffd\[31m {2}.* {2}░░░░░░░░░░$/);
  });

  it("shows one quota or one key of it, also of periods that have ended", async () => {
    assert.deepEqual(await used("daily"), ["daily ip=192.0.2.1 7"]);
    assert.deepEqual(await used("monthly", "ip=192.0.2.1"), ["monthly ip=192.0.2.1 812"]);
    assert.deepEqual(await used("monthly", "ip=192.0.2.1", "--all"), ["monthly ip=192.0.2.1 812", "monthly ip=192.0.2.1 3"]);
    assert.deepEqual(await used("--most", "1"), ["monthly ip=192.0.2.2 1000"]);
  });

  it("sets back one key, or all when that is said", async () => {
    const one = await run(false, "reset", FILE, "monthly", "ip=192.0.2.2");
    assert.deepEqual(one, { exitCode: 0, out: "reset: monthly of ip=192.0.2.2; gateways see it within a second\n", err: "" });
    assert.deepEqual((await used("monthly")).slice(0, 1), ["monthly ip=192.0.2.1 812"]);
    const all = await run(false, "reset", FILE, "monthly", "--all-keys", "--json");
    assert.deepEqual(JSON.parse(all.out), { ok: true, limit: "monthly", key: null, count: 3 });
    assert.deepEqual((await used()).slice(0, 1), ["daily ip=192.0.2.1 7"]);
    assert.ok((await used("monthly")).every((text) => text.endsWith(" 0")));
  });

  for (const [words, exitCode, message] of [
    [["list", FILE], 2, /no action "list"; there are show, reset/],
    [["show"], 2, /name the configuration/],
    [["reset", FILE], 2, /takes the name of a quota/],
    [["reset", FILE, "monthly"], 2, /say whose quota monthly is reset: a key as quota show has it, or --all-keys/],
    [["reset", FILE, "monthly", "a", "--all-keys"], 2, /exclude each other/],
    [["reset", "monthly", "a", "b", "--admin", "http://127.0.0.1:1"], 2, /takes no "b"/],
    [["reset", FILE, "monthly", "nobody"], 1, /nothing has been used of monthly by "nobody" in this period/],
    [["reset", FILE, "weekly", "--all-keys"], 1, /no quota "weekly"; there are monthly, daily/],
    [["reset", FILE, "monthly", "a", "--most", "1"], 2, /--most means nothing to quota reset/],
    [["show", FILE, "weekly"], 1, /no quota "weekly"/],
    [["show", FILE, "--most", "many"], 2, /--most takes a number/],
    [["show", FILE, "--all-keys"], 2, /--all-keys means nothing to quota show/],
    [["show", "--admin", "ftp://x"], 2, /--admin takes a URL/],
    [["show", join(folder, "none.yaml")], 1, /none\.yaml/],
  ] as const) {
    it(`ends with ${exitCode}: ${words.join(" ").replaceAll(folder, ".").slice(0, 60)}`, async () => {
      const ran = await run(false, ...words);
      assert.equal(ran.exitCode, exitCode, ran.err);
      assert.match(ran.err, message);
      assert.equal(ran.out, "");
      const json = await run(false, ...words, "--json");
      assert.deepEqual([json.exitCode, JSON.parse(json.out).ok], [exitCode, false]);
    });
  }

  it("says what a configuration lacks, and that a database can't be asked", async () => {
    const bare = write("bare.yaml", "routes: [{ name: a, match: { path: /a }, public: true, respond: { body: a } }]\n");
    assert.match((await run(false, "show", bare)).err, /has no limit with `quota`/);
    const away = write("away.yaml", `database: { sqlite: { path: ${folder} } }\n${LIMITS}${ROUTE}`);
    const { exitCode, err } = await run(false, "show", away);
    assert.equal(exitCode, 6, err);
    assert.match(err, /can't be asked/);
  });
});
