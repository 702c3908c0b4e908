// Nanoseconds for the text of a response head, flattened as a socket would, and for chunk frames.

import { conclude, measure } from "../../bench/measure.ts";
import { FIELD, Fields, ResponseHead, UNKNOWN_LENGTH } from "../http/index.ts";
import { HeadParser } from "./head-parser.ts";
import { readResponseHead } from "./response-head.ts";
import { chunkHead, encodeResponseHead } from "./response-writer.ts";
import { API_RESPONSE } from "./stage/real-heads.ts";

let sink = 0;

/** Reading one unit flattens the rope. */
function consume(text: string): void {
  sink += text.length + text.charCodeAt(text.length - 1);
}

const parser = new HeadParser("response");
parser.parse(API_RESPONSE, 0, API_RESPONSE.length, { lineBytes: 8192, headBytes: 8192, fieldCount: 100 });
const forwarded = readResponseHead(parser, "GET");
if ("kind" in forwarded) throw new Error(forwarded.code);
forwarded.fields.add(FIELD.VIA, "1.1 sallyport");
forwarded.fields.add(FIELD.X_REQUEST_ID, "0123456789abcdef");
const own = new ResponseHead(204, new Fields(""), 0, 0);
const streamed = new ResponseHead(200, forwarded.fields, UNKNOWN_LENGTH, -1);

measure("forwarded head, 9 received fields, 2 added", () => consume(encodeResponseHead(forwarded, 11, true, false, false)));
measure("the same, chunked and closing", () => consume(encodeResponseHead(streamed, 11, false, true, false)));
measure("bare 204", () => consume(encodeResponseHead(own, 11, true, false, false)));
measure("chunk head of 16 KiB", () => consume(`${chunkHead(16_384)}  `));
conclude(sink);
