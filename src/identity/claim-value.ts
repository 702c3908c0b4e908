// What a claim becomes as the value of a header field. A value can't end its line, can't leave visible ASCII, and can't pass for two values
// of a list: what could is percent-encoded as UTF-8, and so is the percent sign, so that a service gets the very text by decoding each
// element. Not hot: made once for a credential.

/** RFC 9110 5.5 visible characters and inner spaces, without `,` (lists), `%` (our escape), `"` and `\` (quoted strings). */
const PLAIN = /^(?:[\x21\x23\x24\x26-\x2b\x2d-\x5b\x5d-\x7e]+(?: [\x21\x23\x24\x26-\x2b\x2d-\x5b\x5d-\x7e]+)*)?$/;

/** Null: nothing that a field can carry (a map, null). An empty text or list is an empty value. */
export function toFieldText(claim: unknown): string | null {
  if (Array.isArray(claim)) {
    const texts = claim.map(toElement);
    return texts.includes(null) ? null : texts.join(",");
  }
  return toElement(claim);
}

function toElement(claim: unknown): string | null {
  if (typeof claim === "string") return claim.isWellFormed() ? encodeText(claim) : null;
  // A whole number beyond 2^53 is not the one that the credential says.
  if (typeof claim === "number" && Number.isFinite(claim))
    return Number.isInteger(claim) && !Number.isSafeInteger(claim) ? null : String(claim);
  return typeof claim === "boolean" ? String(claim) : null;
}

function encodeText(text: string): string {
  if (PLAIN.test(text)) return text;
  let encoded = "";
  for (const byte of new TextEncoder().encode(text)) {
    const character = String.fromCharCode(byte);
    encoded += byte < 0x80 && byte !== 0x20 && PLAIN.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return encoded;
}
