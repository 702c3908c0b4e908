// Each configuration in testdata/ beside what comes of it: `X.in.txt` (formatters would mend what must stay wrong), or a folder X with
// `gateway.in.txt` and what it names: teams' files, `env.txt` with variables, other files with `.txt` behind their names.
// `.config.txt` when it is good, `.issues.txt` when something is to be said. Of a good one stands there what differs from `plain`,
// of `plain` and `full` everything.
// `GOLDEN=write` writes what comes of them now; the difference is for a person to judge.

import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { toCompactText, toDifference } from "./golden-text.ts";
import { type ConfigHost, formatIssues, ISSUE_CODES, loadConfig, parseConfig } from "./index.ts";

const { GOLDEN } = process.env;
const folder = new URL("./testdata/", import.meta.url);
const singles = readdirSync(folder).flatMap((name) => (name.endsWith(".in.txt") ? [name.replace(".in.txt", "")] : []));
const folders = readdirSync(folder, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));
const names = [...singles, ...folders].sort();

/** Nothing in an expectation depends on where the checkout lies, or on the day. */
const ROOT = "/etc/sallyport";
const NOW_MS = Date.UTC(2026, 0, 1);

/** Of the example, with its files and variables. Its teams are missing: there is no file of theirs. */
const EXAMPLE_SAYS = ["SP_CONFIG_NOT_BUILT", "SP_CONFIG_TEAM_INCLUDE"];

/** Codes that no small text shows, with the test that does. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  SP_CONFIG_FILE_TOO_LARGE: "load.test.ts",
  SP_CONFIG_MODULE: "golden.test.ts",
  SP_CONFIG_ROUTE_OVERLAP: "golden.test.ts",
};

function read(name: string): string {
  return readFileSync(new URL(name, folder), "utf8");
}

interface Case {
  readonly file: string;
  /** By the paths that the configuration knows them by. */
  readonly files: ReadonlyMap<string, string>;
  readonly env: Readonly<Record<string, string>>;
}

function open(name: string): Case {
  const single = `${ROOT}/${name}.yaml`;
  if (singles.includes(name)) return { file: single, files: new Map([[single, read(`${name}.in.txt`)]]), env: {} };
  const files = new Map<string, string>();
  for (const path of readdirSync(new URL(`${name}/`, folder), { recursive: true }).map(String)) {
    if (!path.endsWith(".txt")) continue;
    const known = path.endsWith(".in.txt") ? path.replace(/\.in\.txt$/, ".yaml") : path.replace(/\.txt$/, "");
    files.set(`${ROOT}/${known}`, read(`${name}/${path}`));
  }
  const lines = (files.get(`${ROOT}/env`) ?? "").split("\n").filter((line) => line !== "");
  const env = Object.fromEntries(lines.map((line) => line.split("=", 2) as [string, string]));
  return { file: `${ROOT}/gateway.yaml`, files, env };
}

function load(name: string) {
  const { file, files, env } = open(name);
  const host: ConfigHost = {
    env,
    nowMs: NOW_MS,
    lastGood: null,
    readFile: (path) => Buffer.from(files.get(path) ?? refuse(path)),
    listFolder: (path) => {
      const inside = [...files.keys()].filter((held) => held.startsWith(`${path}/`));
      return inside.length === 0 ? refuse(path) : inside.map((held) => held.slice(path.length + 1).split("/")[0] ?? "");
    },
  };
  return parseConfig(files.get(file) ?? "", file, host);
}

function refuse(path: string): never {
  throw Object.assign(new Error(path), { code: "ENOENT" });
}

/** What a person reads of it; teams are shown when there are any. */
function toText(name: string): { readonly kind: "config" | "issues"; readonly text: string } {
  const { config, issues, teams } = load(name);
  if (issues.length > 0) {
    const states = teams.map(({ file, state }) => `${file}: ${state}\n`).join("");
    return { kind: "issues", text: formatIssues(issues, { colour: false }) + (states === "" ? "" : `\n${states}`) };
  }
  return { kind: "config", text: toCompactText(WHOLE.includes(name) ? config : toDifference(config, load("plain").config)) };
}

const WHOLE = ["plain", "full"];

describe("golden configurations", () => {
  it("are at least sixty", () => assert.ok(names.length >= 60));

  for (const name of names) {
    it(`${name} comes out as written beside it`, () => {
      const { kind, text } = toText(name);
      const output = singles.includes(name) ? `${name}.${kind}.txt` : `${name}/expected.${kind}`;
      if (GOLDEN === "write") writeFileSync(new URL(output, folder), text);
      assert.equal(text, read(output));
      const { config, issues, isDegraded } = load(name);
      const hasErrors = issues.some((issue) => issue.severity === "error");
      assert.equal(config === null || isDegraded, hasErrors);
    });
  }

  it("has no expectation without its configuration, and none of two kinds", () => {
    const outputs = readdirSync(folder, { recursive: true })
      .map(String)
      .filter((path) => /(?:\.config|\.issues)(?:\.txt)?$/.test(path));
    const expected = names.map((name) =>
      singles.includes(name) ? `${name}.${toText(name).kind}.txt` : `${name}/expected.${toText(name).kind}`,
    );
    assert.deepEqual(outputs.sort(), expected.sort());
  });

  it("knows every word of the language: what is not built is refused as that and nothing else", () => {
    const host: ConfigHost = {
      env: { INTROSPECT_SECRET: "a secret of the test" },
      nowMs: NOW_MS,
      lastGood: null,
      readFile: (path) => Buffer.from(/\.(?:pem|key)$/.test(path) ? "-----BEGIN TEST-----" : "another secret of the test"),
      listFolder: () => [],
    };
    const { issues } = parseConfig(read("example.in.txt"), `${ROOT}/example.yaml`, host);
    assert.ok(issues.some(({ code }) => code === "SP_CONFIG_NOT_BUILT"));
    assert.deepEqual(
      issues.filter(({ code }) => !EXAMPLE_SAYS.includes(code)),
      [],
    );
  });

  it("shows every code that a text can bring about", () => {
    const seen = new Set(names.flatMap((name) => load(name).issues.map(({ code }) => code)));
    const missing = Object.keys(ISSUE_CODES).filter((code) => !Object.hasOwn(ELSEWHERE, code) && !seen.has(code as never));
    assert.deepEqual(missing, []);
  });

  it("counts the lines of plugins", () => assert.equal(load("code-budget").customCodeLines, 4));

  it("has a test elsewhere for the others", () => {
    for (const [code, file] of Object.entries(ELSEWHERE)) {
      assert.ok(readFileSync(new URL(file, import.meta.url), "utf8").includes(code), `${code} in ${file}`);
    }
  });

  it("refuses a module without a configuration in it", async () => {
    const place = mkdtempSync(join(tmpdir(), "sallyport-module-"));
    try {
      const file = join(place, "gateway.mjs");
      writeFileSync(file, "export const gateway = {};\n");
      const { config, issues } = await loadConfig(file);
      assert.equal(config, null);
      assert.deepEqual(
        issues.map(({ code }) => code),
        ["SP_CONFIG_MODULE"],
      );
    } finally {
      rmSync(place, { recursive: true });
    }
  });

  it("refuses paths that double the work of matching with each segment", () => {
    const paths = Array.from({ length: 1024 }, (_, bits) =>
      Array.from({ length: 10 }, (_, at) => ((bits >> at) & 1 ? `/:p${at}` : "/a")).join(""),
    );
    const routes = paths.map((path, index) => ({ name: `r${index}`, match: { path: `${path}/*` }, public: true, redirect: { to: "/b" } }));
    const text = JSON.stringify({ version: 1, listeners: [{ name: "http", address: "127.0.0.1:8080" }], routes });
    const { issues } = parseConfig(text, "f.json");
    assert.deepEqual([...new Set(issues.map(({ code }) => code))], ["SP_CONFIG_ROUTE_OVERLAP"]);
  });
});
