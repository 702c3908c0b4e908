// `sallyport explain METHOD URL`: what becomes of one request, for people or as JSON.

import { readFileSync } from "node:fs";
import { canonicalIp } from "../base/index.ts";
import { type Explanation, explainRequest } from "../inspect/index.ts";
import type { TestPrincipal } from "../testing/index.ts";
import type { CommandLine } from "./commands.ts";
import { EXIT_CONFIG, EXIT_OK } from "./exit-codes.ts";
import { hideIn } from "./hide.ts";
import { findConfiguration, loadOrTell, NO_CONFIGURATION } from "./load.ts";
import { refuseUsage } from "./refuse-usage.ts";
import type { Terminal } from "./terminal.ts";

const SHOWN_LOSERS = 8;
const SHOWN_BODY = 400;

export async function explain({ values, operands }: CommandLine, terminal: Terminal): Promise<number> {
  const isJson = values["json"] === true;
  const refuse = (problem: string) => refuseUsage(terminal, problem, isJson);
  const file = findConfiguration(values["config"]);
  if (file === null) return refuse(NO_CONFIGURATION);
  const headers: [string, string][] = [];
  for (const written of list(values["header"])) {
    const colon = written.indexOf(":");
    if (colon < 1) return refuse(`-H takes 'NAME: VALUE', got "${written}"`);
    headers.push([written.slice(0, colon), written.slice(colon + 1).trim()]);
  }
  const status = values["upstream-status"] === undefined ? undefined : Number(values["upstream-status"]);
  if (status !== undefined && (!Number.isInteger(status) || status < 200 || status > 599))
    return refuse("--upstream-status takes a status from 200 to 599");
  const { data, from, listener } = values;
  let certificate: string | null = null;
  try {
    if (typeof values["certificate"] === "string") certificate = readFileSync(values["certificate"], "utf8");
  } catch (error) {
    return refuse(`--certificate can't be read: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (typeof from === "string" && canonicalIp(from) === null) return refuse(`--from takes an IP address, got "${from}"`);
  const who = typeof values["as"] === "string" ? readPrincipal(values["as"]) : undefined;
  if (typeof who === "string") return refuse(who);
  const loaded = await loadOrTell(file, terminal, isJson);
  if (loaded === null) return EXIT_CONFIG;
  let explanation: Explanation;
  try {
    explanation = await explainRequest(loaded.config, `${operands[0]} ${operands[1]}`, {
      headers,
      ...(status !== undefined && { upstreamStatus: status }),
      ...(typeof data === "string" && { body: data }),
      ...(typeof from === "string" && { from }),
      ...(typeof listener === "string" && { listener }),
      ...(certificate !== null && { certificate }),
      ...(who !== undefined && { as: who }),
    });
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
  explanation = hideIn(explanation, loaded.hidden);
  if (isJson) terminal.out(JSON.stringify({ ok: true, ...explanation }));
  else for (const line of toLines(toPrintable(explanation), terminal)) terminal.out(line);
  return EXIT_OK;
}

function toLines(explanation: Explanation, terminal: Terminal): string[] {
  const { outPaint: paint } = terminal;
  const { routed, route, verdicts, steps, upstream, response } = explanation;
  const lines: string[] = [];
  if (routed === null) lines.push(`${paint.bad("refused")} before routing${response.fault === null ? "" : `: ${response.fault}`}`);
  else lines.push(`${paint.strong("request")}   ${routed.method} ${routed.path}${routed.host === "" ? "" : ` at ${routed.host}`}`);
  if (routed !== null) {
    const [first, ...rest] = verdicts;
    const losers = first?.outcome === "won" ? rest : verdicts;
    lines.push(
      `${paint.strong("route")}     ${route === null ? paint.bad(`none: ${response.fault ?? response.status}`) : paint.good(route)}`,
    );
    for (const { name, detail } of losers.slice(0, SHOWN_LOSERS)) lines.push(paint.dim(`          not ${name}: ${detail}`));
    if (losers.length > SHOWN_LOSERS) lines.push(paint.dim(`          … and ${losers.length - SHOWN_LOSERS} more that are further off`));
  }
  lines.push(...listSteps(explanation, "request", terminal));
  if (upstream !== null) {
    lines.push(`${paint.strong("upstream")}  ${upstream.name}, say at ${upstream.endpoint}`);
    lines.push(`          ${upstream.method} ${upstream.target}`);
    for (const [name, value] of upstream.headers) lines.push(`          ${name}: ${value}`);
    if (upstream.bodyBytes > 0) lines.push(`          and ${upstream.bodyBytes} bytes of body`);
  }
  if (steps.some(({ side }) => side === "response")) lines.push(...listSteps(explanation, "response", terminal));
  const fault = response.fault === null ? "" : ` ${paint.bad(response.fault)}`;
  lines.push(`${paint.strong("answer")}    ${response.status}${fault}`);
  for (const [name, value] of response.headers) lines.push(`          ${name}: ${value}`);
  const body = response.body.trimEnd();
  if (body !== "")
    lines.push(`          ${body.length <= SHOWN_BODY ? body : `${body.slice(0, SHOWN_BODY)}…`}`.replaceAll("\n", "\n          "));
  if (response.detail !== null) lines.push(`${paint.strong("detail")}    ${response.detail}`);
  if (response.remedy !== null) lines.push(`${paint.strong("remedy")}    ${response.remedy}`);
  lines.push(paint.dim(`generation ${explanation.generation}`));
  return lines;
}

function listSteps({ steps }: Explanation, side: "request" | "response", { outPaint }: Terminal): string[] {
  return steps
    .filter((step) => step.side === side)
    .map(({ phase, policy, changes, outcome }) => {
      const what = [...changes, ...(outcome === "answered" ? [outPaint.warn("answers")] : outcome === "waited" ? ["waits"] : [])];
      const label = policy === phase || policy.startsWith(phase) ? policy : `${phase}: ${policy}`;
      return `  ${side === "request" ? "→" : "←"} ${label.padEnd(26)} ${what.length === 0 ? outPaint.dim("passes") : what.join("; ")}`;
    });
}

/** What a client sends must not reach the terminal as an escape sequence. */
function toPrintable<Value>(value: Value): Value {
  if (typeof value === "string") return value.replaceAll(/(?![\t\n])\p{Cc}/gu, "\ufffd") as Value;
  if (Array.isArray(value)) return value.map(toPrintable) as Value;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, toPrintable(inner)])) as Value;
}

/** `alice`, or JSON; a sentence when it is neither. */
function readPrincipal(text: string): TestPrincipal | string {
  if (!text.startsWith("{")) return { id: text };
  try {
    const principal = JSON.parse(text) as TestPrincipal;
    return typeof principal.id === "string" && principal.id !== "" ? principal : '--as needs an `id`: {"id":"alice"}';
  } catch {
    return `--as takes an id or JSON, got "${text}"`;
  }
}

function list(value: CommandLine["values"][string]): string[] {
  return Array.isArray(value) ? value.map(String) : value === undefined ? [] : [String(value)];
}
