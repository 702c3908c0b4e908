// A resolved configuration as text that a person can judge: what differs from a plain one, short things on one line. For tests.

const WIDTH = 140;

/** What `value` has that `plain` has not; the parts of a list are compared with the first of `plain`, names always stay. */
export function toDifference(value: unknown, plain: unknown): unknown {
  if (Array.isArray(value)) {
    const isOfMaps = value.every((item) => isMap(item) && "name" in item);
    return isOfMaps && Array.isArray(plain) ? value.map((item) => toDifference(item, plain[0])) : value;
  }
  if (!isMap(value) || !isMap(plain) || value["kind"] !== plain["kind"]) return value;
  const entries = Object.entries(value).filter(
    ([key, held]) => key === "name" || JSON.stringify(toPlain(held)) !== JSON.stringify(toPlain(plain[key])),
  );
  return Object.fromEntries(entries.map(([key, held]) => [key, toDifference(held, plain[key])]));
}

/** JSON with whatever fits into a line on one; ends in a newline. */
export function toCompactText(value: unknown): string {
  return `${toLines(toPlain(value), "")}\n`;
}

function toLines(value: unknown, indent: string): string {
  const line = toLine(value);
  if (indent.length + line.length <= WIDTH || typeof value !== "object" || value === null) return line;
  const inner = `${indent}  `;
  const parts = Array.isArray(value)
    ? value.map((item) => inner + toLines(item, inner))
    : Object.entries(value).map(([key, held]) => `${inner}${key}: ${toLines(held, inner)}`);
  const [open, close] = Array.isArray(value) ? "[]" : "{}";
  return `${open}\n${parts.join("\n")}\n${indent}${close}`;
}

function toLine(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(toLine).join(", ")}]`;
  if (!isMap(value)) return JSON.stringify(value) ?? "undefined";
  const parts = Object.entries(value).map(([key, held]) => `${key}: ${toLine(held)}`);
  return parts.length === 0 ? "{}" : `{ ${parts.join(", ")} }`;
}

/** Bytes as their text, secrets as they show themselves. */
function toPlain(value: unknown): unknown {
  if (value instanceof Uint8Array) return `bytes: ${new TextDecoder().decode(value)}`;
  if (Array.isArray(value)) return value.map(toPlain);
  if (!isMap(value)) return value;
  if (typeof value["toJSON"] === "function") return String(value);
  return Object.fromEntries(Object.entries(value).map(([key, held]) => [key, toPlain(held)]));
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}
