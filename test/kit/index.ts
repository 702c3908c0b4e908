// The raw-bytes harness: what tests outside the rooms are built from.

export {
  type RawFraming,
  type RawHead,
  type RawMessage,
  readHead,
  readRequest,
  readResponse,
  StrictError,
  statusOf,
  valuesOf,
} from "../../src/testing/raw-message.ts";
export { startBlindRelay } from "./blind-relay.ts";
export { H2Client, type H2ClientOptions, H2Upstream } from "./h2-client.ts";
export * as FRAME from "./h2-frames.ts";
export * as HPACK from "./h2-hpack.ts";
export { type H2Goodbye, H2Peer, type H2PeerOptions, H2StreamRecord } from "./h2-peer.ts";
export { API_AUDIENCE, OidcProvider, type OidcProviderOptions } from "./oidc-provider.ts";
export { RawClient } from "./raw-client.ts";
export { ECHO, echoOf, ScriptedUpstream, SILENT, UpstreamRecord, type UpstreamScript } from "./scripted-upstream.ts";
export { createMemoryStage, createSocketStage, type GatewayStarter, STAGE_BOUNDS, type Stage } from "./stage.ts";
