// Nanoseconds for what a request does with its fields: find, remove, set, copy, write out; and for folded names.

import { FoldedNames, fieldName, hashFolded } from "./field-name.ts";
import { Fields } from "./fields.ts";
import * as FIELD from "./known-fields.ts";

const ROUNDS = 9;
const NAMES =
  "Host User-Agent Accept Accept-Language Accept-Encoding Referer Authorization Origin Connection Sec-Fetch-Dest Sec-Fetch-Mode Sec-Fetch-Site Cache-Control".split(
    " ",
  );
const IDENTITY = new FoldedNames(["X-User-Id", "X-User-Name", "X-User-Roles", "X-Tenant-Id", "X-Consumer"].map(fieldName));
const X_NONE = fieldName("X-None");
let sink = 0;

/** A browser's GET of about 600 bytes, as the head parser leaves it. */
function browserFields(): Fields {
  let text = "GET /api/v2/customers/31415926/orders?page=2&sort=-date HTTP/1.1\r\n";
  const marks: number[] = [];
  for (const name of NAMES) {
    const at = text.length;
    text += `${name}: ${"v".repeat(26)}\r\n`;
    marks.push(at, at + name.length, at + name.length + 2, text.length - 2, hashFolded(name, 0, name.length));
  }
  const fields = new Fields(text);
  fields.textEnd = text.length;
  for (let i = 0; i < marks.length; i += 5)
    fields.mark(marks[i] ?? 0, marks[i + 1] ?? 0, marks[i + 2] ?? 0, marks[i + 3] ?? 0, marks[i + 4] ?? 0);
  return fields;
}

function measure(name: string, operation: () => void): void {
  let bestMs = Number.POSITIVE_INFINITY;
  const calls = 50_000;
  for (let round = 0; round < ROUNDS; round++) {
    const started = performance.now();
    for (let i = 0; i < calls; i++) operation();
    bestMs = Math.min(bestMs, performance.now() - started);
  }
  console.log(`${name.padEnd(56)} ${((bestMs * 1e6) / calls).toFixed(1).padStart(7)} ns`);
}

const fields = browserFields();
const gone = browserFields();
gone.remove(FIELD.HOST);
gone.remove(FIELD.CONNECTION);
gone.add(FIELD.VIA, "1.1 sallyport");

measure(`get the first of ${NAMES.length}`, () => {
  sink += fields.get(FIELD.HOST)?.length ?? 0;
});
measure("get the last", () => {
  sink += fields.get(FIELD.CACHE_CONTROL)?.length ?? 0;
});
measure("get one that is not there", () => {
  sink += fields.get(X_NONE) === null ? 1 : 0;
});
measure("getCombined", () => {
  sink += fields.getCombined(FIELD.ACCEPT)?.length ?? 0;
});
measure("remove identity fields, none there", () => {
  sink += fields.removeFolded(IDENTITY);
});
measure("copy", () => {
  sink += fields.copy().size;
});
measure("copy, set one, add two", () => {
  const copy = fields.copy();
  copy.set(FIELD.ACCEPT, "x");
  copy.add(FIELD.VIA, "1.1 sallyport");
  copy.add(FIELD.X_REQUEST_ID, "0123456789abcdef");
  sink += copy.size;
});
measure("toLines, untouched, flattened", () => {
  sink += fields.toLines().charCodeAt(100);
});
measure("toLines, two removed, one added, flattened", () => {
  sink += gone.toLines().charCodeAt(100);
});
measure("hash of a name of 16 characters", () => {
  sink += hashFolded("x-forwarded-host", 0, 16);
});
console.log(`(${process.versions.bun === undefined ? `node ${process.versions.node}` : `bun ${process.versions.bun}`}, checksum ${sink})`);
