// What a plain scalar means: the core schema of YAML 1.2 (10.3.2). `yes`, `no`, `on` and `off` are words, and so are dates.

const INTEGER = /^[-+]?[0-9]+$/;
const OCTAL = /^0o[0-7]+$/;
const HEX = /^0x[0-9a-fA-F]+$/;
const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;
const INFINITY = /^[-+]?\.(?:inf|Inf|INF)$/;

const WORDS = new Map<string, boolean | null | number>([
  ["", null],
  ["~", null],
  ["null", null],
  ["Null", null],
  ["NULL", null],
  ["true", true],
  ["True", true],
  ["TRUE", true],
  ["false", false],
  ["False", false],
  ["FALSE", false],
  [".nan", Number.NaN],
  [".NaN", Number.NaN],
  [".NAN", Number.NaN],
]);

/** The value of a scalar without quotes. */
export function resolvePlain(text: string): string | number | boolean | null {
  const first = text.charCodeAt(0);
  // Most scalars of a configuration are words: one look at the first character tells that they are nothing else.
  const isNumeric = (first >= 0x30 && first <= 0x39) || first === 0x2b || first === 0x2d || first === 0x2e;
  if (!isNumeric || text.length <= 4) {
    const word = text.length <= 5 ? WORDS.get(text) : undefined;
    if (word !== undefined) return word;
    if (!isNumeric) return text;
  }
  if (INTEGER.test(text)) return Number(text);
  if (OCTAL.test(text)) return Number.parseInt(text.slice(2), 8);
  if (HEX.test(text)) return Number.parseInt(text.slice(2), 16);
  if (FLOAT.test(text)) return Number(text);
  return INFINITY.test(text) ? (first === 0x2d ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY) : text;
}
