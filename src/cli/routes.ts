// `sallyport routes FILE`: the routes as a table.

import { describeRoute, type RouteRow } from "../inspect/index.ts";
import type { CommandLine } from "./commands.ts";
import { EXIT_CONFIG, EXIT_OK } from "./exit-codes.ts";
import { hideIn } from "./hide.ts";
import { loadOrTell } from "./load.ts";
import type { Terminal } from "./terminal.ts";

const COLUMNS: readonly (readonly [key: keyof RouteRow, title: string])[] = [
  ["name", "ROUTE"],
  ["team", "TEAM"],
  ["methods", "METHODS"],
  ["hosts", "HOSTS"],
  ["paths", "PATH"],
  ["conditions", "CONDITIONS"],
  ["access", "ACCESS"],
  ["action", "ACTION"],
  ["timeout", "TIMEOUT"],
  ["limits", "LIMITS"],
  ["priority", "PRIORITY"],
];
const GAP = "  ";
const LEAST_WIDTH = 6;

export async function routes({ values, operands }: CommandLine, terminal: Terminal): Promise<number> {
  const isJson = values["json"] === true;
  const loaded = await loadOrTell(operands[0] ?? "", terminal, isJson);
  if (loaded === null) return EXIT_CONFIG;
  const { config } = loaded;
  if (isJson) {
    const rows = config.routes.map((route) => ({
      name: route.name,
      team: route.team,
      ...route.match,
      access: describeRoute(route).access,
      action: toPlainAction(route.action),
      timeoutMs: route.timeoutMs,
      rateLimits: route.rateLimits,
      priority: route.priority,
    }));
    terminal.out(JSON.stringify({ ok: true, routes: hideIn(rows, loaded.hidden) }));
    return EXIT_OK;
  }
  for (const line of toTable(hideIn(config.routes.map(describeRoute), loaded.hidden), terminal)) terminal.out(line);
  return EXIT_OK;
}

/** What answers, without bodies. */
function toPlainAction(action: Parameters<typeof describeRoute>[0]["action"]): object {
  if (action.kind === "respond") return { kind: action.kind, status: action.respond.status, contentType: action.respond.contentType };
  return action;
}

function toTable(rows: readonly RouteRow[], terminal: Terminal): string[] {
  const used = COLUMNS.filter(([key]) => rows.some((row) => row[key] !== ""));
  const widths = used.map(([key, title]) => Math.max(title.length, ...rows.map((row) => row[key].length)));
  narrow(widths, terminal.columns);
  const lay = (cells: readonly string[]) =>
    cells
      .map((cell, index) => cut(cell, widths[index] ?? 0).padEnd(widths[index] ?? 0))
      .join(GAP)
      .trimEnd();
  return [terminal.outPaint.dim(lay(used.map(([, title]) => title))), ...rows.map((row) => lay(used.map(([key]) => row[key])))];
}

/** Takes from the widest columns until a line fits; 0 columns are no terminal, where lines may be long. */
function narrow(widths: number[], columns: number): void {
  if (columns === 0) return;
  const total = () => widths.reduce((sum, width) => sum + width, GAP.length * (widths.length - 1));
  while (total() > columns) {
    const widest = Math.max(...widths);
    if (widest <= LEAST_WIDTH) return;
    widths[widths.indexOf(widest)] = widest - 1;
  }
}

function cut(cell: string, width: number): string {
  return cell.length <= width ? cell : `${cell.slice(0, Math.max(0, width - 1))}…`;
}
