// The door of the room for services: what `sallyport/verify` is.
export {
  type Admit,
  callerOf,
  type IncomingRequest,
  type OutgoingResponse,
  type RequireOptions,
  requireGateway,
} from "./require-gateway.ts";
export { type Caller, createVerifier, type RequestHeaders, type Verifier, type VerifierOptions } from "./verifier.ts";
export { type VerifyCode, VerifyError } from "./verify-error.ts";
