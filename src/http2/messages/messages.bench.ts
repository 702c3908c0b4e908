// Nanoseconds for one message: from the lines of its block to a head, and from a head to the next block.

import { conclude, measure } from "../../../bench/measure.ts";
import type { ResponseHead, UpstreamRequest } from "../../http/index.ts";
import { HeaderEntry } from "../hpack/index.ts";
import { OutBuffer } from "../out-buffer.ts";
import { RequestReader, ResponseReader, TrailerReader, writeRequest, writeResponse, writeTrailers } from "./index.ts";

type Line = readonly [name: string, value: string];

const BOUNDS = { lineBytes: 8192, headBytes: 32 * 1024, fieldCount: 100 };
const REQUEST: readonly Line[] = [
  [":method", "POST"],
  [":scheme", "http"],
  [":authority", "ledger.example.com:8443"],
  [":path", "/ledger.v1.Ledger/Transfer"],
  ["te", "trailers"],
  ["content-type", "application/grpc"],
  ["user-agent", "grpc-node-js/1.14.0"],
  ["grpc-accept-encoding", "identity,deflate,gzip"],
  ["accept-encoding", "identity"],
  ["grpc-timeout", "1S"],
];
const RESPONSE: readonly Line[] = [
  [":status", "200"],
  ["content-type", "application/grpc"],
  ["grpc-encoding", "identity"],
  ["grpc-accept-encoding", "identity,deflate,gzip"],
];
const TRAILERS: readonly Line[] = [["grpc-status", "0"]];

const requests = new RequestReader();
const responses = new ResponseReader();
const trailers = new TrailerReader();
const out = new OutBuffer();
let sum = 0;

function toEntries(lines: readonly Line[]): HeaderEntry[] {
  return lines.map(([name, value]) => new HeaderEntry(name, value, false));
}

function readRequest(entries: readonly HeaderEntry[]) {
  requests.begin(BOUNDS);
  for (let i = 0; i < entries.length; i++) requests.onEntry(entries[i]!);
  const head = requests.finish("http", false);
  if ("kind" in head) throw new Error(head.code);
  return head;
}

function readResponse(entries: readonly HeaderEntry[]): ResponseHead {
  responses.begin(BOUNDS);
  for (let i = 0; i < entries.length; i++) responses.onEntry(entries[i]!);
  const head = responses.finish("POST", false);
  if ("kind" in head) throw new Error(head.code);
  return head;
}

const known = toEntries(REQUEST);
measure("read a gRPC request, every line known", () => {
  sum += readRequest(known).fields.textEnd;
});

// As where a deadline is another one in each call.
const deadlines = Array.from({ length: 64 }, (_, i) => toEntries([["grpc-timeout", `${i}m`]])[0]!);
const changing = known.slice();
let turn = 0;
measure("read a gRPC request, all lines but one known", () => {
  changing[9] = deadlines[turn++ & 63]!;
  sum += readRequest(changing).fields.textEnd;
});

measure("read a gRPC request, every line new", () => {
  sum += readRequest(toEntries(REQUEST)).fields.textEnd;
});
measure("  of it: making the entries", () => {
  sum += toEntries(REQUEST).length;
});

const response = toEntries(RESPONSE);
measure("read a gRPC response", () => {
  sum += readResponse(response).fields.textEnd;
});

const last = toEntries(TRAILERS);
measure("read trailers", () => {
  trailers.begin(BOUNDS);
  trailers.onEntry(last[0]!);
  const fields = trailers.finish("response");
  sum += "kind" in fields ? 0 : fields.textEnd;
});

const head = readRequest(known);
const request: UpstreamRequest = {
  method: head.method,
  target: head.target,
  authority: head.authority,
  fields: head.fields,
  bodyLength: head.bodyLength,
  expectsContinue: false,
  acceptsTrailers: true,
  upgrade: null,
};
measure("write a gRPC request", () => {
  out.length = 0;
  writeRequest(out, request, "http");
  sum += out.length;
});

const answer = readResponse(response);
measure("write a gRPC response", () => {
  out.length = 0;
  writeResponse(out, answer, false);
  sum += out.length;
});
trailers.begin(BOUNDS);
trailers.onEntry(last[0]!);
const passing = trailers.finish("response");
measure("write trailers", () => {
  out.length = 0;
  if (!("kind" in passing)) writeTrailers(out, passing);
  sum += out.length;
});

// Everything that passes through: read and written again, with fields that are another object each time.
measure("pass a gRPC request on", () => {
  const { fields } = readRequest(known);
  out.length = 0;
  writeRequest(out, { ...request, fields }, "http");
  sum += out.length;
});
conclude(sum);
