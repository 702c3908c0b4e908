// `sallyport diff OLD NEW`: what a change of configuration changes, in words, and a gate for merges.

import { formatIssues, parseConfig } from "../config/index.ts";
import { computeGeneration, loadingHost } from "../gateway/index.ts";
import { type ConfigDiff, diffConfigs, type Effect } from "../inspect/index.ts";
import type { CommandLine } from "./commands.ts";
import { EXIT_CONFIG, EXIT_GATE, EXIT_OK } from "./exit-codes.ts";
import { hideIn } from "./hide.ts";
import { type Loaded, loadOrTell, toPlainIssue } from "./load.ts";
import { refuseUsage } from "./refuse-usage.ts";
import type { Terminal } from "./terminal.ts";

const STDIN = "-";
const SHOWN_ALIKE = 5;
const SHOWN_MOVES = 20;
const TITLES = {
  loosens: "loosens",
  adds: "adds",
  changes: "changes",
  removes: "removes",
  tightens: "tightens",
} as const satisfies Record<Effect["kind"], string>;

/** `readStdin` is for the operand `-`. */
export async function diff({ values, operands }: CommandLine, terminal: Terminal, readStdin = readStandardInput): Promise<number> {
  const [oldFile = "", newFile = ""] = operands;
  const { deny } = values;
  const isJson = values["json"] === true;
  if (deny !== undefined && deny !== "loosens" && deny !== "any") {
    return refuseUsage(terminal, `--deny takes loosens or any, got "${String(deny)}"`, isJson);
  }
  if (oldFile === STDIN && newFile === STDIN) return refuseUsage(terminal, "only one of the two can be standard input", isJson);
  const load = async (file: string, other: string) => {
    const loaded = await (file === STDIN ? parseOrTell(readStdin, other, terminal, isJson) : loadOrTell(file, terminal, isJson));
    return loaded !== null && isWhole(loaded, terminal, isJson) ? loaded : null;
  };
  const before = await load(oldFile, newFile);
  if (before === null) return EXIT_CONFIG;
  const after = await load(newFile, oldFile);
  if (after === null) return EXIT_CONFIG;
  const hidden = [...before.hidden, ...after.hidden];
  const found = hideIn(diffConfigs(before.config, after.config, [before.invariants, after.invariants]), hidden);
  const isOpened = [...found.effects, ...found.requests].some(({ opens }) => opens);
  const isDenied = deny === "any" ? found.effects.length + found.requests.length > 0 : deny === "loosens" && isOpened;
  if (isJson) {
    const effects = found.effects.map(({ alike: _alike, ...effect }) => effect);
    terminal.out(JSON.stringify({ ok: !isDenied, effects, summary: found.summary, requests: found.requests }));
  } else {
    const isSameGeneration = computeGeneration(before.config) === computeGeneration(after.config);
    for (const line of toLines(found, isSameGeneration, terminal)) terminal.out(line);
    if (isDenied)
      terminal.err(`${terminal.paint.bad("denied:")} ${deny === "any" ? "there is a difference" : "the change opens something"}.`);
  }
  return isDenied ? EXIT_GATE : EXIT_OK;
}

/** Paths in the text are taken as those of the other file are: a former version of it, say, out of version control. */
async function parseOrTell(readStdin: () => Promise<string>, beside: string, terminal: Terminal, isJson: boolean): Promise<Loaded | null> {
  const loaded = parseConfig(await readStdin(), beside, loadingHost());
  const { config } = loaded;
  if (config !== null) return { ...loaded, config };
  if (isJson) terminal.out(JSON.stringify({ ok: false, issues: loaded.issues.map(toPlainIssue) }));
  else terminal.err(`In standard input, read as ${beside}:\n${formatIssues(loaded.issues, { colour: terminal.coloured }).trimEnd()}`);
  return null;
}

/** Without a team's part a comparison would tell its routes as gone or new, and a gate would let through what it has not seen. */
function isWhole({ teams }: Loaded, terminal: Terminal, isJson: boolean): boolean {
  const issues = teams.flatMap(({ state, issues: own }) => (state === "good" ? [] : own));
  if (teams.every(({ state }) => state === "good")) return true;
  if (isJson) terminal.out(JSON.stringify({ ok: false, issues: issues.map(toPlainIssue) }));
  else terminal.err(formatIssues(issues, { colour: terminal.coloured }).trimEnd());
  return false;
}

function toLines({ effects, summary, requests }: ConfigDiff, isSameGeneration: boolean, { outPaint }: Terminal): string[] {
  if (effects.length + requests.length === 0) {
    return [isSameGeneration ? "no effect: the same generation" : "no effect: only order or spelling differ"];
  }
  const paint = {
    loosens: outPaint.bad,
    tightens: outPaint.good,
    adds: outPaint.strong,
    removes: outPaint.strong,
    changes: outPaint.strong,
  };
  const lines: string[] = [];
  for (const isOpening of [true, false]) {
    for (const [kind, title] of Object.entries(TITLES) as [Effect["kind"], string][]) {
      const group = effects.filter((effect) => effect.kind === kind && effect.opens === isOpening);
      if (group.length === 0) continue;
      lines.push(isOpening && kind === "adds" ? outPaint.bad(`${title} and opens`) : paint[kind](title), ...listAlike(group));
    }
  }
  if (requests.length > 0) {
    lines.push(outPaint.strong("requests"));
    for (const { sentence, opens } of requests.slice(0, SHOWN_MOVES)) lines.push(`  ${sentence}${opens ? outPaint.bad(" (opens)") : ""}`);
    if (requests.length > SHOWN_MOVES) lines.push(`  … and ${requests.length - SHOWN_MOVES} more moves between routes`);
  }
  const count = (kind: Effect["kind"]) => effects.filter((effect) => effect.kind === kind).length;
  const opened = effects.filter(({ opens }) => opens).length;
  const moved = requests.filter(({ opens }) => opens).length;
  const openers = [
    ...(opened > 0 ? [moved === 0 ? `${opened}` : `${opened} effect${opened === 1 ? "" : "s"}`] : []),
    ...(moved > 0 ? [`${moved} move${moved === 1 ? "" : "s"} of requests`] : []),
  ].join(" and ");
  const counts = Object.keys(TITLES).flatMap((kind) => {
    const many = count(kind as Effect["kind"]);
    return many === 0 ? [] : [`${many} ${kind}`];
  });
  const total = `${effects.length} effect${effects.length === 1 ? "" : "s"}: ${counts.join(", ")}`;
  lines.push(
    "",
    ...summary,
    `${total}; ${openers === "" ? outPaint.good("nothing opens") : outPaint.bad(`${openers} open${opened + moved === 1 ? "s" : ""} something`)}`,
  );
  return lines;
}

/** Of many that say the same of different subjects, the first few. */
function listAlike(effects: readonly Effect[]): string[] {
  const seen = new Map<string, number>();
  const lines: string[] = [];
  for (const { alike, sentence } of effects) {
    const count = (seen.get(alike) ?? 0) + 1;
    seen.set(alike, count);
    if (count <= SHOWN_ALIKE) lines.push(`  ${sentence}`);
  }
  for (const [alike, count] of seen) if (count > SHOWN_ALIKE) lines.push(`  … and ${count - SHOWN_ALIKE} more that ${alike}`);
  return lines;
}

async function readStandardInput(): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Uint8Array);
  return Buffer.concat(chunks).toString("utf8");
}
