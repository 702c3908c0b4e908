// The door of the calls room.
export { type Call, type CallAnswer, CallFailure, type Calls, type DocumentReading, type DocumentSource, type Documents } from "./call.ts";
export { FakeCalls, type FakeReply, jsonAnswer, textAnswer } from "./calls-fake.ts";
export { createCalls } from "./create-calls.ts";
export { createDocuments } from "./documents.ts";
