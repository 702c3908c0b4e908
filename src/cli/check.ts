// `sallyport check FILE…`: everything that is wrong with configurations, and whether they may be started.

import { formatIssues, type GatewayConfig, type Issue, loadConfig } from "../config/index.ts";
import { BlueprintError, loadingHost, proveBlueprint } from "../gateway/index.ts";
import type { BypassFinding } from "./bypass.ts";
import type { CommandLine } from "./commands.ts";
import { EXIT_CONFIG, EXIT_OK } from "./exit-codes.ts";
import { toPlainIssue } from "./load.ts";
import { refuseUsage } from "./refuse-usage.ts";
import type { Terminal } from "./terminal.ts";

interface Judged {
  readonly file: string;
  readonly ok: boolean;
  readonly issues: readonly Issue[];
  readonly summary: Summary | null;
  /** Null: nobody was asked. */
  readonly bypass: readonly BypassFinding[] | null;
}

interface Demands {
  readonly isStrict: boolean;
  readonly asksUpstreams: boolean;
  /** Null: that of the health checks. */
  readonly bypassPath: string | null;
}

interface Summary {
  readonly generation: string;
  readonly gateway: string;
  readonly kind: string;
  readonly listeners: number;
  readonly routes: number;
  readonly upstreams: number;
  readonly teams: number;
  readonly customCodeLines: number;
}

/** Judges every file; the exit code is that of the worst. */
export async function check({ values, operands }: CommandLine, terminal: Terminal): Promise<number> {
  const path = values["bypass-path"];
  if (path !== undefined && (values["bypass"] !== true || typeof path !== "string" || !path.startsWith("/"))) {
    return refuseUsage(terminal, "--bypass-path is a path that begins with /, beside --bypass", values["json"] === true);
  }
  const demands = { isStrict: values["strict"] === true, asksUpstreams: values["bypass"] === true, bypassPath: path ?? null };
  const judged: Judged[] = [];
  for (const file of operands) judged.push(await judge(file, demands));
  const ok = judged.every((one) => one.ok);
  if (values["json"] === true) {
    const files = judged.map((one) => ({
      file: one.file,
      ok: one.ok,
      ...one.summary,
      issues: one.issues.map(toPlainIssue),
      ...toPlainBypass(one),
    }));
    terminal.out(JSON.stringify({ ok, files }));
  } else {
    for (const one of judged) show(one, terminal);
  }
  return ok ? EXIT_OK : EXIT_CONFIG;
}

async function judge(file: string, { isStrict, asksUpstreams, bypassPath }: Demands): Promise<Judged> {
  const { config, issues, teams, customCodeLines } = await loadConfig(file, loadingHost());
  if (config === null) return { file, ok: false, issues, summary: null, bypass: null };
  const proof = prove(file, config);
  const all = [...issues, ...proof.refusals];
  const summary = {
    generation: proof.generation,
    gateway: config.gateway.name,
    kind: config.gateway.kind,
    listeners: config.listeners.length,
    routes: config.routes.length,
    upstreams: config.upstreams.length,
    teams: teams.length,
    customCodeLines,
  };
  const bypass = asksUpstreams ? await (await import("./bypass.ts")).findBypasses(config, bypassPath) : null;
  const ok = ![...all, ...(bypass ?? [])].some(({ severity }) => severity === "error" || (isStrict && severity !== null));
  return { file, ok, issues: all, summary, bypass };
}

/** What only compiling finds: `start` must refuse nothing that passes here. */
function prove(file: string, config: GatewayConfig): { readonly generation: string; readonly refusals: readonly Issue[] } {
  try {
    return { generation: proveBlueprint(config).generation, refusals: [] };
  } catch (error) {
    if (!(error instanceof BlueprintError)) throw error;
    const place = { code: "SP_CONFIG_CONTRADICTION", severity: "error", path: "", file, line: 1, column: 1 } as const;
    return { generation: "", refusals: error.messages.map((message) => ({ ...place, message })) };
  }
}

function toPlainBypass({ bypass }: Judged): { readonly bypass?: readonly BypassFinding[] } {
  return bypass === null ? {} : { bypass };
}

function show({ file, ok, issues, summary, bypass }: Judged, terminal: Terminal): void {
  const { outPaint } = terminal;
  if (issues.length > 0) terminal.out(`${formatIssues(issues, { colour: terminal.outColoured }).trimEnd()}\n`);
  for (const finding of bypass ?? []) showBypass(finding, terminal);
  if (summary === null) return;
  const counts = [
    toCount(summary.routes, "route"),
    toCount(summary.upstreams, "upstream"),
    ...(summary.teams > 0 ? [toCount(summary.teams, "team")] : []),
    `custom code ${toCount(summary.customCodeLines, "line")}`,
  ];
  const verdict = ok ? outPaint.good("good") : outPaint.bad("bad");
  terminal.out(`${file}: ${verdict}, ${summary.kind} gateway ${summary.gateway}: ${counts.join(", ")}; generation ${summary.generation}`);
}

function showBypass({ upstream, endpoint, verdict, severity, detail }: BypassFinding, { out, outPaint }: Terminal): void {
  const word = severity === null ? outPaint.good(verdict) : severity === "error" ? outPaint.bad(verdict) : outPaint.warn(verdict);
  out(`upstream ${upstream} ${endpoint}: ${word}: ${detail}`);
}

function toCount(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}
