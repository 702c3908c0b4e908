// Nanoseconds for the text of a request head to an upstream, flattened as a socket would.

import { conclude, measure } from "../../bench/measure.ts";
import type { UpstreamRequest } from "../http/index.ts";
import { HeadParser } from "./head-parser.ts";
import { readRequestHead } from "./request-head.ts";
import { encodeRequestHead } from "./request-writer.ts";
import { BROWSER_GET, CURL_GET } from "./stage/real-heads.ts";

let sink = 0;

/** Reading one unit flattens the rope. */
function consume(text: string): void {
  sink += text.length + text.charCodeAt(text.length - 1);
}

function forwarded(bytes: Uint8Array, more: Partial<UpstreamRequest>): UpstreamRequest {
  const parser = new HeadParser("request");
  parser.parse(bytes, 0, bytes.length, { lineBytes: 8192, headBytes: 8192, fieldCount: 100 });
  const head = readRequestHead(parser, "http");
  if ("kind" in head) throw new Error(head.code);
  return {
    method: head.method,
    target: head.target,
    authority: "10.0.0.2:8080",
    fields: head.fields,
    bodyLength: 0,
    expectsContinue: false,
    acceptsTrailers: false,
    upgrade: null,
    ...more,
  };
}

const curl = forwarded(CURL_GET, {});
const browser = forwarded(BROWSER_GET, {});
const posting = forwarded(BROWSER_GET, { method: "POST", bodyLength: 1234 });
measure("curl's GET", () => consume(encodeRequestHead(curl)));
measure("browser's GET", () => consume(encodeRequestHead(browser)));
measure("the same as POST with a body", () => consume(encodeRequestHead(posting)));
conclude(sink);
