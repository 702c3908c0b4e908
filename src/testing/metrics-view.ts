// Metrics as the gateway exposes them, with a look-up for tests.

export class MetricsView {
  /** The Prometheus text format. */
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  /**
   * The sum of the samples of this name that carry these labels, and perhaps others; 0 while none does. Of a histogram ask for `NAME_count`
   * or `NAME_sum`. Throws when the gateway has no metric of this name: a typo must not count as zero.
   */
  value(name: string, labels: Readonly<Record<string, string>> = {}): number {
    const family = name.replace(/_(?:count|sum|bucket)$/, "");
    if (![name, family].some((each) => this.text.includes(`# TYPE ${each} `))) throw new Error(`there is no metric ${name}`);
    const wanted = Object.entries(labels).map(([label, value]) => `${label}="${escapeLabel(value)}"`);
    let sum = 0;
    for (const line of this.text.split("\n")) {
      if (!line.startsWith(name)) continue;
      const [, inBraces = "", number = ""] = /^(?:\{(.*)\})? (\S+)$/.exec(line.slice(name.length)) ?? [];
      if (number === "") continue;
      const found = new Set(inBraces.match(/[A-Za-z_]\w*="(?:[^"\\]|\\.)*"/g) ?? []);
      if (wanted.every((each) => found.has(each))) sum += Number(number);
    }
    return sum;
  }
}

function escapeLabel(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
