// Requests as clients and attackers send them, read by the engine and by node:http. differential.test.ts runs a short dose;
// run as a program on Node, this file goes on for a minute (`FUZZ_SECONDS`) and prints the first text that they dispute.

import fc from "fast-check";
import { mutate, runLong } from "./stage/mutate.fuzz.ts";
import { compareRequests } from "./stage/second-opinion.fuzz.ts";

const METHODS = ["GET", "GET", "POST", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "M-SEARCH", "FOO", "get", "CONNECT", "TRACE"];
const TARGETS = [
  "/",
  "/a",
  "/a/b?c=d",
  "*",
  "http://a/b",
  "https://a:80",
  "a:443",
  "/%41",
  "/a b",
  "/\u0080",
  "/#",
  "//a",
  "",
  '/"<>',
  "/..",
  "/?\\",
];
const VERSIONS = [
  "HTTP/1.1",
  "HTTP/1.1",
  "HTTP/1.1",
  "HTTP/1.1",
  "HTTP/1.0",
  "HTTP/1.2",
  "HTTP/2.0",
  "HTTP/0.9",
  "http/1.1",
  "HTTP/1.1 ",
  "",
];
const FIELDS = [
  ...[
    "Host: a",
    "Host: a",
    "Host: a",
    "Host: b:80",
    "Host:",
    "Host: a, b",
    "X: y",
    "X:y",
    "X:  y \t",
    "X:",
    "x_y: z",
    "A: b: c",
    "X: \u0080\u00ff",
    "X: \ty",
  ],
  ...[
    "Content-Length: 3",
    "Content-Length: 0",
    "Content-Length: +3",
    "Content-Length: 3, 3",
    "Content-Length:",
    "content-length: 03",
    "Content_Length: 3",
  ],
  ...[
    "Transfer-Encoding: chunked",
    "Transfer-Encoding: Chunked",
    "Transfer-Encoding: gzip, chunked",
    "Transfer-Encoding: identity",
    "Transfer-Encoding:",
  ],
  ...["Transfer-Encoding: chunked, chunked", "Transfer-Encoding: chunked;a", "Transfer-Encoding : chunked", "Transfer_Encoding: chunked"],
  ...[
    "Connection: close",
    "Connection: keep-alive",
    "Connection: x",
    "Connection: upgrade",
    "Connection: host",
    "Upgrade: websocket",
    "TE: trailers",
  ],
  ...[
    "Expect: 100-continue",
    "Expect: x",
    "Keep-Alive: timeout=5",
    " folded",
    "\tfolded",
    "no colon",
    ": nameless",
    "a b: c",
    "X: \u0000",
    "X: \u007f",
    "\u0080: x",
  ],
];
const BODIES = [
  "",
  "",
  "abc",
  "3\r\nabc\r\n0\r\n\r\n",
  "3;x=y\r\nabc\r\n0\r\nT: u\r\n\r\n",
  "0\r\n\r\n",
  "GET /s HTTP/1.1\r\nHost: s\r\n\r\n",
];
const LAST = "GET /last HTTP/1.1\r\nHost: last\r\n\r\n";

const field = fc.constantFrom(...FIELDS);

/** Requests that are mostly whole: what makes them odd is a part that does not fit. */
const request = fc
  .tuple(
    fc.constantFrom(...METHODS),
    fc.constantFrom(...TARGETS),
    fc.constantFrom(...VERSIONS),
    fc.array(field, { maxLength: 3 }),
    fc.constantFrom(...BODIES),
    fc.boolean(),
  )
  .map(([method, target, version, fields, body, isPlain]) => {
    const start = isPlain ? "POST /plain HTTP/1.1" : `${method} ${target} ${version}`;
    return `${start}\r\n${["Host: a", ...framingOf(body), ...fields].map((line) => `${line}\r\n`).join("")}\r\n${body}`;
  });

function framingOf(body: string): string[] {
  if (body.startsWith("GET")) return [];
  if (body.includes("\r\n")) return ["Transfer-Encoding: chunked"];
  return body === "" ? [] : [`Content-Length: ${body.length}`];
}

/** One or two requests, damaged in up to three places, and one behind them whose place both must agree on. */
export const requests = fc
  .tuple(fc.array(request, { minLength: 1, maxLength: 2 }), fc.array(fc.tuple(fc.nat(), fc.nat(), fc.nat()), { maxLength: 3 }))
  .map(([parts, edits]) => mutate(parts.join(""), edits) + LAST);

if (import.meta.main) await runLong("requests", requests, async (text) => (await compareRequests(text)).dispute);
