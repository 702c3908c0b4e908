// Where the command writes for people: standard output for what was asked for, standard error for everything else.
// The access log never passes through here: it owns standard output while a gateway runs.

export interface Terminal {
  /** What the command was asked for: help, version, a report. */
  out(line: string): void;
  /** Progress and complaints. */
  err(line: string): void;
  /** A line of `err` that the next one takes the place of, without its end; null takes it away. Nothing where `err` is no terminal. */
  progress(line: string | null): void;
  /** Whether `err` may carry ANSI colours. */
  readonly coloured: boolean;
  /** Whether `out` may. */
  readonly outColoured: boolean;
  /** Marks parts of a line for `err`; plain text where colour is not wanted. */
  readonly paint: Paint;
  /** The same for `out`. */
  readonly outPaint: Paint;
  /** Characters that fit into a line of `out`; 0 where it is no terminal and lines may be as long as they are. */
  readonly columns: number;
  /** The same without colours. */
  plain(): Terminal;
}

export interface Paint {
  good(text: string): string;
  bad(text: string): string;
  warn(text: string): string;
  dim(text: string): string;
  strong(text: string): string;
}

interface Stream {
  write(text: string): unknown;
  on?(event: "error", listener: (error: Error) => void): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** A terminal over the process's streams. Colour only on a real terminal, where NO_COLOR is not set, or where FORCE_COLOR is. */
export function createTerminal(stdout: Stream, stderr: Stream, env: Environment): Terminal {
  // Node tells of failed writes by an event, which unheard ends the process; Bun throws.
  stdout.on?.("error", throwUnlessGone);
  stderr.on?.("error", ignore);
  const isLive = stderr.isTTY === true && env["TERM"] !== "dumb";
  return build(stdout, stderr, { isLive, out: wantsColour(stdout, env), err: wantsColour(stderr, env) });
}

interface Abilities {
  /** A line of `err` can be written over. */
  readonly isLive: boolean;
  /** Colours. */
  readonly out: boolean;
  readonly err: boolean;
}

/** To the line's begin, and nothing right of it. */
const CLEAR = "\r\x1b[2K";

function build(stdout: Stream, stderr: Stream, { isLive, out: outColoured, err: coloured }: Abilities): Terminal {
  return {
    out(line) {
      write(stdout, `${line}\n`, throwUnlessGone);
    },
    err(line) {
      // Nobody is left to be told; a gateway serves on all the same.
      write(stderr, `${line}\n`, ignore);
    },
    progress(line) {
      if (isLive) write(stderr, CLEAR + (line ?? ""), ignore);
    },
    coloured,
    outColoured,
    paint: createPaint(coloured),
    outPaint: createPaint(outColoured),
    columns: stdout.isTTY === true ? (stdout.columns ?? 0) : 0,
    plain: () => build(stdout, stderr, { isLive, out: false, err: false }),
  };
}

function write(stream: Stream, text: string, onError: (error: unknown) => void): void {
  try {
    stream.write(text);
  } catch (error) {
    onError(error);
  }
}

/** Whoever reads has seen enough (`| head`): the exit code is still of use. What can't be written for another reason was asked for in vain. */
function throwUnlessGone(error: unknown): void {
  if (!(error instanceof Error && "code" in error && error.code === "EPIPE")) throw error;
}

function ignore(): void {}

function wantsColour(stream: Stream, env: Environment): boolean {
  if ((env["NO_COLOR"] ?? "") !== "") return false;
  const forced = env["FORCE_COLOR"] ?? "";
  if (forced !== "") return forced !== "0";
  return stream.isTTY === true && env["TERM"] !== "dumb";
}

function createPaint(coloured: boolean): Paint {
  const mark = (code: number) => (text: string) => (coloured ? `\x1b[${code}m${text}\x1b[0m` : text);
  return { good: mark(32), bad: mark(31), warn: mark(33), dim: mark(2), strong: mark(1) };
}
