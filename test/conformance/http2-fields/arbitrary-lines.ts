// Header blocks at random: mostly those that could be somebody's, with parts that do not fit.

import fc from "fast-check";
import type { Line } from "./field-case.ts";

const ODD = ["\r", "\n", "\r\n", "\0", " ", "\t", ":", ",", ";", "\x7f", "\x80", "\xff", "\x0b", "A", "_", "-", "#", "%", "\\"];

/** Text that tends to be well-formed, with an odd piece in some place now and then. */
function damaged(plain: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const odd = fc.tuple(plain, fc.constantFrom(...ODD), fc.nat()).map(([text, piece, place]) => {
    const at = place % (text.length + 1);
    return text.slice(0, at) + piece + text.slice(at);
  });
  return fc.oneof({ weight: 12, arbitrary: plain }, { weight: 1, arbitrary: odd });
}

function some(...texts: readonly string[]): fc.Arbitrary<string> {
  return damaged(fc.constantFrom(...texts));
}

function line(name: fc.Arbitrary<string>, value: fc.Arbitrary<string>): fc.Arbitrary<Line> {
  const mark = fc.integer({ min: 0, max: 9 });
  return fc.tuple(name, value, mark).map(([n, v, m]): Line => (m === 0 ? [n, v, "secret"] : [n, v]));
}

const latin1 = fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)), maxLength: 12 });
const visible = fc.string({ unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)), maxLength: 24 });

export const regularLine: fc.Arbitrary<Line> = fc.oneof(
  {
    weight: 6,
    arbitrary: line(some("accept", "x-a", "x-b", "my_header", "via", "x-request-id", "content-type"), some("*/*", "1", "", "a b", "a: b")),
  },
  { weight: 2, arbitrary: line(some("cookie"), some("a=1", "b=2", "", 'c="d e"')) },
  { weight: 1, arbitrary: line(some("content-length"), some("0", "5", "5, 5", "+5", "007")) },
  { weight: 1, arbitrary: line(some("host"), some("a.example", "b.example", "a.example:443", "")) },
  { weight: 1, arbitrary: line(some("te", "expect", "trailer"), some("trailers", "100-continue", "gzip")) },
  { weight: 1, arbitrary: line(some("transfer-encoding", "connection", "upgrade", "content_length", "Host"), some("chunked", "close")) },
  { weight: 1, arbitrary: line(latin1, latin1) },
  { weight: 1, arbitrary: line(visible, visible) },
);

const requestStart = fc
  .tuple(
    some("GET", "POST", "HEAD", "OPTIONS", "PATCH", "QUERY"),
    fc.constantFrom("https", "https", "https", "http"),
    some("a.example", "a.example:443", "[::1]"),
    some("/", "/a/b?c", "/a%20b", "*", "/?"),
  )
  .map(([method, scheme, authority, path]): Line[] => [
    [":method", method],
    [":scheme", scheme],
    [":authority", authority],
    [":path", path],
  ]);

const responseStart = some("200", "204", "304", "404", "103", "500").map((status): Line[] => [[":status", status]]);

function block(start: fc.Arbitrary<Line[]>): fc.Arbitrary<Line[]> {
  const swap = fc.oneof({ weight: 6, arbitrary: fc.constant(-1) }, { weight: 1, arbitrary: fc.nat() });
  return fc.tuple(start, fc.array(regularLine, { maxLength: 6 }), swap).map(([first, rest, at]) => {
    const lines = [...first, ...rest];
    // Now and then one line stands in another place.
    if (at >= 0) lines.push(...lines.splice(at % lines.length, 1));
    return lines;
  });
}

export const requestBlock: fc.Arbitrary<Line[]> = block(requestStart);
export const responseBlock: fc.Arbitrary<Line[]> = block(responseStart);
