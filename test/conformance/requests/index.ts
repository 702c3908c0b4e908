// The whole request table.

import { chunkCases } from "./chunks.ts";
import { connectionCases } from "./connection.ts";
import { fieldCases } from "./fields.ts";
import { framingCases } from "./framing.ts";
import { hostCases } from "./host.ts";
import type { RequestCase } from "./request-case.ts";
import { requestLineCases } from "./request-line.ts";
import { sequenceCases } from "./sequence.ts";
import { targetCases } from "./target.ts";
import { transferEncodingCases } from "./transfer-encoding.ts";

export type { FieldExpectation, RequestCase, SeenRequest, UpstreamManner } from "./request-case.ts";

export const requestThemes: readonly (readonly [theme: string, cases: readonly RequestCase[]])[] = [
  ["body lengths", framingCases],
  ["transfer codings", transferEncodingCases],
  ["chunks and trailers", chunkCases],
  ["request lines", requestLineCases],
  ["targets and paths", targetCases],
  ["hosts", hostCases],
  ["fields", fieldCases],
  ["connection, upgrade and expect", connectionCases],
  ["sequences, early answers and bounds", sequenceCases],
];
