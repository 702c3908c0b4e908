// What an admin address answered, before anybody believes that it is one: JSON of some shape, with texts that a terminal may show.

export type JsonObject = Readonly<Record<string, unknown>>;

/** Null for what is no JSON object. */
export function readObject(text: string): JsonObject | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : null;
  } catch {
    return null;
  }
}

/** The same without characters by which a text could steer a terminal. */
export function toPlainText<Value>(value: Value): Value {
  if (typeof value === "string") return value.replaceAll(/\p{Cc}/gu, "\ufffd") as Value;
  if (Array.isArray(value)) return value.map(toPlainText) as Value;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, toPlainText(inner)])) as Value;
}
