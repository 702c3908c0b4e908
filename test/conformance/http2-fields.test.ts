// The tables of HTTP/2 fields: what each block comes to, the attacks that downgrades invite included. Each is read once with fresh
// lines, again with lines that were judged before, and as bytes by our decoder.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { HpackDecoder } from "../../src/http2/hpack/index.ts";
import { RequestReader, ResponseReader, TrailerReader } from "../../src/http2/messages/index.ts";
import { type Line, pseudo } from "./http2-fields/field-case.ts";
import {
  type Feed,
  feedFromTable,
  feedLiterals,
  type Outcome,
  playRequestFields,
  playResponseFields,
  playTrailerFields,
} from "./http2-fields/field-runner.ts";
import { requestFieldThemes, responseCases, trailerCases } from "./http2-fields/index.ts";

const BASE = {
  name: "",
  lines: pseudo(),
  endStream: true,
  code: null,
  text: "",
  scheme: "https",
  bounds: {},
  acceptsTrailers: false,
  secrets: [],
} as const;

/** Literals with names of their own, by the first byte's form: to be indexed (0x40), never (0x10), or just sent (0). */
function encode(lines: readonly Line[], form: number): Uint8Array {
  const bytes: number[] = [];
  for (const [name, value, mark] of lines) {
    bytes.push(mark === "secret" ? 0x10 : form);
    for (const text of [name, value]) {
      let length = text.length;
      if (length < 127) bytes.push(length);
      else {
        bytes.push(127);
        for (length -= 127; length >= 128; length >>>= 7) bytes.push((length & 127) | 128);
        bytes.push(length);
      }
      for (let i = 0; i < text.length; i++) bytes.push(text.charCodeAt(i));
    }
  }
  return Uint8Array.from(bytes);
}

function feedBytes(form: number): Feed {
  const decoder = new HpackDecoder(4096);
  return (lines, sink) => {
    const bytes = encode(lines, form);
    assert.equal(decoder.decode(bytes, 0, bytes.length, sink), null);
  };
}

/** Plays a case in every way; `other` reads some other block in between, of which nothing may be left. */
function playInEveryWay(play: (feed: Feed) => Outcome, other: () => void, expected: Outcome): void {
  assert.deepEqual(play(feedLiterals), expected);
  other();
  assert.deepEqual(play(feedLiterals), expected, "behind another block");
  const table = feedFromTable();
  for (const time of ["first", "second", "third"]) assert.deepEqual(play(table), expected, `from a table, the ${time} time`);
  for (const form of [0, 0x10, 0x40]) {
    const secrets = form === 0x10 ? null : expected.secrets;
    const bytes = feedBytes(form);
    for (let i = 0; i < 2; i++) {
      const outcome = play(bytes);
      assert.deepEqual(
        { ...outcome, secrets: secrets === null ? null : outcome.secrets },
        { ...expected, secrets },
        `as literals of form ${form}`,
      );
    }
  }
}

describe("the tables of HTTP/2 fields", () => {
  const names = [
    ...requestFieldThemes.flatMap(([, cases]) => cases.map(({ name }) => name)),
    ...responseCases.map(({ name }) => `answer: ${name}`),
    ...trailerCases.map(({ name }) => `trailers: ${name}`),
  ];

  it("hold at least 400 cases, each under a name of its own", () => {
    assert.ok(names.length >= 400, `${names.length} cases`);
    assert.deepEqual(
      names.filter((name, i) => names.indexOf(name) !== i),
      [],
    );
  });
});

for (const [theme, cases] of requestFieldThemes) {
  describe(`requests over HTTP/2: ${theme}`, () => {
    for (const each of cases) {
      it(each.name, () => {
        const reader = new RequestReader();
        const { code, text, acceptsTrailers, secrets } = each;
        const other = () =>
          void playRequestFields({ ...BASE, lines: [...pseudo(), ["other", "1"], ["te", "trailers"]] }, reader, feedLiterals);
        playInEveryWay((feed) => playRequestFields(each, reader, feed), other, { code, text, acceptsTrailers, secrets });
      });
    }
  });
}

describe("responses over HTTP/2", () => {
  for (const each of responseCases) {
    it(each.name, () => {
      const reader = new ResponseReader();
      const { code, text } = each;
      const other = () =>
        void playResponseFields(
          {
            ...each,
            lines: [
              [":status", "404"],
              ["other", "1"],
              ["content-length", "7"],
            ],
          },
          reader,
          feedLiterals,
        );
      playInEveryWay((feed) => playResponseFields(each, reader, feed), other, { code, text, acceptsTrailers: false, secrets: [] });
    });
  }
});

describe("trailers over HTTP/2", () => {
  for (const each of trailerCases) {
    it(each.name, () => {
      const reader = new TrailerReader();
      const { code, text } = each;
      const other = () =>
        void playTrailerFields(
          {
            ...each,
            lines: [
              ["other", "1"],
              [":path", "/"],
            ],
          },
          reader,
          feedLiterals,
        );
      playInEveryWay((feed) => playTrailerFields(each, reader, feed), other, { code, text, acceptsTrailers: false, secrets: [] });
    });
  }
});
