// `sallyport simulate`: what it takes, what it tells, and its exit codes. That what it finds is right is shown in inspect/limit-simulation.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import type { LimitSimulation } from "../inspect/index.ts";
import { main } from "./index.ts";
import { simulateLimitsOf } from "./simulate-limits.ts";
import { createTerminal } from "./terminal.ts";

const folder = mkdtempSync(join(tmpdir(), "sallyport-simulate-"));
after(() => rmSync(folder, { recursive: true }));

function write(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

const CLEAR = "\r\x1b[2K";
const ROUTES = `listeners: [{ name: http, address: 127.0.0.1:8080 }]
routes: [{ name: a, match: { path: /a }, public: true, respond: { body: a }`;
const CONFIG = write(
  "new.yaml",
  `version: 1
${ROUTES}, rateLimits: [per-ip, tried, per-client] }]
rateLimits:
  per-ip: { key: ip, fixedWindow: { limit: 2, window: 1m } }
  tried: { key: ip, fixedWindow: { limit: 1, window: 1m }, dryRun: true }
  per-client: { key: { header: X-Client }, fixedWindow: { limit: 1, window: 1m } }
`,
);
const UNLIMITED = write("unlimited.yaml", `version: 1\n${ROUTES} }]\n`);

function toLine(second: number, client: string, more: object = {}): string {
  const time = new Date(Date.UTC(2026, 10, 25, 12, 0, second)).toISOString();
  const request = { requestId: "1-1", listener: "http", client, method: "GET", host: "a", path: "/a", status: 200, durationMs: 1 };
  return JSON.stringify({ time, ...request, route: "a", ...more });
}

const LINES = [
  ...[0, 1, 2, 3].map((second) => toLine(second, "192.0.2.1")),
  toLine(4, "192.0.2.2"),
  "none of ours",
  toLine(5, "192.0.2.1", { status: 429, fault: "SP_LIMIT_EXCEEDED", refusedBy: ["per-ip"] }),
];
const LOG = write("access.jsonl", `${LINES.join("\n")}\n`);

function makeTerminal(isTerminal = false) {
  const texts = { out: "", err: "" };
  const stream = (name: "out" | "err") => ({
    write(text: string) {
      texts[name] += text;
    },
    ...(isTerminal && { isTTY: true, columns: 120 }),
  });
  return { texts, terminal: createTerminal(stream("out"), stream("err"), { NO_COLOR: "1" }) };
}

async function run(...words: string[]) {
  const { texts, terminal } = makeTerminal();
  const exitCode = await main(["simulate", ...words], terminal);
  return { exitCode, ...texts };
}

async function find(...words: string[]): Promise<LimitSimulation> {
  const { exitCode, out, err } = await run("limits", "-c", CONFIG, ...words, "--json");
  assert.deepEqual([exitCode, err], [0, ""]);
  return JSON.parse(out) as LimitSimulation;
}

describe("sallyport simulate limits", () => {
  it("tells who would be refused, and what the log can't tell", async () => {
    const { exitCode, out, err } = await run("limits", "--log", LOG, "--config", CONFIG);
    assert.deepEqual([exitCode, err], [0, ""]);
    const text = out.replaceAll(folder, ".");
    assert.match(text, /^6 requests that began from 2026-11-25T12:00:00\.000Z to 2026-11-25T12:00:05\.000Z\n/);
    assert.match(text, /\n3 would be refused \(50\.0%\); 1 were then, 2 are new, 0 would no longer be\n/);
    assert.match(text, /\n1 line of 7 are of no access log; the first is \.\/access\.jsonl:6\n/);
    assert.match(text, /\nper-ip +6 +3 +50\.0% +1 +0 +0 +1 +3 {2}2026-11-25T12:00:02\.000Z\n/);
    assert.match(text, /\ntried \(dry run\) +6 +4 /);
    assert.match(text, /\nper-ip refuses\n {2}keys +3 {2}ip=192\.0\.2\.1\n {2}callers +3 {2}192\.0\.2\.1\n {2}routes +3 {2}a\n/);
    assert.match(text, /per-client was not simulated: it counts by the header X-Client, which the log has not \(6 requests\)/);
  });

  it("tells machines the same", async () => {
    const { requests, limits, lines } = await find("--log", LOG);
    assert.deepEqual([requests.replayed, requests.refused, requests.recorded, requests.newlyRefused], [6, 3, 1, 2]);
    assert.deepEqual([lines.bad, lines.firstBad], [1, { log: LOG, line: 6 }]);
    assert.deepEqual(
      limits.map(({ name, refused, obstacle }) => [name, refused, obstacle === null]),
      [
        ["per-ip", 3, true],
        ["tried", 4, true],
        ["per-client", 0, false],
      ],
    );
  });

  it("takes several logs together, a part of the time, and one limit", async () => {
    const other = write("other.jsonl", toLine(1, "192.0.2.2"));
    const both = await find("--log", LOG, "--log", other, "--limit", "tried", "--top", "1");
    assert.deepEqual(
      both.limits.map(({ name, refused, keys }) => [name, refused, keys.top.length, keys.different]),
      [["tried", 5, 1, 2]],
    );
    const part = await find("--log", LOG, "--from", "2026-11-25T12:00:02Z", "--until", "2026-11-25T12:00:05Z");
    assert.deepEqual([part.requests.replayed, part.lines.outside, part.requests.refused], [3, 3, 0]);
    const none = await find("--log", LOG, "--from", "2027-01-01");
    assert.deepEqual([none.requests.replayed, none.from], [0, null]);
  });

  it("reads standard input in pieces of any size, and shows how far it is to who looks", async () => {
    const bytes = Buffer.from(LINES.join("\n"));
    const input = (async function* () {
      for (let at = 0; at < bytes.length; at += 11) yield bytes.subarray(at, at + 11);
    })();
    const { texts, terminal } = makeTerminal(true);
    const fail = (problem: string): number => assert.fail(problem);
    assert.equal(await simulateLimitsOf({ log: ["-"], config: CONFIG }, terminal, fail, () => input), 0);
    assert.match(texts.out, /^6 requests/);
    assert.match(texts.err.slice(CLEAR.length), /^\d+ lines/);
    assert.ok(texts.err.startsWith(CLEAR) && texts.err.endsWith(CLEAR), "the line goes in the end");
  });

  it("keeps what a log holds from steering a terminal", async () => {
    const odd = write("odd.jsonl", toLine(1, "192.0.2.1", { route: "a\u001b[2J" }));
    const { out } = await run("limits", "-c", CONFIG, "--log", odd);
    assert.ok(!out.includes("\u001b"));
  });

  for (const [words, exitCode, message] of [
    [["lanes"], 2, /no simulation of "lanes"; there are limits, fleet/],
    [["limits", "-c", CONFIG], 2, /name the access log with --log FILE/],
    [["limits", "-c", CONFIG, "--log", join(folder, "none")], 2, /none can't be read/],
    [["limits", "-c", CONFIG, "--log", folder], 2, /is a folder/],
    [["limits", "-c", CONFIG, "--log", CONFIG], 2, /new\.yaml is no access log: none of 7 lines/],
    [["limits", "-c", CONFIG, "--log", "-", "--log", "-"], 2, /--log - can be given once/],
    [["limits", "-c", CONFIG, "--log", LOG, "--limit", "per-user"], 2, /has no limit "per-user"; there are per-ip, tried, per-client/],
    [["limits", "-c", UNLIMITED, "--log", LOG], 2, /has no `rateLimits`/],
    [["limits", "-c", CONFIG, "--log", LOG, "--top", "0"], 2, /--top takes a number/],
    [["limits", "-c", CONFIG, "--log", LOG, "--from", "noon"], 2, /--from takes a date/],
    [["limits", "-c", CONFIG, "--log", LOG, "--from", "2026-01-02", "--until", "2026-01-01"], 2, /--from must be before --until/],
    [["limits", "-c", CONFIG, "--log", LOG, "--nodes", "3"], 2, /--nodes means nothing to simulate limits/],
    [["limits", "-c", join(folder, "none.yaml"), "--log", LOG], 1, /none\.yaml/],
    [["fleet", "--nodes", "many"], 2, /--nodes takes a whole number from 1 to 1000/],
    [["fleet", "--rate", "10000000", "--seconds", "100"], 2, /fit into memory/],
    [["fleet", "--log", LOG], 2, /--log means nothing to simulate fleet/],
  ] as const) {
    it(`ends with ${exitCode}: ${words.join(" ").replaceAll(folder, ".").slice(0, 70)}`, async () => {
      const ran = await run(...words);
      assert.equal(ran.exitCode, exitCode, ran.err);
      assert.match(ran.err, message);
      assert.equal(ran.out, "");
      const json = await run(...words, "--json");
      assert.deepEqual([json.exitCode, JSON.parse(json.out).ok], [exitCode, false]);
    });
  }
});

describe("sallyport simulate fleet", () => {
  it("tells what each algorithm admits, the same for the same seed, and draws it", async () => {
    const svg = join(folder, "fleet.svg");
    const words = ["fleet", "--nodes", "3", "--rate", "2000", "--seconds", "10", "--seed", "7"];
    const { exitCode, out, err } = await run(...words, "--svg", svg);
    assert.deepEqual([exitCode, err], [0, ""]);
    assert.match(out, /^3 gateways, 2000 requests\/s for 10 s/);
    assert.match(readFileSync(svg, "utf8"), /^<svg /);
    const json = await run(...words, "--json");
    const { ok, nodes, seed, rows } = JSON.parse(json.out) as { ok: boolean; nodes: number; seed: number; rows: { admitted: number }[] };
    assert.deepEqual([ok, nodes, seed], [true, 3, 7]);
    assert.ok(rows.length > 0 && rows.every(({ admitted }) => out.includes(` ${admitted} `)));
  });
});
