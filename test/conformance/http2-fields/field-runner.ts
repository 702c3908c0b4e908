// Plays the tables of HTTP/2 fields: a block through the reader, and what comes of it through the writer of HTTP/1.1.

import type { FaultDefinition } from "../../../src/base/index.ts";
import {
  DEFAULT_PATH_RULES,
  type Fields,
  hashFolded,
  parseTarget,
  type RequestHead,
  Target,
  type UpstreamRequest,
} from "../../../src/http/index.ts";
import { encodeRequestHead } from "../../../src/http1/request-writer.ts";
import { encodeInterim, encodeResponseHead } from "../../../src/http1/response-writer.ts";
import { type EntrySink, HeaderEntry } from "../../../src/http2/hpack/header-entry.ts";
import type { RequestReader, ResponseReader, TrailerReader } from "../../../src/http2/messages/index.ts";
import { BOUNDS, type Line, type RequestFieldCase, type ResponseFieldCase, type TrailerFieldCase } from "./field-case.ts";

/** What came of one block, in the words of the table. */
export interface Outcome {
  readonly code: string | null;
  readonly text: string;
  readonly acceptsTrailers: boolean;
  readonly secrets: readonly string[];
}

/** How a block gets to its reader. */
export type Feed = (lines: readonly Line[], sink: EntrySink) => void;

/** Entries as a decoder makes them of literals. */
export function toEntries(lines: readonly Line[]): HeaderEntry[] {
  return lines.map(([name, value, mark]) => new HeaderEntry(name, value, mark === "secret"));
}

export const feedLiterals: Feed = (lines, sink) => {
  for (const entry of toEntries(lines)) sink.onEntry(entry);
};

/** The same entry for the same line each time, as from a table. */
export function feedFromTable(): Feed {
  const table = new Map<string, HeaderEntry>();
  return (lines, sink) => {
    for (const line of lines) {
      const key = line.join("\0");
      const entry = table.get(key) ?? (toEntries([line])[0] as HeaderEntry);
      table.set(key, entry);
      sink.onEntry(entry);
    }
  };
}

export function playRequestFields(each: RequestFieldCase, reader: RequestReader, feed: Feed): Outcome {
  reader.begin({ ...BOUNDS, ...each.bounds });
  feed(each.lines, reader);
  const head = reader.finish(each.scheme, each.endStream);
  if ("kind" in head) return refusal(head);
  const target = new Target();
  // As normalisation does, before anything else looks at the request.
  const fault = parseTarget(head.target, head.method, DEFAULT_PATH_RULES, target);
  if (fault !== null) return refusal(fault);
  checkMarks(head.fields);
  const text = encodeRequestHead(toUpstream(head, target.path + target.query));
  return {
    code: null,
    text: text.slice(0, -2).replace(/^(Sec-WebSocket-Key: )[A-Za-z0-9+/]{22}==/m, "$1(random)"),
    acceptsTrailers: head.acceptsTrailers,
    secrets: head.fields.secrets ?? [],
  };
}

export function toUpstream(head: RequestHead, target: string): UpstreamRequest {
  const { method, authority, fields, bodyLength, expectsContinue, acceptsTrailers, upgrade } = head;
  return { method, target, authority, fields, bodyLength, expectsContinue, acceptsTrailers, upgrade };
}

export function playResponseFields(each: ResponseFieldCase, reader: ResponseReader, feed: Feed): Outcome {
  reader.begin({ ...BOUNDS, ...each.bounds });
  feed(each.lines, reader);
  const head = reader.finish(each.method, each.endStream);
  if ("kind" in head) return refusal(head);
  checkMarks(head.fields);
  const text =
    head.status < 200
      ? encodeInterim(head.status, head.fields)
      : encodeResponseHead(head, 11, true, head.bodyLength < 0, each.method === "HEAD");
  return { code: null, text: text.slice(0, -2), acceptsTrailers: false, secrets: head.fields.secrets ?? [] };
}

export function playTrailerFields(each: TrailerFieldCase, reader: TrailerReader, feed: Feed): Outcome {
  reader.begin({ ...BOUNDS, ...each.bounds });
  feed(each.lines, reader);
  const fields = reader.finish(each.side);
  if ("kind" in fields) return refusal(fields);
  checkMarks(fields);
  return { code: null, text: fields.toLines(), acceptsTrailers: false, secrets: fields.secrets ?? [] };
}

function refusal(fault: FaultDefinition): Outcome {
  return { code: fault.code, text: "", acceptsTrailers: false, secrets: [] };
}

/** Whoever looks a field up goes by its hash, and removes it by its marks. */
export function checkMarks(fields: Fields): void {
  for (let i = 0; i < fields.received; i++) {
    if (!fields.isKept(i)) continue;
    const name = fields.nameAt(i);
    if (fields.marks[i * 5 + 4] !== hashFolded(name, 0, name.length)) throw new Error(`the hash of ${name} is not that of its folded form`);
    const [from = 0, , , to = 0] = fields.marks.slice(i * 5);
    if (fields.text.slice(from, to + 2) !== `${name}: ${fields.valueAt(i)}\r\n`)
      throw new Error(`the marks of ${name} do not enclose its line`);
  }
}
