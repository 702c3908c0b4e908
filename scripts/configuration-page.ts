// docs/reference/configuration.md and the JSON Schemas for editors, all from the schema by which configurations are read. A section for
// each map of the language, a row for each key; a map that stands in several places has one section.

import { configurationJsonSchema, describeConfiguration, describeTeam, type SchemaNode, teamJsonSchema } from "../src/config/index.ts";

export function formatConfigurationSchema(): string {
  return `${JSON.stringify(configurationJsonSchema(), null, 2)}\n`;
}

export function formatTeamSchema(): string {
  return `${JSON.stringify(teamJsonSchema(), null, 2)}\n`;
}

/** A map of the language with the keys that it takes. */
interface Section {
  readonly path: string;
  readonly node: SchemaNode;
  /** It, or what it stands in, is marked as not built. */
  readonly isUnbuilt: boolean;
}

export function formatConfigurationPage(): string {
  const sections = listSections(describeConfiguration(), "", false);
  const homes = toHomes(sections);
  const team = listSections(describeTeam(), "", false);
  const teamSections = team.filter(({ path }) => path === "" || path === "team");
  const parts = [
    `# Configuration

Written by \`npm run docs\` from the source; changes are made there. [The guide](../guides/configuration.md) goes by task, and the JSON Schemas for editors,
[gateway.schema.json](gateway.schema.json) and [team.schema.json](team.schema.json), come from the same source.

Every key that there is stands here, by the map that it stands in: \`routes[]\` is each entry of the list \`routes\`, \`upstreams.NAME\` the value of each key of the map
\`upstreams\`. Any other key is a mistake. \`\${env:NAME}\` and \`\${file:PATH}\` may stand in every text. What is marked _not built_ is part of the language, and this version
refuses it by name.`,
    "## The gateway's file",
    ...sections.filter(({ path, node }) => homes.get(toContent(node)) === path).map((section) => formatSection(section, homes)),
    `## A team's file

A file that \`gateway.include\` of the gateway's own names.`,
    ...teamSections.map((section) => formatSection(section, homes, "team-file")),
  ];
  return `${parts.join("\n\n")}\n`;
}

function listSections(node: SchemaNode, path: string, isUnbuilt: boolean): Section[] {
  const inside = isUnbuilt || isMarked(node);
  const found: Section[] = node.properties === undefined ? [] : [{ path, node, isUnbuilt: inside }];
  for (const [key, child] of Object.entries(node.properties ?? {})) found.push(...listSections(child, join(path, key), inside));
  for (const branch of node.anyOf ?? []) found.push(...listSections(branch, path, inside));
  if (node.items !== undefined) found.push(...listSections(node.items, `${path}[]`, inside));
  if (typeof node.additionalProperties === "object") found.push(...listSections(node.additionalProperties, join(path, "NAME"), inside));
  return found;
}

/** Where the keys of a map are told: at a route rather than at the defaults for it, else where they stand first. */
function toHomes(sections: readonly Section[]): ReadonlyMap<string, string> {
  const homes = new Map<string, string>();
  for (const { path, node } of sections) {
    const content = toContent(node);
    const known = homes.get(content);
    if (known === undefined || (known.startsWith("defaults.") && path.startsWith("routes[]"))) homes.set(content, path);
  }
  return homes;
}

function toContent(node: SchemaNode): string {
  return JSON.stringify(node.properties);
}

function formatSection({ path, node, isUnbuilt }: Section, homes: ReadonlyMap<string, string>, top = "file"): string {
  const rows = Object.entries(node.properties ?? {}).map(([key, child]) => {
    const isNeeded = node.required?.includes(key) === true && child.default === undefined;
    const mark = isUnbuilt || isMarked(child) ? "_Not built._ " : "";
    const cells = [`\`${key}\``, toTaken(child, join(path, key), homes), isNeeded ? "required" : toPreset(child), mark + toMeaning(child)];
    return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  });
  return `### ${path === "" ? "The top" : `\`${path}\``} <a id="${toAnchor(path, top)}"></a>

${toMeaning(node)}

| key | takes | when left out | meaning |
| --- | --- | --- | --- |
${rows.join("\n")}`;
}

function isMarked(node: SchemaNode): boolean {
  return node.description?.startsWith("Not built yet.") === true;
}

function toMeaning(node: SchemaNode): string {
  return (node.description ?? "").replace(/^Not built yet\. /, "");
}

function toPreset(node: SchemaNode): string {
  const { default: preset } = node;
  if (preset === undefined || (typeof preset === "object" && Object.keys(preset ?? {}).length === 0)) return "";
  return Array.isArray(preset) ? `\`[${preset.join(", ")}]\`` : `\`${String(preset)}\``;
}

/** In words; a map is a link to its section. */
function toTaken(node: SchemaNode, path: string, homes: ReadonlyMap<string, string>): string {
  if (node.properties !== undefined) return toLink("a map", node, path, homes);
  if (node.takes !== undefined) return node.takes;
  if (node.anyOf !== undefined) return toAlternatives(node.anyOf, path, homes);
  if (node.const !== undefined) return `\`${String(node.const)}\``;
  if (node.enum !== undefined) return node.enum.map((word) => `\`${String(word)}\``).join(", ");
  if (node.type === "boolean") return "`true` or `false`";
  if (node.type === "integer")
    return `a whole number from ${node.minimum}${node.maximum === Number.MAX_SAFE_INTEGER ? "" : ` to ${node.maximum}`}`;
  if (node.items !== undefined) return `a list; each ${toTaken(node.items, `${path}[]`, homes)}`;
  if (typeof node.additionalProperties === "object")
    return `a map; each value ${toTaken(node.additionalProperties, join(path, "NAME"), homes)}`;
  return node.type === "string" ? "text" : "any value";
}

function toAlternatives(branches: readonly SchemaNode[], path: string, homes: ReadonlyMap<string, string>): string {
  const words = branches.map((branch) => {
    const mark = isMarked(branch) ? "(not built) " : "";
    return mark + toTaken(branch, path, homes);
  });
  return [...new Set(words)].join("; or ");
}

function toLink(text: string, node: SchemaNode, path: string, homes: ReadonlyMap<string, string>): string {
  return `[${text}](#${toAnchor(homes.get(toContent(node)) ?? path, "file")})`;
}

/** `routes[].cors` is `routes-cors`. */
function toAnchor(path: string, top: string): string {
  return path === "" ? top : path.replaceAll("[]", "").replaceAll(".", "-").toLowerCase();
}

function join(path: string, key: string): string {
  return path === "" ? key : `${path}.${key}`;
}
