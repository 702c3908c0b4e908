// Paths in normal form: a table of what becomes what and why it is refused, and the properties of a normal form.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { DEFAULT_PATH_RULES, normalisePath, normalisePathWithin, type PathRules } from "./path.ts";

const KEEP_SLASH: PathRules = { ...DEFAULT_PATH_RULES, encodedSlash: "keep" };
const MERGE: PathRules = { ...DEFAULT_PATH_RULES, duplicateSlashes: "merge" };
const REJECT: PathRules = { ...DEFAULT_PATH_RULES, duplicateSlashes: "reject", dotSegments: "reject" };

function outcome(path: string, rules: PathRules = DEFAULT_PATH_RULES): string {
  const result = normalisePath(path, rules);
  return typeof result === "string" ? result : result.code;
}

function check(rules: PathRules, table: readonly (readonly [string, string])[]): void {
  for (const [path, expected] of table) assert.equal(outcome(path, rules), expected, JSON.stringify(path));
}

describe("normalisePath", () => {
  it("gives a path in normal form back as it is", () => {
    for (const path of [
      "/",
      "/a",
      "/a/",
      "/a/b.c",
      "/a//b",
      "//",
      "/a;v=1/b",
      "/.well-known/x",
      "/..a",
      "/...",
      "/a/.b",
      "/[1]|x",
      "/%20",
      "/%252e",
    ]) {
      assert.equal(outcome(path), path);
    }
  });

  it("decodes escapes of unreserved characters and nothing else", () => {
    check(DEFAULT_PATH_RULES, [
      ["/%61%5A%30%7e%2D%5f", "/aZ0~-_"],
      ["/%3a%40%21%24%26", "/%3A%40%21%24%26"],
      ["/%20%22%23%3f%25", "/%20%22%23%3F%25"],
      ["/%c3%a9/%e2%82%ac/%f0%9f%98%80", "/%C3%A9/%E2%82%AC/%F0%9F%98%80"],
    ]);
  });

  it("decodes once: a double escape stays data", () => {
    check(DEFAULT_PATH_RULES, [
      ["/%252e%252e/a", "/%252e%252e/a"],
      ["/%252F", "/%252F"],
      ["/%25%32%65", "/%252e"],
      ["/%2525", "/%2525"],
    ]);
  });

  it("resolves dot segments, also encoded ones, and keeps the slash that they leave at the end", () => {
    check(DEFAULT_PATH_RULES, [
      ["/a/../b", "/b"],
      ["/a/%2e%2E/b", "/b"],
      ["/a/.%2e/b", "/b"],
      ["/./a/./b", "/a/b"],
      ["/a/b/..", "/a/"],
      ["/a/b/.", "/a/b/"],
      ["/a/..", "/"],
      ["/.", "/"],
      ["/a/b/c/../../d", "/a/d"],
      ["/a/b/../../c/", "/c/"],
      ["/a//../b", "/a/b"],
      ["/a//..", "/a/"],
      ["//..", "/"],
      ["/a/..//b", "//b"],
    ]);
  });

  it("refuses to climb above the root", () => {
    for (const path of ["/..", "/../a", "/%2e%2e", "/a/../..", "/a/../../b", "/./..", "//../.."])
      assert.equal(outcome(path), "SP_URI_ABOVE_ROOT", path);
  });

  it("refuses a dot segment that hides behind parameters", () => {
    for (const path of ["/a/..;/b", "/a/..;x=1/b", "/a/.;/b", "/..;", "/a/%2e%2e;/b", "/a/..%3B/b", "/a/..%3bx", "/.;a", "/a/.%3b"]) {
      assert.equal(outcome(path), "SP_URI_DOT_DISGUISED", path);
    }
    check(DEFAULT_PATH_RULES, [
      ["/a;..", "/a;.."],
      ["/;/b", "/;/b"],
      ["/..a;/b", "/..a;/b"],
      ["/...;/b", "/...;/b"],
      ["/a/..%3D", "/a/..%3D"],
    ]);
  });

  it("refuses encoded slashes, backslashes and controls", () => {
    check(DEFAULT_PATH_RULES, [
      ["/a%2fb", "SP_URI_ENCODED_SLASH"],
      ["/%2F", "SP_URI_ENCODED_SLASH"],
      ["/a\\b", "SP_URI_BACKSLASH"],
      ["/a%5cb", "SP_URI_BACKSLASH"],
      ["/%00", "SP_URI_ENCODED_CONTROL"],
      ["/a%0d%0ab", "SP_URI_ENCODED_CONTROL"],
      ["/%1F", "SP_URI_ENCODED_CONTROL"],
      ["/%7f", "SP_URI_ENCODED_CONTROL"],
    ]);
  });

  it("keeps %2F as data where it is told to, but not beside dots", () => {
    check(KEEP_SLASH, [
      ["/a%2fb", "/a%2Fb"],
      ["/%2f%2F", "/%2F%2F"],
      ["/a%2f..b", "/a%2F..b"],
      ["/a%2fb../c", "/a%2Fb../c"],
      ["/a%2f../b", "SP_URI_DOT_DISGUISED"],
      ["/..%2fa", "SP_URI_DOT_DISGUISED"],
      ["/a/.%2Fb", "SP_URI_DOT_DISGUISED"],
      ["/a%2f..%2fb", "SP_URI_DOT_DISGUISED"],
      ["/a%2f%2e%2e", "SP_URI_DOT_DISGUISED"],
      ["/a%2f..;x", "SP_URI_DOT_DISGUISED"],
      ["/a%2f..%3bx", "SP_URI_DOT_DISGUISED"],
      ["/a%5cb", "SP_URI_BACKSLASH"],
    ]);
  });

  it("refuses malformed escapes", () => {
    for (const path of ["/%", "/a%", "/%2", "/%2/", "/%zz", "/%2g", "/%g0", "/%%20", "/%u0041", "/a%2"])
      assert.equal(outcome(path), "SP_URI_ESCAPE_INVALID", path);
  });

  it("refuses escapes that are not well-formed UTF-8", () => {
    const bad =
      "c0%af c1%bf e0%80%af e0%9f%bf f0%80%80%af f0%8f%bf%bf ed%a0%80 ed%bf%bf f4%90%80%80 f5%80%80%80 80 bf ff fe c3 c3%28 e2%82 e2%28%a1 f0%9f%98 c3a9 e2%82/%ac";
    for (const escapes of bad.split(" ")) assert.equal(outcome(`/%${escapes}`), "SP_URI_ESCAPE_UTF8", escapes);
  });

  it("judges every value that two to four escapes can spell as TextDecoder does", () => {
    const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    const leads = [0x80, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff];
    const nexts = [0x41, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc2];
    for (const lead of leads) {
      for (const second of nexts) {
        for (const rest of [[], [0x80], [0xbf], [0x41], [0x80, 0xbf], [0xbf, 0x80], [0x80, 0x41]]) {
          const bytes = Uint8Array.from([lead, second, ...rest]);
          let isValid = true;
          try {
            decoder.decode(bytes);
          } catch {
            isValid = false;
          }
          const path = `/${Array.from(bytes, (byte) => `%${byte.toString(16).padStart(2, "0")}`).join("")}`;
          assert.equal(outcome(path) !== "SP_URI_ESCAPE_UTF8", isValid, path);
        }
      }
    }
  });

  it("takes exactly pchar, slash and [ ] | unescaped", () => {
    const allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:@/[]|";
    for (let c = 0; c < 256; c++) {
      const character = String.fromCharCode(c);
      if (character === "%" || character === "\\") continue;
      const expected = allowed.includes(character) ? `/x${character}x` : "SP_URI_PATH_CHARACTER";
      assert.equal(outcome(`/x${character}x`), expected, `fast ${c}`);
      // The escape sends the same character through the slow way.
      assert.equal(
        outcome(`/%20x${character}x`),
        allowed.includes(character) ? `/%20x${character}x` : "SP_URI_PATH_CHARACTER",
        `slow ${c}`,
      );
    }
    assert.equal(outcome("/\u0141"), "SP_URI_PATH_CHARACTER");
    assert.equal(outcome("/%20\u0141"), "SP_URI_PATH_CHARACTER");
  });

  it("merges or refuses empty segments where it is told to", () => {
    check(MERGE, [
      ["//", "/"],
      ["//a///b//", "/a/b/"],
      ["/a//../b", "/b"],
      ["/a/.//b", "/a/b"],
      ["//..", "SP_URI_ABOVE_ROOT"],
    ]);
    check(REJECT, [
      ["/a/", "/a/"],
      ["//", "SP_URI_DUPLICATE_SLASH"],
      ["/a//b", "SP_URI_DUPLICATE_SLASH"],
      ["/a//", "SP_URI_DUPLICATE_SLASH"],
      ["/./a", "SP_URI_DOT_SEGMENT"],
      ["/a/%2e%2e", "SP_URI_DOT_SEGMENT"],
    ]);
  });

  it("refuses what does not start with a slash", () => {
    assert.equal(outcome(""), "SP_URI_TARGET_FORM");
    assert.equal(outcome("a/b"), "SP_URI_TARGET_FORM");
  });

  it("handles paths longer than its first buffer, in time linear in their length", () => {
    const deep = "/a".repeat(100_000);
    assert.equal(outcome(`${deep}/%61`), `${deep}/a`);
    assert.equal(outcome(`${deep}${"/..".repeat(100_000)}/b`), "/b");
  });

  it("reads a part of a longer text alone", () => {
    assert.equal(normalisePathWithin("http://h/a/../b?c", 8, 15, DEFAULT_PATH_RULES), "/b");
    assert.equal(normalisePathWithin("/a%2", 0, 3, DEFAULT_PATH_RULES).valueOf() === "/a%2", false);
  });
});

const rules = fc.record<PathRules>({
  encodedSlash: fc.constantFrom("reject", "keep"),
  backslash: fc.constant("reject"),
  duplicateSlashes: fc.constantFrom("keep", "merge", "reject"),
  dotSegments: fc.constantFrom("resolve", "reject"),
});
const piece = fc.constantFrom(
  "/",
  "/",
  "/",
  ".",
  "..",
  "%2e",
  "%2E",
  "a",
  "B",
  ";",
  ";x",
  "%3b",
  "%2f",
  "%2F",
  "%25",
  "%252e",
  "%61",
  "%c3%a9",
  "%C0%AF",
  "%20",
  "2e",
  "~",
  "|",
  "%",
);
const path = fc.array(piece, { maxLength: 14 }).map((pieces) => `/${pieces.join("")}`);

/** The same rules by other means: whole segments as strings. Only for paths without faults. */
function reference(text: string, { duplicateSlashes }: PathRules): string {
  const spelt = text.replaceAll(/%([0-9a-f]{2})/gi, (whole, digits: string) => {
    const character = String.fromCharCode(Number.parseInt(digits, 16));
    return /[\w.~-]/.test(character) ? character : whole.toUpperCase();
  });
  const out: string[] = [];
  const segments = spelt.slice(1).split("/");
  for (const [index, segment] of segments.entries()) {
    const isLast = index === segments.length - 1;
    if (segment === "..") out.pop();
    if (segment === "." || segment === "..") {
      if (isLast) out.push("");
    } else if (segment !== "" || isLast || duplicateSlashes !== "merge") {
      out.push(segment);
    }
  }
  return `/${out.join("/")}`;
}

describe("the normal form", () => {
  it("is a fixed point", () => {
    fc.assert(
      fc.property(path, rules, (text, rule) => {
        const once = normalisePath(text, rule);
        if (typeof once === "string") assert.equal(normalisePath(once, rule), once);
      }),
      { numRuns: 5000 },
    );
  });

  it("holds no dot segments, no encoded unreserved characters and no lower-case escapes", () => {
    fc.assert(
      fc.property(path, rules, (text, rule) => {
        const normal = normalisePath(text, rule);
        if (typeof normal !== "string") return;
        assert.doesNotMatch(normal, /\/\.\.?(?:;[^/]*)?(?:\/|$)/);
        assert.doesNotMatch(normal, /%(?:2[DE]|3[0-9]|4[1-9A-F]|5[0-9AF]|6[1-9A-F]|7[0-9AE])(?<!%3[A-F])/);
        assert.doesNotMatch(normal, /%(?:[a-f].|.[a-f])/);
        if (rule.duplicateSlashes !== "keep") assert.doesNotMatch(normal, /\/\//);
      }),
      { numRuns: 5000 },
    );
  });

  it("is what whole-segment string work makes of the path", () => {
    fc.assert(
      fc.property(path, rules, (text, rule) => {
        const normal = normalisePath(text, rule);
        if (typeof normal === "string") assert.equal(normal, reference(text, rule));
      }),
      { numRuns: 5000 },
    );
  });
});
