export { HpackDecoder } from "./decoder.ts";
export {
  writeAuthority,
  writeContentLength,
  writeField,
  writeFields,
  writeMethod,
  writeNoTable,
  writePath,
  writeScheme,
  writeStatus,
} from "./encoder.ts";
export { type EntrySink, HeaderEntry, UNJUDGED } from "./header-entry.ts";
