// The texts of `sallyport --help` and `sallyport help COMMAND`, made of what commands.ts says.

import { COMMANDS, type Command } from "./commands.ts";

const WIDTH = 30;

export function formatOverview(): string {
  const rows = COMMANDS.map((command) => `  ${synopsis(command).padEnd(WIDTH)} ${command.summary}`);
  return `sallyport: an API gateway

${rows.join("\n")}
  ${"sallyport help COMMAND".padEnd(WIDTH)} its options, with examples

Options of every command: --help, --no-color. NO_COLOR and FORCE_COLOR are heeded.
SALLYPORT_RUNTIME=bun|node chooses the runtime. Without it: Bun, or Node where Bun can't run.

Exit codes: 0 done, 1 bad configuration, 2 bad command line, 3 an address can't be bound, 4 no runtime to run on, 5 a gate is closed, 6 a running gateway can't be asked.`;
}

export function formatHelp(command: Command): string {
  const options = [...command.optionTexts, ["--no-color", "without colours"], ["-h, --help", "this text"]];
  const width = Math.max(...options.map(([written = ""]) => written.length)) + 2;
  return `${synopsis(command)}: ${command.summary}

${command.about}

Options:
${options.map(([written = "", text = ""]) => `  ${written.padEnd(width)}${text}`).join("\n")}

Examples:
${command.examples.map((example) => `  ${example}`).join("\n")}

Exit codes: ${command.exits}, 2 bad command line.`;
}

export function synopsis({ name, operands }: Command): string {
  return `sallyport ${name}${operands === "" ? "" : ` ${operands}`}`;
}
