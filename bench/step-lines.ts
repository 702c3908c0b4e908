// Reads what a bench file prints. Its own file because micro.ts runs as soon as it is loaded.

export interface StepLine {
  readonly name: string;
  readonly ns: number;
}

/**
 * The lines of the form `name  123.4 ns` (or `ns/op`, `µs`), in ns; what follows the figure is not read.
 * An indented line compares with the one above it: it is named after that one too, for "the same by a loop" comes more than once.
 */
export function parseStepLines(output: string): StepLine[] {
  const steps: StepLine[] = [];
  let subject = "";
  for (const line of output.split("\n")) {
    const match = /^\s*(.+?)\s+(\d+(?:\.\d+)?) (ns|µs)(?=\W|$)/.exec(line);
    if (match?.[1] === undefined) continue;
    const isIndented = /^\s/.test(line);
    if (!isIndented) subject = match[1];
    steps.push({
      name: isIndented && subject !== "" ? `${subject} › ${match[1]}` : match[1],
      ns: Number(match[2]) * (match[3] === "ns" ? 1 : 1000),
    });
  }
  return steps;
}
