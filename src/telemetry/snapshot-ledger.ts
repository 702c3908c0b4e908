// The metrics of all processes of a gateway, those that have ended included: what they counted stays, so that no sum ever falls because a
// worker was replaced. Held by whoever is asked for metrics. It asks nobody: snapshots are brought to it.
//
// What is kept of processes that ended are sums, whose number the families' own bounds limit. What is shown of each process (perWorker)
// ends with it: there a fall is what readers expect of a new process.

import { FamilyMerge, mergeSnapshots, type ProcessSnapshot } from "./merge-snapshots.ts";
import { type FamilySnapshot, formatSnapshot, type MetricSnapshot } from "./metric-snapshot.ts";

/** One process's page in it. */
export interface LedgerEntry {
  /** What it counts now: takes the place of what it said before. */
  update(snapshot: MetricSnapshot): void;
  /** It has ended, in whatever way: what it said last stays in the sums. Nothing it says later counts. */
  close(): void;
}

export class SnapshotLedger {
  readonly #open = new Set<Entry>();
  /** Sums of the processes that have ended, by family. */
  readonly #ended = new Map<string, FamilyMerge>();

  /** A process begins; `worker` as in ProcessSnapshot. */
  open(worker: string): LedgerEntry {
    const entry: Entry = new Entry(worker, {
      forget: (family, labels) => this.#ended.get(family)?.remove(labels),
      end: () => this.#end(entry),
    });
    this.#open.add(entry);
    return entry;
  }

  read(): MetricSnapshot {
    const living: ProcessSnapshot[] = [];
    for (const { worker, snapshot } of this.#open) if (snapshot !== null) living.push({ worker, snapshot });
    // Last, so that what only the dead knew is what goes beyond a bound.
    const ended = { families: [...this.#ended.values()].map((family) => family.read()) };
    return mergeSnapshots([...living, { worker: "", snapshot: ended }]);
  }

  /** All of it, as METRICS_CONTENT_TYPE says. */
  expose(): string {
    return formatSnapshot(this.read());
  }

  #end(entry: Entry): void {
    if (!this.#open.delete(entry)) return;
    for (const family of entry.snapshot?.families ?? []) {
      if (!isSum(family)) continue;
      let sum = this.#ended.get(family.name);
      if (sum === undefined) {
        sum = new FamilyMerge(family);
        this.#ended.set(family.name, sum);
      }
      sum.add(family, "");
    }
  }
}

class Entry implements LedgerEntry {
  readonly worker: string;
  readonly #ledger: { forget(family: string, labels: string): void; end(): void };
  snapshot: MetricSnapshot | null = null;
  #isClosed = false;

  constructor(worker: string, ledger: { forget(family: string, labels: string): void; end(): void }) {
    this.worker = worker;
    this.#ledger = ledger;
  }

  update(snapshot: MetricSnapshot): void {
    if (this.#isClosed) return;
    const before = this.snapshot;
    this.snapshot = snapshot;
    if (before !== null) this.#forgetGone(before, snapshot);
  }

  close(): void {
    this.#isClosed = true;
    this.#ledger.end();
  }

  /** A sum that a living process shows no more has left the configuration: what the dead counted of it goes too. */
  #forgetGone(before: MetricSnapshot, now: MetricSnapshot): void {
    const families = new Map(now.families.map((family) => [family.name, family]));
    for (const family of before.families) {
      if (!isSum(family)) continue;
      const left = new Set((families.get(family.name)?.samples ?? []).map(([labels]) => labels));
      for (const [labels] of family.samples) if (!left.has(labels)) this.#ledger.forget(family.name, labels);
    }
  }
}

function isSum({ type, merge }: FamilySnapshot): boolean {
  return type !== "gauge" && merge === "sum";
}
