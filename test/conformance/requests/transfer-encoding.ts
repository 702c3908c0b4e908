// TE.TE: every spelling of Transfer-Encoding that some server reads as chunked and another does not (RFC 9112 6.1, 7).
// One field with exactly `chunked` is served; other codings and broken lists are refused, and always close.

import { CRLF, get, HELLO_CHUNKED, HOST, head, post, type RequestCase, refused, SMUGGLED, sawPost, served } from "./request-case.ts";

const BODY = HELLO_CHUNKED + SMUGGLED;

const accepted: readonly RequestCase[] = [
  ["Transfer-Encoding: chunked is served", "Transfer-Encoding: chunked"],
  ["the coding is read in any case: Chunked", "Transfer-Encoding: Chunked"],
  ["the coding is read in any case: CHUNKED", "Transfer-Encoding: CHUNKED"],
  ["the coding is read in any case: cHuNkEd", "Transfer-Encoding: cHuNkEd"],
  ["the name is read in any case: transfer-encoding", "transfer-encoding: chunked"],
  ["the name is read in any case: TRANSFER-ENCODING", "TRANSFER-ENCODING: chunked"],
  ["the name is read in any case: tRANSFER-eNCODING", "tRANSFER-eNCODING: chunked"],
  ["no space after the colon is needed", "Transfer-Encoding:chunked"],
  ["a tab before the value is optional white space", "Transfer-Encoding:\tchunked"],
  ["many spaces before the value are optional white space", "Transfer-Encoding:       chunked"],
  ["a space behind the value is optional white space", "Transfer-Encoding: chunked "],
  ["a tab behind the value is optional white space", "Transfer-Encoding: chunked\t"],
  ["white space on both sides is dropped", "Transfer-Encoding: \t chunked \t "],
].map(([name, field]) =>
  served(
    `${name}, and forwarded plainly`,
    post(field as string, HELLO_CHUNKED),
    sawPost("hello", "chunked", { "transfer-encoding": "chunked" }),
  ),
);

const otherCodings: readonly RequestCase[] = [
  ["identity", "identity"],
  ["gzip", "gzip"],
  ["deflate", "deflate"],
  ["compress", "compress"],
  ["cow", "cow"],
  ["xchunked", "xchunked"],
  ["x-chunked", "x-chunked"],
  ["chunkedx", "chunkedx"],
  ["chunkedchunked", "chunkedchunked"],
  ["chunke", "chunke"],
  ["chunk", "chunk"],
  ["chun-ked", "chun-ked"],
  ["chunked-false", "chunked-false"],
  ["0chunked", "0chunked"],
  ["'chunked', whose quotes belong to a token,", "'chunked'"],
  ["chunke%64", "chunke%64"],
  ["gzip, chunked", "gzip, chunked"],
  ["gzip,chunked", "gzip,chunked"],
  ["identity, chunked", "identity, chunked"],
  ["cow, chunked", "cow, chunked"],
].map(([name, value]) => refused(`Transfer-Encoding: ${name} is refused`, post(`Transfer-Encoding: ${value}`, BODY), 501));

/** Without a final chunked the length is unknown (RFC 9112 6.3), and chunked twice is forbidden (7): malformed, not unknown. */
const chunkedNotLast: readonly RequestCase[] = ["chunked, identity", "chunked, gzip", "chunked,cow", "chunked, identity, chunked"].map(
  (value) => refused(`Transfer-Encoding: ${value} is refused`, post(`Transfer-Encoding: ${value}`, BODY)),
);

const brokenValues: readonly RequestCase[] = [
  ["an empty value", ""],
  ["a value of white space", " \t "],
  ["chunked twice in a list", "chunked, chunked"],
  ["chunked twice without a space", "chunked,chunked"],
  ["chunked twice with a space", "chunked chunked"],
  ["a trailing comma", "chunked,"],
  ["a leading comma", ",chunked"],
  ["a trailing comma and space", "chunked, "],
  ["only a comma", ","],
  ["two commas", "chunked,,"],
  ["a parameter", "chunked;q=1"],
  ["a parameter with space", "chunked; foo=bar"],
  ["a trailing semicolon", "chunked;"],
  ["double quotes", '"chunked"'],
  ["a leading double quote", '"chunked'],
  ["square brackets", "[chunked]"],
  ["parentheses", "(chunked)"],
  ["a comment behind", "chunked (yes)"],
  ["a colon in front", ": chunked"],
  ["an equals sign in front", "=chunked"],
  ["a backslash", "chunk\\ed"],
  ["a slash", "chunked/1"],
  ["UTF-8 letters that fold to ASCII", "chun\xe2\x84\xaaed"],
  ["a byte above 0x7F behind", "chunked\xff"],
  ["a no-break space behind", "chunked\xa0"],
  ["a no-break space in front", "\xa0chunked"],
  ["0x85 behind", "chunked\x85"],
].map(([name, value]) => refused(`Transfer-Encoding with ${name} is refused`, post(`Transfer-Encoding: ${value}`, BODY)));

const brokenBytes: readonly RequestCase[] = [
  ["a space before the colon", "Transfer-Encoding : chunked"],
  ["a tab before the colon", "Transfer-Encoding\t: chunked"],
  ["a vertical tab before the colon", "Transfer-Encoding\x0b: chunked"],
  ["NUL before the colon", "Transfer-Encoding\x00: chunked"],
  ["CR before the colon", "Transfer-Encoding\r: chunked"],
  ["LF before the colon", "Transfer-Encoding\n: chunked"],
  ["CRLF before the colon", "Transfer-Encoding\r\n: chunked"],
  ["a byte above 0x7F before the colon", "Transfer-Encoding\xff: chunked"],
  ["a leading space", " Transfer-Encoding: chunked"],
  ["a leading tab", "\tTransfer-Encoding: chunked"],
  ["a leading vertical tab", "\x0bTransfer-Encoding: chunked"],
  ["a leading NUL", "\x00Transfer-Encoding: chunked"],
  ["a leading control byte", "\x01Transfer-Encoding: chunked"],
  ["a leading CR", "\rTransfer-Encoding: chunked"],
  ["a leading LF", "\nTransfer-Encoding: chunked"],
  ["a vertical tab before the value", "Transfer-Encoding:\x0bchunked"],
  ["a form feed before the value", "Transfer-Encoding:\x0cchunked"],
  ["a backspace before the value", "Transfer-Encoding: \x08chunked"],
  ["0x1F before the value", "Transfer-Encoding: \x1fchunked"],
  ["NUL before the value", "Transfer-Encoding: \x00chunked"],
  ["NUL behind the value", "Transfer-Encoding: chunked\x00"],
  ["NUL inside the value", "Transfer-Encoding: chun\x00ked"],
  ["a vertical tab behind the value", "Transfer-Encoding: chunked\x0b"],
  ["DEL behind the value", "Transfer-Encoding: chunked\x7f"],
  ["CR behind the value", "Transfer-Encoding: chunked\r"],
  ["CR before the value", "Transfer-Encoding:\rchunked"],
  ["LF before the value", "Transfer-Encoding:\n chunked"],
  ["a value on a folded line", "Transfer-Encoding:\r\n chunked"],
  ["a value on a line folded with a tab", "Transfer-Encoding:\r\n\tchunked"],
  ["a value continued on a folded line", "Transfer-Encoding: chunked\r\n , identity"],
  ["a name split by a folded line", "Transfer\r\n -Encoding: chunked"],
  ["a bare LF in front of it", "X: y\nTransfer-Encoding: chunked"],
  ["a bare CR in front of it", "X: y\rTransfer-Encoding: chunked"],
  ["a bare LF behind it", "Transfer-Encoding: chunked\nX: y"],
  ["an underscore for the hyphen", "Transfer_Encoding: chunked"],
  ["two hyphens", "Transfer--Encoding: chunked"],
  ["a dot for the hyphen", "Transfer.Encoding: chunked"],
  ["a hyphen and an underscore", "Transfer-_Encoding: chunked"],
  ["an underscore and capitals, the CGI name", "TRANSFER_ENCODING: chunked"],
  ["a space for the hyphen", "Transfer Encoding: chunked"],
  ["quotes around the name", '"Transfer-Encoding": chunked'],
  ["no colon", "Transfer-Encoding chunked"],
  ["an equals sign for the colon", "Transfer-Encoding=chunked"],
  ["a semicolon for the colon", "Transfer-Encoding; chunked"],
  ["a full-width colon", "Transfer-Encoding\xef\xbc\x9a chunked"],
].map(([name, field]) => refused(`Transfer-Encoding with ${name} is refused`, post(field as string, BODY)));

const repeated: readonly RequestCase[] = [
  ["chunked and chunked", 400, ["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"]],
  ["chunked and identity", 400, ["Transfer-Encoding: chunked", "Transfer-Encoding: identity"]],
  ["identity and chunked", 501, ["Transfer-Encoding: identity", "Transfer-Encoding: chunked"]],
  ["chunked and cow", 400, ["Transfer-Encoding: chunked", "Transfer-encoding: cow"]],
  ["x and chunked", 501, ["Transfer-Encoding: x", "Transfer-Encoding: chunked"]],
  ["gzip and chunked", 501, ["Transfer-Encoding: gzip", "Transfer-Encoding: chunked"]],
  ["chunked and an empty one", 400, ["Transfer-Encoding: chunked", "Transfer-Encoding:"]],
  ["an empty one and chunked", 400, ["Transfer-Encoding:", "Transfer-Encoding: chunked"]],
].map(([name, status, fields]) =>
  refused(`two Transfer-Encoding fields, ${name}, are refused`, post(fields as string[], BODY), status as number),
);

const beside: readonly RequestCase[] = [
  refused(
    "Transfer_Encoding beside a Content-Length is refused",
    post(["Content-Length: 15", "Transfer_Encoding: chunked"], HELLO_CHUNKED),
  ),
  refused("Transfer-Encoding on HTTP/1.0 is refused", head("POST /first HTTP/1.0", HOST, "Transfer-Encoding: chunked") + BODY),
  refused(
    "Transfer-Encoding and Content-Length on HTTP/1.0 are refused",
    head("POST /first HTTP/1.0", HOST, "Content-Length: 5", "Transfer-Encoding: chunked") + BODY,
  ),
  refused("Transfer-Encoding: identity on GET is refused", get("/first", "Transfer-Encoding: identity") + SMUGGLED, 501),
  served(
    "a field whose name only resembles it is any other field",
    post(["X-Transfer-Encoding: chunked", "Content-Length: 5"], "hello"),
    sawPost("hello", "length", { "x-transfer-encoding": "chunked", "transfer-encoding": null }),
  ),
  served(
    "Content-Encoding: chunked says nothing of the framing",
    post(["Content-Encoding: chunked", "Content-Length: 15"], HELLO_CHUNKED),
    sawPost(HELLO_CHUNKED, "length", { "content-encoding": "chunked" }),
  ),
  served(
    "TE: chunked is hop by hop and says nothing of the framing",
    post(["TE: chunked", "Content-Length: 15"], `5${CRLF}hello${CRLF}0${CRLF}${CRLF}`),
    sawPost(HELLO_CHUNKED, "length", { te: null }),
  ),
];

export const transferEncodingCases: readonly RequestCase[] = [
  ...accepted,
  ...otherCodings,
  ...chunkedNotLast,
  ...brokenValues,
  ...brokenBytes,
  ...repeated,
  ...beside,
];
