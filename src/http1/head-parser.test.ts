// The grammar of message heads, rule by rule, with the bounds, and cut at every byte.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { foldName, hashFolded } from "../http/index.ts";
import * as H1 from "./faults.ts";
import { HeadBuffer } from "./head-buffer.ts";
import { HeadIntake } from "./head-intake.ts";
import { DONE, FAULT, type HeadBounds, HeadParser, NEED_MORE } from "./head-parser.ts";

const BOUNDS: HeadBounds = { lineBytes: 8192, headBytes: 32 * 1024, fieldCount: 100 };
const requests = new HeadParser("request");
const responses = new HeadParser("response");

function bytesOf(text: string): Uint8Array {
  return Buffer.from(text, "latin1");
}

/** What a parser that has just said DONE has found. */
function found(parser: HeadParser, isRequest: boolean): string {
  const { fields } = parser;
  const lines = [
    isRequest
      ? `${fields.text.slice(0, parser.targetStart - 1)} ${fields.text.slice(parser.targetStart, parser.targetEnd)}`
      : `${parser.status} ${fields.text.slice(13, parser.reasonEnd)}`,
  ];
  lines[0] += ` ${parser.version}`;
  for (let i = 0; i < fields.size; i++) {
    assert.equal(fields.marks[i * 5 + 4], hashFolded(fields.nameAt(i), 0, fields.nameAt(i).length), "the hash is that of the folded name");
    lines.push(`${fields.nameAt(i)}=${fields.valueAt(i)}`);
  }
  return lines.join("|");
}

function outcome(parser: HeadParser, text: string, bounds = BOUNDS): string {
  const bytes = bytesOf(text);
  const result = parser.parse(bytes, 0, bytes.length, bounds);
  if (result === NEED_MORE) return "more";
  if (result === FAULT) return parser.fault.code.replace("SP_H1_", "");
  assert.equal(parser.end, bytes.length);
  return found(parser, parser === requests);
}

function request(text: string, bounds?: HeadBounds): string {
  return outcome(requests, text, bounds);
}

function response(text: string, bounds?: HeadBounds): string {
  return outcome(responses, text, bounds);
}

/** All bytes as one-character strings. */
const BYTES = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte));
const TCHAR = /[!#$%&'*+\-.^_`|~0-9A-Za-z]/;

describe("the request line", () => {
  it("is method, target and version, one space between", () => {
    assert.equal(request("GET / HTTP/1.1\r\n\r\n"), "GET / 11");
    assert.equal(request("X-!#$%&'*+.^_`|~9 http://a/b?c HTTP/1.0\r\n\r\n"), "X-!#$%&'*+.^_`|~9 http://a/b?c 10");
    for (const bad of [
      "GET  / HTTP/1.1",
      "GET /  HTTP/1.1",
      "GET / HTTP/1.1 ",
      " GET / HTTP/1.1",
      "GET\t/ HTTP/1.1",
      "GET / a HTTP/1.1",
      "GET HTTP/1.1",
      "GET /",
      "GET",
      "/ HTTP/1.1",
      "GET / HTTP/1.1x",
      ":",
    ])
      assert.equal(request(`${bad}\r\n\r\n`), ["GET", "GET /", "GET HTTP/1.1"].includes(bad) ? "BAD_LINE_END" : "BAD_REQUEST_LINE", bad);
  });

  it("has a method of tchar only", () => {
    for (const c of BYTES) {
      const expected = TCHAR.test(c) ? `G${c}T / 11` : "\r\n".includes(c) ? "BAD_LINE_END" : "BAD_REQUEST_LINE";
      assert.equal(request(`G${c}T / HTTP/1.1\r\n\r\n`), expected, JSON.stringify(c));
    }
  });

  it("has a target of visible ASCII only", () => {
    for (const c of BYTES) {
      const expected = c > " " && c < "\u007f" ? `GET /${c}a 11` : "\r\n".includes(c) ? "BAD_LINE_END" : "BAD_REQUEST_LINE";
      assert.equal(request(`GET /${c}a HTTP/1.1\r\n\r\n`), expected, JSON.stringify(c));
    }
  });

  it("has a version that is 1.1 or 1.0; other well-formed ones are told apart", () => {
    for (const version of ["HTTP/1.2", "HTTP/1.9", "HTTP/2.0", "HTTP/0.9", "HTTP/3.0", "HTTP/9.9"])
      assert.equal(request(`GET / ${version}\r\n\r\n`), "BAD_VERSION", version);
    for (const version of [
      "HTTP/1.10",
      "HTTP/01.1",
      "HTTP/1",
      "HTTP/11",
      "http/1.1",
      "Http/1.1",
      "HTTPS/1.1",
      "HTTP/1,1",
      "HTTP/ 1.1",
      "HTTP /1.1",
      "HTTP/1.",
      "HTTP/.1",
      "HTTP/2",
      "ICY/1.1",
      "HTTP/a.b",
    ])
      assert.match(request(`GET / ${version}\r\n\r\n`), /^BAD_REQUEST_LINE|BAD_LINE_END$/, version);
  });

  it("ends in CR LF alone", () => {
    assert.equal(request("GET / HTTP/1.1\n\n"), "BAD_LINE_END");
    assert.equal(request("GET / HTTP/1.1\rA: b\r\n\r\n"), "BAD_LINE_END");
    assert.equal(request("GET / HTTP/1.1\r\r\n\r\n"), "BAD_LINE_END");
    assert.equal(request("\r\nGET / HTTP/1.1\r\n\r\n"), "BAD_LINE_END");
  });
});

describe("the status line", () => {
  it("is version, three digits and a reason that may be empty", () => {
    assert.equal(response("HTTP/1.1 200 OK\r\n\r\n"), "200 OK 11");
    assert.equal(response("HTTP/1.0 599 \r\n\r\n"), "599  10");
    assert.equal(response("HTTP/1.1 404 Not \tFound\u0080\u00ff\r\n\r\n"), "404 Not \tFound\u0080\u00ff 11");
    for (const bad of [
      "HTTP/1.1 200",
      "HTTP/1.1  200 OK",
      "HTTP/1.1 20 OK",
      "HTTP/1.1 2000 OK",
      "HTTP/1.1 099 OK",
      "HTTP/1.1 600 OK",
      "HTTP/1.1 2x0 OK",
      "HTTP/1.1 -20 OK",
      "HTTP/1.2 200 OK",
      "HTTP/2.0 200 OK",
      "http/1.1 200 OK",
      "HTTP/1.1\t200 OK",
      "ICY 200 OK",
      "HTTP/1.1200 OK",
      "HTTP/1.1 200 O\u0000K",
      "HTTP/1.1 200 O\u007fK",
      "",
    ])
      assert.equal(response(`${bad}\r\n\r\n`), "RESPONSE_BAD_STATUS_LINE", bad);
    assert.equal(response("HTTP/1.1 200 OK\n\n"), "RESPONSE_BAD_STATUS_LINE");
    assert.equal(response("HTTP/1.1 200 OK\rX\r\n\r\n"), "RESPONSE_BAD_STATUS_LINE");
  });
});

describe("a field", () => {
  const head = (lines: string) => request(`GET / HTTP/1.1\r\n${lines}\r\n`);

  it("is a name, a colon and a value without the white space around it", () => {
    assert.equal(head("Host: a\r\n"), "GET / 11|Host=a");
    assert.equal(head("a:b\r\nc: \t d e\tf \t \r\ng:\r\nh: \t\r\n"), "GET / 11|a=b|c=d e\tf|g=|h=");
    assert.equal(head("a::b: c\r\n"), "GET / 11|a=:b: c");
    assert.equal(head(""), "GET / 11");
  });

  it("has a name of tchar only", () => {
    for (const c of BYTES) {
      let expected = "BAD_FIELD_NAME";
      if (TCHAR.test(c)) expected = `GET / 11|a${c}b=c`;
      else if (c === ":") expected = "GET / 11|a=b: c";
      else if (c === " " || c === "\t") expected = "SPACE_BEFORE_COLON";
      else if (c === "\n") expected = "BAD_LINE_END";
      assert.equal(head(`a${c}b: c\r\n`), expected, JSON.stringify(c));
    }
    assert.equal(head(": c\r\n"), "BAD_FIELD_NAME");
    assert.equal(head("abc\r\n"), "BAD_FIELD_NAME");
  });

  it("has a value of HTAB, SP, visible ASCII and bytes from 0x80 on", () => {
    for (const c of BYTES) {
      let expected = "BAD_FIELD_VALUE";
      if (c === "\t" || (c >= " " && c !== "\u007f")) expected = `GET / 11|a=b${c}c`;
      else if (c === "\n" || c === "\r") expected = "BAD_LINE_END";
      assert.equal(head(`a: b${c}c\r\n`), expected, JSON.stringify(c));
    }
  });

  it("has no space before its colon", () => {
    assert.equal(head("Host : a\r\n"), "SPACE_BEFORE_COLON");
    assert.equal(head("Host\t: a\r\n"), "SPACE_BEFORE_COLON");
  });

  it("is not continued on the next line, nor is the start line", () => {
    assert.equal(head("a: b\r\n c\r\n"), "FOLDED_FIELD");
    assert.equal(head("a: b\r\n\tc\r\n"), "FOLDED_FIELD");
    assert.equal(head(" a: b\r\n"), "FOLDED_FIELD");
    assert.equal(head("\ta: b\r\n"), "FOLDED_FIELD");
    assert.equal(response("HTTP/1.1 200 OK\r\na: b\r\n c\r\n\r\n"), "RESPONSE_BAD_HEAD");
  });

  it("ends in CR LF alone, and so does the head", () => {
    assert.equal(head("a: b\nc: d\r\n"), "BAD_LINE_END");
    assert.equal(head("a: b\r\r\n"), "BAD_LINE_END");
    assert.equal(request("GET / HTTP/1.1\r\na: b\r\n\n"), "BAD_LINE_END");
    assert.equal(request("GET / HTTP/1.1\r\na: b\r\n\rX"), "BAD_LINE_END");
    assert.equal(request("GET / HTTP/1.1\r\na: b\n\n"), "BAD_LINE_END");
  });

  it("of a response is refused by one fault", () => {
    for (const bad of ["a b: c", "a : c", ": c", "a", "a: \u0000", "a: b\nc: d", "a: b\r"])
      assert.equal(response(`HTTP/1.1 200 OK\r\n${bad}\r\n\r\n`), "RESPONSE_BAD_HEAD", JSON.stringify(bad));
  });
});

describe("bounds", () => {
  it("of the start line hold to the byte", () => {
    const bounds = { ...BOUNDS, lineBytes: 30 };
    const line = (bytes: number) => `GET /${"a".repeat(bytes - 14)} HTTP/1.1`;
    assert.equal(line(30).length, 30);
    assert.match(request(`${line(30)}\r\n\r\n`, bounds), /^GET/);
    assert.equal(request(`${line(31)}\r\n\r\n`, bounds), "LINE_TOO_LONG");
    assert.equal(request("G".repeat(31), bounds), "LINE_TOO_LONG");
    assert.equal(request("G".repeat(30), bounds), "more");
    assert.equal(request(`${line(30)}\r`, bounds), "more");
    const status = (bytes: number) => `HTTP/1.1 200 ${"a".repeat(bytes - 13)}\r\n\r\n`;
    assert.match(response(status(30), bounds), /^200/);
    assert.equal(response(status(31), bounds), "RESPONSE_HEAD_TOO_LARGE");
  });

  it("of the whole head hold to the byte", () => {
    const bounds = { ...BOUNDS, headBytes: 100 };
    const head = (bytes: number) => `GET / HTTP/1.1\r\na: ${"b".repeat(bytes - 23)}\r\n\r\n`;
    assert.equal(head(100).length, 100);
    assert.match(request(head(100), bounds), /^GET/);
    assert.equal(request(head(101), bounds), "HEAD_TOO_LARGE");
    assert.equal(request(head(101).slice(0, 99), bounds), "more");
    assert.equal(request(head(101).slice(0, 100), bounds), "HEAD_TOO_LARGE");
  });

  it("of the number of fields hold to the field", () => {
    const head = (fields: number) => `GET / HTTP/1.1\r\n${"a: b\r\n".repeat(fields)}\r\n`;
    assert.match(request(head(100)), /^GET/);
    assert.equal(request(head(101)), "HEAD_TOO_LARGE");
  });

  it("do not hide what is malformed before them", () => {
    assert.equal(request("GET / HTTP/1.1\r\nbad name: a\r\n", { ...BOUNDS, headBytes: 20 }), "SPACE_BEFORE_COLON");
  });
});

describe("a parser that is used again", () => {
  it("keeps the results of a head until the next, and its fields for ever", () => {
    request("GET /first HTTP/1.1\r\nA: 1\r\nB: 2\r\n\r\n");
    const { fields } = requests;
    request("POST /second HTTP/1.0\r\nLonger-Name: another value\r\n\r\n");
    assert.equal(fields.toLines(), "A: 1\r\nB: 2\r\n");
    assert.equal(requests.fields.toLines(), "Longer-Name: another value\r\n");
  });

  it("reads a head in the middle of other bytes", () => {
    const text = "xxGET /a HTTP/1.1\r\nA: 1\r\n\r\nGET /b";
    assert.equal(requests.parse(bytesOf(text), 2, text.length, BOUNDS), DONE);
    assert.equal(requests.end, text.length - 6);
    assert.equal(found(requests, true), "GET /a 11|A=1");
  });
});

describe("trailers", () => {
  it("are field lines up to an empty line at the end of what is given", () => {
    const parse = (text: string) => requests.parseTrailers(bytesOf(text), 0, text.length, BOUNDS);
    assert.equal(parse("a: b\r\nc: d\r\n\r\n"), DONE);
    assert.equal(requests.fields.toLines(), "a: b\r\nc: d\r\n");
    assert.equal(parse("\r\n"), DONE);
    for (const bad of ["a: b\r\n", "a: b\r\n\r\nx", "a b: c\r\n\r\n", " a: b\r\n\r\n", "a\r\n\r\n"])
      assert.equal(parse(bad), FAULT, JSON.stringify(bad));
  });
});

// Heads whose every cut must come to what the whole comes to.
const REQUESTS = [
  "GET / HTTP/1.1\r\n\r\n",
  "GET /a?b HTTP/1.0\r\nHost: a\r\nX-Long_Name: \t v w \t\r\nEmpty:\r\n\r\n",
  "GET / HTTP/1.2\r\n\r\n",
  "GET / HTTP/1.2x\r\n\r\n",
  "GET / HTTP/1.1\n\n",
  "GET / HTTP/1.1\r\r\n\r\n",
  "GET  / HTTP/1.1\r\n\r\n",
  "GET / HTTQ/1.1\r\n\r\n",
  "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
  "GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n",
  "GET / HTTP/1.1\r\nHost: a\u0000\r\n\r\n",
  "GET / HTTP/1.1\r\nHost: a\nB: c\r\n\r\n",
  "GET / HTTP/1.1\r\nHost: a\rB: c\r\n\r\n",
  "GET / HTTP/1.1\r\nHost: a\r\n\n",
  "GET / HTTP/1.1\r\nHost: a\r\n\r\r\n\r\n",
  `GET / HTTP/1.1\r\n${"a: b\r\n".repeat(9)}\r\n`,
  `GET /${"a".repeat(46)} HTTP/1.1\r\n\r\n`,
  `GET /${"a".repeat(47)} HTTP/1.1\r\n\r\n`,
  `GET / HTTP/1.1\r\na: ${"b".repeat(97)}\r\n\r\n`,
  `GET / HTTP/1.1\r\na: ${"b".repeat(98)}\r\n\r\n`,
];
const RESPONSES = [
  "HTTP/1.1 200 OK\r\nA: b\r\n\r\n",
  "HTTP/1.1 200 \r\n\r\n",
  "HTTP/1.1 200\r\n\r\n",
  "HTTP/1.1 2\n0\r\n\r\n",
  "HTTP/1.3 200 OK\r\n\r\n",
  "HTTP/1.1 200 OK\n\n",
  "HTTP/1.1 200 OK\r\nA : b\r\n\r\n",
  "\r\nHTTP/1.1 200 OK\r\n\r\n",
  `HTTP/1.1 200 ${"a".repeat(47)}\r\n\r\n`,
  `HTTP/1.1 200 ${"a".repeat(48)}\r\n\r\n`,
];
const TIGHT: HeadBounds = { lineBytes: 60, headBytes: 120, fieldCount: 8 };

describe("a head cut at each byte", () => {
  function read(pieces: readonly string[], isRequest: boolean): string {
    const parser = isRequest ? requests : responses;
    const intake = new HeadIntake(
      parser,
      isRequest ? H1.BAD_LINE_END : H1.RESPONSE_BAD_HEAD,
      isRequest ? H1.HEAD_TOO_LARGE : H1.RESPONSE_HEAD_TOO_LARGE,
      isRequest,
    );
    let before = 0;
    for (const piece of pieces) {
      if (piece === "") continue;
      const result = intake.take(bytesOf(piece), 0, TIGHT);
      if (result === FAULT) return intake.fault.code;
      if (result === DONE) return `${found(parser, isRequest)} end ${before + intake.end}`;
      before += piece.length;
    }
    return "more";
  }

  for (const isRequest of [true, false]) {
    for (const head of isRequest ? REQUESTS : RESPONSES) {
      it(`comes to the same as whole: ${JSON.stringify(head.slice(0, 40))} of ${head.length}`, () => {
        const text = `${head}BEHIND`;
        const whole = read([text], isRequest);
        assert.notEqual(whole, "more");
        for (let cut = 1; cut < text.length; cut++) {
          assert.equal(read([text.slice(0, cut), text.slice(cut)], isRequest), whole, `cut at ${cut}`);
          assert.equal(read([text.slice(0, cut), text.slice(cut, cut + 2), text.slice(cut + 2)], isRequest), whole, `cut at ${cut}, twice`);
        }
        assert.equal(read([...text], isRequest), whole, "byte by byte");
      });
    }
  }
});

describe("the head buffer", () => {
  it("says where the head ends and copies no byte behind it", () => {
    const buffer = new HeadBuffer();
    assert.equal(buffer.append(bytesOf("xxGET / HTTP"), 2, 12, BOUNDS), -1);
    assert.equal(buffer.append(bytesOf("/1.1\r\n\r\nbody"), 0, 12, BOUNDS), 8);
    assert.equal(Buffer.from(buffer.bytes.subarray(0, buffer.length)).toString(), "GET / HTTP/1.1\r\n\r\n");
  });

  it("holds no more than its bound and a byte", () => {
    const buffer = new HeadBuffer();
    const bounds = { ...BOUNDS, lineBytes: 1e6, headBytes: 5_000 };
    let end = -1;
    for (let i = 0; i < 100 && end < 0; i++) end = buffer.append(bytesOf("a".repeat(1_000)), 0, 1_000, bounds);
    assert.ok(end >= 0);
    assert.ok(buffer.length <= 5_001);
  });
});

describe("the hash in the marks", () => {
  it("is that of the folded name", () => {
    for (const name of ["Content-Length", "content_length", "X--Y", "__a__", "a.b", "A"]) {
      request(`GET / HTTP/1.1\r\n${name}: x\r\n\r\n`);
      const folded = foldName(name);
      assert.equal(requests.fields.marks[4], hashFolded(folded, 0, folded.length));
    }
  });
});
