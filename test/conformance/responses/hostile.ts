// Responses that never reach the client as they are: bad heads become 502, bad bodies end visibly unfinished, and the
// upstream connection is dropped in each case.

import { CRLF, get, head, post } from "../requests/request-case.ts";
import { aborted, badGateway, type ResponseCase } from "./response-case.ts";

const OK = "HTTP/1.1 200 OK";
const LENGTH = "Content-Length: 5";
const CHUNKED = head(OK, "Transfer-Encoding: chunked");
const CHUNKS = `5${CRLF}hello${CRLF}0${CRLF}${CRLF}`;

const statusLines: readonly ResponseCase[] = [
  ["of HTTP/2.0", "HTTP/2.0 200 OK"],
  ["of HTTP/1.2", "HTTP/1.2 200 OK"],
  ["of HTTP/0.9", "HTTP/0.9 200 OK"],
  ["of http/1.1", "http/1.1 200 OK"],
  ["of HTTP/1.10", "HTTP/1.10 200 OK"],
  ["of HTTP/01.1", "HTTP/01.1 200 OK"],
  ["of ICY", "ICY 200 OK"],
  ["of another protocol", "SSH-2.0-OpenSSH_9"],
  ["that is a request line", "GET / HTTP/1.1"],
  ["without a version", "200 OK"],
  ["without a status", "HTTP/1.1"],
  ["without a status but a space", "HTTP/1.1 "],
  ["with a status of two digits", "HTTP/1.1 20 OK"],
  ["with a status of four digits", "HTTP/1.1 2000 OK"],
  ["with a status of letters", "HTTP/1.1 abc OK"],
  ["with a negative status", "HTTP/1.1 -20 OK"],
  ["with a signed status", "HTTP/1.1 +200 OK"],
  ["with a hexadecimal status", "HTTP/1.1 0xc OK"],
  ["with status 099", "HTTP/1.1 099 Low"],
  ["with status 000", "HTTP/1.1 000 None"],
  ["with status 600", "HTTP/1.1 600 High"],
  ["with status 999", "HTTP/1.1 999 High"],
  ["with two spaces before the status", "HTTP/1.1  200 OK"],
  ["with a tab before the status", "HTTP/1.1\t200 OK"],
  ["with a tab behind the status", "HTTP/1.1 200\tOK"],
  ["without a space behind the status", "HTTP/1.1 200"],
  ["with a leading space", " HTTP/1.1 200 OK"],
  ["with a leading CRLF", `${CRLF}HTTP/1.1 200 OK`],
  ["with a leading LF", "\nHTTP/1.1 200 OK"],
  ["with NUL in its reason", "HTTP/1.1 200 O\x00K"],
  ["with a control byte in its reason", "HTTP/1.1 200 O\x01K"],
  ["with a bare CR in its reason", "HTTP/1.1 200 O\rK"],
  ["that ends in LF", "HTTP/1.1 200 OK\nX: y"],
  ["that ends in CR CR LF", "HTTP/1.1 200 OK\r"],
].map(([what, line]) => badGateway(`a status line ${what} is refused`, `${head(line as string, LENGTH)}hello`));

const fieldLines: readonly ResponseCase[] = [
  ["with a space before the colon", "X : y"],
  ["with a tab before the colon", "X\t: y"],
  ["with a space in its name", "X Y: z"],
  ["with a byte above 0x7F in its name", "X\xe9: y"],
  ["with NUL in its name", "X\x00: y"],
  ["with an empty name", ": y"],
  ["without a colon", "X"],
  ["with NUL in its value", "X: a\x00b"],
  ["with a control byte in its value", "X: a\x01b"],
  ["with DEL in its value", "X: a\x7fb"],
  ["with a bare CR in its value", "X: a\rb"],
  ["with a bare LF in its value", "X: a\nb"],
  ["with LF and a second field (response splitting)", "X: a\nSet-Cookie: b=c"],
  ["with CR and a second field", "X: a\rSet-Cookie: b=c"],
  ["folded with a space", `X: a${CRLF} b`],
  ["folded with a tab", `X: a${CRLF}\tb`],
  ["that begins with a space", " X: y"],
  ["that aliases Content-Length", "Content_Length: 5"],
  ["that aliases Transfer-Encoding", "Transfer_Encoding: chunked"],
  ["that aliases Connection", "Proxy--Connection: close"],
  ["where Connection names Content-Length", "Connection: Content-Length"],
].map(([what, line]) => badGateway(`a field ${what} is refused`, `${head(OK, LENGTH, line as string)}hello`));

const lengths: readonly ResponseCase[] = [
  ["a signed length", ["Content-Length: +5"]],
  ["a negative length", ["Content-Length: -5"]],
  ["a hexadecimal length", ["Content-Length: 0x5"]],
  ["a fraction", ["Content-Length: 5.0"]],
  ["a list of equal lengths", ["Content-Length: 5, 5"]],
  ["a list of lengths", ["Content-Length: 5, 6"]],
  ["an empty length", ["Content-Length:"]],
  ["a length of letters", ["Content-Length: five"]],
  ["a length of 16 digits", ["Content-Length: 0000000000000005"]],
  ["a length of 2^64 + 5", ["Content-Length: 18446744073709551621"]],
  ["a length with NUL", ["Content-Length: 5\x00"]],
  ["two equal lengths", [LENGTH, LENGTH]],
  ["two differing lengths", [LENGTH, "Content-Length: 6"]],
  ["a length and chunked", [LENGTH, "Transfer-Encoding: chunked"]],
  ["chunked and a length", ["Transfer-Encoding: chunked", LENGTH]],
  ["a length and identity", [LENGTH, "Transfer-Encoding: identity"]],
  ["an unknown coding", ["Transfer-Encoding: gzip"]],
  ["gzip and chunked", ["Transfer-Encoding: gzip, chunked"]],
  ["chunked twice", ["Transfer-Encoding: chunked, chunked"]],
  ["two Transfer-Encoding fields", ["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"]],
  ["an empty coding", ["Transfer-Encoding:"]],
  ["chunked with a parameter", ["Transfer-Encoding: chunked;a=b"]],
  ["chunked with a vertical tab", ["Transfer-Encoding: \x0bchunked"]],
  ["a space before Transfer-Encoding's colon", ["Transfer-Encoding : chunked"]],
].map(([what, lines]) => badGateway(`a response with ${what} is refused`, head(OK, ...(lines as string[])) + CHUNKS));

const statuses: readonly ResponseCase[] = [
  badGateway("204 with a length is refused", `${head("HTTP/1.1 204 No Content", LENGTH)}hello`),
  badGateway("204 with Transfer-Encoding is refused", head("HTTP/1.1 204 No Content", "Transfer-Encoding: chunked") + CHUNKS),
  badGateway("an interim response with a length is refused", `${head("HTTP/1.1 103 Early Hints", LENGTH)}hello`),
  badGateway(
    "an interim response with Transfer-Encoding is refused",
    head("HTTP/1.1 103 Early Hints", "Transfer-Encoding: chunked") + CHUNKS,
  ),
  badGateway("101 that nobody asked for is refused", head("HTTP/1.1 101 Switching Protocols", "Connection: upgrade", "Upgrade: websocket")),
  badGateway(
    "101 after an upgrade that was not forwarded is refused",
    head("HTTP/1.1 101 Switching Protocols", "Connection: upgrade", "Upgrade: h2c"),
    {
      request: get("/first", "Connection: upgrade", "Upgrade: h2c"),
    },
  ),
  badGateway("101 without Upgrade is refused", head("HTTP/1.1 101 Switching Protocols"), {
    request: get("/first", "Connection: upgrade", "Upgrade: websocket"),
  }),
  badGateway(
    "101 to another protocol than asked for is refused",
    head("HTTP/1.1 101 Switching Protocols", "Connection: upgrade", "Upgrade: h2c"),
    {
      request: get("/first", "Connection: upgrade", "Upgrade: websocket"),
    },
  ),
  badGateway("the 17th interim response is refused", `${head("HTTP/1.1 103 Early Hints").repeat(17)}${head(OK, LENGTH)}hello`, {
    cuts: "some",
  }),
  badGateway("an endless row of interim responses is refused", head("HTTP/1.1 100 Continue").repeat(200), { cuts: "some" }),
  badGateway("HTTP/1.0 with Transfer-Encoding is refused", head("HTTP/1.0 200 OK", "Transfer-Encoding: chunked") + CHUNKS),
  badGateway("an interim response of HTTP/1.0 is refused", `${head("HTTP/1.0 103 Early Hints")}${head(OK, LENGTH)}hello`),
  badGateway("a malformed head behind an interim response is refused", `${head("HTTP/1.1 100 Continue")}${head(OK, "X : y")}`),
];

const sizes: readonly ResponseCase[] = [
  badGateway("a head over 64 KiB is refused", `${head(OK, LENGTH, `X: ${"a".repeat(70_000)}`)}hello`, { cuts: "some" }),
  badGateway("a head without an end is refused", `${OK}${CRLF}X: ${"a".repeat(70_000)}`, { cuts: "some" }),
  badGateway("a status line without an end is refused", `${OK}${"a".repeat(70_000)}`, { cuts: "some" }),
  badGateway("more than 200 fields are refused", `${head(OK, LENGTH, ...Array.from({ length: 201 }, (_, i) => `X${i}: a`))}hello`, {
    cuts: "some",
  }),
];

const endsTooSoon: readonly ResponseCase[] = [
  badGateway("an upstream that says nothing and closes is 502", "", { afterwards: "fin", request: post("Content-Length: 2", "ok") }),
  badGateway("an upstream that says nothing and resets is 502", "", { afterwards: "reset", request: post("Content-Length: 2", "ok") }),
  badGateway("FIN inside the status line is 502", "HTTP/1.1 20", { afterwards: "fin" }),
  badGateway("FIN inside a field is 502", `${OK}${CRLF}Content-Le`, { afterwards: "fin" }),
  badGateway("FIN before the empty line is 502", `${OK}${CRLF}${LENGTH}${CRLF}`, { afterwards: "fin" }),
  badGateway("RST inside the head is 502", `${OK}${CRLF}Content-Le`, { afterwards: "reset" }),
  badGateway("FIN behind an interim response is 502", head("HTTP/1.1 100 Continue"), { afterwards: "fin" }),
  badGateway("a body without a head (HTTP/0.9) is 502", "hello", { afterwards: "fin" }),
  aborted("FIN inside a body of Content-Length is no clean end", `${head(OK, LENGTH)}hel`, { afterwards: "fin" }),
  aborted("FIN before a body of Content-Length is no clean end", head(OK, LENGTH), { afterwards: "fin" }),
  aborted("RST inside a body of Content-Length is no clean end", `${head(OK, LENGTH)}hel`, { afterwards: "reset" }),
  aborted("FIN inside a chunk is no clean end", `${CHUNKED}5${CRLF}hel`, { afterwards: "fin" }),
  aborted("FIN inside a chunk size is no clean end", `${CHUNKED}5${CRLF}hello${CRLF}1`, { afterwards: "fin" }),
  aborted("FIN before the last chunk is no clean end", `${CHUNKED}5${CRLF}hello${CRLF}`, { afterwards: "fin" }),
  aborted("FIN before the final CRLF is no clean end", `${CHUNKED}5${CRLF}hello${CRLF}0${CRLF}`, { afterwards: "fin" }),
  aborted("FIN inside the trailers is no clean end", `${CHUNKED}5${CRLF}hello${CRLF}0${CRLF}X: y${CRLF}`, { afterwards: "fin" }),
  aborted("RST inside a chunked body is no clean end", `${CHUNKED}5${CRLF}hel`, { afterwards: "reset" }),
  aborted("RST inside a body until the close is no clean end", `${head(OK)}hel`, { afterwards: "reset" }),
];

const chunks: readonly ResponseCase[] = [
  ["an empty size", `${CRLF}hello${CRLF}`],
  ["a size with 0x", `0x5${CRLF}hello${CRLF}`],
  ["a signed size", `+5${CRLF}hello${CRLF}`],
  ["a negative size", `-5${CRLF}hello${CRLF}`],
  ["a size of letters", `xyz${CRLF}hello${CRLF}`],
  ["a size with a space behind", `5 ${CRLF}hello${CRLF}`],
  ["a size with a space in front", ` 5${CRLF}hello${CRLF}`],
  ["a size of 17 digits", `00000000000000005${CRLF}hello${CRLF}`],
  ["a size of 2^64 + 5", `10000000000000005${CRLF}hello${CRLF}`],
  ["a size of 2^53", `20000000000000${CRLF}hello${CRLF}`],
  ["a size line that ends in LF", `5\nhello${CRLF}`],
  ["LF in an extension", `5;a\nhello${CRLF}`],
  ["CR in an extension", `5;a\rb${CRLF}hello${CRLF}`],
  ["a space before an extension", `5 ;a=b${CRLF}hello${CRLF}`],
  ["an extension over its bound", `5;a=${"b".repeat(400)}${CRLF}hello${CRLF}`],
  ["nothing behind the data", `5${CRLF}hello`],
  ["LF behind the data", `5${CRLF}hello\n`],
  ["two other bytes behind the data", `5${CRLF}helloXX`],
  ["more data than its size", `5${CRLF}hello!${CRLF}`],
  ["less data than its size", `6${CRLF}hello${CRLF}`],
  ["a head instead of a chunk", head(OK, LENGTH)],
].map(([what, bytes]) => aborted(`a chunk with ${what} is no clean end`, `${CHUNKED}${bytes}0${CRLF}${CRLF}`));

const trailers: readonly ResponseCase[] = [
  ["Content-Length", "Content-Length: 5"],
  ["Transfer-Encoding", "Transfer-Encoding: chunked"],
  ["a space before the colon", "X : y"],
  ["a folded line", `X: y${CRLF} z`],
  ["no colon", "X"],
  ["NUL", "X: \x00"],
  ["a bare LF", "X: y\nZ: z"],
].map(([what, line]) => aborted(`trailers with ${what} are no clean end`, `${CHUNKED}5${CRLF}hello${CRLF}0${CRLF}${line}${CRLF}${CRLF}`));

export const hostileCases: readonly ResponseCase[] = [
  ...statusLines,
  ...fieldLines,
  ...lengths,
  ...statuses,
  ...sizes,
  ...endsTooSoon,
  ...chunks,
  ...trailers,
];
