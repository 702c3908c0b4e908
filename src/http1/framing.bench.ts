// Nanoseconds for what the fields of a head mean: framing, Connection, Host. Reading changes the fields, so each is parsed anew,
// and the parser's own time, measured beside it, is taken off.

import { conclude, measure } from "../../bench/measure.ts";
import { HeadParser } from "./head-parser.ts";
import { readRequestHead } from "./request-head.ts";
import { readResponseHead } from "./response-head.ts";
import { API_RESPONSE, BROWSER_GET, CURL_GET } from "./stage/real-heads.ts";

const BOUNDS = { lineBytes: 8192, headBytes: 32 * 1024, fieldCount: 100 };
const requests = new HeadParser("request");
const responses = new HeadParser("response");
const NOMINATING = Buffer.from(
  "GET / HTTP/1.1\r\nHost: a\r\nTE: trailers\r\nX-Hop: 1\r\nConnection: TE, X-Hop, keep-alive\r\n\r\n",
  "latin1",
);
const CHUNKED = Buffer.from("POST / HTTP/1.1\r\nHost: api.example.com\r\nTransfer-Encoding: chunked\r\n\r\n", "latin1");
let sink = 0;

function compare(name: string, parse: () => void, read: () => void): void {
  const parsing = measure(`${name}: parse`, parse);
  const both = measure(`${name}: parse and read`, read);
  console.log(`${`${name}: read alone`.padEnd(56)} ${(both - parsing).toFixed(0).padStart(7)} ns`);
}

for (const [name, bytes] of [
  ["curl's GET", CURL_GET],
  ["browser's GET", BROWSER_GET],
  ["Connection that names fields", NOMINATING],
  ["chunked POST", CHUNKED],
] as const) {
  compare(
    name,
    () => {
      sink += requests.parse(bytes, 0, bytes.length, BOUNDS);
    },
    () => {
      sink += requests.parse(bytes, 0, bytes.length, BOUNDS);
      const head = readRequestHead(requests, "http");
      sink += "kind" in head ? 1 : head.bodyLength;
    },
  );
}
compare(
  "API's response",
  () => {
    sink += responses.parse(API_RESPONSE, 0, API_RESPONSE.length, BOUNDS);
  },
  () => {
    sink += responses.parse(API_RESPONSE, 0, API_RESPONSE.length, BOUNDS);
    const head = readResponseHead(responses, "GET");
    sink += "kind" in head ? 1 : head.bodyLength;
  },
);
conclude(sink);
