// `sallyport reload` and `sallyport rollback`: a change of what a running gateway serves, and what came of it.

import { formatIssues, type Issue } from "../config/index.ts";
import { readObject, toPlainText } from "./admin-json.ts";
import { ask, findAdmin, tellUnreachable } from "./admin-target.ts";
import type { CommandLine } from "./commands.ts";
import { EXIT_CONFIG, EXIT_OK } from "./exit-codes.ts";
import type { Terminal } from "./terminal.ts";

/** Longer than the admin address itself waits, so that its own word comes first. */
const CHANGE_MS = 125_000;

export async function change(what: "reload" | "rollback", line: CommandLine, terminal: Terminal): Promise<number> {
  const isJson = line.values["json"] === true;
  const target = await findAdmin(line, terminal);
  if (typeof target === "number") return target;
  const answer = await ask(target, "POST", `/${what}`, CHANGE_MS, terminal, isJson);
  if (typeof answer === "number") return answer;
  const body = readObject(answer.text);
  if (body === null) return tellUnreachable("what answers there is no admin address of Sallyport", terminal, isJson);
  const isDone = answer.status === 200;
  const { outcome, generation, detail, title, code } = toPlainText(body);
  if (!isDone && code !== "SP_CONTROL_REFUSED") {
    return tellUnreachable(`the gateway answers ${answer.status} ${code ?? ""}: ${detail ?? title ?? "nothing more"}`, terminal, isJson);
  }
  if (isJson) {
    const { issues, detail: reason } = body;
    terminal.out(
      JSON.stringify({ ok: isDone, outcome: isDone ? body["outcome"] : "refused", generation, issues, ...(!isDone && { reason }) }),
    );
    return isDone ? EXIT_OK : EXIT_CONFIG;
  }
  const issues = Array.isArray(body["issues"]) ? (toPlainText(body["issues"]) as Issue[]) : [];
  if (issues.length > 0) terminal.err(formatIssues(issues, { colour: terminal.coloured }).trimEnd());
  if (!isDone) {
    terminal.err(`${terminal.paint.bad("refused:")} ${detail}; generation ${generation} is served as before`);
    return EXIT_CONFIG;
  }
  const { outPaint: paint } = terminal;
  if (outcome === "unchanged") terminal.out(`${paint.good("unchanged:")} generation ${generation} is what the files say`);
  else terminal.out(`${paint.good("applied:")} every worker serves generation ${generation}`);
  return EXIT_OK;
}
