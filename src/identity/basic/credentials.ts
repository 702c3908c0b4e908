// What a request says of a name and a password (RFC 7617 2): one line of Authorization, base64 as it is made, UTF-8, the name before the
// first colon, no control characters. Whatever is said in another way is refused, so that nobody reads another name in it than we do.

import { FIELD, type Fields } from "../../http/index.ts";

export interface Credentials {
  readonly name: string;
  readonly password: string;
}

/** Of the whole line: names and passwords of people and scripts are far shorter. */
const MAX_LINE = 2048;

const TOKEN = /^[A-Za-z0-9+/]*={0,2}$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\u0000-\u001f\u007f]/;

/** Null: no such credential. A text says what is wrong with one. */
export function readCredentials(fields: Fields): Credentials | string | null {
  const line = fields.get(FIELD.AUTHORIZATION);
  if (line === null) return null;
  const isOurs = isBasic(line);
  if (!isOurs && !isBasicBehind(fields)) return null;
  if (!isOurs || countLines(fields) > 1) return "there is more than one line of Authorization";
  if (line.length > MAX_LINE) return "it is too long";
  const text = decode(line.slice(5).replace(/^ +/, ""));
  if (text === null) return "it is no base64 of UTF-8";
  const colon = text.indexOf(":");
  if (colon < 0) return "it has no colon";
  if (CONTROL.test(text)) return "it holds a control character";
  return { name: text.slice(0, colon).normalize("NFC"), password: text.slice(colon + 1).normalize("NFC") };
}

/** Whether any line but the first is of this kind: two readers could take either. */
function isBasicBehind(fields: Fields): boolean {
  for (let i = 0; i < fields.received; i++) if (fields.isAt(i, FIELD.AUTHORIZATION) && isBasic(fields.valueAt(i))) return true;
  return false;
}

function countLines(fields: Fields): number {
  let count = 0;
  for (let i = 0; i < fields.received; i++) if (fields.isAt(i, FIELD.AUTHORIZATION)) count++;
  return count;
}

function isBasic(line: string): boolean {
  return line.slice(0, 5).toLowerCase() === "basic" && (line.length === 5 || line.charAt(5) === " ");
}

function decode(token: string): string | null {
  if (token === "" || !TOKEN.test(token)) return null;
  const bytes = Buffer.from(token, "base64");
  if (bytes.toString("base64") !== token) return null;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}
