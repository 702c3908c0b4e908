// `sallyport keys ACTION`: API keys made, listed, shown, rotated and revoked.

import { type ApiKeyOperations, KeyRefusal } from "../identity/index.ts";
import { StoreFailure } from "../stores/index.ts";
import { toPlainText } from "./admin-json.ts";
import { tellUnreachable } from "./admin-target.ts";
import type { CommandLine } from "./commands.ts";
import { EXIT_CONFIG, EXIT_OK } from "./exit-codes.ts";
import { openKeys } from "./keys-source.ts";
import { type KeyReport, reportIssued, reportKey, reportKeys, reportRevoked } from "./keys-text.ts";
import { refuseUsage } from "./refuse-usage.ts";
import { SourceUnreachable, Told } from "./remote-pages.ts";
import type { Terminal } from "./terminal.ts";

const ACTIONS = ["create", "list", "show", "rotate", "revoke"] as const;
type Action = (typeof ACTIONS)[number];

/** Options that mean something to some actions alone. */
const OWN_OPTIONS: Readonly<Record<string, readonly Action[]>> = {
  owner: ["create", "list"],
  identity: ["create", "list"],
  tenant: ["create"],
  role: ["create"],
  scope: ["create"],
  plan: ["create"],
  expires: ["create"],
  note: ["create"],
  all: ["list"],
  overlap: ["rotate"],
};

type Values = CommandLine["values"];

export async function keys(line: CommandLine, terminal: Terminal): Promise<number> {
  const { values } = line;
  const isJson = values["json"] === true;
  const refuse = (problem: string) => refuseUsage(terminal, problem, isJson, "sallyport help keys says what it takes.");
  const [word = "", ...operands] = line.operands;
  const action = ACTIONS.find((each) => each === word);
  if (action === undefined) return refuse(`keys has no action "${word}"; there are ${ACTIONS.join(", ")}`);
  const foreign = Object.keys(OWN_OPTIONS).find((name) => values[name] !== undefined && !OWN_OPTIONS[name]!.includes(action));
  if (foreign !== undefined) return refuse(`--${foreign} means nothing to keys ${action}`);
  const file = typeof values["admin"] === "string" ? undefined : operands.shift();
  if (file === undefined && typeof values["admin"] !== "string")
    return refuse("name the configuration whose database has the keys, or --admin URL");
  const needsId = action !== "create" && action !== "list";
  if (operands.length !== (needsId ? 1 : 0)) {
    return refuse(needsId ? `keys ${action} takes the id of one key, as keys list shows it` : `keys ${action} takes no "${operands[0]}"`);
  }
  try {
    const source = await openKeys(file, line, terminal);
    if (typeof source === "number") return source;
    try {
      show(await run(action, operands[0] ?? "", source.operations, values), terminal, isJson);
      return EXIT_OK;
    } finally {
      await source.close();
    }
  } catch (error) {
    return tell(error, refuse, terminal, isJson);
  }
}

async function run(action: Action, id: string, operations: ApiKeyOperations, values: Values): Promise<KeyReport> {
  switch (action) {
    case "create": {
      const { owner, identity, tenant, plan, expires, note, role: roles, scope: scopes } = values;
      return reportIssued(
        toPlainText(await operations.create(withoutGaps({ owner, identity, tenant, plan, expires, note, roles, scopes }))),
      );
    }
    case "list": {
      const { owner, identity, all } = values;
      return reportKeys(toPlainText(await operations.list(withoutGaps({ owner, identity, all }))));
    }
    case "show":
      return reportKey(toPlainText(await operations.show(id)));
    case "rotate":
      return reportIssued(toPlainText(await operations.rotate(id, withoutGaps({ overlap: values["overlap"] }))));
    case "revoke":
      return reportRevoked(toPlainText(await operations.revoke(id)));
  }
}

function withoutGaps(members: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}

function show({ json, lines, remarks }: KeyReport, terminal: Terminal, isJson: boolean): void {
  if (isJson) {
    terminal.out(JSON.stringify({ ok: true, ...json }));
    return;
  }
  for (const text of lines(terminal.outPaint)) terminal.out(text);
  for (const text of remarks) terminal.err(text);
}

function tell(error: unknown, refuse: (problem: string) => number, terminal: Terminal, isJson: boolean): number {
  if (error instanceof Told) return error.exitCode;
  if (error instanceof SourceUnreachable || error instanceof StoreFailure) return tellUnreachable(error.message, terminal, isJson);
  if (!(error instanceof KeyRefusal)) throw error;
  // What the options say becomes what was asked for.
  if (error.reason === "invalid") return refuse(error.message);
  if (isJson) terminal.out(JSON.stringify({ ok: false, error: error.message }));
  else terminal.err(`${terminal.paint.bad("refused:")} ${error.message}`);
  return EXIT_CONFIG;
}
