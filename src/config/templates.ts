// Values with `${param:id}`, `${param:*}` and `${request:id}` in them, compiled to their parts. `$${` stands for a plain `${`.
// References to the environment and to files have been put in before this sees a text; such a value is a secret as a whole.

import { REQUEST_FACTS, type RequestFact, type ValueTemplate } from "./config.ts";
import { Refusal } from "./refusal.ts";

export const VALUE_TEMPLATE_EXPECTATION = "a value whose `${…}` are `${param:NAME}`, `${param:*}` or `${request:FACT}`";

type Part = ValueTemplate[number];

/** The parts, neighbours of literal text joined; a text without `${` is one part. */
export function parseTemplate(text: string): ValueTemplate | Refusal {
  const parts: Part[] = [];
  let literal = "";
  for (let at = 0; at < text.length; ) {
    const open = text.indexOf("${", at);
    // Of `$${` the first `$` takes its meaning from the others.
    if (open > at && text[open - 1] === "$") {
      literal += `${text.slice(at, open - 1)}\${`;
      at = open + 2;
      continue;
    }
    literal += text.slice(at, open === -1 ? text.length : open);
    if (open === -1) break;
    const end = text.indexOf("}", open);
    if (end === -1) return refuse("a `${` that is not closed; a plain `${` is written `$${`");
    const part = toPart(text.slice(open + 2, end));
    if (part instanceof Refusal) return part;
    if (literal !== "") parts.push(literal);
    literal = "";
    parts.push(part);
    at = end + 1;
  }
  if (literal !== "") parts.push(literal);
  return parts;
}

/** The parameters that the template asks for. */
export function listParams(template: ValueTemplate): string[] {
  return template.flatMap((part) => (typeof part === "object" && "param" in part ? [part.param] : []));
}

function toPart(inner: string): Part | Refusal {
  const colon = inner.indexOf(":");
  const source = colon === -1 ? inner : inner.slice(0, colon);
  const name = colon === -1 ? "" : inner.slice(colon + 1);
  if (source === "param" && (name === "*" || isWord(name))) return { param: name };
  if (source === "request") {
    const fact = REQUEST_FACTS.find((known) => known === name);
    return fact === undefined ? refuse(`of a request there are ${REQUEST_FACTS.join(", ")}`) : { request: fact satisfies RequestFact };
  }
  if (source === "param") return refuse("a parameter is written `${param:id}`, the tail `${param:*}`");
  if (name === "" && isWord(inner)) {
    return refuse(`\`\${param:${inner}}\` is a parameter of the path, \`\${env:${inner}}\` a variable of the environment`);
  }
  return refuse("what can be put in is `param`, `request`, `env` and `file`; a plain `${` is written `$${`");
}

function isWord(text: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(text);
}

function refuse(hint: string | undefined): Refusal {
  return new Refusal("SP_CONFIG_BAD_TEMPLATE", VALUE_TEMPLATE_EXPECTATION, hint);
}
