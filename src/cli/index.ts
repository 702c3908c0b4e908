// The command line of Sallyport: reads the arguments and runs one command. bin/sallyport.mjs calls main() on a fit runtime.
// A command is a file of its own here, listed in commands.ts; what it does stands in the rooms below.
import { parseArgs } from "node:util";
import { selectNearest } from "../base/index.ts";
import { COMMANDS, type Command, type CommandLine } from "./commands.ts";
import { EXIT_OK } from "./exit-codes.ts";
import { formatHelp, formatOverview, synopsis } from "./help.ts";
import { refuseUsage } from "./refuse-usage.ts";
import { createTerminal, type Terminal } from "./terminal.ts";

const COMMON = { help: { type: "boolean", short: "h" }, "no-color": { type: "boolean" } } as const;

/** Runs the command that `argv` (without the program's name) asks for, and resolves to its exit code. */
export async function main(
  argv: readonly string[],
  terminal: Terminal = createTerminal(process.stdout, process.stderr, process.env),
): Promise<number> {
  const [first = ""] = argv;
  if (first === "help") return help(argv.slice(1), terminal);
  if (first === "--help" || first === "-h") return help([], terminal);
  if (first === "--version") return main(["version", ...argv.slice(1)], terminal);
  const at = argv.findIndex((word) => !word.startsWith("-"));
  const name = argv[at];
  if (name === undefined)
    return complain(terminal, argv, first === "" ? "no command is given" : `there is no option "${first}" without a command`);
  const command = COMMANDS.find((one) => one.name === name);
  if (command === undefined)
    return complain(terminal, argv, `there is no command "${name}"${suggest(name, [...COMMANDS.map((one) => one.name), "help"])}`);
  const line = parseCommandLine(command, [...argv.slice(0, at), ...argv.slice(at + 1)]);
  if (typeof line === "string") return complain(terminal, argv, line, command);
  const chosen = line.values["no-color"] === true ? terminal.plain() : terminal;
  if (line.values["help"] === true) {
    chosen.out(formatHelp(command));
    return EXIT_OK;
  }
  const { length } = line.operands;
  if (length < command.least || length > command.most) {
    return complain(terminal, argv, `${synopsis(command)}: got ${length} operand${length === 1 ? "" : "s"}`, command);
  }
  return command.run(line, chosen);
}

function help([name, ...rest]: readonly string[], terminal: Terminal): number {
  if (name === undefined) {
    terminal.out(formatOverview());
    return EXIT_OK;
  }
  const command = COMMANDS.find((one) => one.name === name);
  if (command === undefined || rest.length > 0) {
    return complain(
      terminal,
      [],
      `there is no command "${[name, ...rest].join(" ")}"${suggest(
        name,
        COMMANDS.map((one) => one.name),
      )}`,
    );
  }
  terminal.out(formatHelp(command));
  return EXIT_OK;
}

/** The arguments taken apart, or what is wrong with them. */
function parseCommandLine(command: Command, args: readonly string[]): CommandLine | string {
  const options = { ...command.options, ...COMMON };
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
    return { values, operands: positionals };
  } catch (error) {
    const unknown = error instanceof Error ? /'(--?[^' ]+)'/.exec(error.message)?.[1] : undefined;
    if (unknown === undefined || Object.hasOwn(options, unknown.replace(/^-+/, "")))
      return error instanceof Error ? error.message : String(error);
    return `${command.name} has no option "${unknown}"${suggest(
      unknown,
      Object.keys(options).map((name) => `--${name}`),
    )}`;
  }
}

function suggest(word: string, known: readonly string[]): string {
  const nearest = selectNearest(word, known);
  return nearest === undefined ? "" : `; did you mean "${nearest}"?`;
}

/** `argv` says whether a machine listens, though it could not be read. */
function complain(terminal: Terminal, argv: readonly string[], problem: string, command?: Command): number {
  const remedy = command === undefined ? "sallyport --help lists the commands." : `sallyport help ${command.name} says what it takes.`;
  return refuseUsage(terminal, problem, argv.includes("--json"), remedy);
}
