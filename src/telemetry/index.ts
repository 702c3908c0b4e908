export { BatchedLineSink, type BatchedLineSinkOptions, openLineSink } from "./batched-line-sink.ts";
export { jsonFixed, jsonString, jsonWireString } from "./json-text.ts";
export { type LineSink, MemoryLineSink } from "./line-sink.ts";
export { createFileTarget, createStdoutTarget, type LineTarget, type WriteDone } from "./line-target.ts";
