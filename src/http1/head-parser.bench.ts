// Nanoseconds for a head from bytes: whole, as it mostly comes, and in two pieces.

import { conclude, measure } from "../../bench/measure.ts";
import * as H1 from "./faults.ts";
import { HeadIntake } from "./head-intake.ts";
import { HeadParser } from "./head-parser.ts";
import { toLatin1 } from "./latin1.ts";
import { API_RESPONSE, BROWSER_GET, CURL_GET } from "./stage/real-heads.ts";

const BOUNDS = { lineBytes: 8192, headBytes: 32 * 1024, fieldCount: 100 };
const requests = new HeadParser("request");
const responses = new HeadParser("response");
const intake = new HeadIntake(requests, H1.BAD_LINE_END, H1.HEAD_TOO_LARGE, true);
let sink = 0;

function cut(bytes: Uint8Array): void {
  sink += intake.take(bytes.subarray(0, 40), 0, BOUNDS) + intake.take(bytes.subarray(40), 0, BOUNDS);
  intake.reset();
}

function whole(bytes: Uint8Array): void {
  sink += intake.take(bytes, 0, BOUNDS);
  intake.reset();
}

for (const [name, bytes] of [
  ["curl's GET", CURL_GET],
  ["browser's GET", BROWSER_GET],
] as const) {
  measure(`parse ${name}, ${bytes.length} B`, () => {
    sink += requests.parse(bytes, 0, bytes.length, BOUNDS) + requests.end;
  });
  measure(`take ${name} in one piece`, () => whole(bytes));
  measure(`take ${name} in two pieces`, () => cut(bytes));
  measure(`of which bytes to string of ${name}`, () => {
    sink += toLatin1(bytes, 0, bytes.length).length;
  });
}
measure(`parse an API's response head, ${API_RESPONSE.length} B`, () => {
  sink += responses.parse(API_RESPONSE, 0, API_RESPONSE.length, BOUNDS) + responses.end;
});
conclude(sink);
