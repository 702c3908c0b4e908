// Chunked bodies, whole and damaged, as request and as response, read by the engine and by node:http. differential.test.ts runs
// a short dose; run as a program on Node, this file goes on for a minute (`FUZZ_SECONDS`).

import fc from "fast-check";
import { mutate, runLong } from "./stage/mutate.fuzz.ts";
import { compareRequests, compareResponses } from "./stage/second-opinion.fuzz.ts";

const byte = fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code));
const data = fc.string({ unit: fc.oneof(byte, fc.constantFrom("\r", "\n", "0", ";")), minLength: 1, maxLength: 20 });
const extension = fc.constantFrom(
  "",
  "",
  "",
  ";a",
  ";a=b",
  ';a="b"',
  ';a="\\"\r"',
  ";",
  " ;a",
  ";a =b",
  ";a;b=c",
  ";a=",
  '; a="b',
  ";\u0080",
);
const zeros = fc.constantFrom("", "", "0", "0000", "00000000000000000");
const size = fc.constantFrom("", "", "", " ", "x", "-", "0x", "\t", "ffffffffffffffff");
const trailer = fc.constantFrom(
  "T: u",
  "T:u",
  "X: \u0080",
  "Content-Length: 3",
  "Host: b",
  "Transfer-Encoding: chunked",
  " folded",
  "bad",
  "a b: c",
  "T: \u0000",
);
const lineEnd = fc.constantFrom("\r\n", "\r\n", "\r\n", "\r\n", "\r\n", "\n", "\r", "\r\r\n", "\n\r\n");

const chunk = fc
  .tuple(zeros, size, data, extension, lineEnd, lineEnd, fc.boolean(), fc.boolean())
  .map(([zero, odd, text, more, first, second, isUpper, isPlain]) => {
    const digits = isUpper ? text.length.toString(16).toUpperCase() : text.length.toString(16);
    return isPlain ? `${digits}\r\n${text}\r\n` : `${zero}${odd}${digits}${more}${first}${text}${second}`;
  });

/** A body and what stands behind it. */
export const chunkedBodies = fc
  .tuple(
    fc.array(chunk, { maxLength: 3 }),
    fc.constantFrom("0", "0", "00", "0;a=b", "0 "),
    fc.array(trailer, { maxLength: 2 }),
    fc.array(fc.tuple(fc.nat(), fc.nat(), fc.nat()), { maxLength: 2 }),
  )
  .map(([chunks, last, trailers, edits]) =>
    mutate(`${chunks.join("")}${last}\r\n${trailers.map((line) => `${line}\r\n`).join("")}\r\n`, edits),
  );

/** The body must end at the same byte for both, and hold the same. */
export async function judgeChunkedBody(body: string): Promise<string | null> {
  const request = `POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${body}GET /last HTTP/1.1\r\nHost: last\r\n\r\n`;
  const response = `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${body}`;
  return (await compareRequests(request)).dispute ?? (await compareResponses(response, "GET")).dispute;
}

if (import.meta.main) await runLong("chunked bodies", chunkedBodies, judgeChunkedBody);
