// The door of the calls room.
export { type Call, type CallAnswer, CallFailure, type Calls, type DocumentReading, type DocumentSource, type Documents } from "./call.ts";
