// Where the command writes for people: standard output for what was asked for, standard error for everything else.
// The access log never passes through here: it owns standard output while a gateway runs.

export interface Terminal {
  /** What the command was asked for: help, version. */
  out(line: string): void;
  /** Progress and complaints. */
  err(line: string): void;
  /** Whether `err` may carry ANSI colours. */
  readonly coloured: boolean;
  readonly paint: Paint;
}

/** Marks parts of a line for `err`; plain text where colour is not wanted. */
export interface Paint {
  good(text: string): string;
  bad(text: string): string;
  dim(text: string): string;
}

interface Stream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
}

/** A terminal over the process's streams. Colour only on a real terminal, and not where NO_COLOR is set. */
export function createTerminal(stdout: Stream, stderr: Stream, env: Readonly<Record<string, string | undefined>>): Terminal {
  const coloured = stderr.isTTY === true && (env["NO_COLOR"] ?? "") === "" && env["TERM"] !== "dumb";
  return {
    out(line) {
      stdout.write(`${line}\n`);
    },
    err(line) {
      stderr.write(`${line}\n`);
    },
    coloured,
    paint: {
      good: (text) => (coloured ? `\x1b[32m${text}\x1b[0m` : text),
      bad: (text) => (coloured ? `\x1b[31m${text}\x1b[0m` : text),
      dim: (text) => (coloured ? `\x1b[2m${text}\x1b[0m` : text),
    },
  };
}
