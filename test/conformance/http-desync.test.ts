// The published cases of http-desync-guardian against the whole gateway in memory. Its tiers: Compliant and Acceptable may
// pass, Ambiguous and Severe may not. We are stricter in places; each is argued below, and every other case is as it says.
// The data is read from beside the project and never copied into it.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { parse } from "yaml";
import { startGateway } from "../kit/gateway-under-test.ts";
import { createMemoryStage, type RawHead, type Stage } from "../kit/index.ts";
import { playRequest } from "./request-runner.ts";
import { head, type RequestCase, refused, served } from "./requests/request-case.ts";

const DATA = new URL("../../../shared/data/http-desync/", import.meta.url);

interface DesyncCase {
  readonly name: string;
  readonly uri: string;
  readonly method: string;
  readonly version: string;
  readonly headers: readonly { readonly name: string; readonly value: string | number }[] | null;
  readonly expected: { readonly tier: "Compliant" | "Acceptable" | "Ambiguous" | "Severe" };
}

/** How many cases each file holds: a file that grows is looked at again. */
const FILES: Readonly<Record<string, number>> = { "acceptable.yaml": 9, "bad-header-characters.yaml": 15, "rfc-compliant.yaml": 14 };

/** Cases that the data lets pass and we refuse: with which status, and why. */
const EXCEPTIONS: Readonly<Record<string, readonly [status: number, why: string]>> = {
  "No TE/CL headers, some others are non-compliant": [
    400,
    "RFC 9112 5.1 has a server refuse white space before the colon, whatever the field",
  ],
  "TE and some others are non-compliant": [400, "white space before the colon, as above"],
  "CL and some others are non-compliant": [400, "white space before the colon, as above"],
  "A non-essential header with a non-printable character (x01)": [
    400,
    "a name is a token (RFC 9110 5.1); what follows us may strip the byte and see another field",
  ],
  "Some-Header\\x01": [400, "a name is a token, as above"],
  "\\x01Some-Header": [400, "a name is a token, as above"],
  "Some-Header: \\x01value": [400, "RFC 9110 5.5: a control character in a value is invalid; we refuse rather than replace it"],
  "Some-Header: value\\x01": [400, "a control character in a value, as above"],
  "Non-RFC, but OK HTTP/0.9": [505, "no client of this century sends it, and its answers have no head that a next hop could frame"],
  "Empty version, which means HTTP/0.9": [400, "the same without a version: the request line is malformed by RFC 9112 3"],
  "Unknown but OK HTTP/1.2": [505, "there is no such version; what its sender means by its fields is a guess"],
  "Different Transfer-Encoding headers": [
    501,
    "we implement no coding but chunked (RFC 9112 6.1: 501), and five fields are five chances to disagree",
  ],
  "Different Transfer-Encoding headers combined": [501, "no coding but chunked, as above"],
  "Transfer-Encoding with a param: chunked;custom_param": [400, "no coding but chunked, and chunked has no parameters (RFC 9112 7.1)"],
  "Compliant URL": [400, "it holds a fragment, which RFC 9112 3.2 never sends; a next hop may cut the target there"],
  "International in URI": [400, "a target is ASCII (RFC 3986); servers disagree on how to read other bytes"],
  "Empty URI": [400, "the request line is malformed by RFC 9112 3"],
};

let stage: Stage;

before(async () => {
  stage = await createMemoryStage(startGateway);
});

after(async () => {
  await stage.stop();
});

const skip = existsSync(DATA) ? false : "SKIPPED: ../shared/data/http-desync is not there";

for (const [file, count] of Object.entries(FILES)) {
  describe(`http-desync: ${file}`, () => {
    const cases = skip === false ? (parse(readFileSync(new URL(file, DATA), "utf8")) as DesyncCase[]) : [];
    it(`holds ${count} cases`, { skip }, () => assert.equal(cases.length, count));
    for (const each of cases) {
      it(`${each.name} (${each.method}): ${each.expected.tier}`, async () => {
        const played = await playRequest(stage, toRequestCase(each), [toBytes(each)]);
        assert.deepEqual(played.problems, []);
      });
    }
  });
}

describe("http-desync: exceptions", () => {
  it("name cases that are there and that the data would let pass", { skip }, () => {
    const cases = Object.keys(FILES).flatMap((file) => parse(readFileSync(new URL(file, DATA), "utf8")) as DesyncCase[]);
    const passing = new Set(cases.filter(mayPass).map((each) => each.name));
    assert.deepEqual(
      Object.keys(EXCEPTIONS).filter((name) => !passing.has(name)),
      [],
    );
  });
});

function mayPass(each: DesyncCase): boolean {
  return each.expected.tier === "Compliant" || each.expected.tier === "Acceptable";
}

function toRequestCase(each: DesyncCase): RequestCase {
  const exception = EXCEPTIONS[each.name];
  const bytes = toBytes(each);
  if (exception !== undefined) return refused(each.name, bytes, exception[0]);
  if (!mayPass(each)) return refused(each.name, bytes, 400);
  const lengths = lengthFields(each);
  const body = bodyOf(each);
  const isChunked = lengths.some(([name]) => name === "transfer-encoding");
  // RFC 9110 8.6: a method that usually has content is forwarded with its length, be it 0; GET and HEAD are not.
  const saysLength = body !== "" || each.method === "POST" || each.method === "PUT";
  const framing = isChunked ? "chunked" : saysLength ? "length" : "none";
  const seen = { method: each.method, target: each.uri, body: framing === "length" ? body : "", framing, fields: {} } as const;
  return served(each.name, bytes, seen, { headAnswers: each.method === "HEAD" ? [0] : [] });
}

/** The cases have neither Host nor body: both are added, the body as the framing fields say. */
function toBytes(each: DesyncCase): string {
  const fields = (each.headers ?? []).map(({ name, value }) => `${toLatin1(name)}: ${toLatin1(String(value))}`);
  const line = `${each.method} ${toLatin1(each.uri)}${each.version === "" ? "" : ` ${each.version}`}`;
  return head(line, "Host: a.example", ...fields) + bodyOf(each);
}

function bodyOf(each: DesyncCase): string {
  const lengths = lengthFields(each);
  if (lengths.some(([name]) => name === "transfer-encoding")) return "0\r\n\r\n";
  const length = Number(lengths[0]?.[1] ?? 0);
  return "x".repeat(Number.isSafeInteger(length) ? length : 0);
}

function lengthFields(each: DesyncCase): RawHead["fields"] {
  const fields = (each.headers ?? []).map(({ name, value }) => [name.toLowerCase(), String(value)] as const);
  return fields.filter(([name]) => name === "content-length" || name === "transfer-encoding");
}

/** Each character of the data's escapes is a byte; text beyond them is UTF-8. */
function toLatin1(text: string): string {
  const isBytes = Array.from(text).every((character) => character.charCodeAt(0) < 0x100);
  return isBytes ? text : Buffer.from(text, "utf8").toString("latin1");
}
