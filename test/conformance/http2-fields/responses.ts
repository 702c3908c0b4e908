// Responses of an HTTP/2 upstream, and trailers of either side (RFC 9113 8.1, 8.3.2 and 8.6).

import {
  ENDERS,
  type Line,
  passesAnswer,
  type ResponseFieldCase,
  refusedAnswer,
  refusedTrailers,
  type TrailerFieldCase,
} from "./field-case.ts";

const HEAD = "SP_H2_RESPONSE_BAD_HEAD";
const LENGTH = "SP_H2_RESPONSE_BAD_LENGTH";
const ENDED = { endStream: true };

function answer(status: string, ...lines: readonly Line[]): Line[] {
  return [[":status", status], ...lines];
}

const statuses: readonly ResponseFieldCase[] = [
  passesAnswer("content without a length is sent in chunks", answer("200"), ["HTTP/1.1 200 OK", "Transfer-Encoding: chunked"]),
  passesAnswer("content with a length is sent with it", answer("200", ["content-length", "5"]), ["HTTP/1.1 200 OK", "Content-Length: 5"]),
  passesAnswer("an answer that ends at once has no content", answer("200"), ["HTTP/1.1 200 OK", "Content-Length: 0"], ENDED),
  passesAnswer("a status that nobody knows passes", answer("599"), ["HTTP/1.1 599 ", "Content-Length: 0"], ENDED),
  passesAnswer("a 204 has no length", answer("204", ["content-length", "0"]), ["HTTP/1.1 204 No Content"], ENDED),
  passesAnswer(
    "a 304 keeps the length of what it stands for",
    answer("304", ["content-length", "5"]),
    ["HTTP/1.1 304 Not Modified", "Content-Length: 5"],
    ENDED,
  ),
  passesAnswer(
    "an answer to HEAD keeps the length of what it stands for",
    answer("200", ["content-length", "5"]),
    ["HTTP/1.1 200 OK", "Content-Length: 5"],
    {
      ...ENDED,
      method: "HEAD",
    },
  ),
  passesAnswer("an interim answer passes", answer("103", ["link", "</a>"]), ["HTTP/1.1 103 Early Hints", "link: </a>"]),
  passesAnswer(
    "cookies that are set stay lines of their own",
    answer("200", ["set-cookie", "a=1"], ["set-cookie", "b=2"]),
    ["HTTP/1.1 200 OK", "set-cookie: a=1", "set-cookie: b=2", "Content-Length: 0"],
    ENDED,
  ),
  passesAnswer("trailer is taken out, as over HTTP/1.1", answer("200", ["trailer", "x"]), ["HTTP/1.1 200 OK", "Content-Length: 0"], ENDED),
  ...["", "20", "2000", "20x", "+20", "099", "600", "999", "000", " 200", "200 ", "200 OK", "2\xb2\xb2"].map((status) =>
    refusedAnswer(`the status ${JSON.stringify(status)} is refused`, answer(status), HEAD),
  ),
  refusedAnswer("a 101 is refused", answer("101", ["x", "y"]), HEAD),
  refusedAnswer("no status is refused", [["x", "y"]], HEAD),
  refusedAnswer("an empty block is refused", [], HEAD),
  refusedAnswer("two statuses are refused", [[":status", "200"], ...answer("200")], HEAD),
  refusedAnswer("a status behind a field is refused", [["x", "y"], ...answer("200")], HEAD),
  refusedAnswer("a second status behind a field is refused", answer("200", ["x", "y"], [":status", "404"]), HEAD),
  refusedAnswer("an interim answer that ends the stream is refused", answer("100"), HEAD, ENDED),
  ...[":method", ":path", ":authority", ":scheme", ":unknown"].map((name) =>
    refusedAnswer(
      `${name} in an answer is refused`,
      [
        [":status", "200"],
        [name, name === ":path" ? "/" : "x"],
      ],
      HEAD,
    ),
  ),
];

const fields: readonly ResponseFieldCase[] = [
  ...ENDERS.flatMap(([what, text]) => [
    refusedAnswer(`a value with ${what} is refused`, answer("200", ["x", `a${text}b`]), HEAD),
    refusedAnswer(`a name with ${what} is refused`, answer("200", [`a${text}b`, "x"]), HEAD),
  ]),
  ...[
    ["connection", "close"],
    ["keep-alive", "timeout=5"],
    ["proxy-connection", "close"],
    ["transfer-encoding", "chunked"],
    ["upgrade", "websocket"],
    ["te", "trailers"],
    ["content_length", "5"],
    ["transfer_encoding", "chunked"],
    ["X-Upper", "1"],
    ["", "1"],
    ["x", " padded"],
  ].map(([name = "", value = ""]) =>
    refusedAnswer(`the field ${name || "(empty)"}: ${value} is refused`, answer("200", [name, value]), HEAD),
  ),
  refusedAnswer("two lengths are refused", answer("200", ["content-length", "5"], ["content-length", "5"]), LENGTH),
  refusedAnswer("a list of lengths is refused", answer("200", ["content-length", "5, 5"]), LENGTH),
  refusedAnswer("a negative length is refused", answer("200", ["content-length", "-5"]), LENGTH),
  refusedAnswer("a length that the end contradicts is refused", answer("200", ["content-length", "5"]), LENGTH, ENDED),
  refusedAnswer("a 204 with content is refused", answer("204", ["content-length", "5"]), LENGTH),
  refusedAnswer("an interim answer with content is refused", answer("103", ["content-length", "5"]), LENGTH),
  refusedAnswer(
    "too many lines are refused",
    answer("200", ...Array.from({ length: 101 }, (_, i): Line => [`x-${i}`, "1"])),
    "SP_H2_RESPONSE_HEAD_TOO_LARGE",
  ),
  refusedAnswer("too many bytes are refused", answer("200", ["x", "v".repeat(33_000)]), "SP_H2_RESPONSE_HEAD_TOO_LARGE"),
];

export const responseCases: readonly ResponseFieldCase[] = [...statuses, ...fields];

const BAD_TRAILERS: readonly (readonly [what: string, lines: readonly Line[]])[] = [
  [":status", [[":status", "200"]]],
  [":path", [[":path", "/smuggled"]]],
  [":unknown", [[":unknown", "x"]]],
  ...["content-length", "host", "transfer-encoding", "connection", "te", "trailer", "upgrade", "expect", "keep-alive"].map(
    (name): readonly [string, readonly Line[]] => [name, [[name, "trailers"]]],
  ),
  ["a name that folds to Content-Length", [["content_length", "5"]]],
  ["a name in capitals", [["X-Sum", "1"]]],
  ["an empty name", [["", "1"]]],
  ["white space around a value", [["x-sum", " 1"]]],
  ...ENDERS.map(([what, text]): readonly [string, readonly Line[]] => [`${what} in a value`, [["x-sum", `1${text}2`]]]),
];

function passesTrailers(name: string, side: "request" | "response", lines: readonly Line[], text: string): TrailerFieldCase {
  return { name, side, lines, endStream: true, bounds: {}, code: null, text };
}

export const trailerCases: readonly TrailerFieldCase[] = [
  passesTrailers("of a request pass", "request", [["x-sum", "1"]], "x-sum: 1\r\n"),
  passesTrailers(
    "of a gRPC answer pass",
    "response",
    [
      ["grpc-status", "0"],
      ["grpc-message", ""],
    ],
    "grpc-status: 0\r\ngrpc-message: \r\n",
  ),
  passesTrailers("may be none", "response", [], ""),
  passesTrailers(
    "cookies in them are lines of their own",
    "request",
    [
      ["cookie", "a=1"],
      ["cookie", "b=2"],
    ],
    "cookie: a=1\r\ncookie: b=2\r\n",
  ),
  ...BAD_TRAILERS.flatMap(([what, lines]) => [
    refusedTrailers(`of a request with ${what} are refused`, "request", lines, "SP_H2_BAD_TRAILER"),
    refusedTrailers(`of a response with ${what} are refused`, "response", lines, HEAD),
  ]),
  refusedTrailers("of a request that are too long are refused", "request", [["x", "v".repeat(33_000)]], "SP_H2_HEAD_TOO_LARGE"),
  refusedTrailers("of a response that are too long are refused", "response", [["x", "v".repeat(33_000)]], "SP_H2_RESPONSE_HEAD_TOO_LARGE"),
];
