// `sallyport quota ACTION`: what was used of quotas shown, and set back.

import { type QuotaOperations, QuotaRefusal } from "../limits/index.ts";
import { StoreFailure } from "../stores/index.ts";
import { toPlainText } from "./admin-json.ts";
import { tellUnreachable } from "./admin-target.ts";
import type { CommandLine } from "./commands.ts";
import { EXIT_CONFIG, EXIT_OK } from "./exit-codes.ts";
import { openQuotas } from "./quota-source.ts";
import { formatQuotas, formatReset } from "./quota-text.ts";
import { refuseUsage } from "./refuse-usage.ts";
import { SourceUnreachable, Told } from "./remote-pages.ts";
import type { Terminal } from "./terminal.ts";

const ACTIONS = ["show", "reset"] as const;
type Action = (typeof ACTIONS)[number];

/** Options that mean something to one action alone. */
const OWN_OPTIONS: Readonly<Record<string, Action>> = { all: "show", most: "show", "all-keys": "reset" };

interface Wanted {
  readonly limit: string | undefined;
  readonly key: string | undefined;
  readonly all: boolean;
  readonly most: number | undefined;
}

export async function quota(line: CommandLine, terminal: Terminal): Promise<number> {
  const { values } = line;
  const isJson = values["json"] === true;
  const refuse = (problem: string) => refuseUsage(terminal, problem, isJson, "sallyport help quota says what it takes.");
  const [word = "", ...operands] = line.operands;
  const action = ACTIONS.find((each) => each === word);
  if (action === undefined) return refuse(`quota has no action "${word}"; there are ${ACTIONS.join(", ")}`);
  const foreign = Object.keys(OWN_OPTIONS).find((name) => values[name] !== undefined && OWN_OPTIONS[name] !== action);
  if (foreign !== undefined) return refuse(`--${foreign} means nothing to quota ${action}`);
  const file = typeof values["admin"] === "string" ? undefined : operands.shift();
  if (file === undefined && typeof values["admin"] !== "string")
    return refuse("name the configuration whose database has the counters, or --admin URL");
  const wanted = readWanted(action, operands, values);
  if (typeof wanted === "string") return refuse(wanted);
  try {
    const source = await openQuotas(file, line, terminal);
    if (typeof source === "number") return source;
    try {
      return await (action === "show" ? show : reset)(wanted, source.operations, terminal, isJson);
    } finally {
      await source.close();
    }
  } catch (error) {
    return tell(error, refuse, terminal, isJson);
  }
}

function readWanted(action: Action, operands: readonly string[], values: CommandLine["values"]): Wanted | string {
  const [limit, key, ...rest] = operands;
  const { most } = values;
  if (rest.length > 0) return `quota ${action} takes no "${rest[0]}": a key with blanks is put in quotes`;
  if (most !== undefined && !/^(?:[1-9]\d{0,3}|10000)$/.test(String(most))) return `--most takes a number from 1 to 10000, got "${most}"`;
  if (action === "reset") {
    if (limit === undefined) return "quota reset takes the name of a quota, and a key or --all-keys";
    if (key === undefined && values["all-keys"] !== true)
      return `say whose quota ${limit} is reset: a key as quota show has it, or --all-keys`;
    if (key !== undefined && values["all-keys"] === true) return "a key and --all-keys exclude each other";
  }
  return { limit, key, all: values["all"] === true, most: most === undefined ? undefined : Number(most) };
}

async function show({ limit, key, all, most }: Wanted, operations: QuotaOperations, terminal: Terminal, isJson: boolean): Promise<number> {
  const quotas = await operations.list({
    ...(limit !== undefined && { limit }),
    ...(key !== undefined && { key }),
    ...(all && { all }),
    ...(most !== undefined && { most }),
  });
  if (isJson) {
    terminal.out(JSON.stringify({ ok: true, quotas }));
    return EXIT_OK;
  }
  const lines = formatQuotas(toPlainText(quotas), { paint: terminal.outPaint, isTerminal: terminal.columns > 0 });
  for (const text of lines) terminal.out(text);
  if (lines.length === 0) terminal.err("Nothing has been used.");
  return EXIT_OK;
}

async function reset({ limit, key }: Wanted, operations: QuotaOperations, terminal: Terminal, isJson: boolean): Promise<number> {
  const done = await operations.reset(key === undefined ? { limit, allKeys: true } : { limit, key });
  if (key !== undefined && done.count === 0) {
    throw new QuotaRefusal("absent", `nothing has been used of ${limit} by "${key}" in this period; quota show lists the keys as they are`);
  }
  if (isJson) terminal.out(JSON.stringify({ ok: true, ...done }));
  else terminal.out(formatReset(toPlainText(done), terminal.outPaint));
  return EXIT_OK;
}

function tell(error: unknown, refuse: (problem: string) => number, terminal: Terminal, isJson: boolean): number {
  if (error instanceof Told) return error.exitCode;
  if (error instanceof SourceUnreachable || error instanceof StoreFailure) return tellUnreachable(error.message, terminal, isJson);
  if (!(error instanceof QuotaRefusal)) throw error;
  if (error.reason === "invalid") return refuse(error.message);
  if (isJson) terminal.out(JSON.stringify({ ok: false, error: error.message }));
  else terminal.err(`${terminal.paint.bad("refused:")} ${toPlainText(error.message)}`);
  return EXIT_CONFIG;
}
