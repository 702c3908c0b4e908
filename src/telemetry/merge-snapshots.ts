// Several processes' metrics as those of one gateway: counters and histograms are added, gauges as their families say. What is no family's
// business (when to ask, which processes there are) is in snapshot-ledger.ts.

import {
  type FamilySnapshot,
  fromSnapshotNumber,
  type MetricSnapshot,
  type Sample,
  type SnapshotNumber,
  toSnapshotNumber,
  WORKER_LABEL,
  writeLabels,
} from "./metric-snapshot.ts";
import { OVERFLOW_LABEL_VALUE } from "./metrics.ts";

export interface ProcessSnapshot {
  /** What the label `worker` says of it where each process is shown: the slot, or `supervisor`. */
  readonly worker: string;
  readonly snapshot: MetricSnapshot;
}

/**
 * One snapshot of all. Of two with the same `worker` the later one speaks where each is shown. A family that another process declared
 * otherwise counts as the first one's only: that takes two versions of the program at once.
 */
export function mergeSnapshots(processes: readonly ProcessSnapshot[]): MetricSnapshot {
  const merged = new Map<string, FamilyMerge>();
  for (const { worker, snapshot } of processes) {
    for (const family of snapshot.families) {
      let into = merged.get(family.name);
      if (into === undefined) {
        into = new FamilyMerge(family);
        merged.set(family.name, into);
      }
      into.add(family, worker);
    }
  }
  return { families: [...merged.values()].map((family) => family.read()) };
}

/** One family, as it is put together. */
export class FamilyMerge {
  readonly #family: FamilySnapshot;
  readonly #shape: string;
  readonly #values: Map<string, readonly SnapshotNumber[]> = new Map();

  constructor(family: FamilySnapshot) {
    this.#family = family;
    this.#shape = shapeOf(family);
  }

  add(family: FamilySnapshot, worker: string): void {
    if (shapeOf(family) !== this.#shape) return;
    if (family.merge === "perWorker") this.#putEach(family, worker);
    else for (const [labels, values] of family.samples) this.#combine(labels, values);
  }

  /** Takes one child out again. */
  remove(labels: string): void {
    this.#values.delete(labels);
  }

  read(): FamilySnapshot {
    const samples: Sample[] = [...this.#values];
    const { labels, merge } = this.#family;
    return { ...this.#family, labels: merge === "perWorker" ? [...labels, WORKER_LABEL] : labels, samples };
  }

  #putEach({ samples }: FamilySnapshot, worker: string): void {
    const own = writeLabels([WORKER_LABEL], [worker]);
    for (const [labels, values] of samples) this.#values.set(labels === "" ? own : `${labels},${own}`, values);
  }

  #combine(labels: string, values: readonly SnapshotNumber[]): void {
    const before = this.#values.get(labels);
    if (before !== undefined) this.#values.set(labels, combine(before, values, this.#family.merge === "max"));
    else if (this.#values.size < this.#family.maxChildren || labels === this.#overflow) this.#values.set(labels, values);
    else this.#combine(this.#overflow, values);
  }

  /** Processes that each keep within the bound may know different children. */
  get #overflow(): string {
    const { labels } = this.#family;
    return writeLabels(
      labels,
      labels.map(() => OVERFLOW_LABEL_VALUE),
    );
  }
}

function shapeOf({ type, merge, labels, bounds }: FamilySnapshot): string {
  return JSON.stringify([type, merge, labels, bounds]);
}

function combine(a: readonly SnapshotNumber[], b: readonly SnapshotNumber[], isMax: boolean): readonly SnapshotNumber[] {
  // No values are all zero, which a maximum has to look at.
  if (!isMax && (a.length === 0 || b.length === 0)) return a.length === 0 ? b : a;
  const combined: SnapshotNumber[] = [];
  for (let i = 0; i < Math.max(a.length, b.length, 1); i++) {
    const [one, other] = [fromSnapshotNumber(a[i] ?? 0), fromSnapshotNumber(b[i] ?? 0)];
    // A gauge that failed in one process must not take the others' from whoever watches.
    if (Number.isNaN(one) || Number.isNaN(other)) combined.push(toSnapshotNumber(Number.isNaN(one) ? other : one));
    else combined.push(toSnapshotNumber(isMax ? Math.max(one, other) : one + other));
  }
  return combined;
}
