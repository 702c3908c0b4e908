// Responses as upstreams and attackers send them, read by the engine and by node:http's client. differential.test.ts runs a
// short dose; run as a program on Node, this file goes on for a minute (`FUZZ_SECONDS`).

import fc from "fast-check";
import { mutate, runLong } from "./stage/mutate.fuzz.ts";
import { compareResponses } from "./stage/second-opinion.fuzz.ts";

const STARTS = [
  ...[
    "HTTP/1.1 200 OK",
    "HTTP/1.1 200 OK",
    "HTTP/1.1 200 OK",
    "HTTP/1.0 200 OK",
    "HTTP/1.1 204 No Content",
    "HTTP/1.1 304 Not Modified",
    "HTTP/1.1 206 ",
  ],
  ...[
    "HTTP/1.1 200",
    "HTTP/1.1 599 x",
    "HTTP/1.1 600 x",
    "HTTP/1.1 20 x",
    "HTTP/1.1 2000 x",
    "HTTP/1.2 200 OK",
    "HTTP/2.0 200 OK",
    "ICY 200 OK",
    "http/1.1 200 OK",
  ],
];
const INTERIMS = [
  "",
  "",
  "",
  "HTTP/1.1 100 Continue\r\n\r\n",
  "HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n",
  "HTTP/1.1 101 x\r\nUpgrade: y\r\nConnection: upgrade\r\n\r\n",
  "HTTP/1.1 103 x\r\nContent-Length: 3\r\n\r\n",
];
const FIELDS = [
  ...["Content-Type: a/b", "X:y", "X:  y \t", "X:", "x_y: z", "X: \u0080\u00ff", "Set-Cookie: a=b; c", "Set-Cookie: d"],
  ...["Content-Length: 3", "Content-Length: 0", "Content-Length: +3", "Content-Length: 3, 3", "Content_Length: 3", "Content-Length: 3 "],
  ...[
    "Transfer-Encoding: chunked",
    "Transfer-Encoding: gzip, chunked",
    "Transfer-Encoding: identity",
    "Transfer-Encoding: chunked, chunked",
  ],
  ...["Connection: close", "Connection: keep-alive", "Connection: x", "Connection: content-length", "Upgrade: y", "Keep-Alive: timeout=5"],
  ...[" folded", "\tfolded", "no colon", ": nameless", "a b: c", "X : y", "X: \u0000", "X: \u007f"],
];
const BODIES = ["", "abc", "abc", "3\r\nabc\r\n0\r\n\r\n", "3;x=y\r\nabc\r\n0\r\nT: u\r\n\r\n", "0\r\n\r\n"];

const response = fc
  .tuple(
    fc.constantFrom(...INTERIMS),
    fc.constantFrom(...STARTS),
    fc.array(fc.constantFrom(...FIELDS), { maxLength: 3 }),
    fc.constantFrom(...BODIES),
    fc.boolean(),
  )
  .map(([interim, start, fields, body, isPlain]) => {
    const first = isPlain ? "HTTP/1.1 200 OK" : interim + start;
    return `${first}\r\n${[...framingOf(body), ...fields].map((line) => `${line}\r\n`).join("")}\r\n${body}`;
  });

function framingOf(body: string): string[] {
  if (body.includes("\r\n")) return ["Transfer-Encoding: chunked"];
  return body === "" ? [] : [`Content-Length: ${body.length}`];
}

/** One response, damaged in up to three places. */
export const responses = fc
  .tuple(response, fc.array(fc.tuple(fc.nat(), fc.nat(), fc.nat()), { maxLength: 3 }))
  .map(([text, edits]) => mutate(text, edits));

/** As the answer to GET and to HEAD. */
export async function judgeResponse(text: string): Promise<string | null> {
  return (await compareResponses(text, "GET")).dispute ?? (await compareResponses(text, "HEAD")).dispute;
}

if (import.meta.main) await runLong("responses", responses, judgeResponse);
