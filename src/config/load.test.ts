import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import fc from "fast-check";
import { formatIssues, ISSUE_CODES, type Issue, loadConfig, parseConfig } from "./index.ts";
import { mutate, PIECES } from "./mutate.fuzz.ts";

const full = readFileSync(new URL("./testdata/full.in.txt", import.meta.url), "utf8");
const identities = readFileSync(new URL("./testdata/identities/gateway.in.txt", import.meta.url), "utf8");
const folder = mkdtempSync(join(tmpdir(), "sallyport-config-"));
after(() => rmSync(folder, { recursive: true }));

function codes(issues: readonly Issue[]): string[] {
  return issues.map((issue) => issue.code);
}

function hasErrors(issues: readonly Issue[]): boolean {
  return issues.some((issue) => issue.severity === "error");
}

describe("a file", () => {
  it("is read, and its paths belong to its folder", async () => {
    const file = join(folder, "good.yaml");
    writeFileSync(file, full);
    const { config, issues } = await loadConfig(file);
    assert.deepEqual(issues, []);
    assert.deepEqual(config?.listeners[1]?.address, { path: join(folder, "run/gateway.sock") });
    assert.deepEqual(config?.telemetry.accessLog?.to, { path: join(folder, "logs/access.log") });
  });

  it("that is missing or a directory is an issue", async () => {
    assert.deepEqual(codes((await loadConfig(join(folder, "none.yaml"))).issues), ["SP_CONFIG_FILE_UNREADABLE"]);
    assert.deepEqual(codes((await loadConfig(folder)).issues), ["SP_CONFIG_FILE_UNREADABLE"]);
  });

  it("that is not UTF-8 is an issue", async () => {
    const file = join(folder, "latin1.yaml");
    writeFileSync(file, Buffer.from([0x61, 0x3a, 0x20, 0xe4, 0x0a]));
    assert.deepEqual(codes((await loadConfig(file)).issues), ["SP_CONFIG_YAML_SYNTAX"]);
  });

  it("that is huge is an issue before it is read", async () => {
    const file = join(folder, "huge.yaml");
    writeFileSync(file, "");
    // Sparse: takes no room on the disk.
    truncateSync(file, 33 * 1024 * 1024);
    assert.deepEqual(codes((await loadConfig(file)).issues), ["SP_CONFIG_FILE_TOO_LARGE"]);
  });
});

describe("a configuration", () => {
  it("gives every mistake at once, in the order of the file", () => {
    const text = full
      .replace("timeout: off", "timeout: 5")
      .replace("upstream: catalog", "upstream: catalogue")
      .replace("format: json", "fromat: json");
    const { config, issues } = parseConfig(text, "f.yaml");
    assert.equal(config, null);
    assert.deepEqual(codes(issues), ["SP_CONFIG_BAD_DURATION", "SP_CONFIG_UNKNOWN_REFERENCE", "SP_CONFIG_UNKNOWN_KEY"]);
    assert.deepEqual(
      issues.map((issue) => issue.path),
      ["defaults.timeout", "routes[0].upstream", "telemetry.accessLog.fromat"],
    );
  });

  it("of ten thousand routes with a mistake each is judged without quadratic work", () => {
    const routes = Array.from({ length: 10_000 }, (_, i) => `  - { name: r${i}, match: { path: /p${i}/* }, auth: [users], upstream: a }`);
    const head = "version: 1\nlisteners: [{ name: h, address: 127.0.0.1:1 }]\nupstreams: { a: { endpoints: [http://a] } }\nroutes:\n";
    const started = performance.now();
    const { issues } = parseConfig(head + routes.join("\n"), "f.yaml");
    assert.equal(issues.length, 10_000);
    assert.equal(issues.at(-1)?.line, 10_004);
    // Some 0.5 s; quadratic work would take minutes.
    assert.ok(performance.now() - started < 8000);
  });

  it("with a map, a list, nothing, a number or a text in place of any value never throws", () => {
    // In turn, since all of them at each value take seconds: each piece stands in the place of every third value.
    const pieces = ["{}", "[]", "{ a: 1 }", "[a]", "null", "0", "x", "off"];
    let turn = 0;
    for (let at = 0; at !== -1; at = full.indexOf(": ", at + 1)) {
      for (const piece of pieces) {
        if (turn++ % 3 !== 0) continue;
        const { config, issues } = parseConfig(mutate(full, [[4, at, PIECES.indexOf(piece)]]), "f.yaml");
        assert.equal(config === null, hasErrors(issues));
      }
    }
  });

  it("of identities, changed at random, never throws either", () => {
    const host = { env: {}, nowMs: 0, lastGood: null, readFile: () => Buffer.from("-----BEGIN TEST-----"), listFolder: () => [] };
    const property = fc.property(fc.array(fc.tuple(fc.nat(), fc.nat(), fc.nat()), { minLength: 1, maxLength: 4 }), (edits) => {
      const { config, issues } = parseConfig(mutate(identities, edits), "f.yaml", host);
      assert.equal(config === null, hasErrors(issues));
      for (const issue of issues) {
        assert.ok(!issue.message.includes("undefined") && !issue.message.includes("[object"), issue.message);
      }
    });
    fc.assert(property, { numRuns: 150 });
  });

  it("changed at random never throws, and is either good or has issues that name a place in it", () => {
    const property = fc.property(fc.array(fc.tuple(fc.nat(), fc.nat(), fc.nat()), { minLength: 1, maxLength: 4 }), (edits) => {
      const text = mutate(full, edits);
      const { config, issues } = parseConfig(text, "f.yaml");
      assert.equal(config === null, hasErrors(issues));
      for (const issue of issues) {
        assert.ok(Object.hasOwn(ISSUE_CODES, issue.code));
        assert.ok(issue.line >= 1 && issue.line <= text.split("\n").length && issue.column >= 1);
        assert.ok(!issue.message.includes("undefined") && !issue.message.includes("[object"), issue.message);
      }
      formatIssues(issues, { colour: true });
    });
    fc.assert(property, { numRuns: 250 });
  });
});

describe("issues as text", () => {
  it("show the place, the line with a caret, the message and the hint", () => {
    const { issues } = parseConfig("version: 1\nlisteners:\n  - name: http\n    adress: 127.0.0.1:80\n", "g.yaml");
    assert.equal(
      formatIssues(issues, { colour: false }),
      [
        "g.yaml:4:5 SP_CONFIG_UNKNOWN_KEY",
        "  4 |     adress: 127.0.0.1:80",
        "    |     ^^^^^^",
        "  `listeners[0].adress` is not a known key",
        "  hint: did you mean `address`?",
        "",
      ].join("\n"),
    );
  });

  it("are coloured only when asked, and carry no escape sequence of the file", () => {
    const { issues } = parseConfig("version: 1\n'\u001b[31mred': 1\n", "g.yaml");
    assert.ok(!formatIssues(issues, { colour: false }).includes("\u001b"));
    assert.ok(formatIssues(issues, { colour: true }).includes("\u001b[31mSP_CONFIG_"));
    assert.ok(!formatIssues(issues, { colour: true }).includes("\u001b[31mred"));
  });

  it("of a good file are nothing", () => {
    assert.equal(formatIssues([], { colour: true }), "");
  });
});
