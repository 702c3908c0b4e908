export { RequestReader } from "./request-reader.ts";
export { ResponseReader } from "./response-reader.ts";
export { TrailerReader } from "./trailer-reader.ts";
export { asksForWebSocket, toSwitchFields } from "./web-socket.ts";
export { writeInterim, writeRequest, writeResponse, writeTrailers } from "./writers.ts";
