export { HpackDecoder } from "./decoder.ts";
export { writeField, writeFields, writeNoTable, writeStatus } from "./encoder.ts";
export { type EntrySink, HeaderEntry, UNJUDGED } from "./header-entry.ts";
