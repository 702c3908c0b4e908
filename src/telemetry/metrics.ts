// What the gateway counts, and its text for Prometheus (exposition format 0.0.4). Families are declared and their
// children resolved while the configuration is compiled; a request only touches the children (metric-cells.ts).
// What other processes count is not known here: a snapshot (metric-snapshot.ts) takes it to whoever merges.
// Label values thus come from configuration, never from a request: the number of series is bounded by construction.

import { runAtOnce, type Steps } from "../base/index.ts";
import { CellSlab, Counter, Gauge, Histogram } from "./metric-cells.ts";
import {
  type FamilySnapshot,
  formatSnapshot,
  type MetricMerge,
  type MetricSnapshot,
  type Sample,
  toSnapshotNumber,
  WORKER_LABEL,
  writeLabels,
} from "./metric-snapshot.ts";

/** The content type of MetricRegistry.expose(). */
export const METRICS_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

// What guards against a mistake in the program or a configuration of absurd size; Prometheus itself struggles beyond.
const MAX_CHILDREN = 5000;
/** The label value under which a family counts together what is beyond its bound. */
export const OVERFLOW_LABEL_VALUE = "_other";

/** Upper bounds in seconds for durations of requests: 1 ms to 30 s. */
export const SECONDS_BOUNDS: readonly number[] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

const CHILDREN_A_STEP = 250;

const METRIC_NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LABEL_NAME = /^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$/;

export interface MetricDeclaration {
  /** With the unit and, for a counter, `_total`: `sallyport_requests_total`, `sallyport_request_duration_seconds`. */
  readonly name: string;
  readonly help: string;
  /** Names of the labels; child() takes their values in this order. */
  readonly labels?: readonly string[];
  /** Beyond it, further label values share one child. */
  readonly maxChildren?: number;
  /** How the values of several processes become one; `sum` when not given. `max` is for gauges. */
  readonly merge?: MetricMerge;
}

export interface HistogramDeclaration extends MetricDeclaration {
  /** Upper bounds, rising, without +Inf. SECONDS_BOUNDS when not given. */
  readonly bounds?: readonly number[];
}

type MetricType = "counter" | "gauge" | "histogram";

/** All children of one name. `Child` is what a request touches. */
export class MetricFamily<Child> {
  readonly declaration: MetricDeclaration;
  readonly type: MetricType;
  readonly #create: () => Child;
  readonly #read: (child: Child) => readonly number[];
  readonly #bounds: readonly number[];
  readonly #labels: readonly string[];
  readonly #maxChildren: number;
  /** By the text of their labels, which is made once. */
  readonly #children = new Map<string, Child>();
  readonly #callbacks = new Map<string, () => number>();

  constructor(
    declaration: MetricDeclaration,
    type: MetricType,
    create: () => Child,
    read: (child: Child) => readonly number[],
    bounds: readonly number[] = [],
  ) {
    this.declaration = declaration;
    this.type = type;
    this.#create = create;
    this.#read = read;
    this.#bounds = bounds;
    this.#labels = declaration.labels ?? [];
    this.#maxChildren = declaration.maxChildren ?? MAX_CHILDREN;
  }

  /** The child of these label values: the one that exists, so that counting goes on through a reload, or a new one. Not for the hot path. */
  child(...values: readonly string[]): Child {
    let labels = this.#writeLabels(values);
    const known = this.#children.get(labels);
    if (known !== undefined) return known;
    if (this.#children.size >= this.#maxChildren) {
      labels = this.#writeLabels(this.#labels.map(() => OVERFLOW_LABEL_VALUE));
      const shared = this.#children.get(labels);
      if (shared !== undefined) return shared;
    }
    const child = this.#create();
    this.#children.set(labels, child);
    return child;
  }

  /** A child whose value is asked for when it is exposed. Replaces an earlier one of the same label values; one that throws shows as NaN. */
  callback(read: () => number, ...values: readonly string[]): void {
    this.#callbacks.set(this.#writeLabels(values), read);
  }

  /** Shows the child no more, when what it was about left the configuration. Who still holds it counts for nobody. */
  remove(...values: readonly string[]): void {
    const labels = this.#writeLabels(values);
    this.#children.delete(labels);
    this.#callbacks.delete(labels);
  }

  /** What it counts now. Yields every few hundred children: a family may have thousands, and requests wait meanwhile. */
  *snapshot(): Steps<FamilySnapshot> {
    const { name, help, merge = "sum" } = this.declaration;
    const samples: Sample[] = [];
    for (const [labels, child] of this.#children) {
      samples.push(toSample(labels, this.#read(child)));
      if (samples.length % CHILDREN_A_STEP === 0) yield;
    }
    for (const [labels, read] of this.#callbacks) samples.push(toSample(labels, [readOrNaN(read)]));
    return { name, help, type: this.type, merge, labels: this.#labels, maxChildren: this.#maxChildren, bounds: this.#bounds, samples };
  }

  /** `route="a",method="GET"`, escaped. */
  #writeLabels(values: readonly string[]): string {
    if (values.length !== this.#labels.length) {
      throw new Error(
        `${this.declaration.name} takes ${this.#labels.length} label values (${this.#labels.join(", ")}); got ${values.length}`,
      );
    }
    return writeLabels(this.#labels, values);
  }
}

function readOrNaN(read: () => number): number {
  // One gauge that fails must not take the others from whoever watches.
  try {
    return read();
  } catch {
    return Number.NaN;
  }
}

function toSample(labels: string, values: readonly number[]): Sample {
  return [labels, values.every((value) => value === 0) ? [] : values.map(toSnapshotNumber)];
}

function readNumber({ value }: Counter | Gauge): readonly number[] {
  return [value];
}

function readHistogram(histogram: Histogram): readonly number[] {
  const values: number[] = [];
  for (let i = 0; i <= histogram.bounds.length; i++) values.push(histogram.countAt(i));
  values.push(histogram.sum);
  return values;
}

/**
 * The families of one gateway. Declaring a family again returns the one that exists, as every generation of a
 * configuration declares what it needs. Throws on a name that Prometheus refuses or that was declared differently:
 * both are bugs of the program.
 */
export class MetricRegistry {
  readonly #families = new Map<string, MetricFamily<unknown>>();
  readonly #slab = new CellSlab();

  counter(declaration: MetricDeclaration): MetricFamily<Counter> {
    return this.#declare(declaration, "counter", () => {
      return new MetricFamily(declaration, "counter", () => new Counter(this.#slab), readNumber);
    });
  }

  gauge(declaration: MetricDeclaration): MetricFamily<Gauge> {
    return this.#declare(declaration, "gauge", () => {
      return new MetricFamily(declaration, "gauge", () => new Gauge(this.#slab), readNumber);
    });
  }

  histogram(declaration: HistogramDeclaration): MetricFamily<Histogram> {
    return this.#declare(declaration, "histogram", () => {
      const bounds = Float64Array.from(declaration.bounds ?? SECONDS_BOUNDS);
      if (!bounds.every((bound, index) => Number.isFinite(bound) && (index === 0 || bound > (bounds[index - 1] ?? bound)))) {
        throw new Error(`the bounds of ${declaration.name} must be finite and rise`);
      }
      return new MetricFamily(declaration, "histogram", () => new Histogram(this.#slab, bounds), readHistogram, [...bounds]);
    });
  }

  /** Every family, in the order of declaration, as METRICS_CONTENT_TYPE says. */
  expose(): string {
    return formatSnapshot(this.snapshot());
  }

  /** What it counts now, for another process: plain JSON. */
  snapshot(): MetricSnapshot {
    return runAtOnce(this.snapshotInSteps());
  }

  /** The same with rests in between. What is counted meanwhile may or may not be in it. */
  *snapshotInSteps(): Steps<MetricSnapshot> {
    const families: FamilySnapshot[] = [];
    for (const family of [...this.#families.values()]) families.push(yield* family.snapshot());
    return { families };
  }

  #declare<Child>(declaration: HistogramDeclaration, type: MetricType, create: () => MetricFamily<Child>): MetricFamily<Child> {
    const { name } = declaration;
    const known = this.#families.get(name);
    if (known !== undefined) {
      if (known.type !== type || shapeOf(known.declaration) !== shapeOf(declaration)) {
        throw new Error(`the metric ${name} was declared before as another ${known.type}`);
      }
      // The type tells the child's class.
      return known as MetricFamily<Child>;
    }
    if (!METRIC_NAME.test(name)) throw new Error(`${JSON.stringify(name)} is no name of a metric`);
    if (declaration.merge === "max" && type !== "gauge")
      throw new Error(`${name}: a ${type} of several processes is summed, or shown for each`);
    for (const label of declaration.labels ?? []) {
      if (declaration.merge === "perWorker" && label === WORKER_LABEL) throw new Error(`${name}: the label ${label} is the merger's`);
      if (!LABEL_NAME.test(label) || (type === "histogram" && label === "le"))
        throw new Error(`${name}: ${JSON.stringify(label)} is no name of a label`);
    }
    const family = create();
    this.#families.set(name, family as MetricFamily<unknown>);
    return family;
  }
}

function shapeOf(declaration: HistogramDeclaration): string {
  return JSON.stringify([declaration.labels ?? [], declaration.bounds ?? SECONDS_BOUNDS, declaration.merge ?? "sum"]);
}
