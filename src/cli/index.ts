// The command line of Sallyport: reads the arguments and runs one command. bin/sallyport.mjs calls main() on a fit runtime.
// A command is a file of its own here; what it does stands in the rooms below.
import { parseArgs } from "node:util";
import { EXIT_OK, EXIT_USAGE } from "./exit-codes.ts";
import { createTerminal, type Terminal } from "./terminal.ts";
import { version } from "./version.ts";

const HELP = `sallyport: an API gateway

  sallyport start FILE    run the gateway that FILE describes, in the foreground
  sallyport version       the version, and the runtime it runs on
  sallyport --help        this text

start writes the access log to standard output and everything else to standard error.
SIGTERM and SIGINT stop it when the requests in flight are answered, after 9 s at most; a second one stops it at once.
SIGHUP opens the access log's file anew, for logrotate.

SALLYPORT_RUNTIME=bun|node chooses the runtime. Without it: Bun, or Node where Bun can't run.

Exit codes: 0 stopped as asked, 1 bad configuration, 2 bad command line, 3 an address can't be bound, 4 no runtime to run on.`;

/** Runs the command that `argv` (without the program's name) asks for, and resolves to its exit code. */
export async function main(
  argv: readonly string[],
  terminal: Terminal = createTerminal(process.stdout, process.stderr, process.env),
): Promise<number> {
  const parsed = parseCommandLine(argv);
  if (typeof parsed === "string") return complain(terminal, parsed);
  if (parsed.help) {
    terminal.out(HELP);
    return EXIT_OK;
  }
  const [command, ...operands] = parsed.positionals;
  switch (parsed.version ? "version" : command) {
    case "start": {
      const [file] = operands;
      if (file === undefined || operands.length > 1) return complain(terminal, `start takes one file, got ${operands.length}`);
      // Loaded here, so that help and version answer without loading the gateway.
      const { start } = await import("./start.ts");
      return start(file, terminal);
    }
    case "version":
      return version(terminal);
    case undefined:
      return complain(terminal, "no command is given");
    default:
      return complain(terminal, `there is no command "${command}"`);
  }
}

/** The arguments taken apart, or what is wrong with them. */
function parseCommandLine(argv: readonly string[]): { help: boolean; version: boolean; positionals: readonly string[] } | string {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      options: { help: { type: "boolean", short: "h", default: false }, version: { type: "boolean", default: false } },
      allowPositionals: true,
    });
    return { help: values.help, version: values.version, positionals };
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function complain(terminal: Terminal, problem: string): number {
  terminal.err(`${terminal.paint.bad("sallyport:")} ${problem}.`);
  terminal.err("sallyport --help lists the commands.");
  return EXIT_USAGE;
}
