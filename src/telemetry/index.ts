export { BatchedLineSink, type BatchedLineSinkOptions, openLineSink } from "./batched-line-sink.ts";
export { jsonFixed, jsonString, jsonWireString } from "./json-text.ts";
export { type LineSink, MemoryLineSink } from "./line-sink.ts";
export { createFileTarget, createStdoutTarget, type LineTarget, type WriteDone } from "./line-target.ts";
export { mergeSnapshots, type ProcessSnapshot } from "./merge-snapshots.ts";
export type { Counter, Gauge, Histogram } from "./metric-cells.ts";
export { type FamilySnapshot, formatSnapshot, type MetricMerge, type MetricSnapshot, WORKER_LABEL } from "./metric-snapshot.ts";
export {
  type HistogramDeclaration,
  METRICS_CONTENT_TYPE,
  type MetricDeclaration,
  type MetricFamily,
  MetricRegistry,
  OVERFLOW_LABEL_VALUE,
  SECONDS_BOUNDS,
} from "./metrics.ts";
export { createProcessMetrics, type ProcessMetrics, readDescriptorLimit } from "./process-metrics.ts";
export { type LedgerEntry, SnapshotLedger } from "./snapshot-ledger.ts";
