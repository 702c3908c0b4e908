// One text with `${env:NAME}` and `${file:PATH}` in it, taken apart. Where the values come from is not known here.

/** Literal text, or what stands for it. */
export type TextPart = string | { readonly source: "env" | "file"; readonly name: string; readonly written: string };

const OPENING = /\$\{(env|file):/g;
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;

export function hasReference(text: string): boolean {
  return text.includes("${env:") || text.includes("${file:");
}

/**
 * The parts, or in words what is wrong. `$${env:X}` is no reference: with `unescape` it becomes the literal `${env:X}`; without, it stays
 * for templates.ts to read, unless there is a reference besides, so that no template is read.
 */
export function splitReferences(
  text: string,
  isTemplate: boolean,
): readonly TextPart[] | { readonly wrong: string; readonly hint: string } {
  const parts: TextPart[] = [];
  let at = 0;
  let literal = "";
  let count = 0;
  for (const found of text.matchAll(OPENING)) {
    if (found.index < at) continue;
    if (text[found.index - 1] === "$") {
      literal += `${text.slice(at, found.index - 1)}${found[0]}`;
      at = found.index + found[0].length;
      continue;
    }
    const source = found[1] === "env" ? "env" : "file";
    const start = found.index + found[0].length;
    const end = text.indexOf("}", start);
    const hint = "it is written `${env:NAME}` or `${file:PATH}`; a plain `${` is written `$${`";
    if (end === -1) return { wrong: `a \`\${${source}:\` that is not closed`, hint };
    const name = text.slice(start, end);
    if (source === "env" ? !VARIABLE.test(name) : name === "" || name.includes("\0")) {
      return { wrong: `\`\${${source}:…}\` without a ${source === "env" ? "variable's name" : "path"}`, hint };
    }
    literal += text.slice(at, found.index);
    if (literal !== "") parts.push(literal);
    literal = "";
    parts.push({ source, name, written: text.slice(found.index, end + 1) });
    count++;
    at = end + 1;
  }
  if (count === 0 && isTemplate) return [text];
  literal += text.slice(at);
  if (literal !== "") parts.push(literal);
  return isTemplate ? parts.map((part) => (typeof part === "string" ? part.replaceAll("$${", "${") : part)) : parts;
}
