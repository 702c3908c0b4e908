// Regular fields of requests: names, values, cookies, bounds (RFC 9113 8.2).

import { BOUNDS, ENDERS, get, type Line, passes, pseudo, type RequestFieldCase, refused, sent, sentGet } from "./field-case.ts";

const accepted: readonly RequestFieldCase[] = [
  passes("a name of every sort of tchar passes", get(["!#$%&'*+-.^_`|~09az", "x"]), sentGet("!#$%&'*+-.^_`|~09az: x")),
  passes("an empty value passes", get(["x-empty", ""]), sentGet("x-empty: ")),
  passes("bytes above 0x7F pass as they are", get(["x-obs", "\x80\xa0\xff"]), sentGet("x-obs: \x80\xa0\xff")),
  passes("white space inside a value passes", get(["x-tab", "a\tb  c"]), sentGet("x-tab: a\tb  c")),
  passes("a colon at the start of a value passes", get(["x-colon", ": a:b"]), sentGet("x-colon: : a:b")),
  passes(
    "repeated fields keep their order",
    get(["x-two", "1"], ["x-one", "0"], ["x-two", "2"]),
    sentGet("x-two: 1", "x-one: 0", "x-two: 2"),
  ),
  passes("a name with an underscore passes", get(["my_header", "1"]), sentGet("my_header: 1")),
  passes(
    "what looks like a request in a value passes as a value",
    get(["x", "GET /smuggled HTTP/1.1"]),
    sentGet("x: GET /smuggled HTTP/1.1"),
  ),
  passes("a field that must never be indexed is remembered", get(["x-token", "s", "secret"], ["x", "y"]), sentGet("x-token: s", "x: y"), {
    secrets: ["x-token"],
  }),
];

const names: readonly RequestFieldCase[] = [
  ...ENDERS.map(([what, text]): [string, string] => [what, `x${text}y`]),
  ["a colon and a value", "x: y"],
  ["a colon at the end", "x:"],
  ["a space", "x y"],
  ["a space at the end", "x "],
  ["a space at the start", " x"],
  ["a tab", "x\ty"],
  ["a control byte", "x\x01"],
  ["DEL", "x\x7f"],
  ["a byte above 0x7F", "x\xe9"],
  ["an upper-case letter", "X"],
  ["one upper-case letter at the end", "content-typE"],
  ["a parenthesis", "x("],
  ["a quote", 'x"'],
  ["a comma", "x,y"],
  ["a slash", "x/y"],
  ["a semicolon", "x;y"],
  ["an equals sign", "x=y"],
  ["an at sign", "x@y"],
  ["a bracket", "x[0]"],
  ["a brace", "x{y}"],
  ["a question mark", "x?"],
  ["a backslash", "x\\y"],
].map(([what = "", name = ""]) => refused(`a name with ${what} is refused`, get([name, "z"]), "SP_H2_BAD_FIELD_NAME"));

const moreNames: readonly RequestFieldCase[] = [
  refused("an empty name is refused", get(["", "z"]), "SP_H2_BAD_FIELD_NAME"),
  refused("an empty name without a value is refused", get(["", ""]), "SP_H2_BAD_FIELD_NAME"),
  refused("Transfer-Encoding in capitals is refused by its capitals", get(["Transfer-Encoding", "chunked"]), "SP_H2_BAD_FIELD_NAME"),
];

const values: readonly RequestFieldCase[] = [
  ...ENDERS.flatMap(([what, text]): [string, string][] => [
    [`${what} inside`, `a${text}b`],
    [`${what} at its end`, `a${text}`],
    [`${what} at its start`, `${text}a`],
  ]),
  ["0x01", "a\x01b"],
  ["a backspace", "a\x08b"],
  ["a vertical tab", "a\x0bb"],
  ["a form feed", "a\x0cb"],
  ["an escape byte", "a\x1b[31m"],
  ["0x1F", "a\x1fb"],
  ["DEL", "a\x7fb"],
  ["a space at its start", " a"],
  ["a space at its end", "a "],
  ["a tab at its start", "\ta"],
  ["a tab at its end", "a\t"],
  ["a space alone", " "],
].map(([what = "", value = ""]) => refused(`a value with ${what} is refused`, get(["x", value]), "SP_H2_BAD_FIELD_VALUE"));

const cookies: readonly RequestFieldCase[] = [
  passes("a cookie passes as it is", get(["cookie", 'a="b\\"; c={}']), sentGet('cookie: a="b\\"; c={}')),
  passes(
    "crumbs are joined into one line, in their order",
    get(["cookie", "a=1"], ["x", "y"], ["cookie", "b=2"], ["cookie", "c=3"]),
    sentGet("x: y", "cookie: a=1; b=2; c=3"),
  ),
  passes(
    "one crumb that must never be indexed makes the line one",
    get(["cookie", "a=1"], ["cookie", "b=2", "secret"]),
    sentGet("cookie: a=1; b=2"),
    {
      secrets: ["cookie"],
    },
  ),
  passes(
    "empty crumbs are dropped",
    get(["cookie", ""], ["cookie", "a=1"], ["cookie", ""], ["cookie", "b=2"], ["cookie", ""]),
    sentGet("cookie: a=1; b=2"),
  ),
  passes("a cookie that is empty altogether passes as it is", get(["cookie", ""], ["cookie", ""]), sentGet("cookie: ")),
  refused("a crumb with CR LF is refused", get(["cookie", "a=1"], ["cookie", "b=2\r\nx: y"]), "SP_H2_BAD_FIELD_VALUE"),
  passes(
    "200 crumbs are one line of the bound",
    get(...crumbs(200)),
    sentGet(
      `cookie: ${crumbs(200)
        .map((line) => line[1])
        .join("; ")}`,
    ),
  ),
  passes(
    "a name that only folds to cookie is a field of its own",
    get(["cookie", "a=1"], ["_cookie", "b=2"]),
    sentGet("_cookie: b=2", "cookie: a=1"),
  ),
];

function crumbs(count: number): Line[] {
  return Array.from({ length: count }, (_, i): Line => ["cookie", `c${i}=${i}`]);
}

function many(count: number): Line[] {
  return Array.from({ length: count }, (_, i): Line => [`x-${i}`, "1"]);
}

/** What the list of pseudo() takes by RFC 9113 6.5.2. */
const PSEUDO_BYTES = pseudo().reduce((sum, [name, value]) => sum + name.length + value.length + 32, 0);
const ROOM = BOUNDS.headBytes - PSEUDO_BYTES - 1 - 32;

const bounds: readonly RequestFieldCase[] = [
  passes("as many lines as allowed pass", get(...many(100)), sentGet(...many(100).map(([name, value]) => `${name}: ${value}`))),
  refused("one line more is refused", get(...many(101)), "SP_H2_HEAD_TOO_LARGE"),
  refused("cookies are one line of them, and not none", get(...many(100), ["cookie", "a=1"], ["cookie", "b=2"]), "SP_H2_HEAD_TOO_LARGE"),
  passes("a list of just the bytes that are allowed passes", get(["x", "v".repeat(ROOM)]), sentGet(`x: ${"v".repeat(ROOM)}`)),
  refused("one byte more is refused", get(["x", "v".repeat(ROOM + 1)]), "SP_H2_HEAD_TOO_LARGE"),
  refused(
    "empty lines count by what a table would hold of them",
    get(...Array.from({ length: 99 }, (): Line => ["x", ""])),
    "SP_H2_HEAD_TOO_LARGE",
    {
      bounds: { headBytes: 3000 },
    },
  ),
  refused("crumbs count by their bytes all the same", get(...crumbs(1000)), "SP_H2_HEAD_TOO_LARGE"),
  passes("a path of just the allowed length passes", pseudo({ ":path": `/${"p".repeat(99)}` }), sent(`GET /${"p".repeat(99)}`), {
    bounds: { lineBytes: 100 },
  }),
  refused("a path that is longer is refused for that", pseudo({ ":path": `/${"p".repeat(100)}` }), "SP_H2_LINE_TOO_LONG", {
    bounds: { lineBytes: 100 },
  }),
  refused(
    "a path longer than the whole list may be is refused for being a path",
    pseudo({ ":path": `/${"p".repeat(40_000)}` }),
    "SP_H2_LINE_TOO_LONG",
  ),
  refused("the first thing that is wrong is the one that is told", get(["x", "\n"], ...many(200)), "SP_H2_BAD_FIELD_VALUE"),
];

export const regularFieldCases: readonly RequestFieldCase[] = [...accepted, ...names, ...moreNames, ...values];
export const cookieCases: readonly RequestFieldCase[] = cookies;
export const boundCases: readonly RequestFieldCase[] = bounds;
