// Chunk tricks: sizes, extensions, line ends, missing CRLF after the data, trailers (RFC 9112 7.1), with the line
// terminator series of 2025 (TERM.EXT, EXT.TERM, TERM.SPILL, SPILL.TERM, ONE.TWO, TWO.ONE).
// A refusal comes after the head has been forwarded, so the upstream may see a beginning, never a complete request.

import { CRLF, cutShort, get, HOST, head, post, type RequestCase, SMUGGLED, sawGet, sawPost, served } from "./request-case.ts";

const CHUNKED = "Transfer-Encoding: chunked";
const END = `0${CRLF}${CRLF}`;

function chunked(body: string): string {
  return post(CHUNKED, body);
}

/** A chunk with this size line and the five bytes hello, then a proper end and a second request. */
function sizeLine(line: string): string {
  return chunked(`${line}${CRLF}hello${CRLF}${END}${SMUGGLED}`);
}

const sizes: readonly RequestCase[] = [
  ["a size in one digit", "5"],
  ["leading zeros up to 16 digits", "0000000000000005"],
].map(([name, line]) => served(`${name} is read`, chunked(`${line}${CRLF}hello${CRLF}${END}`), sawPost("hello", "chunked")));

const sizesInHex: readonly RequestCase[] = [
  served("a size in capital hex is read", chunked(`A${CRLF}0123456789${CRLF}${END}`), sawPost("0123456789", "chunked")),
  served("a size in small hex is read", chunked(`a${CRLF}0123456789${CRLF}${END}`), sawPost("0123456789", "chunked")),
  served("a size of two digits is read", chunked(`1a${CRLF}${"x".repeat(26)}${CRLF}${END}`), sawPost("x".repeat(26), "chunked")),
  served("many chunks are one body", chunked(`1${CRLF}h${CRLF}2${CRLF}el${CRLF}02${CRLF}lo${CRLF}${END}`), sawPost("hello", "chunked")),
  served("a last chunk of many zeros is the end", chunked(`5${CRLF}hello${CRLF}0000${CRLF}${CRLF}`), sawPost("hello", "chunked")),
  served(
    "chunk data may hold CRLF and a last chunk",
    chunked(`c${CRLF}a${CRLF}0${CRLF}${CRLF}b${CRLF}c${CRLF}${END}`),
    sawPost("a\r\n0\r\n\r\nb\r\nc", "chunked"),
  ),
];

const badSizes: readonly RequestCase[] = [
  ["is empty", ""],
  ["is only an extension", ";a=b"],
  ["has a 0x prefix", "0x5"],
  ["has a 0X prefix", "0X5"],
  ["has a bare x", "x5"],
  ["has a plus sign", "+5"],
  ["has a minus sign", "-5"],
  ["has a plus sign behind", "5+"],
  ["is quoted", '"5"'],
  ["has an underscore", "0_5"],
  ["has a dot", "5.0"],
  ["has an exponent sign", "5e+0"],
  ["has a letter past f", "5g"],
  ["is a word", "five"],
  ["has h for hex", "5h"],
  ["has a comma", "5,5"],
  ["has a leading space", " 5"],
  ["has a leading tab", "\t5"],
  ["has a trailing space", "5 "],
  ["has a trailing tab", "5\t"],
  ["has many trailing spaces", "5       "],
  ["has a space between digits", "0 5"],
  ["has NUL behind", "5\x00"],
  ["has NUL in front", "\x005"],
  ["has a vertical tab behind", "5\x0b"],
  ["has a no-break space behind", "5\xa0"],
  ["has a full-width digit", "\xef\xbc\x95"],
  ["has a superscript digit", "\xb2"],
  ["has a colon", "5: x"],
  ["has 17 digits of leading zeros", "00000000000000005"],
  ["has a thousand zeros in front", `${"0".repeat(1000)}5`],
  ["is 2^53", "20000000000000"],
  ["is 2^63", "8000000000000000"],
  ["is 2^63 + 5", "8000000000000005"],
  ["is 2^64 - 1", "ffffffffffffffff"],
  ["is 2^64 - 5, minus five to a signed reader", "fffffffffffffffb"],
  ["is 2^64, which wraps to zero", "10000000000000000"],
  ["is 2^64 + 5, which wraps to 5", "10000000000000005"],
  ["is 2^128 + 5", "100000000000000000000000000000005"],
].map(([what, line]) =>
  cutShort(`a chunk size that ${what} is refused`, sizeLine(line as string), 400, { cuts: (line as string).length > 100 ? "some" : "all" }),
);

const TOO_MUCH = "x".repeat(9000);
const hugeSizes: readonly RequestCase[] = [
  ["2^32 + 5, which wraps to 5 in 32 bits,", "100000005"],
  ["2^32 - 1", "ffffffff"],
  ["2^31, negative in 32 bits,", "80000000"],
  ["2^53 - 1", "1fffffffffffff"],
].map(([what, line]) =>
  cutShort(`a chunk size of ${what} runs into the body bound`, chunked(`${line}${CRLF}hello${CRLF}${END}${TOO_MUCH}`), 413, {
    cuts: "some",
  }),
);

const extensions: readonly RequestCase[] = [
  ...[
    ["a name", "5;a"],
    ["a name and a token", "5;a=b"],
    ["a quoted value", '5;a="b c"'],
    ["an escaped quote in a quoted value", '5;a="b\\"c"'],
    ["a semicolon in a quoted value", '5;a="b;c"'],
    ["two extensions", "5;a=b;c"],
    ["an extension of 200 bytes", `5;a=${"b".repeat(196)}`],
  ].map(([what, line]) =>
    served(`${what} behind the size is dropped`, chunked(`${line}${CRLF}hello${CRLF}${END}`), sawPost("hello", "chunked")),
  ),
  served("an extension of the last chunk is dropped", chunked(`5${CRLF}hello${CRLF}0;a=b${CRLF}${CRLF}`), sawPost("hello", "chunked")),
  ...[
    ["without a name", "5;"],
    ["without a name but with a value", "5;=b"],
    ["with an empty value", "5;a="],
    ["with a space before the semicolon", "5 ;a=b"],
    ["with a tab before the semicolon", "5\t;a=b"],
    ["with a space behind the semicolon", "5; a=b"],
    ["with a space before the equals sign", "5;a =b"],
    ["with a space behind the equals sign", "5;a= b"],
    ["with a trailing space", "5;a=b "],
    ["with two semicolons", "5;;a"],
    ["with a trailing semicolon", "5;a;"],
    ["with an open quote", '5;a="b'],
    ["with a quote that ends too soon", '5;a="b"c'],
    ["with NUL", "5;a=\x00"],
    ["with a control byte", "5;a=\x01"],
    ["with a byte above 0x7F in a token", "5;a=\xff"],
    ["of 300 bytes", `5;a=${"b".repeat(297)}`],
    ["of 20,000 bytes", `5;a=${"b".repeat(20000)}`],
    ["with a quoted CRLF", '5;a="\r\n"'],
  ].map(([what, line]) =>
    cutShort(`an extension ${what} is refused`, sizeLine(line as string), 400, { cuts: (line as string).length > 100 ? "some" : "all" }),
  ),
];

const terminators: readonly RequestCase[] = [
  ["TERM.EXT: LF inside an extension", `2;\nxx${CRLF}45${CRLF}0${CRLF}${CRLF}${SMUGGLED}`],
  ["EXT.TERM: LF inside an extension with a name", `5;a\nhello${CRLF}${END}`],
  ["an extension with CR inside", `5;a\rb${CRLF}hello${CRLF}${END}`],
  ["an extension with CR at its end", `5;a\r\r\nhello${CRLF}${END}`],
  ["a size line that ends in LF", `5\nhello${CRLF}${END}`],
  ["a size line that ends in CR", `5\rhello${CRLF}${END}`],
  ["a size line that ends in CR CR LF", `5\r\r\nhello${CRLF}${END}`],
  ["a size line that ends in LF CR", `5\n\rhello${CRLF}${END}`],
  ["CR and another byte for the size line's end", `5\rXhello${CRLF}${END}`],
  ["a form feed for the size line's end", `5\x0c${CRLF}hello${CRLF}${END}`],
  ["a size line that ends in 0x85", `5\x85hello${CRLF}${END}`],
  ["LF alone after the data (ONE.TWO)", `5${CRLF}hello\n${END}`],
  ["CR alone after the data", `5${CRLF}hello\r${END}`],
  ["nothing after the data", `5${CRLF}hello${END}`],
  ["two bytes that are no CRLF after the data (TERM.SPILL)", `5${CRLF}helloXX${END}`],
  ["CR and another byte after the data", `5${CRLF}hello\rX${END}`],
  ["a byte and LF after the data", `5${CRLF}helloX\n${END}`],
  ["data one byte longer than the size", `5${CRLF}helloX${CRLF}${END}`],
  ["data one byte shorter than the size", `6${CRLF}hello${CRLF}${END}`],
  ["two CRLF after the data (TWO.ONE)", `5${CRLF}hello${CRLF}${CRLF}${END}`],
  ["spaces after the data", `5${CRLF}hello  ${CRLF}${END}`],
  ["LF CR after the data", `5${CRLF}hello\n\r${END}`],
  ["a blank line before the first size", `${CRLF}5${CRLF}hello${CRLF}${END}`],
  ["a last chunk that ends in LF LF", `5${CRLF}hello${CRLF}0\n\n`],
  ["a last chunk line that ends in LF", `5${CRLF}hello${CRLF}0\n${CRLF}`],
  ["a final line that is LF", `5${CRLF}hello${CRLF}0${CRLF}\n`],
  ["a final line that is CR and another byte", `5${CRLF}hello${CRLF}0${CRLF}\rX`],
  ["a final line that is CR CR", `5${CRLF}hello${CRLF}0${CRLF}\r\r`],
  ["a last chunk of minus zero", `5${CRLF}hello${CRLF}-0${CRLF}${CRLF}`],
  ["a last chunk of plus zero", `5${CRLF}hello${CRLF}+0${CRLF}${CRLF}`],
  ["a last chunk of 0x0", `5${CRLF}hello${CRLF}0x0${CRLF}${CRLF}`],
  ["a last chunk with a space", `5${CRLF}hello${CRLF}0 ${CRLF}${CRLF}`],
  ["a last chunk of 17 zeros", `5${CRLF}hello${CRLF}${"0".repeat(17)}${CRLF}${CRLF}`],
  ["a request where the next size should be", `5${CRLF}hello${CRLF}${SMUGGLED}`],
  ["a request instead of the body", SMUGGLED],
  ["Content-Length style data instead of chunks", "hello"],
].map(([what, body]) => cutShort(`a chunked body with ${what} is refused`, chunked(body as string)));

function withTrailers(...lines: readonly string[]): string {
  return chunked(`5${CRLF}hello${CRLF}0${CRLF}${lines.map((line) => line + CRLF).join("")}${CRLF}`);
}

const badTrailers: readonly RequestCase[] = [
  ["Content-Length", ["Content-Length: 5"]],
  ["Transfer-Encoding", ["Transfer-Encoding: chunked"]],
  ["Host", ["Host: b.example"]],
  ["Connection", ["Connection: close"]],
  ["TE", ["TE: trailers"]],
  ["Trailer", ["Trailer: X"]],
  ["Upgrade", ["Upgrade: h2c"]],
  ["Expect", ["Expect: 100-continue"]],
  ["Keep-Alive", ["Keep-Alive: timeout=5"]],
  ["Content_Length", ["Content_Length: 5"]],
  ["Transfer--Encoding", ["Transfer--Encoding: chunked"]],
  ["a space before the colon", ["X : y"]],
  ["no colon", ["X"]],
  ["an empty name", [": y"]],
  ["a leading space", [" X: y"]],
  ["a folded line", ["X: y", " z"]],
  ["NUL in a value", ["X: \x00"]],
  ["bare LF", ["X: y\nZ: z"]],
  ["bare CR", ["X: y\rZ: z"]],
  ["a byte above 0x7F in a name", ["X\xff: y"]],
  ["a request line", ["GET /smuggled HTTP/1.1", HOST]],
].map(([what, lines]) => cutShort(`a trailer section with ${what} is refused`, withTrailers(...(lines as string[])) + SMUGGLED));

const trailers: readonly RequestCase[] = [
  served("a trailer of no importance does no harm", withTrailers("X-Checksum: 1"), sawPost("hello", "chunked")),
  served("an empty trailer value does no harm", withTrailers("X-Checksum:"), sawPost("hello", "chunked")),
  served("a trailer never becomes a header", withTrailers("X-Admin: yes"), sawPost("hello", "chunked", { "x-admin": null })),
  served(
    "Authorization in trailers is dropped",
    withTrailers("Authorization: Bearer x"),
    sawPost("hello", "chunked", { authorization: null }),
  ),
  served("Cookie in trailers is dropped", withTrailers("Cookie: a=b"), sawPost("hello", "chunked", { cookie: null })),
  served("an identity header in trailers is dropped", withTrailers("X-User-Id: root"), sawPost("hello", "chunked", { "x-user-id": null })),
  served(
    "an identity header in trailers is dropped in its underscore spelling",
    withTrailers("x_user_id: root"),
    sawPost("hello", "chunked"),
  ),
  served("a second request behind the trailers is a request of its own", withTrailers("X: y") + get("/second"), [
    sawPost("hello", "chunked"),
    sawGet("/second"),
  ]),
  cutShort("trailers over 8 KiB are refused", withTrailers(...Array.from({ length: 30 }, (_, i) => `X-${i}: ${"y".repeat(300)}`)), 400, {
    cuts: "some",
  }),
  cutShort("a trailer line without an end is refused", chunked(`0${CRLF}X: ${"y".repeat(9000)}`), 400, { cuts: "some" }),
  cutShort("more than 64 trailers are refused", withTrailers(...Array.from({ length: 70 }, (_, i) => `X${i}: y`)), 400, {
    cuts: "some",
  }),
];

const onOtherVersions: readonly RequestCase[] = [
  cutShort("chunk tricks are refused under PUT as under POST", `${head("PUT /first HTTP/1.1", HOST, CHUNKED)}5;\nhello${CRLF}${END}`),
  cutShort("chunk tricks are refused under GET as under POST", `${get("/first", CHUNKED)}5\nhello${CRLF}${END}`),
];

export const chunkCases: readonly RequestCase[] = [
  ...sizes,
  ...sizesInHex,
  ...badSizes,
  ...hugeSizes,
  ...extensions,
  ...terminators,
  ...badTrailers,
  ...trailers,
  ...onOtherVersions,
];
