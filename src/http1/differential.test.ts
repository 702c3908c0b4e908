// Short doses of the fuzzing, with a fixed seed: the same bytes read by node:http, and read whole and cut.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { chunkedBodies, judgeChunkedBody } from "./chunked-decoder.fuzz.ts";
import { requests } from "./head-parser.fuzz.ts";
import { judgeResponse, responses } from "./response-head.fuzz.ts";
import { HAS_LLHTTP } from "./stage/node-parser.fuzz.ts";
import { compareRequests, compareResponses, readRequests, readResponse } from "./stage/second-opinion.fuzz.ts";

const DOSE = { seed: 20261124, numRuns: 2_000 };
const NODE_ONLY = HAS_LLHTTP ? {} : { skip: "the second opinion is llhttp's, which Bun does not have" };

describe("what we accept, node:http accepts and understands alike; what we alone refuse is one of our rules", () => {
  it("requests", NODE_ONLY, async () => {
    await fc.assert(
      fc.asyncProperty(requests, async (text) => assert.equal((await compareRequests(text)).dispute, null)),
      DOSE,
    );
  });

  it("responses", NODE_ONLY, async () => {
    await fc.assert(
      fc.asyncProperty(responses, async (text) => assert.equal(await judgeResponse(text), null)),
      DOSE,
    );
  });

  it("chunked bodies", NODE_ONLY, async () => {
    await fc.assert(
      fc.asyncProperty(chunkedBodies, async (body) => assert.equal(await judgeChunkedBody(body), null)),
      DOSE,
    );
  });

  it("on plain messages both agree, or the comparison would be worth nothing", NODE_ONLY, async () => {
    const text =
      "POST /a HTTP/1.1\r\nHost: a\r\nX:  b \r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nT: u\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n";
    const { ours, theirs } = await compareRequests(text);
    assert.equal(ours.messages.length, 2);
    assert.deepEqual(ours.messages, theirs.messages);
    const answer = await compareResponses("HTTP/1.1 103 x\r\n\r\nHTTP/1.1 200 OK\r\nX: y\r\n\r\nuntil the end", "GET");
    assert.equal(answer.ours.messages[0]?.body, "until the end");
    assert.deepEqual(answer.ours.messages, answer.theirs.messages);
  });
});

describe("however they are cut, messages are read the same", () => {
  const pieces = fc.constantFrom(1, 2, 3, 7, 16);

  it("requests", () => {
    fc.assert(
      fc.property(requests, pieces, (text, chunkBytes) => assert.deepEqual(readRequests(text, chunkBytes), readRequests(text))),
      DOSE,
    );
  });

  it("responses, but that a malformed head which ends early may only be found to be cut", () => {
    fc.assert(
      fc.property(responses, pieces, (text, chunkBytes) => {
        const cut = readResponse(text, "GET", chunkBytes);
        const whole = readResponse(text, "GET");
        if (cut.fault === "SP_H1_RESPONSE_TRUNCATED") assert.notEqual(whole.fault, "");
        else assert.deepEqual(cut, whole);
      }),
      DOSE,
    );
  });
});
