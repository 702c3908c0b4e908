// The reference page of route tests and their JSON Schema, both from the schema by which the files are read.

import { routeTestsJsonSchema } from "../src/config/index.ts";

interface Node {
  readonly type?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Node | boolean;
  readonly items?: Node;
  readonly anyOf?: readonly Node[];
  readonly enum?: readonly string[];
  readonly const?: unknown;
  readonly default?: unknown;
}

/** For editors. */
export function formatRouteTestsSchema(): string {
  return `${JSON.stringify(routeTestsJsonSchema(), null, 2)}\n`;
}

export function formatRouteTestsPage(): string {
  const rows: string[] = [];
  addRows(routeTestsJsonSchema() as Node, "", rows);
  return `# Route tests

Written by \`npm run docs\` from \`src/config/route-test-schema.ts\`; the [JSON Schema](route-tests.schema.json) for editors comes from it too. \`sallyport test FILE\` runs
such a file, in process and without a network: [testing](../guides/testing.md) tells how.

Header values and bodies are text: numbers are quoted. \`absent\` and \`present\` are words in what is expected of a header. What \`expect\` does not name is not looked at.
Of several attempts the last is the one that \`expect.upstream\` looks at.

| key | takes | meaning |
| --- | --- | --- |
${rows.join("\n")}
`;
}

function addRows(node: Node, path: string, rows: string[]): void {
  for (const [key, child] of Object.entries(node.properties ?? {})) {
    const at = path === "" ? key : `${path}.${key}`;
    const needed = node.required?.includes(key) === true && child.default === undefined ? " Required." : "";
    const preset = child.default === undefined || typeof child.default === "object" ? "" : ` ${String(child.default)} when left out.`;
    rows.push(`| \`${at}\` | ${toTaken(child)} | ${(child.description ?? "").replaceAll("|", "\\|")}${preset}${needed} |`);
    addInner(child, at, rows);
  }
}

function addInner(node: Node, at: string, rows: string[]): void {
  for (const each of node.anyOf ?? []) addInner(each, at, rows);
  if (node.items !== undefined) addRows(node.items, `${at}[]`, rows);
  else if (typeof node.additionalProperties === "object") addRows(node.additionalProperties, `${at}.NAME`, rows);
  addRows(node, at, rows);
}

function toTaken(node: Node): string {
  if (node.anyOf !== undefined) return [...new Set(node.anyOf.map(toTaken))].join(", or ");
  if (node.const !== undefined) return `\`${String(node.const)}\``;
  if (node.enum !== undefined) return node.enum.map((word) => `\`${word}\``).join(", ");
  if (node.type === "array") return "a list";
  if (node.type === "object") return "a map";
  if (node.type === "integer") return "a whole number";
  return node.type === "string" ? "text" : "any value";
}
