// Whatever lines come in over HTTP/2: what goes out over HTTP/1.1 is read there as the same fields and the same length, and what goes
// out over HTTP/2 is read there as the same message. And what is well-formed over HTTP/1.1 is so over HTTP/2.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type Fields, RequestHead, ResponseHead, UNKNOWN_LENGTH } from "../../src/http/index.ts";
import { DONE, HeadParser } from "../../src/http1/head-parser.ts";
import { readRequestHead } from "../../src/http1/request-head.ts";
import { encodeRequestHead } from "../../src/http1/request-writer.ts";
import { readResponseHead } from "../../src/http1/response-head.ts";
import { encodeInterim, encodeResponseHead } from "../../src/http1/response-writer.ts";
import { type HeaderEntry, HpackDecoder } from "../../src/http2/hpack/index.ts";
import { RequestReader, ResponseReader, writeInterim, writeRequest, writeResponse } from "../../src/http2/messages/index.ts";
import { OutBuffer } from "../../src/http2/out-buffer.ts";
import { requestBlock, responseBlock } from "./http2-fields/arbitrary-lines.ts";
import { BOUNDS, type Line } from "./http2-fields/field-case.ts";
import { checkMarks, feedLiterals, toUpstream } from "./http2-fields/field-runner.ts";

const RUNS = { numRuns: 3000 };
const requests = new HeadParser("request");
const responses = new HeadParser("response");
const FORBIDDEN = /^(?:connection|keep-alive|proxy-connection|transfer-encoding|upgrade|host|trailer)$/;

/** Each kept line as `name: value`, names in lower case. */
function linesOf(fields: Fields): string[] {
  const lines: string[] = [];
  for (let i = 0; i < fields.size; i++) if (fields.isKept(i)) lines.push(`${fields.nameAt(i).toLowerCase()}: ${fields.valueAt(i)}`);
  return lines;
}

/** Counts how often what is random was well-formed: a property that holds of nothing is none. */
class Tally {
  good = 0;
  all = 0;

  count(isGood: boolean): boolean {
    this.all++;
    if (isGood) this.good++;
    return isGood;
  }

  check(): void {
    assert.ok(this.good > this.all / 10, `${this.good} of ${this.all} were well-formed`);
    assert.ok(this.good < this.all, "some were not");
  }
}

function readRequest(lines: readonly Line[], endStream: boolean): RequestHead | null {
  const reader = new RequestReader();
  reader.begin(BOUNDS);
  feedLiterals(lines, reader);
  const head = reader.finish("https", endStream);
  return head instanceof RequestHead ? head : null;
}

/** What our decoder makes of what was written; none of it speaks of the connection. */
function decode(out: OutBuffer): HeaderEntry[] {
  const entries: HeaderEntry[] = [];
  assert.equal(new HpackDecoder(0).decode(out.bytes, 0, out.length, { onEntry: (entry) => void entries.push(entry) }), null);
  for (const { name } of entries) {
    assert.doesNotMatch(name, FORBIDDEN);
    assert.equal(name, name.toLowerCase());
  }
  return entries;
}

function resendRequest(head: RequestHead): RequestHead {
  const out = new OutBuffer();
  writeRequest(out, toUpstream(head, head.target), "https");
  const reader = new RequestReader();
  reader.begin(BOUNDS);
  for (const entry of decode(out)) reader.onEntry(entry);
  const again = reader.finish("https", head.bodyLength === 0);
  assert.ok(again instanceof RequestHead, "what we write we take ourselves");
  return again;
}

describe("a request that came over HTTP/2", () => {
  it("is, to an HTTP/1.1 upstream, what it is to us", () => {
    const tally = new Tally();
    fc.assert(
      fc.property(requestBlock, fc.boolean(), (lines, endStream) => {
        const head = readRequest(lines, endStream);
        if (!tally.count(head !== null) || head === null) return;
        checkMarks(head.fields);
        const bytes = Buffer.from(encodeRequestHead(toUpstream(head, head.target)), "latin1");
        assert.equal(requests.parse(bytes, 0, bytes.length, { ...BOUNDS, fieldCount: 200 }), DONE);
        assert.equal(requests.end, bytes.length, "the head ends where it ends");
        const seen = readRequestHead(requests, "https");
        assert.ok(seen instanceof RequestHead);
        assert.deepEqual(linesOf(seen.fields), linesOf(head.fields));
        assert.deepEqual(
          [seen.method, seen.target, seen.authority, seen.host, seen.bodyLength, seen.expectsContinue],
          [head.method, head.target, head.authority, head.host, head.bodyLength, head.expectsContinue],
        );
      }),
      RUNS,
    );
    tally.check();
  });

  it("is, to an HTTP/2 upstream, what it is to us", () => {
    fc.assert(
      fc.property(requestBlock, fc.boolean(), (lines, endStream) => {
        const head = readRequest(lines, endStream);
        if (head === null) return;
        const again = resendRequest(head);
        assert.deepEqual(linesOf(again.fields).sort(), linesOf(head.fields).sort());
        assert.deepEqual({ ...again, fields: null }, { ...head, fields: null });
        for (const name of head.fields.secrets ?? []) assert.ok(again.fields.secrets?.includes(name), `${name} stays secret`);
      }),
      RUNS,
    );
  });

  it("has in it what was said, in the order of each name", () => {
    fc.assert(
      fc.property(requestBlock, (lines) => {
        const head = readRequest(lines, false);
        if (head === null) return;
        const kept = lines.filter(([name]) => !/^(?::|cookie$|content-length$|host$|te$|expect$|trailer$)/.test(name));
        const crumbs = lines.filter(([name]) => name === "cookie").map(([, value]) => value);
        const expected = kept.map(([name, value]) => `${name}: ${value}`);
        if (crumbs.length > 0) expected.push(`cookie: ${crumbs.filter((crumb) => crumb !== "").join("; ")}`);
        assert.deepEqual(linesOf(head.fields), expected);
      }),
      RUNS,
    );
  });
});

describe("a response that came over HTTP/2", () => {
  function read(lines: readonly Line[], endStream: boolean, method: string): ResponseHead | null {
    const reader = new ResponseReader();
    reader.begin(BOUNDS);
    feedLiterals(lines, reader);
    const head = reader.finish(method, endStream);
    return head instanceof ResponseHead ? head : null;
  }

  for (const method of ["GET", "HEAD"]) {
    it(`is, to an HTTP/1.1 client that sent ${method}, what it is to us`, () => {
      const tally = new Tally();
      fc.assert(
        fc.property(responseBlock, fc.boolean(), (lines, endStream) => {
          const head = read(lines, endStream, method);
          if (!tally.count(head !== null) || head === null) return;
          checkMarks(head.fields);
          const isInterim = head.status < 200;
          const text = isInterim
            ? encodeInterim(head.status, head.fields)
            : encodeResponseHead(head, 11, true, head.bodyLength < 0, method === "HEAD");
          const bytes = Buffer.from(text, "latin1");
          assert.equal(responses.parse(bytes, 0, bytes.length, { ...BOUNDS, fieldCount: 200 }), DONE);
          assert.equal(responses.end, bytes.length, "the head ends where it ends");
          const seen = readResponseHead(responses, method);
          assert.ok(seen instanceof ResponseHead);
          assert.deepEqual(linesOf(seen.fields), linesOf(head.fields));
          assert.deepEqual([seen.status, seen.bodyLength], [head.status, head.bodyLength]);
        }),
        RUNS,
      );
      tally.check();
    });

    it(`is, to an HTTP/2 client that sent ${method}, what it is to us`, () => {
      fc.assert(
        fc.property(responseBlock, fc.boolean(), (lines, endStream) => {
          const head = read(lines, endStream, method);
          if (head === null) return;
          const out = new OutBuffer();
          if (head.status < 200) writeInterim(out, head.status, head.fields);
          else writeResponse(out, head, method === "HEAD");
          const reader = new ResponseReader();
          reader.begin(BOUNDS);
          for (const entry of decode(out)) reader.onEntry(entry);
          const seen = reader.finish(method, endStream);
          assert.ok(seen instanceof ResponseHead, "what we write we take ourselves");
          assert.deepEqual(linesOf(seen.fields), linesOf(head.fields));
          assert.deepEqual([seen.status, seen.bodyLength], [head.status, head.bodyLength]);
        }),
        RUNS,
      );
    });
  }
});

describe("a request that came over HTTP/1.1", () => {
  it("is, to an HTTP/2 upstream, what it is to us", () => {
    const tally = new Tally();
    fc.assert(
      fc.property(requestBlock, fc.boolean(), (lines, isChunked) => {
        const [[, method] = ["", ""], , [, authority] = ["", ""], [, path] = ["", ""], ...fields] = lines;
        const texts = fields.filter(([name]) => name !== "host").map(([name, value]) => `${name.toUpperCase()}: ${value}\r\n`);
        const framing = isChunked ? "Transfer-Encoding: chunked\r\n" : "";
        const bytes = Buffer.from(`${method} ${path} HTTP/1.1\r\nHost: ${authority}\r\n${framing}${texts.join("")}\r\n`, "latin1");
        const isParsed = requests.parse(bytes, 0, bytes.length, BOUNDS) === DONE && requests.end === bytes.length;
        const head = isParsed ? readRequestHead(requests, "https") : null;
        const isGood = head instanceof RequestHead && (head.target.startsWith("/") || (head.target === "*" && head.method === "OPTIONS"));
        if (!tally.count(isGood) || !isGood) return;
        const again = resendRequest(head);
        assert.deepEqual(withoutCookies(again.fields), withoutCookies(head.fields));
        assert.deepEqual([again.method, again.target, again.authority], [head.method, head.target, head.authority]);
        assert.equal(again.bodyLength, head.bodyLength === UNKNOWN_LENGTH ? UNKNOWN_LENGTH : head.bodyLength);
        assert.equal(again.acceptsTrailers, head.acceptsTrailers);
      }),
      RUNS,
    );
    tally.check();
  });

  /** Several Cookie lines become one. */
  function withoutCookies(fields: Fields): string[] {
    return linesOf(fields).filter((line) => !line.startsWith("cookie: "));
  }
});
