// For servers of node:http, and frameworks that are built on it: refuses what did not come through the gateway, before anything else runs.

import type { Caller, RequestHeaders, Verifier } from "./verifier.ts";
import { VerifyError } from "./verify-error.ts";

/** What is looked at of an `IncomingMessage`. */
export interface IncomingRequest {
  readonly headers: RequestHeaders;
  readonly complete: boolean;
}

/** What is done to a `ServerResponse`. */
export interface OutgoingResponse {
  statusCode: number;
  setHeader(name: string, value: string): unknown;
  end(body: string): unknown;
}

export interface RequireOptions {
  /** Whether a request of the gateway's with nobody behind it is let in, as public routes have them; true when left out. */
  readonly anonymous?: boolean;
  /** Hears why a request was refused. */
  readonly onRefused?: (error: VerifyError, request: IncomingRequest) => void;
}

/** Null: the request was refused and has its answer. `next`, where a framework gives one, is called for those that are let in. */
export type Admit = (request: IncomingRequest, response: OutgoingResponse, next?: () => void) => Promise<Caller | null>;

const callers = new WeakMap<IncomingRequest, Caller>();

/** Who called, of a request that was let in. Throws for any other: the check does not stand before the code that asks. */
export function callerOf(request: IncomingRequest): Caller {
  const caller = callers.get(request);
  if (caller === undefined) throw new Error("requireGateway did not see this request");
  return caller;
}

export function requireGateway(verifier: Verifier, { anonymous = true, onRefused }: RequireOptions = {}): Admit {
  return async (request, response, next) => {
    let caller: Caller;
    try {
      caller = await verifier.verify(request.headers);
      if (caller.id === null && !anonymous) throw new VerifyError("NO_CALLER", "nobody is behind the request");
    } catch (error) {
      if (!(error instanceof VerifyError)) throw error;
      onRefused?.(error, request);
      refuse(request, response, error);
      return null;
    }
    callers.set(request, caller);
    next?.();
    return caller;
  };
}

function refuse(request: IncomingRequest, response: OutgoingResponse, { code, status }: VerifyError): void {
  const body = JSON.stringify({ title: status === 401 ? "Requests come through the gateway." : "Nobody can be let in now.", status, code });
  response.statusCode = status;
  response.setHeader("Content-Type", "application/problem+json");
  if (status === 401) response.setHeader("WWW-Authenticate", "Bearer");
  // What is still to come of the request would stand before the next one.
  if (!request.complete) response.setHeader("Connection", "close");
  response.end(body);
}
