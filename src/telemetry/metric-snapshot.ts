// What a registry counts at one moment, as plain JSON that a process can send to another, and its text for Prometheus (exposition format
// 0.0.4). How the snapshots of several processes become one is in merge-snapshots.ts.

/** How one family of several processes becomes one. `perWorker` shows each with a label of its own. */
export type MetricMerge = "sum" | "max" | "perWorker";

export interface MetricSnapshot {
  readonly families: readonly FamilySnapshot[];
}

export interface FamilySnapshot {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly merge: MetricMerge;
  readonly labels: readonly string[];
  /** Beyond so many label values, the others share one child. */
  readonly maxChildren: number;
  /** Upper bounds of a histogram, rising, without +Inf; empty for others. */
  readonly bounds: readonly number[];
  readonly samples: readonly Sample[];
}

/**
 * Labels as they are exposed (`route="a",class="2xx"`, escaped), and the value; of a histogram the count within each bound, not cumulated,
 * that of +Inf, and the sum. No values: all zero, which most of a large configuration are.
 */
export type Sample = readonly [labels: string, values: readonly SnapshotNumber[]];

/** JSON has no words for the three numbers that are none. */
export type SnapshotNumber = number | "NaN" | "+Inf" | "-Inf";

/** The label by which `perWorker` tells processes apart. */
export const WORKER_LABEL = "worker";

export function toSnapshotNumber(value: number): SnapshotNumber {
  if (Number.isFinite(value)) return value;
  if (Number.isNaN(value)) return "NaN";
  return value > 0 ? "+Inf" : "-Inf";
}

export function fromSnapshotNumber(value: SnapshotNumber): number {
  if (typeof value === "number") return value;
  if (value === "NaN") return Number.NaN;
  return value === "+Inf" ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
}

/** `route="a",class="2xx"`, escaped. */
export function writeLabels(labels: readonly string[], values: readonly string[]): string {
  return labels.map((label, index) => `${label}="${escapeLabelValue(values[index] ?? "")}"`).join(",");
}

function escapeLabelValue(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

/** As METRICS_CONTENT_TYPE says. */
export function formatSnapshot({ families }: MetricSnapshot): string {
  let text = "";
  for (const family of families) text += formatFamily(family);
  return text;
}

function formatFamily({ name, help, type, bounds, samples }: FamilySnapshot): string {
  let text = `# HELP ${name} ${help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}\n# TYPE ${name} ${type}\n`;
  for (const [labels, values] of samples) {
    text += type === "histogram" ? formatHistogram(name, bounds, labels, values) : formatNumber(name, labels, values[0]);
  }
  return text;
}

function formatNumber(name: string, labels: string, value: SnapshotNumber | undefined): string {
  return `${name}${labels === "" ? "" : `{${labels}}`} ${value ?? 0}\n`;
}

function formatHistogram(name: string, bounds: readonly number[], labels: string, values: readonly SnapshotNumber[]): string {
  const before = labels === "" ? "" : `${labels},`;
  let text = "";
  let count = 0;
  for (let i = 0; i <= bounds.length; i++) {
    count += Number(values[i] ?? 0);
    text += `${name}_bucket{${before}le="${bounds[i] ?? "+Inf"}"} ${count}\n`;
  }
  return `${text}${formatNumber(`${name}_sum`, labels, values[bounds.length + 1])}${formatNumber(`${name}_count`, labels, count)}`;
}
