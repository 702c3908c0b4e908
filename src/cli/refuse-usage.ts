// A bad command line, told: to people on standard error, to machines as the one JSON document that they wait for.

import { EXIT_USAGE } from "./exit-codes.ts";
import type { Terminal } from "./terminal.ts";

/** `problem` is a sentence, with or without its full stop; `remedy` is for people alone. Returns the exit code. */
export function refuseUsage(terminal: Terminal, problem: string, isJson: boolean, remedy?: string): number {
  const ended = /[.?!]$/.test(problem) ? problem : `${problem}.`;
  if (isJson) terminal.out(JSON.stringify({ ok: false, error: ended }));
  terminal.err(`${terminal.paint.bad("sallyport:")} ${ended}`);
  if (remedy !== undefined) terminal.err(remedy);
  return EXIT_USAGE;
}
